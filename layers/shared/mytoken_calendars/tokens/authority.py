"""The interface between access control and the authorities that vouch for mytokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from mytoken_calendars import limits
from mytoken_calendars.changes import Change, Use, Write
from mytoken_calendars.errors import Outdated
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.tokens.idempotency import IdempotencyKey, Receipt, Receipts
from mytoken_calendars.tokens.mytoken import Mytoken
from mytoken_calendars.tokens.request_state import RequestState
from mytoken_calendars.tokens.restrictions import Clause, Network
from mytoken_calendars.tokens.token_record import TokenRecord


@dataclass(frozen=True)
class Credentials:
    """What a request shows of its caller: the token's text, the address and the time.

    `stack_url` is where clients reach this stack. `now` is in seconds; `arrived` is the time when
    the gateway got the request, in milliseconds. `others` are further tokens, from other cookies of
    the same name.
    """

    bearer: str
    stack_url: str
    address: str
    arrived: int
    now: int
    state: RequestState = field(default_factory=RequestState)
    idempotency_key: IdempotencyKey | None = None
    others: tuple[str, ...] = ()

    @property
    def each(self) -> tuple["Credentials", ...]:
        """These credentials, and those of each of the `others`, which has the rest beside it."""
        bearers = (self.bearer, *self.others)
        return (
            self,
            *(
                replace(self, bearer=other, others=tuple(b for b in bearers if b != other))
                for other in self.others
            ),
        )

    def receipt_in(self, receipts: Receipts | None) -> Receipt | None:
        """The receipt of this request, if it was done before.

        Raises Outdated if it was sent before and is not done: another issuer would take the token
        for a stolen one. If that has rotated it already, the client gets the successor.
        """
        if not (receipts and (key := self.idempotency_key)):
            return None
        # Its arrival counts, so that a cold start does not shorten the time for repeating.
        receipt = receipts.find(key, self.bearer, arrived=self.arrived // 1000)
        if receipt is None or not receipt.begun:
            return receipt
        if receipt.begun == self.state.begun:
            return None
        self.state.token_update = receipt.token_update
        raise Outdated


@dataclass(frozen=True)
class Caller:
    """Who makes a request: a mytoken that was found alive, and its record.

    `clause` is the clause that allows the use. It is None for a token without restrictions, and
    until `access.allowed` has checked them. `receipt` is set if the request was done before.
    """

    mytoken: Mytoken
    record: TokenRecord
    credentials: Credentials
    authority: "Authority" = field(compare=False)
    clause: Clause | None = None
    receipts: Receipts | None = field(default=None, compare=False)
    receipt: Receipt | None = None

    @property
    def owner(self) -> Owner:
        return self.mytoken.owner

    @property
    def leaves_a_trace(self) -> bool:
        """Whether a use of the mytoken counts or rotates, by itself."""
        return self.mytoken.rotates or (self.clause is not None and self.clause.limits_use)

    def use(
        self, change: Change, calendar_id: str = "", *, feed_id: str = "", only_reads: bool = False
    ) -> Use:
        """The use of the mytoken for a change; of the calendar with this id, if it changes one.

        An operation calls this right before its commit, since some uses cannot be undone. The
        client gets the successor of a rotated token after the commit. `feed_id` is a feed that it
        makes, which the answer to a repeated request has to show. The receipt of one that
        `only_reads` is good for a minute. Raises the errors of `Authority.use`.
        """
        use = self.authority.use(self)
        lasts = limits.LIST_REPEATED if only_reads else limits.REPEATABLE
        receipt = Receipt(calendar_id, use.token_update, lasts, feed_id)
        # Without a receipt, a request that changes no calendar may be repeated unless its use
        # leaves a trace.
        has_receipt = bool(calendar_id) or self.leaves_a_trace

        def follow_up() -> None:
            if use.token_update:  # first, as the old token is dead, whatever fails from here on
                self.credentials.state.token_update = use.token_update
            use.follow_up()

        return replace(
            use,
            writes=(*(self.receipt_writes(receipt, change) if has_receipt else ()), *use.writes),
            conditions=self.record.conditions,
            follow_up=follow_up,
        )

    def no_use(self, change: Change) -> Use:
        """For a change that is no use of the mytoken, which so neither counts nor rotates."""
        writes = self.receipt_writes(Receipt("", None), change)
        return Use(writes=writes, conditions=self.record.conditions)

    def receipt_writes(self, receipt: Receipt, change: Change) -> tuple[Write, ...]:
        """The write of the receipt, if the request has a key; it is the transaction's first one.

        A commit raises the refusal of its first failed condition. So a duplicate of a finished
        request meets the receipt before anything that the request has changed.
        """
        key = self.credentials.idempotency_key
        if not (self.receipts and key):
            return ()
        bearer, begun = self.credentials.bearer, self.credentials.state.begun
        return (self.receipts.receipt_write(key, bearer, receipt, change, begun=begun),)


class Authority(Protocol):
    """Vouches for mytokens. All its methods raise TemporarilyUnavailable if it does not answer."""

    @property
    def network(self) -> Network:
        """Finds the names and countries of addresses, for restrictions."""

    def verify(self, credentials: Credentials) -> Mytoken:
        """The claims of the presented token, if the authority has made it.

        Raises InvalidToken; IssuerChanged for a living token of an address that the stack had
        before; InsufficientCapabilities for a short token that the issuer does not resolve.
        """

    def look_up(self, mytoken: Mytoken, credentials: Credentials) -> TokenRecord:
        """The presented token, if it is alive; raises InvalidToken, or Superseded."""

    def find(self, caller: Caller, mom_id: str) -> TokenRecord:
        """Another token of the caller's user, if it is not revoked.

        Raises InvalidGrant, and InsufficientCapabilities where the caller's token may not ask.
        """

    def use(self, caller: Caller) -> Use:
        """The use of the caller's token, which the commit of an operation takes.

        Only a remote authority raises refusals here: UsageRestricted, InsufficientCapabilities, or
        InvalidToken if the token has died meanwhile.
        """

    def revoke_chain(self, mytoken: Mytoken, now: int) -> None:
        """Revokes a token, all its successors and all its descendants."""

    def configuration(self, base_url: str) -> Mapping[str, Any]:
        """The configuration document, by which clients find this stack at `base_url`."""

    def jwks(self) -> Mapping[str, Any]:
        """The JWK Set that mytokens are verified with (RFC 7517)."""


class TokenAdministration(Authority, Protocol):
    """An authority that can list and revoke its tokens."""

    def find_issued(self, caller: Caller, mom_id: str) -> TokenRecord:
        """Another token of the caller's user, also a revoked one. Raises InvalidGrant."""

    def tokens_of(self, caller: Caller) -> list[TokenRecord]:
        """All tokens of the caller's user that are not revoked."""

    def commit(self, change: Change, use: Use) -> None:
        """Commits a use that no other write goes with.

        Raises Outdated if the token has changed since it was read, and InvalidToken if an ancestor
        was revoked.
        """

    def revoke_for(self, caller: Caller, token: TokenRecord, *, recursive: bool) -> None:
        """Revokes a token, if `recursive` with its descendants; does nothing if that is so already.

        Revoking another token is a use of the caller's own, also if it is revoked already.
        """
