"""An issuer's key set (RFC 7517): the keys that make sense, whatever stands beside them."""

from dataclasses import dataclass
from itertools import islice
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

_Number = Annotated[str, Field(max_length=limits.KEY_NUMBER, pattern=r"^[A-Za-z0-9_-]+$")] | None


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
    """The keys for `algorithm`, at least one and at most `limits.ISSUER_KEYS`.

    Other keys are left out, as RFC 7517 (section 5) says: those for other things or algorithms,
    malformed, weak and contradictory ones, and those whose secret the set gives away.

    Raises ValueError for a set without a fitting key.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    known = (_key(entry, algorithm) for entry in (entries if isinstance(entries, list) else ()))
    keys = tuple(islice((key for key in known if key is not None), limits.ISSUER_KEYS))
    if not keys:
        raise ValueError("no key fits the algorithm")
    return keys


def _key(entry: Any, algorithm: Algorithm) -> VerificationKey | None:
    """The key for `algorithm`, or None if the entry is none."""
    try:
        jwk = _Jwk.model_validate(entry)
        if not jwk.verifies or not _SECRET.isdisjoint(entry):
            return None
        public = _public(jwk, algorithm)
    except ValueError:
        return None
    return VerificationKey(jwk.kid, public) if public is not None else None


def _public(jwk: _Jwk, algorithm: str) -> RSAPublicKey | EllipticCurvePublicKey | None:
    """The key, or None if it is for another algorithm. Raises ValueError."""
    if jwk.alg not in (None, algorithm):
        return None
    try:
        return _elliptic(jwk, algorithm) if algorithm in _CURVES else _rsa(jwk)
    except PyJWTError as error:  # also for a key of another type
        raise ValueError("not a key") from error


def _rsa(jwk: _Jwk) -> RSAPublicKey:
    public = RSAAlgorithm.from_jwk(jwk.model_dump(exclude_none=True))
    if not isinstance(public, RSAPublicKey) or public.key_size not in _RSA_BITS:
        raise ValueError("an RSA key of an unusual length")
    if public.public_numbers().e > limits.RSA_EXPONENT:
        raise ValueError("an RSA key with an unusual exponent")
    return public


def _elliptic(jwk: _Jwk, algorithm: str) -> EllipticCurvePublicKey | None:
    if jwk.crv != _CURVES[algorithm]:
        return None
    public = ECAlgorithm.from_jwk(jwk.model_dump(exclude_none=True))
    return public if isinstance(public, EllipticCurvePublicKey) else None
