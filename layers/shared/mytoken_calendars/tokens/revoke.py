"""Revoking a mytoken, for who holds it, or holds another one that may."""

from mytoken_calendars.errors import InvalidRequest
from mytoken_calendars.tokens.access import allowed, identify, reachable_token
from mytoken_calendars.tokens.authority import Credentials, TokenAdministration
from mytoken_calendars.tokens.mytoken import Capability


def revoke(
    authority: TokenAdministration,
    credentials: Credentials,
    token: str,
    mom_id: str,
    *,
    recursive: bool,
) -> None:
    """Revokes the token with this `mom_id`, or else `token`, which the credentials then present.

    One of them has to be there: a client that misspells a name must not end the token by which it
    asks. The holder of a token may end it, with any capabilities and under any restrictions.
    For another one it takes an ancestor of that, or `manage_mytokens:revoke`.

    Raises InvalidRequest, InvalidToken, UsageRestricted, InsufficientCapabilities and InvalidGrant.
    """
    if not (token or mom_id):
        raise InvalidRequest("token or mom_id has to say which mytoken is to be revoked.")
    caller = identify(authority, credentials)
    if mom_id and mom_id != caller.record.mom_id:
        caller = allowed(caller)
    revoked = reachable_token(caller, mom_id, Capability.REVOKE)
    authority.revoke_for(caller, revoked, recursive=recursive)
