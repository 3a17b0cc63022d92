"""What takes the place of authorities, networks and receipts, and remembers what it was asked."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mytoken_calendars.authority import Caller, Credentials, Guards, Use
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import InvalidGrant, InvalidToken, Outdated, Refusal
from mytoken_calendars.mytoken import Mytoken, RegisteredToken
from mytoken_calendars.repeats import IdempotencyKey, Receipt


@dataclass
class FakeNetwork:
    """Knows the countries of some addresses, and the name of none."""

    countries: Mapping[str, str] = field(default_factory=dict)

    def host_names(self, address: str) -> Collection[str]:
        return ()

    def country(self, address: str) -> str | None:
        return self.countries.get(address)


@dataclass
class FakeAuthority:
    """Vouches for the mytokens of some bearers, as whatever they are registered or refused.

    `others` are further tokens of their user, unless `failure` keeps it from telling. Every use
    writes `writes` and makes `token_update`, unless it is a `refusal`.
    """

    known: Mapping[str, tuple[Mytoken, RegisteredToken | Refusal]] = field(default_factory=dict)
    others: tuple[RegisteredToken, ...] = ()
    failure: Refusal | None = None
    writes: Guards = ()
    token_update: Mapping[str, Any] | None = None
    refusal: Refusal | None = None
    network: FakeNetwork = field(default_factory=FakeNetwork)
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def verify(self, credentials: Credentials) -> Mytoken:
        self.asked.append(("verify", credentials.bearer, credentials.issuer))
        if credentials.bearer not in self.known:
            raise InvalidToken
        return self.known[credentials.bearer][0]

    def look_up(self, mytoken: Mytoken, credentials: Credentials) -> RegisteredToken:
        self.asked.append(("look_up", credentials.bearer))
        verified, registered = self.known[credentials.bearer]
        assert mytoken is verified
        if isinstance(registered, Refusal):
            raise registered
        return registered

    def find(self, caller: Caller, mom_id: str) -> RegisteredToken:
        self.asked.append(("find", caller.owner, mom_id))
        if self.failure:
            raise self.failure
        for token in self.others:
            if token.mom_id == mom_id:
                return token
        raise InvalidGrant

    @contextmanager
    def use(self, caller: Caller) -> Iterator[Use]:
        self.asked.append(("use", caller.credentials.bearer))
        if self.refusal:
            raise self.refusal
        yield Use(self.writes, self.token_update)
        self.asked.append(("used", caller.credentials.bearer))

    def revoke_chain(self, mytoken: Mytoken, now: int) -> None:
        self.asked.append(("revoke_chain", mytoken.mom_id, now))


@dataclass
class FakeReceipts:
    """Has one receipt, or none, for whoever asks, and leaves a check in the place of a new one."""

    receipt: Receipt | None = None
    refusal: Refusal | None = None
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def find(self, key: IdempotencyKey, bearer: str, now: int) -> Receipt | None:
        self.asked.append(("find", key, bearer, now))
        if self.refusal:
            raise self.refusal
        return self.receipt

    def left(self, key: IdempotencyKey, bearer: str, receipt: Receipt, change: Change) -> Write:
        self.asked.append(("left", key, bearer, receipt, change))
        return Write("Put", {"Item": {"pk": "receipt", "sk": "x"}}, Outdated())
