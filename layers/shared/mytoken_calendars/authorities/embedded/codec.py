"""The door to PyJWT: encodes and decodes mytokens as JWTs, signed with ES512 (RFC 7515, RFC 8725).

A key rotation makes no token invalid. The first key signs; tokens of the retired keys are still
accepted, as a token's header names its key by `kid` and the JWKS has all of them. A header must
equal the one that this stack would write for one of its keys, so no token can bring or choose
another key (RFC 8725, 3.10).
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ec import SECP521R1
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from jwt import PyJWS, PyJWTError
from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_decode, der_to_raw_signature

from mytoken_calendars import limits, strict_json
from mytoken_calendars.aws.kms import SigningKey
from mytoken_calendars.errors import InvalidToken
from mytoken_calendars.identifiers import SIGNING_ALGORITHM, TOKEN_TYPE
from mytoken_calendars.tokens.mytoken import Mytoken

_ORDER = SECP521R1().group_order
_JWT = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class JwtCodec:
    """Makes mytokens with one signing key, and reads those of the retired keys, too."""

    key: SigningKey
    retired: tuple["JwtCodec", ...] = ()  # they verify, but no longer sign

    @classmethod
    def from_environment(cls) -> Self:
        key, *retired = SigningKey.all_from_environment()
        return cls(key, tuple(map(JwtCodec, retired)))

    def encode(self, claims: Mapping[str, Any]) -> str:
        """The signed mytoken with these claims. Raises TemporarilyUnavailable."""
        payload = json.dumps(claims, separators=(",", ":")).encode()
        # KMS signs, so PyJWT gets the public key: it only needs the curve.
        key: Any = self.key.public
        return self._jws.encode(payload, key, SIGNING_ALGORITHM, headers=self.header)

    def decode(self, bearer: str) -> Mytoken:
        """The claims of a mytoken that `encode` has made, for whichever issuer they name.

        The mytoken may have expired or been revoked. Each mytoken has exactly one spelling, so
        padding, spare bits, a name that occurs twice and any further header parameter are refused.

        Raises InvalidToken and TemporarilyUnavailable.
        """
        jwt = _JWT.fullmatch(bearer) if len(bearer) <= limits.TOKEN else None
        if jwt is None:
            raise InvalidToken
        try:
            header = strict_json.loads(base64url_decode(jwt[1]))
            codec = next((codec for codec in self._all if header == codec.header), None)
            if codec is None:
                raise InvalidToken
            claims = strict_json.loads(codec.payload(bearer))
        except (PyJWTError, ValueError):
            raise InvalidToken from None
        return Mytoken.self_issued(claims)

    def payload(self, bearer: str) -> bytes:
        """The payload that this key signed. Raises jwt.PyJWTError and TemporarilyUnavailable."""
        payload: bytes = self._jws.decode(bearer, self.key.public, [SIGNING_ALGORITHM])
        return payload

    @property
    def jwks(self) -> list[dict[str, Any]]:
        """The public keys of the signing key and of the retired keys, as JWKs."""
        return [codec.jwk for codec in self._all]

    @cached_property
    def jwk(self) -> dict[str, Any]:
        """The public key as a JWK (RFC 7517), its `kid` being its thumbprint (RFC 7638)."""
        jwk = ECAlgorithm.to_jwk(self.key.public, as_dict=True)
        members = json.dumps(
            {name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":")
        )
        thumbprint = base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest())
        return {
            **jwk,
            "use": "sig",
            "alg": SIGNING_ALGORITHM,
            "kid": thumbprint.decode().rstrip("="),
        }

    @property
    def header(self) -> dict[str, Any]:
        return {"typ": TOKEN_TYPE, "alg": SIGNING_ALGORITHM, "kid": self.jwk["kid"]}

    @property
    def _all(self) -> tuple["JwtCodec", ...]:
        return (self, *self.retired)

    @cached_property
    def _jws(self) -> PyJWS:
        jws = PyJWS(algorithms=[SIGNING_ALGORITHM])
        jws.unregister_algorithm(SIGNING_ALGORITHM)
        jws.register_algorithm(SIGNING_ALGORITHM, _KmsEs512(self.key))
        return jws


class _KmsEs512(ECAlgorithm):
    """PyJWT's ES512, except that KMS signs. Of the two valid signatures, it takes only one.

    If (r, s) is a valid ECDSA signature, (r, order - s) is valid too. `sign` writes the one with
    the lower s and `verify` refuses the other, so that a token has exactly one spelling.
    """

    def __init__(self, key: SigningKey) -> None:
        super().__init__(ECAlgorithm.SHA512, SECP521R1)
        self._key = key

    def sign(self, msg: bytes, key: Any) -> bytes:
        r, s = decode_dss_signature(self._key.sign(msg))
        return der_to_raw_signature(encode_dss_signature(r, min(s, _ORDER - s)), key.curve)

    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        s = int.from_bytes(sig[len(sig) // 2 :])
        return s <= _ORDER // 2 and super().verify(msg, key, sig)
