"""The mytoken: its claims, whose it is, what it may do, and where and when it may be used."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mytoken_calendars.changes import Write
from mytoken_calendars.identifiers import Owner, mom_id_of, owner_of, subject

LATEST_TIME = 253_402_214_400  # the last day of 9999: events that begin then can still end
LONGEST_NAME = 100

Time = Annotated[int, Field(ge=0, le=LATEST_TIME)]


class Capability(StrEnum):
    """The capabilities that the calendar endpoint asks for, as they stand in tokens."""

    NOTIFY = "manage_mytokens:notify"
    READ_NOTIFY = "read@manage_mytokens:notify"
    TOKENINFO_NOTIFY = "tokeninfo:notify"

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


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class Restriction(_Claims):
    """One clause of a token's restrictions; a request is let through if any one clause holds.

    `scope`, `audience` and `usages_AT` concern access tokens alone. Any other member is kept in
    `model_extra`: it is not enforced here, so a clause that has one never holds.
    """

    model_config = ConfigDict(extra="allow")

    nbf: Time | None = None
    exp: Time | None = None
    scope: Any = None
    audience: Any = None
    usages_AT: Any = None  # noqa: N815 - the wire's word

    def holds(self, now: int) -> bool:
        if self.model_extra:
            return False
        return (self.nbf is None or now >= self.nbf) and (self.exp is None or now <= self.exp)


class Rotation(_Claims):
    """When use renews the token. `on_AT` concerns access tokens alone."""

    model_config = ConfigDict(extra="allow")

    on_AT: bool = False  # noqa: N815 - the wire's word
    on_other: bool = False
    lifetime: Annotated[int, Field(ge=0)] = 0
    auto_revoke: bool = False

    @property
    def concerns_us(self) -> bool:
        """Whether it is more than we may ignore: what we do not know, we do not ignore either."""
        return self.on_other or self.auto_revoke or self.lifetime > 0 or bool(self.model_extra)


class Mytoken(_Claims):
    """The claims of a mytoken whose signature was verified. Times are seconds since 1970.

    Creating one raises pydantic's ValidationError for claims that no issuer makes, a `sub` that
    does not belong to `oidc_sub` and `oidc_iss` among them.
    """

    ver: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
    token_type: Literal["mytoken"]
    iss: str
    sub: str
    aud: str
    exp: Time | None = None
    nbf: Time
    iat: Time
    jti: Annotated[UUID, Field(strict=False)]
    seq_no: Annotated[int, Field(ge=1)]
    name: Annotated[str, Field(max_length=LONGEST_NAME)] | None = None
    oidc_sub: Annotated[str, Field(min_length=1)]
    oidc_iss: str
    capabilities: list[str]
    restrictions: list[Restriction] = []
    rotation: Rotation | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.jti.int == 0:
            raise ValueError("jti is the nil UUID")
        if self.sub != subject(self.oidc_sub, self.oidc_iss):
            raise ValueError("sub does not belong to oidc_sub and oidc_iss")
        return self

    @property
    def owner(self) -> Owner:
        return owner_of(self.iss, self.sub)

    @property
    def mom_id(self) -> str:
        return mom_id_of(self.jti)

    def is_valid_at(self, now: int) -> bool:
        """Whether `now` is within the token's life; its last second still is."""
        return max(self.nbf, self.iat) <= now and (self.exp is None or now <= self.exp)

    def may(self, capability: Capability) -> bool:
        return any(capability.is_covered_by(held) for held in self.capabilities)

    def may_be_used_at(self, now: int) -> bool:
        """Whether restrictions and rotation let this request through.

        A rotation that this service would have to carry out is refused until it can.
        """
        rotates = self.rotation is not None and self.rotation.concerns_us
        unrestricted = not self.restrictions
        return not rotates and (unrestricted or any(r.holds(now) for r in self.restrictions))


@dataclass(frozen=True)
class RegisteredToken:
    """What an authority knows of a token it has issued, looked up by its mom_id.

    `ancestors` are mom_ids, the parent first. `expires` is None for a token that never does.
    `guards` are the writes that hold the token to this state when an operation commits.
    """

    mom_id: str
    name: str | None
    created: int
    expires: int | None
    ancestors: tuple[str, ...] = ()
    guards: tuple[Write, ...] = field(default=(), compare=False)
