"""Revoking a mytoken, for who holds it, or holds another one that may."""

from mytoken_calendars.access import allowed, identify, reachable_token
from mytoken_calendars.authority import Credentials, IssuingAuthority
from mytoken_calendars.mytoken import Capability


def revoke(
    authority: IssuingAuthority, credentials: Credentials, mom_id: str, *, tree: bool
) -> None:
    """Revokes the presented token for an empty `mom_id`, or else another token of its user.

    Who holds a token may end it, whatever else it may do, and wherever it may be used. Another one
    takes a descendant, or `manage_mytokens:revoke`. Raises InvalidToken, UsageRestricted,
    InsufficientCapabilities and InvalidGrant.
    """
    caller = identify(authority, credentials)
    if mom_id not in ("", caller.registered.mom_id):
        caller = allowed(caller)
    token = reachable_token(caller, mom_id, Capability.REVOKE)
    authority.revoke_for(caller, token, tree=tree)
