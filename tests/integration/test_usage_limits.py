"""Restrictions: how often, where and when a mytoken may be used, and what is counted of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mytoken_calendars.authorities.client_network import ClientNetwork
from mytoken_calendars.errors import InvalidRequest
from tests.harness.stacks import Answer, Stack, Token, sample_event, set_token
from tests.harness.steps import Clock, before_each
from tests.harness.token_uses import (
    REVOKED_WHEN_REPLAYED,
    ROTATING,
    USES,
    Person,
    successor,
    with_claims,
)

pytestmark = pytest.mark.usefixtures("emptied")

Clauses = list[dict[str, Any]]

HERE = "192.0.2.7"  # of the sample events
ELSEWHERE = "198.51.100.9"
MONDAY_NOON = int(datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp())


@pytest.fixture
def person(stack: Stack, clock: Clock) -> Person:
    return Person.on(stack)


# --- how often ------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", USES)
def test_each_use_is_counted_until_none_is_left(person: Person, use: str) -> None:
    token = person.mint(restrictions=[{"usages_other": 2}])

    answers = [person.use(use, token) for _ in range(3)]

    refused = answers.pop()
    assert {answer.status for answer in answers} == {USES[use].status}
    assert (refused.status, refused.json["error"]) == (403, "usage_restricted")
    assert person.done(token) == [2]


@pytest.mark.parametrize("use", USES)
def test_a_limit_of_none_lets_nobody_in(person: Person, use: str) -> None:
    token = person.mint(restrictions=[{"usages_other": 0}])

    answer = person.use(use, token)

    assert (answer.status, answer.json["error"]) == (403, "usage_restricted")
    assert person.done(token) == [0]


def test_a_use_that_is_refused_is_not_counted(person: Person) -> None:
    token = person.mint(restrictions=[{"usages_other": 1}])
    before = person.stack.dump()

    refused = [
        person.stack.invoke("create_calendar", token, json={"name": person.calendar["name"]}),
        person.stack.invoke("create_calendar", token, json={}),
        person.stack.invoke("delete_calendar", token, path={"calendar": "none"}),
        person.stack.invoke("revoke_token", token, json={"mom_id": "x"}),
        person.stack.invoke("tokeninfo", token, json={"action": "x"}),
    ]

    assert [answer.status for answer in refused] == [409, 400, 404, 400, 400]
    assert person.stack.dump() == before
    assert person.list(token).status == 200


@pytest.mark.parametrize(
    ("clauses", "done"),
    [
        pytest.param([{"usages_other": 2}, {"usages_other": 9}], [2, 1], id="first-that-has-left"),
        pytest.param([{"usages_other": 9}, {"usages_other": 2}], [3, 0], id="first-has-enough"),
        pytest.param([{"exp": 1}, {"usages_other": 9}], [None, 3], id="one-that-does-not-hold"),
        pytest.param(
            [{"hosts": [ELSEWHERE], "usages_other": 9}, {"usages_other": 9}],
            [0, 3],
            id="one-for-another-place",
        ),
        pytest.param([{}, {"usages_other": 9}], [None, 0], id="one-that-limits-nothing"),
        pytest.param([{"usages_other": 1}, {"nbf": 1}], [1, None], id="then-one-without-a-limit"),
        pytest.param(
            [{"usages_other": 0}, {"usages_other": 1}, {"usages_other": 9}],
            [0, 1, 2],
            id="one-of-none",
        ),
        pytest.param([{"usages_AT": 1}], [None], id="access-tokens-alone"),
    ],
)
def test_of_the_clauses_the_first_that_holds_is_counted(
    person: Person, clauses: Clauses, done: list[int | None]
) -> None:
    token = person.mint(restrictions=clauses)

    answers = [person.list(token) for _ in range(3)]

    assert {answer.status for answer in answers} == {200}
    assert person.done(token) == done


def test_several_clauses_are_used_up_one_after_the_other(person: Person) -> None:
    token = person.mint(restrictions=[{"usages_other": 1}, {"usages_other": 2}])

    statuses = [person.list(token).status for _ in range(4)]

    assert statuses == [200, 200, 200, 403]
    assert person.done(token) == [1, 2]


def test_clauses_that_are_the_same_share_their_count(person: Person) -> None:
    token = person.mint(restrictions=[{"usages_other": 1}, {"usages_other": 1}])

    statuses = [person.list(token).status for _ in range(2)]

    assert statuses == [200, 403]


@pytest.mark.parametrize(
    "permuted",
    [
        pytest.param(
            lambda first, second: [dict(reversed(first.items())), second], id="members-of-a-clause"
        ),
        pytest.param(lambda first, second: [second, first], id="clauses"),
        pytest.param(
            lambda first, second: [{**first, "schedule": {"to": "00:00", "from": "00:00"}}, second],
            id="members-of-a-member",
        ),
    ],
)
def test_in_whatever_order_its_clauses_stand_a_token_has_been_used_as_often(
    person: Person, permuted: Callable[..., Clauses]
) -> None:
    first = {
        "usages_other": 2,
        "hosts": [HERE],
        "schedule": {"from": "00:00", "to": "00:00"},
        "nbf": 5,
    }
    second = {"usages_other": 3, "hosts": [ELSEWHERE]}
    token = person.mint(restrictions=[first, second])
    person.list(token)

    same = with_claims(person.stack, token, restrictions=permuted(first, second))

    assert sorted(filter(None, person.done(same))) == [1]
    assert [person.list(same).status for _ in range(2)] == [200, 403]
    assert person.list(token).status == 403


@pytest.mark.parametrize("rotation", [ROTATING, REVOKED_WHEN_REPLAYED], ids=["plain", "revoking"])
def test_a_limit_outlives_rotation(person: Person, rotation: dict[str, Any]) -> None:
    token = person.mint(rotation=rotation, restrictions=[{"usages_other": 2}])

    second = successor(person.list(token))
    third = successor(person.list(second))
    refused = person.list(third)

    assert (refused.status, refused.json["error"]) == (403, "usage_restricted")
    assert person.done(third) == [2]


def test_tokens_of_one_user_and_children_are_counted_for_themselves(person: Person) -> None:
    clauses = [{"usages_other": 1}]
    parent = person.mint(restrictions=clauses)
    tokens = [parent, person.mint(restrictions=clauses, parent=parent.mom_id)]

    statuses = [[person.list(token).status for _ in range(2)] for token in tokens]

    assert statuses == [[200, 403], [200, 403]]


def test_who_is_overtaken_on_the_last_use_of_a_clause_gets_the_next_one(person: Person) -> None:
    token = person.mint(restrictions=[{"usages_other": 1}, {"usages_other": 5}])
    client = person.stack.door("create_calendar", "store").table.client

    with before_each(client, "TransactWriteItems", lambda: person.use("add_token", token)):
        answer = person.use("create_calendar", token)

    assert answer.status == 201
    assert person.done(token) == [1, 1]


def test_who_is_overtaken_on_the_last_use_of_all_is_refused(person: Person) -> None:
    token = person.mint(restrictions=[{"usages_other": 1}])
    client = person.stack.door("create_calendar", "store").table.client

    with before_each(client, "TransactWriteItems", lambda: person.use("add_token", token)):
        answer = person.use("create_calendar", token)

    assert (answer.status, answer.json["error"]) == (403, "usage_restricted")
    assert person.done(token) == [1]
    assert len(person.list(person.keeper).json["calendars"]) == 1


# --- the way to a feed ----------------------------------------------------------------------------


def test_asking_for_the_way_to_a_feed_is_not_counted(person: Person) -> None:
    token = person.mint(restrictions=[{"usages_other": 1}])
    before = person.stack.dump()

    statuses = [_way(person, token).status for _ in range(3)]

    assert statuses == [302, 302, 302]
    assert person.stack.dump() == before
    assert person.list(token).status == 200


@pytest.mark.parametrize(
    "clauses",
    [
        pytest.param([{"usages_other": 1}], id="used-up"),
        pytest.param([{"usages_other": 0}], id="none-from-the-beginning"),
        pytest.param([{"hosts": [ELSEWHERE]}], id="elsewhere"),
        pytest.param([{"exp": 1}, {"nbf": 4_000_000_000}], id="over-and-not-yet"),
    ],
)
def test_where_no_clause_holds_there_is_no_way_to_a_feed(person: Person, clauses: Clauses) -> None:
    token = person.mint(restrictions=clauses)
    person.list(token)
    before = person.stack.dump()

    answer = _way(person, token)

    assert (answer.status, answer.json["error"]) == (403, "usage_restricted")
    assert person.stack.dump() == before


@pytest.mark.found("A26")
@pytest.mark.parametrize("use", ["list_calendars", "add_token", "revoke_token", "subtokens"])
def test_the_log_says_which_member_of_which_clause_fails(
    person: Person, caplog: pytest.LogCaptureFixture, use: str
) -> None:
    clauses: Clauses = [
        {"hosts": [ELSEWHERE], "nbf": 1},
        {"hosts": [HERE], "exp": 1_234_567_890},
        {"nbf": 4_000_000_000},
        {"usages_other": 0},
        {"geoip_allow": ["DE"]},
        {"geoip_disallow": ["FR"]},
        {"schedule": {"days": []}},
        {"my own secret": 1},
        {"hosts": 5},
    ]
    token = with_claims(person.stack, person.mint(), restrictions=clauses)

    answer = person.use(use, token)

    (line,) = _refusals(caplog)
    assert " ".join(line.failing) == (
        "0 hosts 1 exp 2 nbf 3 usages_other 4 geoip_allow 5 geoip_disallow 6 schedule 7 unknown "
        "8 hosts"
    )
    assert answer.json.keys() == {"error", "error_description"}
    assert "hosts" not in answer.text


def test_the_log_says_that_the_rotation_is_not_understood(
    person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    token = with_claims(person.stack, person.mint(), rotation={"made_up": True})

    assert person.list(token).status == 403

    (line,) = _refusals(caplog)
    assert line.failing == ("rotation",)


def _refusals(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [record for record in caplog.records if record.msg == "refused"]


# --- where ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        ([HERE], 200),
        ([ELSEWHERE, HERE], 200),
        (["192.0.2.0/24"], 200),
        (["192.0.2.7/24"], 200),
        (["192.0.2.1/24"], 403),
        (["192.0.2.8/29"], 403),
        (["0.0.0.0/0", "::/0"], 403),
        (["::ffff:192.0.2.7"], 200),
        ([ELSEWHERE], 403),
        ([], 403),
    ],
)
@pytest.mark.parametrize("use", ["create_calendar", "revoke_token"])
def test_a_token_for_certain_hosts_is_used_from_these(
    person: Person, use: str, hosts: list[str], status: int
) -> None:
    token = person.mint(restrictions=[{"hosts": hosts}])

    answer = person.use(use, token)

    assert answer.status == (USES[use].status if status == 200 else 403)


@pytest.mark.parametrize(
    "name",
    [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "x-client-ip",
        "x-original-forwarded-for",
        "via",
        "host",
    ],
)
@pytest.mark.parametrize("use", ["list_calendars", "revoke_token"])
def test_headers_do_not_say_where_a_client_is(person: Person, use: str, name: str) -> None:
    token = person.mint(restrictions=[{"hosts": [HERE]}])
    headers = {name: f"for={HERE}" if name == "forwarded" else HERE}

    spoofed = person.use(use, token, headers=headers, address=ELSEWHERE)
    honest = person.use(use, token, headers={name: ELSEWHERE})

    assert (spoofed.status, spoofed.json["error"]) == (403, "usage_restricted")
    assert honest.status == USES[use].status


@pytest.mark.found("A21")
@pytest.mark.parametrize("address", [HERE, "8.8.8.8"])
@pytest.mark.parametrize(
    "clause",
    [
        {"geoip_disallow": ["DE"]},
        {"geoip_disallow": []},
        {"geoip_allow": ["US"]},
        {"hosts": [HERE, "8.8.8.8"]},
        {"hosts": ["0.0.0.0/1", "*.example"]},
    ],
    ids=str,
)
def test_behind_another_front_no_place_is_believed(
    person: Person, monkeypatch: pytest.MonkeyPatch, clause: dict[str, Any], address: str
) -> None:
    """The front is in the US, and has a name; the database knows of no other address."""
    monkeypatch.setattr(ClientNetwork, "country", lambda _, address: "US" if address else None)
    monkeypatch.setattr(ClientNetwork, "host_names", lambda _, address: {"front.example"})
    event = sample_event("list_calendars")
    event["requestContext"]["http"]["sourceIp"] = address
    set_token(event, person.mint(restrictions=[clause]))
    reached = person.stack.send("list_calendars", event)

    event["stageVariables"]["clientAddress"] = "unknown"
    answer = person.stack.send("list_calendars", event)

    assert reached.status == 200
    assert (answer.status, answer.json["error"]) == (403, "usage_restricted")


@pytest.mark.parametrize(
    "clause",
    [
        {"geoip_allow": ["DE"]},
        {"geoip_allow": []},
        {"geoip_disallow": ["DE"]},
        {"geoip_disallow": []},
        {"geoip_allow": ["DE"], "geoip_disallow": ["FR"]},
    ],
    ids=str,
)
@pytest.mark.parametrize("address", [HERE, "8.8.8.8", "127.0.0.1", "2001:4860:4860::8888"])
def test_where_countries_are_not_known_none_is_allowed(
    person: Person, clause: dict[str, Any], address: str
) -> None:
    token = person.mint(restrictions=[clause])

    answer = person.list(token, address=address)

    assert (answer.status, answer.json["error"]) == (403, "usage_restricted")


# --- when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "status"),
    [
        ({"from": "12:00", "to": "12:01"}, 200),
        ({"from": "11:59", "to": "12:00"}, 403),
        ({"from": "12:01", "to": "12:00"}, 403),
        ({"from": "22:00", "to": "12:30"}, 200),
        ({"from": "13:00", "to": "14:00", "timezone": "Europe/Berlin"}, 200),
        ({"from": "12:00", "to": "13:00", "timezone": "Europe/Berlin"}, 403),
        ({"days": [1]}, 200),
        ({"days": [0, 2, 3, 4, 5, 6, 7]}, 403),
        ({"days_of_month": [1]}, 200),
        ({"days_of_month": [-1]}, 403),
        ({"every": 2, "anchor": "2027-02-27"}, 200),
        ({"every": 2, "anchor": "2027-02-28"}, 403),
        ({"from": "noon"}, 403),
        ({"timezone": "Nowhere/Land"}, 403),
    ],
    ids=str,
)
def test_a_token_with_a_schedule_is_used_within_its_windows(
    person: Person, clock: Clock, schedule: dict[str, Any], status: int
) -> None:
    clock.now = MONDAY_NOON
    token = with_claims(person.stack, person.mint(), restrictions=[{"schedule": schedule}])

    answers = [person.use(use, token) for use in ("list_calendars", "subtokens")]

    assert [answer.status for answer in answers] == [status, status]


def test_a_window_opens_and_closes_for_a_token_that_stays_the_same(
    person: Person, clock: Clock
) -> None:
    clock.now = MONDAY_NOON
    token = person.mint(restrictions=[{"schedule": {"from": "12:30", "to": "13:00"}}])

    statuses = []
    for _ in range(4):
        statuses.append(person.list(token).status)
        clock.passes(15 * 60)

    assert statuses == [403, 403, 200, 200]
    assert person.list(token).status == 403


@pytest.mark.parametrize(
    ("nbf", "exp", "status"), [(0, 0, 200), (-1, 1, 200), (5, 9, 200), (6, 9, 403), (-9, -1, 403)]
)
def test_the_times_of_a_clause_are_within_it(
    person: Person, clock: Clock, nbf: int, exp: int, status: int
) -> None:
    now = int(clock.now)
    token = person.mint(restrictions=[{"nbf": now + nbf, "exp": now + exp}])

    assert person.list(token).status == status


# --- what is not understood -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "clause",
    [
        {"usages_other": -1},
        {"usages_other": "5"},
        {"usages_other": 1.5},
        {"usages_other": True},
        {"hosts": HERE},
        {"hosts": [HERE, 5]},
        {"schedule": []},
        {"ip": [HERE]},
        {"include": ["profile"]},
    ],
    ids=str,
)
def test_a_clause_that_is_not_understood_lets_nobody_in(
    person: Person, clause: dict[str, Any]
) -> None:
    token = with_claims(person.stack, person.mint(), restrictions=[clause])

    answer = person.list(token)

    assert (answer.status, answer.json["error"]) == (403, "usage_restricted")


def _way(person: Person, token: Token) -> Answer:
    return person.stack.invoke("get_calendar", token, path={"calendar": person.calendar["name"]})


def test_a_limit_beyond_all_numbers_lets_nobody_in(person: Person) -> None:
    token = with_claims(person.stack, person.mint(), restrictions=[{"usages_other": 10**38}])

    answer = person.list(token)

    assert (answer.status, answer.json["error"]) == (403, "usage_restricted")


def test_a_token_too_long_to_be_presented_is_not_issued(person: Person) -> None:
    before = person.stack.dump()

    with pytest.raises(InvalidRequest, match="too long"):
        person.mint(restrictions=[{"scope": "x" * 12_000}])

    assert person.stack.dump() == before


@pytest.mark.parametrize(
    "wishes",
    [
        {"restrictions": [{"scope": float("nan")}]},
        {"restrictions": [{"usages_AT": float("inf")}]},
        {"restrictions": [{"hosts": ["\udcff"]}]},
        {"name": "\udcff"},  # a byte that is not UTF-8, as a terminal sends it
        {"user": "\udcff"},
    ],
    ids=str,
)
def test_a_token_that_could_not_be_read_again_is_not_issued(
    stack: Stack, wishes: dict[str, Any]
) -> None:
    before = stack.dump()

    with pytest.raises(InvalidRequest, match="The mytoken could never be read"):
        stack.mint(**wishes)

    assert stack.dump() == before
