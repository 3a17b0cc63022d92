"""The mytoken: its claims, whose it is, what it may do, and where and when it may be used."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from mytoken_calendars import limits
from mytoken_calendars.errors import Expired, InvalidToken, IssuedInTheFuture, NotValidYet
from mytoken_calendars.identifiers import Owner, mom_id_of, owner_of, subject
from mytoken_calendars.tokens.claim_types import Capabilities, Label, Time
from mytoken_calendars.tokens.restrictions import Restrictions
from mytoken_calendars.tokens.rotation import Rotation


class Capability(StrEnum):
    """The capabilities that this service checks, as they stand in tokens."""

    NOTIFY = "manage_mytokens:notify"
    READ_NOTIFY = "read@manage_mytokens:notify"
    TOKENINFO_NOTIFY = "tokeninfo:notify"
    LIST = "manage_mytokens:list"
    REVOKE = "manage_mytokens:revoke"
    INTROSPECT = "tokeninfo:introspect"
    SUBTOKENS = "tokeninfo:subtokens"
    TAGS = "settings:tags"
    READ_TAGS = "read@settings:tags"

    def is_covered_by(self, held: str) -> bool:
        """Whether a token that holds `held` may do this.

        A capability covers those below it, segment by segment, and its `read@` form; a `read@`
        capability covers nothing but `read@` forms.
        """
        held_read, held_path = _split(held)
        needed_read, needed_path = _split(self)
        return needed_path[: len(held_path)] == held_path and (needed_read or not held_read)


def _split(capability: str) -> tuple[bool, list[str]]:
    read = capability.startswith("read@")
    return read, capability.removeprefix("read@").split(":")


class Mytoken(BaseModel):
    """The claims of a mytoken whose signature was verified. Times are seconds since 1970.

    Creating one raises pydantic's ValidationError for claims that no issuer makes.
    """

    model_config = ConfigDict(strict=True, frozen=True)

    ver: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
    token_type: Literal["mytoken"]
    iss: str
    sub: str
    aud: str
    exp: Time | None = None
    nbf: Time
    iat: Time
    auth_time: Time | None = None
    jti: Annotated[UUID, Field(strict=False)]
    seq_no: Annotated[int, Field(ge=1)]
    name: Label | None = None
    oidc_sub: Annotated[str, Field(min_length=1)]
    oidc_iss: str
    capabilities: Capabilities
    restrictions: Restrictions = []
    rotation: Rotation | None = None

    _claims: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.jti.int == 0:
            raise ValueError("jti is the nil UUID")
        if self.sub != subject(self.oidc_sub, self.oidc_iss):
            raise ValueError("sub does not belong to oidc_sub and oidc_iss")
        return self

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> Self:
        """The mytoken with these claims. Raises pydantic's ValidationError, a ValueError."""
        mytoken = cls.model_validate(claims)
        mytoken._claims = dict(claims)  # noqa: SLF001 - it is being made here
        return mytoken

    @classmethod
    def self_issued(cls, claims: Any) -> Self:
        """The mytoken with these claims, of whichever issuer they name. Raises InvalidToken.

        An issuer makes mytokens for itself: it is their audience.
        """
        try:
            mytoken = cls.of(claims)
        except ValueError:
            raise InvalidToken from None
        if mytoken.aud != mytoken.iss:
            raise InvalidToken
        return mytoken

    @classmethod
    def issued_by(cls, issuer: str, claims: Any) -> Self:
        """The mytoken with these claims. Raises InvalidToken if they are not this issuer's."""
        mytoken = cls.self_issued(claims)
        if mytoken.iss != issuer:
            raise InvalidToken
        return mytoken

    @property
    def claims(self) -> Mapping[str, Any]:
        """All claims as they stand in the token, also those without a meaning here."""
        return self._claims

    @property
    def owner(self) -> Owner:
        return owner_of(self.iss, self.sub)

    @property
    def mom_id(self) -> str:
        return mom_id_of(self.jti)

    @property
    def created(self) -> int:
        """When the token was issued: `auth_time` if it was rotated, as a rotation renews `iat`."""
        return self.iat if self.seq_no == 1 or self.auth_time is None else self.auth_time

    @property
    def expires(self) -> int | None:
        """When the token and all its successors have ended; None if never.

        Without a `lifetime` this is `exp`. With one, each rotation renews `exp`, and the chain ends
        with its last clause, as no use is allowed outside of all clauses.
        """
        if self.rotation is None or not self.rotation.lifetime:
            return self.exp
        ends = [clause.exp for clause in self.restrictions if clause.exp is not None]
        return max(ends, default=None) if len(ends) == len(self.restrictions) else None

    def check_valid_at(self, now: int) -> None:
        """Raises IssuedInTheFuture, NotValidYet or Expired; the last second is included."""
        if self.iat > now + limits.CLOCK_LEEWAY:
            raise IssuedInTheFuture
        if self.nbf > now + limits.CLOCK_LEEWAY:
            raise NotValidYet
        ends = (self.exp, self.rotation.end(self.iat) if self.rotation else None)
        if any(end is not None and now > end for end in ends):
            raise Expired

    def may(self, capability: Capability) -> bool:
        return any(capability.is_covered_by(held) for held in self.capabilities)

    @property
    def rotation_is_understood(self) -> bool:
        """Whether every member of its rotation is known here, so that all of it can be obeyed."""
        return self.rotation is None or not self.rotation.model_extra

    @property
    def rotates(self) -> bool:
        """Whether a use here rotates the token."""
        return self.rotation is not None and self.rotation.on_other

    @property
    def is_revoked_when_replayed(self) -> bool:
        return self.rotation is not None and self.rotation.auto_revoke

    def successor_claims(self, now: int, expires: int | None) -> dict[str, Any]:
        """The claims of the successor.

        A `lifetime` renews the expiry, but never beyond `expires`, with which the token was issued.
        """
        renewed = {"seq_no": self.seq_no + 1, "iat": now, "nbf": now}
        return {**self._claims, **renewed, **self.ending(now, expires)}

    def ending(self, now: int, expires: int | None) -> dict[str, int]:
        """The `exp` that a `lifetime` gives to a token made at `now`; {} without a `lifetime`."""
        end = self.rotation.end(now) if self.rotation else None
        latest = limits.LATEST_TIME if expires is None else expires
        return {} if end is None else {"exp": min(end, latest)}

    def response(self, bearer: str, now: int) -> dict[str, Any]:
        """The mytoken response object that hands the token out, as `bearer`."""
        document = {
            "mytoken": bearer,
            "mytoken_type": "token",
            "mom_id": self.mom_id,
            "expires_in": None if self.exp is None else self.exp - now,
            "capabilities": self.capabilities,
            "restrictions": self._claims.get("restrictions"),
            "rotation": self._claims.get("rotation"),
        }
        return {name: value for name, value in document.items() if value is not None}
