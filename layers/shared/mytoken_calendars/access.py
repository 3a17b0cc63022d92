"""Who may do what: admits a caller to an operation, and to the tokens it may put into calendars."""

from dataclasses import dataclass
from typing import Protocol

from mytoken_calendars.changes import Write
from mytoken_calendars.errors import (
    InsufficientCapabilities,
    InvalidGrant,
    InvalidToken,
    UsageRestricted,
)
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.mytoken import Capability, Mytoken, RegisteredToken

# Either of them lets a caller add tokens; `manageable_token` says which ones.
ADDING_TOKENS = (Capability.NOTIFY, Capability.TOKENINFO_NOTIFY)


@dataclass(frozen=True)
class Credentials:
    """What a request shows of its caller: the raw token, the issuer it must be of, the time."""

    bearer: str
    issuer: str
    now: int


@dataclass(frozen=True)
class Caller:
    """The holder of a mytoken that was let in."""

    mytoken: Mytoken
    registered: RegisteredToken

    @property
    def owner(self) -> Owner:
        return self.mytoken.owner

    @property
    def guards(self) -> tuple[Write, ...]:
        return self.registered.guards


class Authority(Protocol):
    """Who vouches for mytokens. All its methods raise TemporarilyUnavailable if it cannot."""

    def verify(self, bearer: str, issuer: str) -> Mytoken:
        """The claims of a token that `issuer` has signed; raises InvalidToken."""

    def look_up(self, mytoken: Mytoken) -> RegisteredToken:
        """The presented token, if it is neither revoked nor superseded; raises InvalidToken."""

    def find(self, owner: Owner, mom_id: str) -> RegisteredToken:
        """Another token of the same owner, if it is not revoked; raises InvalidGrant."""


def admit(authority: Authority, credentials: Credentials, *capabilities: Capability) -> Caller:
    """The caller, if its mytoken is alive, has one of `capabilities`, and may be used now.

    Raises InvalidToken, InsufficientCapabilities or UsageRestricted, in this order.
    """
    mytoken = authority.verify(credentials.bearer, credentials.issuer)
    if not mytoken.is_valid_at(credentials.now):
        raise InvalidToken("The mytoken has expired or is not valid yet.")
    registered = authority.look_up(mytoken)
    if not any(mytoken.may(capability) for capability in capabilities):
        raise InsufficientCapabilities
    if not mytoken.may_be_used_at(credentials.now):
        raise UsageRestricted
    return Caller(mytoken, registered)


def manageable_token(authority: Authority, caller: Caller, mom_id: str) -> RegisteredToken:
    """The token with this mom_id, or the caller's own for an empty one, if the caller manages it.

    `manage_mytokens:notify` reaches all tokens of the user, `tokeninfo:notify` the token itself
    and its descendants. Raises InsufficientCapabilities or InvalidGrant.
    """
    own = caller.registered
    if mom_id in ("", own.mom_id):
        return own
    reaches_all = caller.mytoken.may(Capability.NOTIFY)
    try:
        token = authority.find(caller.owner, mom_id)
    except InvalidGrant:
        if reaches_all:
            raise
        raise InsufficientCapabilities from None
    if not reaches_all and own.mom_id not in token.ancestors:
        raise InsufficientCapabilities
    return token
