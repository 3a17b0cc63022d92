"""An issuer's key set (RFC 7517): taken as a whole or not at all."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pydantic import BaseModel, ConfigDict, Field

from mytoken_calendars import limits

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
ALGORITHMS: frozenset[str] = frozenset(get_args(Algorithm))

_RSA_BITS = range(2048, 8192 + 1)
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_SECRET = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

_Number = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] | None


@dataclass(frozen=True)
class VerificationKey:
    """A public key that verifies signatures of its issuer's algorithm."""

    kid: str | None
    public: RSAPublicKey | EllipticCurvePublicKey


class _Jwk(BaseModel):
    model_config = ConfigDict(strict=True)

    kty: str
    use: str | None = None
    key_ops: list[str] | None = None
    alg: str | None = None
    kid: Annotated[str, Field(max_length=limits.KEY_ID)] | None = None
    crv: str | None = None
    x: _Number = None
    y: _Number = None
    n: _Number = None
    e: _Number = None

    @property
    def verifies(self) -> bool:
        is_for_signatures = self.use in (None, "sig")
        return is_for_signatures and (self.key_ops is None or "verify" in self.key_ops)


def keys_of(document: Any, algorithm: Algorithm) -> tuple[VerificationKey, ...]:
    """The keys for `algorithm`, at least one; keys of other algorithms are ignored.

    Raises ValueError for a set without such a key, and for a set that no issuer should publish: one
    with a secret, a weak or contradictory key, two keys of the same name, or too many keys.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not 0 < len(entries) <= limits.ISSUER_KEYS:
        raise ValueError("not a key set of a usual size")
    jwks = [_jwk(entry) for entry in entries]
    kids = [jwk.kid for jwk in jwks if jwk.kid is not None]
    if len(set(kids)) < len(kids):
        raise ValueError("two keys have the same kid")
    found = ((jwk.kid, _public(jwk, algorithm)) for jwk in jwks if jwk.verifies)
    keys = tuple(VerificationKey(kid, public) for kid, public in found if public is not None)
    if not keys:
        raise ValueError("no key fits the algorithm")
    return keys


def _jwk(entry: Any) -> _Jwk:
    jwk = _Jwk.model_validate(entry)
    if jwk.kty == "oct" or not _SECRET.isdisjoint(entry):
        raise ValueError("a key set that gives away secrets")
    return jwk


def _public(jwk: _Jwk, algorithm: str) -> RSAPublicKey | EllipticCurvePublicKey | None:
    """The key, or None if it is for another algorithm. Raises ValueError."""
    if jwk.alg is not None and jwk.alg not in ALGORITHMS:
        return None
    named = jwk.alg or algorithm
    kty = "EC" if named in _CURVES else "RSA"
    if jwk.alg is not None and jwk.kty != kty:
        raise ValueError("a key that is not of its algorithm's type")
    try:
        public = _rsa(jwk) if jwk.kty == "RSA" else _elliptic(jwk, named)
    except PyJWTError as error:
        raise ValueError("not a key") from error
    return public if (named, kty) == (algorithm, jwk.kty) else None


def _rsa(jwk: _Jwk) -> RSAPublicKey:
    public = RSAAlgorithm.from_jwk(jwk.model_dump(exclude_none=True))
    if not isinstance(public, RSAPublicKey) or public.key_size not in _RSA_BITS:
        raise ValueError("an RSA key of an unusual length")
    if public.public_numbers().e > limits.RSA_EXPONENT:
        raise ValueError("an RSA key with an unusual exponent")
    return public


def _elliptic(jwk: _Jwk, algorithm: str) -> EllipticCurvePublicKey | None:
    if jwk.kty != "EC" or algorithm not in _CURVES:
        return None
    if jwk.crv != _CURVES[algorithm]:
        raise ValueError("a key that is not on its algorithm's curve")
    public = ECAlgorithm.from_jwk(jwk.model_dump(exclude_none=True))
    return public if isinstance(public, EllipticCurvePublicKey) else None
