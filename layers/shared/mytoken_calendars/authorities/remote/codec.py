"""Mytokens that an existing mytoken server has signed (RFC 7515, RFC 8725), verified with PyJWT."""

import base64
import re
from dataclasses import dataclass
from typing import Annotated

from jwt import PyJWS, PyJWTError
from pydantic import BaseModel, ConfigDict, Field

from mytoken_calendars import limits, strict_json
from mytoken_calendars.authorities.remote.issuer import Configuration, Issuer
from mytoken_calendars.authorities.remote.key_set import Algorithm, VerificationKey
from mytoken_calendars.errors import InvalidToken
from mytoken_calendars.identifiers import TOKEN_TYPE
from mytoken_calendars.tokens.mytoken import Mytoken

_JWT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


class _Header(BaseModel):
    """All parameters that a header may have: none brings or names a location of a key."""

    model_config = ConfigDict(strict=True, extra="forbid")

    typ: str
    alg: Algorithm
    kid: Annotated[str, Field(min_length=1, max_length=limits.KEY_ID)] = ""


@dataclass(frozen=True)
class RemoteCodec:
    """The mytokens of one issuer."""

    issuer: Issuer

    def decode(self, bearer: str) -> Mytoken:
        """The claims of a mytoken that the issuer has signed. It may have expired or be revoked.

        A token has one spelling: padding, spare bits and a name that occurs twice are refused. (Of
        the two valid ECDSA signatures both are accepted, since the issuer may make either.) The
        issuer's keys are fetched only after everything but the signature has been checked.

        Raises InvalidToken and TemporarilyUnavailable.
        """
        jwt = _JWT.fullmatch(bearer) if len(bearer) <= limits.TOKEN else None
        if jwt is None:
            raise InvalidToken
        try:
            head, payload, _ = [_decoded(segment) for segment in jwt.groups()]
            header = _Header.model_validate(strict_json.loads(head))
            claims = strict_json.loads(payload)
        except ValueError:
            raise InvalidToken from None
        if header.typ != TOKEN_TYPE:
            raise InvalidToken
        mytoken = Mytoken.issued_by(self.issuer.url, claims)
        known = self.issuer.configuration()
        if not _is_signed(bearer, header, known):
            newer = self.issuer.newer_than(known)
            if newer is None or not _is_signed(bearer, header, newer):
                raise InvalidToken
        return mytoken


def is_short_token(bearer: str, length: int) -> bool:
    """Whether this may be a short token of so many characters, which only its issuer can read."""
    return len(bearer) == length and bearer.isascii() and bearer.isalnum()


def _decoded(segment: str) -> bytes:
    """The bytes of canonical base64url; raises ValueError for any other spelling."""
    data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != segment:
        raise ValueError("not base64url as it is written")
    return data


def _is_signed(bearer: str, header: _Header, known: Configuration) -> bool:
    if header.alg != known.algorithm:
        return False
    jws = PyJWS(algorithms=[known.algorithm])
    return any(_verifies(key, bearer, jws) for key in _candidates(known.keys, header.kid))


def _candidates(keys: tuple[VerificationKey, ...], kid: str) -> list[VerificationKey]:
    """The keys that a header with this `kid`, or none, may mean."""
    any_of_them = not kid or all(key.kid is None for key in keys)
    return [key for key in keys if any_of_them or key.kid == kid]


def _verifies(key: VerificationKey, bearer: str, jws: PyJWS) -> bool:
    try:
        jws.decode(bearer, key.public, jws.get_algorithms())
    except PyJWTError:
        return False
    return True
