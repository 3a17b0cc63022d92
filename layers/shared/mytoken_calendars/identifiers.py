"""The identifiers of the field: owner, mom_id, secret; and how one is made from another."""

import base64
import hashlib
import re
import secrets
import string
from typing import NewType
from uuid import UUID

TOKEN_TYPE = "MT+JWT"  # noqa: S105 - the `typ` of a mytoken's header
SIGNING_ALGORITHM = "ES512"  # of the mytokens that this stack issues (RFC 7518, 3.1)

Owner = NewType("Owner", str)

_SECRET_ALPHABET = string.ascii_letters + string.digits
_SECRET_LENGTH = 32
_ID_BYTES = 8
_MOM_ID_LENGTH = 88  # the base64 of 64 bytes
_SHORT_MOM_ID_LENGTH = 16  # 96 bits: a billion tokens of one user have no two alike
_SECRET = re.compile(f"[{_SECRET_ALPHABET}]{{{_SECRET_LENGTH}}}")
_CALENDAR_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def subject(oidc_sub: str, oidc_iss: str) -> str:
    """The `sub` of an OpenID user's mytokens: a hash of the user's `sub` and issuer."""
    # An operator's terminal may send any bytes, which become lone surrogates.
    user = f"{oidc_sub}@{oidc_iss}".encode("utf-8", "surrogatepass")
    return _base64(hashlib.sha3_256(user).digest())


def mom_id_of(jti: UUID) -> str:
    """The id under which other tokens manage the token with this `jti`: 88 characters of base64."""
    return _base64(hashlib.sha512(jti.bytes).digest())


def mom_id(text: str) -> str:
    """`text`, if it is a mom_id in its canonical form.

    Raises ValueError for everything else: with another spelling, one token could be subscribed
    twice.
    """
    if len(text) > _MOM_ID_LENGTH:
        raise ValueError("a mom_id is the base64 of 64 bytes")
    if " " in text:
        raise ValueError("a mom_id has no spaces")
    try:
        digest = base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("a mom_id is base64") from None
    if len(digest) != hashlib.sha512().digest_size or _base64(digest) != text:
        raise ValueError("a mom_id is the base64 of 64 bytes")
    return text


def short_mom_id(mom_id: str) -> str:
    """The beginning of a mom_id, which stands for it among the tokens of one user."""
    return mom_id[:_SHORT_MOM_ID_LENGTH]


def owner_of(iss: str, sub: str) -> Owner:
    """The key of everything that belongs to one user of one issuer, 40 characters.

    The lengths are hashed as well, so that two different pairs never give the same hashed text.
    """
    pair = b"".join(len(part).to_bytes(8) + part for part in (iss.encode(), sub.encode()))
    return Owner(base64.b32encode(hashlib.sha256(pair).digest()).decode()[:40].lower())


def new_id() -> str:
    """A new id of a feed or a tag, 16 characters: no secret, and kept as long as it lives."""
    return secrets.token_hex(_ID_BYTES)


def new_secret() -> str:
    """A new secret address of a feed, 190 random bits: the only protection that a feed has."""
    return "".join(secrets.choice(_SECRET_ALPHABET) for _ in range(_SECRET_LENGTH))


def is_secret(text: str) -> bool:
    return _SECRET.fullmatch(text) is not None


def is_calendar_id(text: str) -> bool:
    """Whether the text has the form of a calendar's id: a UUID, in letters of any case."""
    return _CALENDAR_ID.fullmatch(text) is not None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
