"""The seam between access and those who vouch for mytokens, and what passes through it."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from mytoken_calendars.changes import Change, Write
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.tokens.idempotency import IdempotencyKey, Receipt, Receipts
from mytoken_calendars.tokens.mytoken import Mytoken, RegisteredToken
from mytoken_calendars.tokens.request_state import Presented
from mytoken_calendars.tokens.restrictions import Network, Restriction

Guards = tuple[Write, ...]


@dataclass(frozen=True)
class Credentials:
    """What a request shows of its caller: the raw token, and from where and when it comes.

    `issuer` is this stack. `now` is in seconds; `arrived`, the time at which the gateway had the
    request, in milliseconds.
    """

    bearer: str
    issuer: str
    address: str
    arrived: int
    now: int
    presented: Presented = field(default_factory=Presented)
    idempotency_key: IdempotencyKey | None = None


@dataclass(frozen=True)
class Use:
    """What a use of a mytoken adds to the transaction of its operation.

    `token_update` is the mytoken response object of the successor, if the use rotates the token.
    """

    writes: Guards = ()
    token_update: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Caller:
    """The holder of a mytoken that was let in, by `clause` if its token has restrictions.

    `receipt` is there if the caller repeats a request that was done.
    """

    mytoken: Mytoken
    registered: RegisteredToken
    credentials: Credentials
    authority: "Authority" = field(compare=False)
    clause: Restriction | None = None
    receipts: Receipts | None = field(default=None, compare=False)
    receipt: Receipt | None = None

    @property
    def owner(self) -> Owner:
        return self.mytoken.owner

    @contextmanager
    def using(self, change: Change, calendar_id: str = "") -> Iterator[Guards]:
        """Uses the mytoken for a change, with which these writes are to be committed.

        It comes last before the commit, since some uses cannot be taken back. The successor of a
        rotated token is handed on once the change is committed. Raises UsageRestricted.
        """
        credentials = self.credentials
        with self.authority.use(self) as use:
            guards = (*use.writes, *self.registered.guards)
            if self.receipts and credentials.idempotency_key:
                receipt = Receipt(calendar_id, use.token_update)
                left = self.receipts.left(
                    credentials.idempotency_key, credentials.bearer, receipt, change
                )
                guards = (left, *guards)  # first, so that another sending of the request is seen
            yield guards
        if use.token_update:
            credentials.presented.token_update = use.token_update


class Authority(Protocol):
    """Who vouches for mytokens. All its methods raise TemporarilyUnavailable if it cannot."""

    @property
    def network(self) -> Network:
        """Where callers are, for restrictions of the place."""

    def verify(self, credentials: Credentials) -> Mytoken:
        """The claims of the presented token, if the authority has made it; raises InvalidToken."""

    def look_up(self, mytoken: Mytoken, credentials: Credentials) -> RegisteredToken:
        """The presented token, if it is alive; raises InvalidToken, or Superseded."""

    def find(self, caller: Caller, mom_id: str) -> RegisteredToken:
        """Another token of the caller's user, if it is not revoked.

        Raises InvalidGrant, and InsufficientCapabilities where the caller's token may not ask.
        """

    def use(self, caller: Caller) -> AbstractContextManager[Use]:
        """The use of the caller's token, to be committed before the context ends.

        Raises UsageRestricted, or InvalidToken if it has died meanwhile.
        """

    def revoke_chain(self, mytoken: Mytoken, now: int) -> None:
        """Revokes a token, all its successors and all its descendants."""

    def configuration(self, base_url: str) -> Mapping[str, Any]:
        """The configuration document, by which clients find this stack at `base_url`."""

    def jwks(self) -> Mapping[str, Any]:
        """The JWK Set that mytokens are verified with (RFC 7517)."""


class IssuingAuthority(Authority, Protocol):
    """One that has its tokens at hand."""

    def tokens_of(self, caller: Caller) -> list[RegisteredToken]:
        """All tokens of the caller's user that are not revoked; the caller's own is used for it."""

    def revoke_for(self, caller: Caller, token: RegisteredToken, *, tree: bool) -> None:
        """Revokes a token, with `tree` its descendants; the caller's own is used for another's."""
