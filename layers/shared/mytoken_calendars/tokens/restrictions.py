"""Restrictions: when, where and how often a mytoken may be used. In doubt, no clause holds."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Protocol, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from mytoken_calendars import limits
from mytoken_calendars.tokens import hosts
from mytoken_calendars.tokens.schedule import Schedule


class Network(Protocol):
    """Knows names and countries of addresses. Its methods take any text and never raise."""

    def host_names(self, address: str) -> Collection[str]:
        """The names of the address that lead back to it, in lower case, without the final dot."""

    def country(self, address: str) -> str | None:
        """Its ISO 3166 code of two letters, if it is known."""


@dataclass(frozen=True)
class Circumstances:
    """The circumstances of one request.

    `now`, and `created` (when the token was issued), are in seconds since 1970. `uses` says how
    often each clause of the token was counted so far, by its digest.
    """

    now: int
    address: str
    network: Network
    created: int
    uses: Mapping[str, int]

    # Looked up once for all clauses: names may take seconds.
    @cached_property
    def host_names(self) -> frozenset[str]:
        return frozenset(self.network.host_names(self.address))

    @cached_property
    def country(self) -> str | None:
        return self.network.country(self.address)


def _lenient(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


Time = Annotated[int, Field(ge=0, le=limits.LATEST_TIME)]
# A malformed value is read as None. `is_understood` finds it: the token's JSON has a value there.
_Time = Annotated[Time | None, WrapValidator(_lenient)]
_Texts = Annotated[list[str] | None, WrapValidator(_lenient)]
_Hosts = Annotated[
    Annotated[list[str], Field(max_length=limits.HOSTS)] | None, WrapValidator(_lenient)
]
_Limit = Annotated[Annotated[int, Field(ge=0, le=limits.USES)] | None, WrapValidator(_lenient)]
_NO_OBJECT = {"no object": True}  # in the place of a clause that is none: an unknown member
_Schedule = Annotated[Schedule | None, WrapValidator(_lenient)]


class Clause(BaseModel):
    """One clause of a token's restrictions; a request is admitted if any one clause holds.

    `scope`, `audience` and `usages_AT` concern access tokens alone: here they have no effect, not
    even if malformed. A clause with a member that is not named here never holds, nor does one with
    another malformed member. A null counts as absent, except for an unknown member.

    Making one raises pydantic's ValidationError for a malformed `nbf` or `exp`, which no issuer
    makes.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")

    nbf: _Time = None
    exp: _Time = None
    scope: Any = None
    audience: Any = None
    usages_AT: Any = None  # noqa: N815 - the wire's word
    usages_other: _Limit = None
    schedule: _Schedule = None
    geoip_allow: _Texts = None
    geoip_disallow: _Texts = None
    hosts: _Hosts = None

    _in_token: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep(cls, members: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(members, cls):
            return members
        known = members if isinstance(members, dict) else _NO_OBJECT
        clause = validate(known)
        clause._in_token = known  # noqa: SLF001 - it is being made here
        return clause

    @property
    def digest(self) -> str:
        """Names the clause in the counts of its uses.

        The order of members does not matter, that of entries in a list does. Equal clauses share
        one count.
        """
        text = json.dumps(self._in_token, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def limits_use(self) -> bool:
        return self.usages_other is not None

    def holds(self, circumstances: Circumstances) -> bool:
        """Whether all its members hold. Names are looked up last, and only if all others hold."""
        now = circumstances.now
        return (
            self.is_understood
            and (self.nbf is None or now >= self.nbf)
            and (self.exp is None or now <= self.exp)
            and self._has_uses_left(circumstances)
            and (self.schedule is None or self.schedule.holds(now, circumstances.created))
            and self._allows_the_country(circumstances)
            and (self.hosts is None or hosts.include(self.hosts, circumstances))
        )

    @property
    def is_understood(self) -> bool:
        """Whether all its members are known here, and well-formed."""
        return not self.odd_members

    @property
    def odd_members(self) -> list[str]:
        """The names of the members that are unknown here, malformed, or beyond a limit."""
        unknown = self.model_extra or {}
        return [
            name
            for name, value in self._in_token.items()
            if name in unknown or (value is not None and getattr(self, name) is None)
        ]

    def _has_uses_left(self, circumstances: Circumstances) -> bool:
        limit = self.usages_other
        return limit is None or circumstances.uses.get(self.digest, 0) < limit

    def _allows_the_country(self, circumstances: Circumstances) -> bool:
        allowed, disallowed = self.geoip_allow, self.geoip_disallow
        if allowed is None and disallowed is None:
            return True
        country = circumstances.country
        return (
            country is not None
            and (allowed is None or _is_among(country, allowed))
            and (disallowed is None or not _is_among(country, disallowed))
        )


def _first(clauses: Any) -> Any:
    return clauses[: limits.CLAUSES] if isinstance(clauses, list) else clauses


# Any one clause allows a request, so leaving clauses out can only refuse more requests.
Restrictions = Annotated[list[Clause], BeforeValidator(_first)]


def first_that_holds(restrictions: Sequence[Clause], circumstances: Circumstances) -> Clause | None:
    """The clause that lets a request in, and of which a use is counted."""
    return next((clause for clause in restrictions if clause.holds(circumstances)), None)


def _is_among(country: str, codes: list[str]) -> bool:
    return country.upper() in {code.upper() for code in codes}
