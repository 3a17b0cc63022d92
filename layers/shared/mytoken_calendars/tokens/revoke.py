"""Revokes a mytoken for its holder, or for the holder of another mytoken that may revoke it."""

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

    One of the two must be given, so that a client that misspells a name never revokes the token
    that it asks with. A token may always revoke itself, whatever its capabilities and restrictions.
    To revoke another token, it must be an ancestor of it or have `manage_mytokens:revoke`.

    Raises InvalidRequest, InvalidToken, UsageRestricted, InsufficientCapabilities and InvalidGrant.
    """
    if not (token or mom_id):
        raise InvalidRequest("Name the mytoken to revoke with token or mom_id.")
    caller = identify(authority, credentials)
    if mom_id and mom_id != caller.record.mom_id:
        caller = allowed(caller)
    revoked = reachable_token(caller, mom_id, Capability.REVOKE)
    authority.revoke_for(caller, revoked, recursive=recursive)
