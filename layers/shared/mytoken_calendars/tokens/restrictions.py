"""Restrictions: when, where and how often a mytoken may be used. In doubt, no clause holds."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
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
    model_validator,
)

from mytoken_calendars import limits
from mytoken_calendars.tokens import hosts
from mytoken_calendars.tokens.claim_types import OR_NONE, Time
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


# A malformed value is read as None. `is_understood` finds it: the token's JSON has a value there.
_Time = Annotated[Time | None, OR_NONE]
_Texts = Annotated[list[str] | None, OR_NONE]
_Hosts = Annotated[Annotated[list[str], Field(max_length=limits.HOSTS)] | None, OR_NONE]
_Limit = Annotated[Annotated[int, Field(ge=0, le=limits.USES)] | None, OR_NONE]
_Schedule = Annotated[Schedule | None, OR_NONE]
_NO_OBJECT = {"no object": True}  # in the place of a clause that is none: an unknown member


class Clause(BaseModel):
    """One clause of a token's restrictions; a request is admitted if any one clause holds.

    `scope`, `audience` and `usages_AT` concern access tokens alone: here they have no effect, not
    even if malformed. A clause with a member that is not named here never holds, nor does one with
    another malformed member. A null counts as absent, except for an unknown member.
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
        return not self.failing(circumstances)

    def failing(self, circumstances: Circumstances) -> str:
        """The first member that does not hold, "" if all do; "unknown" is one not known here.

        Names are looked up last, and only if all others hold.
        """
        now = circumstances.now
        members: dict[str, Callable[[], bool]] = {
            "nbf": lambda: self.nbf is None or now >= self.nbf - limits.CLOCK_LEEWAY,
            "exp": lambda: self.exp is None or now <= self.exp,
            "usages_other": lambda: self._has_uses_left(circumstances),
            "schedule": lambda: (
                self.schedule is None or self.schedule.holds(now, circumstances.created)
            ),
            "geoip_allow": lambda: (
                self.geoip_allow is None or _is_among(circumstances.country, self.geoip_allow)
            ),
            "geoip_disallow": lambda: (
                self.geoip_disallow is None
                or _is_outside(circumstances.country, self.geoip_disallow)
            ),
            "hosts": lambda: self.hosts is None or hosts.include(self.hosts, circumstances),
        }
        odd = "unknown" if self.model_extra else next(iter(self.odd_members), "")
        return odd or next((name for name, holds in members.items() if not holds()), "")

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


def _first(clauses: Any) -> Any:
    return clauses[: limits.CLAUSES] if isinstance(clauses, list) else clauses


# Any one clause allows a request, so leaving clauses out can only refuse more requests.
Restrictions = Annotated[list[Clause], BeforeValidator(_first)]


def first_that_holds(restrictions: Sequence[Clause], circumstances: Circumstances) -> Clause | None:
    """The clause that lets a request in, and of which a use is counted."""
    return next((clause for clause in restrictions if clause.holds(circumstances)), None)


def failures(restrictions: Sequence[Clause], circumstances: Circumstances) -> list[str]:
    """Of each clause its index, and the first member that does not hold."""
    failing = [clause.failing(circumstances) for clause in restrictions]
    return [f"{index} {member}" for index, member in enumerate(failing)]


def _is_among(country: str | None, codes: list[str]) -> bool:
    return country is not None and country.upper() in {code.upper() for code in codes}


def _is_outside(country: str | None, codes: list[str]) -> bool:
    return country is not None and not _is_among(country, codes)
