"""Revokes a mytoken for its holder, or for the holder of another mytoken that may revoke it."""

from mytoken_calendars.errors import InvalidRequest, InvalidToken, NotYetAlive, Superseded
from mytoken_calendars.tokens.access import allowed, identify, reachable_token
from mytoken_calendars.tokens.authority import Caller, Credentials, TokenAdministration
from mytoken_calendars.tokens.idempotency import Receipts
from mytoken_calendars.tokens.mytoken import Capability
from mytoken_calendars.tokens.token_record import TokenRecord


def revoke(
    authority: TokenAdministration,
    credentials: Credentials,
    token: str,
    mom_id: str,
    *,
    recursive: bool,
    receipts: Receipts,
) -> None:
    """Revokes the token with this `mom_id`, or else `token`, which the credentials then present.

    One of the two must be given, so that a client that misspells a name never revokes the token
    that it asks with. A token may always revoke itself, and with `recursive` its descendants,
    whatever its capabilities and restrictions. To revoke another token by its `mom_id`, it must be
    an ancestor of it or have `manage_mytokens:revoke`.

    Revoking what is dead succeeds and changes nothing (RFC 7009, 2.2): a client that has lost the
    answer may ask again. A dead token has no power left, so its descendants stay as they are.

    Raises InvalidRequest, InvalidGrant, and the errors of `access.admit`.
    """
    if not (token or mom_id):
        raise InvalidRequest("Name the mytoken to revoke with token or mom_id.")
    try:
        caller = identify(authority, credentials, receipts=receipts)
    except InvalidToken as refusal:
        if not _is_dead(authority, credentials, mom_id, refusal):
            raise
        return
    if caller.receipt:
        return
    if mom_id and mom_id != caller.record.mom_id:
        caller = allowed(caller)
    revoked = reachable_token(caller, mom_id, Capability.REVOKE, authority.find_issued)
    authority.revoke_for(caller, revoked, recursive=recursive)
    if _ends_with(caller, revoked, recursive=recursive):
        credentials.state.ended = caller.credentials.bearer


def _is_dead(
    authority: TokenAdministration, credentials: Credentials, mom_id: str, refusal: InvalidToken
) -> bool:
    """Whether the token that is to be revoked is the presented one, and dead for good.

    `token` is one token, which a rotation ends. A `mom_id` is a whole chain: that of a token with a
    successor lives on, and one that this request has ended as a replay was alive. A string that is
    no mytoken at all has none. Of several cookies, the `refusal` is that of the last.
    """
    shown = credentials.each[-1]
    if isinstance(refusal, NotYetAlive) or (mom_id and credentials.state.replayed):
        return False
    if isinstance(refusal, Superseded):
        return not mom_id
    if mom_id and not _is_dead_chain(authority, shown, mom_id):
        return False
    credentials.state.ended = shown.bearer
    return True


def _is_dead_chain(authority: TokenAdministration, shown: Credentials, mom_id: str) -> bool:
    """Whether the dead token that is shown is of this chain, and the last of it.

    A `lifetime` ends a token whose successors may live on.
    """
    mytoken = authority.verify(shown)
    if mytoken.mom_id != mom_id:
        return False
    if not (mytoken.rotation and mytoken.rotation.lifetime):
        return True
    try:
        authority.look_up(mytoken, shown)
    except InvalidToken as refusal:  # any other says that the chain is revoked
        return not isinstance(refusal, Superseded | NotYetAlive)
    return True


def _ends_with(caller: Caller, revoked: TokenRecord, *, recursive: bool) -> bool:
    """Whether the caller's token is dead now: it is the revoked one, or a descendant of that."""
    own = caller.record
    return revoked.mom_id == own.mom_id or (recursive and revoked.mom_id in own.ancestors)
