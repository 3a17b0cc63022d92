"""Restrictions: when a clause holds, which one lets a request in, and how they are told apart."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars import limits
from mytoken_calendars.tokens.restrictions import Circumstances, Clause, first_that_holds
from tests.harness import examples
from tests.harness.examples import DAY, NOW

CLIENT = "198.51.100.7"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
clauses = st.dictionaries(
    st.sampled_from(["scope", "audience", "hosts", "schedule", "usages_other", "made_up", ""]),
    json_values,
)


@dataclass
class FakeNetwork:
    """Knows of one client what it is told, and remembers what it was asked."""

    names: Collection[str] = ()
    code: str | None = None
    asked: list[str] = field(default_factory=list)

    def host_names(self, address: str) -> Collection[str]:
        self.asked.append(f"names of {address}")
        return self.names

    def country(self, address: str) -> str | None:
        self.asked.append(f"country of {address}")
        return self.code


def circumstances(network: FakeNetwork | None = None, **changes: Any) -> Circumstances:
    usual = {"now": NOW, "address": CLIENT, "created": NOW - DAY, "uses": {}}
    return Circumstances(**{**usual, **changes, "network": network or FakeNetwork()})


def clause(members: Mapping[str, Any]) -> Clause:
    return Clause.model_validate(dict(members))


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "holds"),
    [
        ({}, True),
        ({"nbf": NOW}, True),
        ({"nbf": NOW + 5}, True),
        ({"nbf": NOW + 6}, False),
        ({"exp": NOW}, True),
        ({"exp": NOW - 1}, False),
        ({"nbf": NOW, "exp": NOW}, True),
        ({"nbf": NOW + 6, "exp": NOW + 7}, False),
        ({"nbf": 0}, True),
        ({"exp": 0}, False),
        ({"nbf": 0, "exp": limits.LATEST_TIME}, True),
    ],
)
def test_a_clause_begins_five_seconds_early_and_ends_on_time(
    members: dict[str, Any], *, holds: bool
) -> None:
    assert clause(members).holds(circumstances()) is holds


@pytest.mark.parametrize("value", [str(NOW), float(NOW), True, -1, limits.LATEST_TIME + 1, [], {}])
@pytest.mark.parametrize("member", ["nbf", "exp"])
def test_a_clause_with_a_malformed_time_never_holds(member: str, value: object) -> None:
    assert not clause({member: value}).holds(circumstances())


@pytest.mark.parametrize("value", [None, 1, True, "exp", [], [{}]])
def test_a_clause_that_is_no_object_never_holds(value: object) -> None:
    assert not Clause.model_validate(value).holds(circumstances())


@pytest.mark.parametrize(
    ("schedule", "holds"),
    [
        ({}, True),
        ({"from": "08:00", "to": "08:01"}, True),
        ({"from": "08:01", "to": "08:00"}, False),
        ({"every": 2}, False),
        ({"every": 2, "anchor": "2027-01-15"}, True),
    ],
)
def test_a_clause_with_a_schedule_holds_in_its_windows(
    schedule: dict[str, Any], *, holds: bool
) -> None:
    assert clause({"schedule": schedule}).holds(circumstances()) is holds


# --- what is known, and what is understood --------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"scope": "openid profile"},
        {"audience": ["https://api.example"]},
        {"usages_AT": 0},
        {"scope": 1, "audience": None, "usages_AT": "x"},
    ],
)
def test_a_clause_about_access_tokens_alone_holds(members: dict[str, Any]) -> None:
    assert clause(members).holds(circumstances())


@pytest.mark.parametrize(
    "member",
    ["nbf", "exp", "hosts", "geoip_allow", "geoip_disallow", "usages_other", "schedule", "scope"],
)
def test_null_is_as_good_as_absent(member: str) -> None:
    assert clause({member: None}).holds(circumstances())


@pytest.mark.parametrize(
    "members",
    [
        {"ip": [CLIENT]},
        {"include": ["default"]},
        {"NBF": 0},
        {"made_up": None},
        {"": True},
        {"holds": True},
        {"model_extra": {}},
        {"_in_token": {}},
        {"usages_other ": 5},
    ],
)
def test_a_clause_with_an_unknown_member_never_holds(members: dict[str, Any]) -> None:
    restriction = clause({"nbf": 0, "exp": limits.LATEST_TIME, **members})

    assert not restriction.holds(circumstances())


@pytest.mark.parametrize(
    "members",
    [
        {"hosts": CLIENT},
        {"hosts": [CLIENT, 1]},
        {"hosts": [CLIENT, None]},
        {"hosts": {CLIENT: True}},
        {"geoip_allow": "DE"},
        {"geoip_allow": ["DE", 49]},
        {"geoip_disallow": "FR"},
        {"geoip_disallow": False},
        {"usages_other": "5"},
        {"usages_other": 5.0},
        {"usages_other": True},
        {"usages_other": -1},
        {"usages_other": 2**53 + 1},
        {"usages_other": 10**38},
        {"schedule": "* * * * *"},
        {"schedule": []},
        {"schedule": False},
        {"schedule": {"from": "8:00"}},
        {"schedule": {"cron": "* * * * *"}},
        {"schedule": {"timezone": "Mars/Olympus_Mons"}},
    ],
)
def test_a_clause_with_a_malformed_member_never_holds(members: dict[str, Any]) -> None:
    network = FakeNetwork(code="DE")

    assert not clause(members).holds(circumstances(network))


@given(clauses)
def test_whatever_stands_in_a_clause_it_is_read_and_judged(members: dict[str, Any]) -> None:
    assert clause(members).holds(circumstances()) in {True, False}


# --- place ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "country", "holds"),
    [
        ({"geoip_allow": ["DE", "FR"]}, "FR", True),
        ({"geoip_allow": ["de"]}, "DE", True),
        ({"geoip_allow": ["DE"]}, "de", True),
        ({"geoip_allow": ["FR"]}, "DE", False),
        ({"geoip_allow": ["DE"]}, None, False),
        ({"geoip_allow": []}, "DE", False),
        ({"geoip_disallow": ["FR"]}, "DE", True),
        ({"geoip_disallow": ["fr", "de"]}, "DE", False),
        ({"geoip_disallow": ["FR"]}, None, False),
        ({"geoip_disallow": []}, "DE", True),
        ({"geoip_disallow": []}, None, False),
        ({"geoip_allow": ["DE"], "geoip_disallow": ["FR"]}, "DE", True),
        ({"geoip_allow": ["DE"], "geoip_disallow": ["DE"]}, "DE", False),
    ],
)
def test_a_country_must_be_known_and_allowed(
    members: dict[str, Any], country: str | None, *, holds: bool
) -> None:
    assert clause(members).holds(circumstances(FakeNetwork(code=country))) is holds


@pytest.mark.parametrize(
    ("hosts", "holds"),
    [
        ([CLIENT], True),
        (["198.51.100.0/24"], True),
        (["*.example.com"], True),
        (["192.0.2.1"], False),
        ([], False),
    ],
)
def test_a_host_must_be_among_those_of_the_clause(hosts: list[str], *, holds: bool) -> None:
    network = FakeNetwork(names=["client.example.com"])

    assert clause({"hosts": hosts}).holds(circumstances(network)) is holds


# --- number of uses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "used", "holds"),
    [(1, None, True), (1, 0, True), (1, 1, False), (3, 2, True), (3, 4, False), (0, None, False)],
)
def test_a_clause_holds_until_its_uses_are_used_up(
    limit: int, used: int | None, *, holds: bool
) -> None:
    restriction = clause({"usages_other": limit})
    uses = {} if used is None else {restriction.digest: used}

    assert restriction.holds(circumstances(uses=uses)) is holds


def test_the_uses_of_another_clause_do_not_count() -> None:
    uses = {clause({"usages_other": 1, "scope": "openid"}).digest: 1}

    assert clause({"usages_other": 1}).holds(circumstances(uses=uses))


@pytest.mark.parametrize(
    ("members", "limits_use"),
    [({"usages_other": 0}, True), ({"usages_AT": 1}, False), ({"usages_other": None}, False)],
)
def test_a_clause_says_whether_its_uses_are_to_be_counted(
    members: dict[str, Any], *, limits_use: bool
) -> None:
    assert clause(members).limits_use is limits_use


# --- all of it ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {"exp": NOW - 1},
        {"usages_other": 0},
        {"schedule": {"from": "09:00", "to": "10:00"}},
        {"geoip_allow": ["FR"]},
        {"hosts": ["192.0.2.1"]},
    ],
)
def test_a_clause_holds_only_if_all_its_members_do(broken: dict[str, Any]) -> None:
    members = {
        "nbf": NOW,
        "exp": NOW,
        "usages_other": 1,
        "schedule": {"from": "08:00", "to": "09:00"},
        "geoip_allow": ["DE"],
        "hosts": [CLIENT],
    }
    network = FakeNetwork(code="DE")

    assert clause(members).holds(circumstances(network))
    assert not clause({**members, **broken}).holds(circumstances(network))


@pytest.mark.parametrize(
    "members",
    [
        {"exp": NOW - 1},
        {"usages_other": 0},
        {"schedule": {"from": "09:00", "to": "10:00"}},
        {"made_up": 1},
        {"schedule": "* * * * *"},
    ],
)
def test_the_network_is_not_asked_about_a_clause_that_does_not_hold_anyway(
    members: dict[str, Any],
) -> None:
    network = FakeNetwork(code="DE")

    clause({"hosts": ["client.example"], "geoip_allow": ["DE"], **members}).holds(
        circumstances(network)
    )

    assert network.asked == []


def test_the_network_is_asked_once_for_all_clauses() -> None:
    network = FakeNetwork(names=["client.example"], code="DE")
    restrictions = [clause({"hosts": [f"{name}.example"], "geoip_allow": ["DE"]}) for name in "abc"]

    assert first_that_holds(restrictions, circumstances(network)) is None
    assert network.asked == [f"country of {CLIENT}", f"names of {CLIENT}"]


@pytest.mark.parametrize(
    ("restrictions", "first"),
    [
        ([], None),
        ([{}], 0),
        ([{"exp": NOW - 1}], None),
        ([{"exp": NOW - 1}, {"exp": NOW}, {}], 1),
        ([{"usages_other": 1}, {}], 0),
        ([{"usages_other": 0}, {"hosts": []}, {"usages_other": 2}], 2),
        ([{"schedule": "* * * * *"}, {"nbf": NOW}], 1),
    ],
)
def test_the_first_clause_that_holds_lets_a_request_in(
    restrictions: list[dict[str, Any]], first: int | None
) -> None:
    all_of_them = [clause(members) for members in restrictions]

    found = first_that_holds(all_of_them, circumstances())

    assert found is (None if first is None else all_of_them[first])


# --- digests --------------------------------------------------------------------------------------


def test_a_digest_stays_what_it_is() -> None:
    restriction = clause({"usages_other": 3, "hosts": ["ä.example"], "usages_AT": 1})

    assert restriction.digest == "65613df1d42b1aca76e33369799257f5"


def shuffled(value: Any) -> Any:
    """The same JSON with the members of all objects in the opposite order."""
    match value:
        case dict():
            return {name: shuffled(value[name]) for name in reversed(value)}
        case list():
            return [shuffled(element) for element in value]
        case _:
            return value


@given(clauses)
def test_the_order_of_members_is_nothing_to_a_digest(members: dict[str, Any]) -> None:
    assert clause(members).digest == clause(shuffled(members)).digest


@given(clauses, clauses)
def test_other_clauses_have_other_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (clause(one).digest == clause(other).digest) is same


def test_a_digest_is_of_what_stands_in_the_token() -> None:
    variants: list[dict[str, Any]] = [
        {},
        {"hosts": None},
        {"hosts": "this"},
        {"hosts": ["this"]},
        {"hosts": ["this"], "made_up": 1},
        {"schedule": {}},
        {"schedule": {"timezone": "UTC"}},
    ]

    assert len({clause(members).digest for members in variants}) == len(variants)


def test_a_clause_that_was_read_already_keeps_its_digest() -> None:
    restriction = clause({"hosts": ["this"], "usages_other": 1})

    assert Clause.model_validate(restriction).digest == restriction.digest


# --- how many there may be ------------------------------------------------------------------------


@pytest.mark.parametrize(("others", "lets_in"), [(31, True), (32, False), (4000, False)])
def test_a_clause_behind_32_others_lets_nobody_in(others: int, *, lets_in: bool) -> None:
    clauses = [{"exp": 1}] * others + [{}]

    token = examples.mytoken(restrictions=clauses)

    assert (first_that_holds(token.restrictions, circumstances()) is not None) is lets_in
    assert token.claims["restrictions"] == clauses


@pytest.mark.parametrize(("others", "lets_in"), [(63, True), (64, False), (3000, False)])
def test_a_clause_of_more_than_64_hosts_is_not_understood(others: int, *, lets_in: bool) -> None:
    hosts = ["a.example"] * others + [CLIENT]

    assert clause({"hosts": hosts}).holds(circumstances()) is lets_in
