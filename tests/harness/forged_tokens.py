"""Rows 8 to 23 of the bad inputs: what is no mytoken, made of one that is, by who has its issuer's
public key, a key of their own, or even the issuer's own key."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws

from tests.doubles.mytoken_ledger import new_key
from tests.harness.stacks import DAY

Members = dict[str, Any]

LONGEST_IN_A_HEADER = 8 * 1024
INTERNAL = ("http://127.0.0.1:9001/", "http://169.254.170.2/", "https://localhost/", "file:///etc")


@dataclass(frozen=True)
class Forger:
    """Who has a good mytoken, `good`; its issuer signs whatever header and claims with `sign`."""

    good: str
    sign: Callable[[Members, Members], str]
    public: Any
    own: Any = field(default_factory=lambda: new_key("ES512"))

    @property
    def header(self) -> Members:
        return _decoded(self.good.split(".")[0])

    @property
    def claims(self) -> Members:
        return _decoded(self.good.split(".")[1])

    def head(self, **changes: Any) -> Members:
        """The header of the good one, changed; a change to None removes a member."""
        return _changed(self.header, changes)

    def signed(self, header: Members | None = None, **changes: Any) -> str:
        """What the issuer would sign."""
        return self.sign({**self.header, **(header or {})}, _changed(self.claims, changes))

    def forged(self, **header: Any) -> str:
        """The good claims, signed with the forger's own key."""
        registry = jws.JWSRegistry(algorithms=["ES512"], strict_check_header=False)
        payload = json.dumps(self.claims).encode()
        return jws.serialize_compact(self.head(**header), payload, self.own, registry=registry)

    def under(self, head: Members | bytes, sign: Callable[[bytes], bytes] | None = None) -> str:
        """The good claims under another header, with the good signature or another one."""
        _, payload, good = self.good.split(".")
        raw = head if isinstance(head, bytes) else json.dumps(head).encode()
        message = f"{_base64url(raw)}.{payload}"
        return f"{message}.{_base64url(sign(message.encode())) if sign else good}"

    def hmac(self, message: bytes) -> bytes:
        """With what everybody knows of the issuer's key."""
        pem = self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return hmac.digest(pem, message, "sha256")

    @property
    def jwk(self) -> Members:
        jwk: Members = self.own.as_dict(private=False)
        return jwk


Forgery = Callable[[Forger], str]

FORGERIES: dict[str, list[Forgery]] = {
    "row-8-31-characters": [lambda f: "x" * 31],
    "row-10-none": [
        lambda f: f.under(f.head(alg="none"), lambda message: b""),
        lambda f: f.under(f.head(alg="none")),
        lambda f: f.under(f.head(alg="NoNe"), lambda message: b"x"),
        lambda f: f.under(f.head(alg=None)),
        lambda f: f"{f.under(f.head(alg='none')).rpartition('.')[0]}.",
    ],
    "row-11-hmac": [
        lambda f: f.under(f.head(alg="HS256"), f.hmac),
        lambda f: f.under(f.head(), f.hmac),
    ],
    "row-12-other-algorithm": [
        lambda f: f.under(f.head(alg="PS256")),
        lambda f: f.under(f.head(alg="ES256")),
        lambda f: f.under(f.head(alg=["ES512"])),
    ],
    "row-13-unknown-kid": [lambda f: f.forged(kid="unknown")],
    "row-14-kid": [
        lambda f: f.forged(kid="../../dev/null"),
        lambda f: f.forged(kid="file:///dev/null"),
        lambda f: f.under({**f.head(), "kid": ["k"]}),
        lambda f: f.under({**f.head(), "kid": None}),
        lambda f: f.forged(kid="k" * 10_000),
    ],
    "row-15-own-key": [
        lambda f: f.forged(jku="https://evil.example/jwks"),
        lambda f: f.forged(x5u="https://evil.example/x5u"),
        lambda f: f.forged(jwk=f.jwk),
        lambda f: f.forged(x5c=["MIIB"]),
        lambda f: f.forged(),
    ],
    "row-16-crit": [
        lambda f: f.under(f.head(crit=["x"], x=1)),
        lambda f: f.under(f.head(b64=False)),
        lambda f: f.under(f.head(zip="DEF")),
        lambda f: f.under(f'{{"alg": "ES512", {json.dumps(f.header)[1:]}'.encode()),
    ],
    "row-17-signature": [
        lambda f: f.under(f.head(), lambda message: b"x" * 131),
        lambda f: f"{f.good}=",
        lambda f: f"{f.good[:-4]}",
        lambda f: f"{f.good}.x",
    ],
    "row-18-issuer": [
        lambda f: f.signed(iss="https://unknown.example"),
        *[lambda f, url=url: f.signed(iss=url) for url in INTERNAL],
        *[lambda f, url=url: f.signed(iss=url, aud=url) for url in INTERNAL],
        lambda f: f.signed(iss=f"{f.claims['iss']}/"),
    ],
    "row-19-audience": [
        lambda f: f.signed(aud="https://other.example"),
        lambda f: f.signed(aud=[f.claims["aud"]]),
        lambda f: f.signed(aud=None),
    ],
    "row-20-exp": [
        lambda f: f.signed(exp=int(time.time()) - 1),
        lambda f: f.signed(exp=str(int(time.time()) + DAY)),
        lambda f: f.signed(exp=float(int(time.time()) + DAY)),
        lambda f: f.signed(exp=10**400),
    ],
    "row-21-nbf": [lambda f: f.signed(nbf=int(time.time()) + 3600), lambda f: f.signed(nbf="1")],
    "row-22-identity": [
        lambda f: f.signed(jti="00000000-0000-0000-0000-000000000000"),
        lambda f: f.signed(jti="x"),
        lambda f: f.signed(oidc_sub="somebody else"),
        lambda f: f.signed(oidc_iss="https://other.example"),
        lambda f: f.signed(sub="x"),
    ],
    "row-23-id-token": [
        lambda f: f.signed({"typ": "JWT"}),
        lambda f: f.signed(token_type=None),
        lambda f: f.signed(token_type="id_token"),
    ],
}


def _changed(members: Members, changes: Members) -> Members:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(segment: str) -> Members:
    members: Members = json.loads(base64.urlsafe_b64decode(segment + "=="))
    return members
