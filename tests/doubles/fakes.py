"""What takes the place of authorities, networks, receipts, issuers and KMS, and remembers what it
was asked."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.changes import Change, Use, Write
from mytoken_calendars.errors import (
    InvalidGrant,
    InvalidToken,
    Outdated,
    Refusal,
    TemporarilyUnavailable,
)
from mytoken_calendars.tokens.authority import Caller, Credentials
from mytoken_calendars.tokens.idempotency import IdempotencyKey, Receipt
from mytoken_calendars.tokens.mytoken import Mytoken
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.doubles.mytoken_server import CONFIGURATION, JWKS, TOKENINFO


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

    known: Mapping[str, tuple[Mytoken, TokenRecord | Refusal]] = field(default_factory=dict)
    others: tuple[TokenRecord, ...] = ()
    failure: Refusal | None = None
    writes: tuple[Write, ...] = ()
    token_update: Mapping[str, Any] | None = None
    refusal: Refusal | None = None
    fails_after_commit: bool = False
    network: FakeNetwork = field(default_factory=FakeNetwork)
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def verify(self, credentials: Credentials) -> Mytoken:
        self.asked.append(("verify", credentials.bearer, credentials.stack_url))
        if credentials.bearer not in self.known:
            raise InvalidToken
        return self.known[credentials.bearer][0]

    def look_up(self, mytoken: Mytoken, credentials: Credentials) -> TokenRecord:
        self.asked.append(("look_up", credentials.bearer))
        verified, record = self.known[credentials.bearer]
        assert mytoken is verified
        if isinstance(record, Refusal):
            raise record
        return record

    def find(self, caller: Caller, mom_id: str) -> TokenRecord:
        self.asked.append(("find", caller.owner, mom_id))
        if self.failure:
            raise self.failure
        for token in self.others:
            if token.mom_id == mom_id:
                return token
        raise InvalidGrant

    def use(self, caller: Caller) -> Use:
        self.asked.append(("use", caller.credentials.bearer))
        if self.refusal:
            raise self.refusal

        def follow_up() -> None:
            self.asked.append(("used", caller.credentials.bearer))
            if self.fails_after_commit:
                raise PermissionError

        return Use(self.writes, token_update=self.token_update, follow_up=follow_up)

    def revoke_chain(self, mytoken: Mytoken, now: int) -> None:
        self.asked.append(("revoke_chain", mytoken.mom_id, now))


@dataclass
class FakeReceipts:
    """Has one receipt, or none, and leaves a check in the place of a new one.

    The receipt is for each bearer, or for one alone.
    """

    receipt: Receipt | None = None
    only_for: str = ""
    refusal: Refusal | None = None
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def find(self, key: IdempotencyKey, bearer: str, *, arrived: int) -> Receipt | None:
        self.asked.append(("find", key, bearer, arrived))
        if self.refusal:
            raise self.refusal
        return self.receipt if self.only_for in ("", bearer) else None

    def receipt_write(
        self, key: IdempotencyKey, bearer: str, receipt: Receipt, change: Change, *, begun: str
    ) -> Write:
        self.asked.append(("receipt_write", key, bearer, receipt, change))
        return Write("Put", {"Item": {"pk": "receipt", "sk": "x"}}, Outdated())


@dataclass(frozen=True)
class LocalKey:
    """A signing key like the one in KMS, but at hand."""

    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP521R1())
    )

    @property
    def public(self) -> ec.EllipticCurvePublicKey:
        return self.private.public_key()

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message, ec.ECDSA(hashes.SHA512()))


@dataclass(frozen=True)
class Scripted(Https):
    """A server that answers what a test has put there, and whose requests are counted."""

    documents: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, **_: Any) -> bytes:
        self.asked.append(url)
        document = self.documents.get(url)
        if document is None:
            raise TemporarilyUnavailable
        return document if isinstance(document, bytes) else json.dumps(document).encode()

    def publish(self, key: Any, **changes: Any) -> None:
        """Puts the documents there; a change to None removes a member of the configuration."""
        configuration = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}{JWKS}",
            "tokeninfo_endpoint": f"{self.url}{TOKENINFO}",
            "token_signing_alg_value": "ES512",
            "version": "0.10.0",
            **changes,
        }
        present = {name: value for name, value in configuration.items() if value is not None}
        self.documents[f"{self.url}{CONFIGURATION}"] = present
        self.documents[f"{self.url}{JWKS}"] = {"keys": [key.as_dict(private=False)]}
