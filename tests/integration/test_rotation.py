"""Rotation: a use leaves the client with the token's successor, and a copy of the old one is
worth nothing, or ends them all."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.authorities.embedded import minting
from mytoken_calendars.authorities.embedded.minting import NewMytoken
from mytoken_calendars.aws.dynamodb import keys
from tests.harness.aws_faults import faults, lost_request
from tests.harness.stacks import DAY, PUBLIC_URL, Answer, Stack, Token, sample_event
from tests.harness.steps import (
    Clock,
    add,
    before_each,
    overwrite,
    overwrite_token,
    owner,
    summaries,
    watched,
)
from tests.harness.token_uses import (
    LATER,
    REVOKED_WHEN_REPLAYED,
    ROTATING,
    USES,
    Person,
    claims,
    successor,
    update,
    with_claims,
)

pytestmark = pytest.mark.usefixtures("emptied")

KIB = 1024
FEED = {"id", "ics_path", "reminders", "days", "detail"}


@pytest.fixture
def person(stack: Stack, clock: Clock) -> Person:
    return Person.on(stack)


# --- what a use leaves ----------------------------------------------------------------------------


@pytest.mark.parametrize("use", USES)
def test_a_use_hands_out_the_tokens_successor(person: Person, use: str) -> None:
    restrictions = [{"hosts": ["192.0.2.7"], "usages_other": 9}]
    token = person.mint(rotation=ROTATING, restrictions=restrictions, expires_in=40 * DAY)

    answer = person.use(use, token)

    assert answer.status == (200 if USES[use].status == 204 else USES[use].status)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json["token_update"] == {
        "mytoken": update(answer)["mytoken"],
        "mytoken_type": "token",
        "mom_id": token.mom_id,
        "expires_in": 40 * DAY,
        "capabilities": ["manage_mytokens", "tokeninfo", "settings"],
        "restrictions": restrictions,
        "rotation": ROTATING,
    }


@pytest.mark.parametrize("use", USES)
def test_beside_the_successor_the_answer_is_what_it_is_without_rotation(
    person: Person, use: str
) -> None:
    token = person.mint(rotation=ROTATING)

    answer = person.use(use, token)

    assert set(answer.json) - {"token_update"} == {
        "list_calendars": {"calendars"},
        "create_calendar": {"id", "name", "ics_path", "tags"},
        "update_calendar": {"id", "name", "ics_path", "description", "tags"},
        "add_token": {"id", "name", "ics_path", "tags", "subscribed_tokens"},
        "list_feeds": {"feeds"},
        **dict.fromkeys(("create_feed", "update_feed", "reset_feed"), FEED),
        "list_mytokens": {"mytokens"},
        "subtokens": {"mytokens"},
        "notifications": {"notifications", "calendars"},
    }.get(use, set())


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    "rotation",
    [
        pytest.param(None, id="none"),
        pytest.param({"on_AT": True, "auto_revoke": True, "lifetime": DAY}, id="for-access-tokens"),
        pytest.param({"on_other": False}, id="switched-off"),
    ],
)
def test_a_token_that_does_not_rotate_stays_as_it_is(
    person: Person, use: str, rotation: dict[str, Any] | None
) -> None:
    token = person.mint(rotation=rotation)

    answer = person.use(use, token)

    assert answer.status == USES[use].status
    assert "token_update" not in answer.text
    assert person.list(token).status == 200


def test_the_successor_has_all_claims_but_a_new_number_and_new_times(
    person: Person, clock: Clock
) -> None:
    minted = person.mint(name="mine", rotation=ROTATING, restrictions=[{"exp": 4_000_000_000}])
    token = with_claims(person.stack, minted, made_up={"a": [1]}, cnf=None)
    clock.passes(100)

    made = successor(person.list(token))

    now = int(clock.now)
    before = claims(token)
    assert before["made_up"] == {"a": [1]}
    assert claims(made) == {**before, "seq_no": 2, "iat": now, "nbf": now}
    assert made.mom_id == token.mom_id


@pytest.mark.parametrize("use", USES)
def test_the_successor_works_and_the_old_token_is_dead_at_once(person: Person, use: str) -> None:
    token = person.mint(rotation=ROTATING)

    made = successor(person.use(use, token))

    refused = person.use(use, token)
    again = person.use(use, made)
    assert (refused.status, refused.json["error"]) == (401, "invalid_token")
    assert claims(successor(again))["seq_no"] == 3


@pytest.mark.found("A11")
@pytest.mark.parametrize(("behind", "status"), [(0.3, 200), (5, 200), (6, 401)])
def test_a_successor_works_where_the_clock_is_behind(
    person: Person, clock: Clock, behind: float, status: int
) -> None:
    clock.now = int(clock.now)
    made = successor(person.list(person.mint(rotation=ROTATING)))

    clock.passes(-behind)

    assert person.list(made).status == status


def test_every_token_of_a_long_chain_is_used_once(person: Person) -> None:
    chain = [person.mint(rotation=ROTATING)]

    for use in [*USES, *USES]:
        chain.append(successor(person.use(use, chain[-1])))

    assert [claims(token)["seq_no"] for token in chain] == list(range(1, len(chain) + 1))
    assert {person.list(token).status for token in chain[:-1]} == {401}
    assert person.list(chain[-1]).status == 200


def test_a_token_that_never_expires_has_a_successor_that_never_does(person: Person) -> None:
    token = person.mint(rotation=ROTATING, expires_in=None)

    answer = person.list(token)

    assert "expires_in" not in update(answer)
    assert "exp" not in claims(successor(answer))


def test_a_rotated_token_is_in_calendars_and_lists_what_it_was(person: Person) -> None:
    token = person.mint(name="mine", rotation=ROTATING)
    add(person.stack, person.keeper, person.calendar, token.mom_id)

    made = successor(person.list(token))

    assert summaries(person.stack.feed(person.calendar)) == ["mine: mytoken expires"]
    named = person.stack.invoke("tokeninfo", made, json={"action": "subtokens"}).json["mytokens"]
    assert (named["token"]["mom_id"], named["token"]["name"]) == (token.mom_id, "mine")


# --- what is no use -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(
            lambda p, t: p.stack.invoke("get_calendar", t, path={"calendar": p.calendar["name"]}),
            id="get_calendar",
        ),
        pytest.param(lambda p, t: p.introspect(t), id="introspect"),
        pytest.param(lambda p, t: p.stack.invoke("tokeninfo", t, json={}), id="no-action"),
    ],
)
def test_what_only_looks_neither_rotates_nor_counts(
    person: Person, ask: Callable[[Person, Token], Answer]
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED, restrictions=[{"usages_other": 1}])
    before = person.stack.dump()

    answers = [ask(person, token) for _ in range(3)]

    assert {answer.status for answer in answers} <= {200, 302}
    assert not [answer for answer in answers if "token_update" in answer.text or answer.cookies]
    assert person.stack.dump() == before
    assert person.list(token).status == 200


Refused = Callable[[Person, Token, str, str], Answer]  # with the mom_ids of two other tokens


def _add(person: Person, token: Token, mom_id: str, name: str = "") -> Answer:
    path = {"calendar": name or person.calendar["name"]}
    return person.stack.invoke("add_token", token, path=path, json={"mom_id": mom_id})


def _revoke(person: Person, token: Token, mom_id: str) -> Answer:
    return person.stack.invoke("revoke_token", token, json={"mom_id": mom_id})


def _create(person: Person, token: Token, **request: Any) -> Answer:
    return person.stack.invoke("create_calendar", token, **request)


def _delete(person: Person, token: Token, name: str = "", **request: Any) -> Answer:
    path = {"calendar": name or person.calendar["name"]}
    return person.stack.invoke("delete_calendar", token, path=path, **request)


@pytest.mark.parametrize(
    ("status", "ask"),
    [
        pytest.param(400, lambda p, t, *_: _create(p, t, json={}), id="create-without-name"),
        pytest.param(400, lambda p, t, *_: p.list(t, body=b"{"), id="list-with-half-a-body"),
        pytest.param(400, lambda p, t, *_: _delete(p, t, body=b"[]"), id="delete-with-a-list"),
        pytest.param(400, lambda p, t, _, expired: _add(p, t, expired), id="add-what-has-expired"),
        pytest.param(400, lambda p, t, *_: _revoke(p, t, "x"), id="revoke-no-mom-id"),
        pytest.param(
            400,
            lambda p, t, *_: p.stack.invoke("tokeninfo", t, json={"action": "event_history"}),
            id="unknown-action",
        ),
        pytest.param(403, lambda p, t, stranger, _: _add(p, t, stranger), id="add-a-strangers"),
        pytest.param(
            403, lambda p, t, stranger, _: _revoke(p, t, stranger), id="revoke-a-strangers"
        ),
        pytest.param(
            403, lambda p, t, *_: p.list(t, address="198.51.100.9"), id="list-from-elsewhere"
        ),
        pytest.param(404, lambda p, t, *_: _add(p, t, "", "none"), id="add-to-no-calendar"),
        pytest.param(404, lambda p, t, *_: _delete(p, t, "none"), id="delete-no-calendar"),
        pytest.param(
            409,
            lambda p, t, *_: _create(p, t, json={"name": p.calendar["name"]}),
            id="create-what-exists",
        ),
        pytest.param(
            413, lambda p, t, *_: _create(p, t, body=b"x" * (64 * KIB + 1)), id="create-too-much"
        ),
        pytest.param(
            415,
            lambda p, t, *_: _create(p, t, body=b"x", headers={"content-type": "text/plain"}),
            id="create-in-plain-text",
        ),
    ],
)
def test_what_is_refused_neither_rotates_nor_counts(
    person: Person, status: int, ask: Refused
) -> None:
    stranger, expired = person.stack.mint(), person.mint(expires_in=1, at=1_700_000_000)
    token = person.mint(
        rotation=REVOKED_WHEN_REPLAYED, restrictions=[{"hosts": ["192.0.2.7"], "usages_other": 1}]
    )
    before = person.stack.dump()

    answer = ask(person, token, stranger.mom_id, expired.mom_id)

    assert answer.status == status
    assert "token_update" not in answer.json
    assert person.stack.dump() == before
    assert person.list(token).status == 200


def test_what_the_transaction_refuses_neither_rotates_nor_counts(person: Person) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED, restrictions=[{"usages_other": 1}])
    head = keys.owner_head(owner(person.user))
    overwrite(person.stack, head, calendars=limits.CALENDARS)
    before = person.stack.dump()

    answer = _create(person, token, json={"name": "one too many"})

    assert (answer.status, "token_update" in answer.json) == (400, False)
    assert person.stack.dump() == before
    overwrite(person.stack, head, calendars=1)
    assert person.list(token).status == 200


@pytest.mark.parametrize("use", USES)
def test_a_use_without_the_capability_neither_rotates_nor_counts(person: Person, use: str) -> None:
    token = person.mint("tokeninfo:introspect", rotation=ROTATING)

    answer = person.use(use, token)

    assert (answer.status, answer.json["error"]) == (403, "insufficient_capabilities")
    assert person.introspect(token).status == 200


# --- how long a successor lives -------------------------------------------------------------------


def test_each_use_gives_the_token_its_lifetime_anew(person: Person, clock: Clock) -> None:
    token = person.mint(rotation={**ROTATING, "lifetime": 600}, expires_in=DAY)

    clock.passes(500)
    first = person.list(token)
    clock.passes(500)
    second = person.list(successor(first))

    assert [update(answer)["expires_in"] for answer in (first, second)] == [600, 600]
    assert claims(successor(second))["exp"] == int(clock.now) + 600


@pytest.mark.parametrize("expires_in", [700, 600, 599, 100])
def test_a_lifetime_never_outlasts_the_expiry_that_the_token_was_issued_with(
    person: Person, clock: Clock, expires_in: int
) -> None:
    issued = int(clock.now)
    token = person.mint(rotation={**ROTATING, "lifetime": 600}, expires_in=expires_in)
    clock.passes(50)

    first = successor(person.list(token))
    second = successor(person.list(first))

    ends = [claims(one)["exp"] for one in (first, second)]
    assert ends == [min(issued + 50 + 600, issued + expires_in)] * 2
    clock.passes(expires_in - 50 + 1)
    assert person.list(second).status == 401


def test_without_an_expiry_a_lifetime_is_renewed_for_ever(person: Person, clock: Clock) -> None:
    token = person.mint(rotation={**ROTATING, "lifetime": DAY}, expires_in=None)

    for _ in range(5):
        clock.passes(DAY)
        token = successor(person.list(token))

    assert claims(token)["exp"] == int(clock.now) + DAY


@pytest.mark.parametrize("rotates", [True, False], ids=["rotates", "rotates-for-access-tokens"])
@pytest.mark.parametrize(("later", "status"), [(600, 200), (601, 401)])
def test_a_token_lives_as_long_as_its_lifetime_from_when_it_was_made(
    person: Person, clock: Clock, later: int, status: int, *, rotates: bool
) -> None:
    token = person.mint(rotation={"on_other": rotates, "on_AT": True, "lifetime": 600})

    clock.passes(later)

    assert person.introspect(token).status == status
    assert person.list(token).status == status


@pytest.mark.parametrize(("later", "status"), [(600, 200), (601, 401)])
def test_a_successor_lives_as_long_as_the_lifetime_from_its_rotation(
    person: Person, clock: Clock, later: int, status: int
) -> None:
    clock.passes(-1)
    token = person.mint(rotation={**ROTATING, "lifetime": 600}, expires_in=None)
    clock.passes(400)
    made = successor(person.list(token))

    clock.passes(later)

    assert person.list(made).status == status


def test_without_a_lifetime_the_successor_ends_when_the_token_did(
    person: Person, clock: Clock
) -> None:
    token = person.mint(rotation=ROTATING, expires_in=600)
    clock.passes(100)

    answer = person.list(token)

    assert update(answer)["expires_in"] == 500
    assert claims(successor(answer))["exp"] == claims(token)["exp"]


# --- cookies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", USES)
def test_a_token_that_came_in_a_cookie_leaves_in_one(person: Person, use: str) -> None:
    token = person.mint(rotation=ROTATING)

    answer = person.use(use, None, cookies=["a=b", f"mytoken={token.bearer}"])

    (cookie,) = answer.cookies
    name_and_value, *attributes = cookie.split("; ")
    assert name_and_value == f"mytoken={update(answer)['mytoken']}"
    assert sorted(attributes) == ["HttpOnly", f"Max-Age={4 * DAY}", "Path=/api", "SameSite=Strict"]
    assert person.list(None, cookies=[name_and_value]).status == 200


@pytest.mark.parametrize(
    "request_with",
    [
        pytest.param(lambda t: {"headers": {"authorization": f"Bearer {t}"}}, id="header"),
        pytest.param(lambda t: {"json": {"mytoken": t}}, id="json"),
        pytest.param(lambda t: {"form": {"mytoken": t}}, id="form"),
        pytest.param(
            lambda t: {"headers": {"authorization": f"Bearer {t}"}, "cookies": [f"mytoken={t}"]},
            id="header-and-cookie",
        ),
    ],
)
def test_a_token_that_came_elsewhere_leaves_in_no_cookie(
    person: Person, request_with: Callable[[str], dict[str, Any]]
) -> None:
    token = person.mint(rotation=ROTATING)

    answer = person.list(None, **request_with(token.bearer))

    assert update(answer)["mom_id"] == token.mom_id
    assert answer.cookies == ()


@pytest.mark.found("A8")
@pytest.mark.parametrize("use", [*USES, "get_calendar", "introspect"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0), (2, 0, 1)], ids=str)
def test_an_old_cookie_beside_the_current_one_is_no_replay(
    person: Person, clock: Clock, use: str, order: tuple[int, ...]
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    made = successor(person.list(token))
    bearers = (token.bearer, made.bearer, _revoked(person).bearer)
    cookies = [f"mytoken={bearers[number]}" for number in order]
    clock.passes(LATER)

    answer = _ask(person, use, None, cookies=cookies)

    assert answer.status in (200, 201, 302)
    if use in USES:
        made = successor(answer)
        assert answer.cookies[0].startswith(f"mytoken={made.bearer};")
    assert person.list(made).status == 200


@pytest.mark.parametrize("key", [None, "used"])
def test_an_old_cookie_beside_a_strangers_is_a_replay(
    person: Person, clock: Clock, key: str | None
) -> None:
    thief, token = person.stack.mint(), person.mint(rotation=REVOKED_WHEN_REPLAYED)
    made = successor(person.list(token))
    clock.passes(LATER)
    headers = {"idempotency-key": key} if key else {}
    person.stack.invoke("create_calendar", thief, json={"name": "a"}, headers=headers)

    cookies = [f"mytoken={one.bearer}" for one in (token, thief)]
    answer = person.stack.invoke(
        "create_calendar", None, json={"name": "b"}, headers=headers, cookies=cookies
    )

    assert answer.status == (400 if key else 201)
    assert person.list(made).status == 401


def test_a_stranger_who_loses_a_race_hides_no_replay(person: Person, clock: Clock) -> None:
    thief, token = person.stack.mint(rotation=ROTATING), person.mint(rotation=REVOKED_WHEN_REPLAYED)
    made = successor(person.list(token))
    clock.passes(LATER)

    client = person.stack.door("create_calendar", "store").table.client
    cookies = [f"mytoken={one.bearer}" for one in (thief, token)]
    with before_each(client, "TransactWriteItems", lambda: person.list(thief)):
        answer = person.stack.invoke("create_calendar", None, json={"name": "a"}, cookies=cookies)

    assert answer.status == 401
    assert person.list(made).status == 401


@pytest.mark.parametrize("key", [None, "used"])
def test_an_old_cookie_beside_another_of_the_user_is_no_replay(
    person: Person, clock: Clock, key: str | None
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    made = successor(person.list(token))
    clock.passes(LATER)
    headers = {"idempotency-key": key} if key else {}
    person.stack.invoke("create_calendar", person.keeper, json={"name": "a"}, headers=headers)

    cookies = [f"mytoken={one.bearer}" for one in (token, person.keeper)]
    answer = person.stack.invoke(
        "create_calendar", None, json={"name": "b"}, headers=headers, cookies=cookies
    )

    assert answer.status == (400 if key else 201)
    assert person.list(made).status == 200


def test_the_fourth_cookie_is_not_tried(person: Person) -> None:
    dead = [f"mytoken={number}" for number in range(3)]

    answers = [
        person.list(None, cookies=[*cookies, f"mytoken={person.keeper.bearer}"])
        for cookies in (dead[:2], dead)
    ]

    assert [answer.status for answer in answers] == [200, 401]


def test_old_cookies_alone_are_a_replay(person: Person, clock: Clock) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    second = successor(person.list(token))
    third = successor(person.list(second))
    clock.passes(LATER)

    cookies = [f"mytoken={old.bearer}" for old in (token, second)]
    answer = person.list(None, cookies=cookies)

    assert answer.status == 401
    assert person.list(third).status == 401


def test_a_request_is_repeated_with_the_cookies_it_was_sent_with(
    person: Person, clock: Clock
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    request: dict[str, Any] = {
        "cookies": [f"mytoken={bearer}" for bearer in (_revoked(person).bearer, token.bearer)],
        "headers": {"idempotency-key": "k"},
        "json": {"name": "repeated"},
    }

    first, again = (person.stack.invoke("create_calendar", None, **request) for _ in range(2))

    assert (first.status, again.status, again.cookies) == (201, 201, first.cookies)
    assert person.list(successor(again)).status == 200


def test_a_cookie_that_does_not_rotate_is_not_set_again(person: Person) -> None:
    answer = person.list(None, cookies=[f"mytoken={person.keeper.bearer}"])

    assert (answer.status, answer.cookies) == (200, ())


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://calendars.example", True),
        ("https://calendars.example:8443", True),
        (PUBLIC_URL, False),
    ],
)
def test_the_cookie_is_secure_where_the_stack_is(
    stack: Stack, clock: Clock, url: str, *, secure: bool
) -> None:
    new = NewMytoken("somebody", ["manage_mytokens"], DAY, rotation=ROTATING)
    bearer, _ = minting.issue(stack.authority, url, new, int(clock.now))
    event = sample_event("list_calendars")
    event["stageVariables"]["publicUrl"] = url
    event["headers"].pop("authorization")

    answer = stack.send("list_calendars", {**event, "cookies": [f"mytoken={bearer}"]})

    (cookie,) = answer.cookies
    assert ("Secure" in cookie.split("; ")) == secure


# --- who replays ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("rotation", "then"), [(REVOKED_WHEN_REPLAYED, 401), (ROTATING, 200)])
@pytest.mark.parametrize("ask", [*USES, "introspect"])
def test_a_replay_ends_the_successor_with_auto_revoke_alone(
    person: Person, clock: Clock, ask: str, rotation: dict[str, bool], then: int
) -> None:
    token = person.mint(rotation=rotation)
    made = successor(person.list(token))
    clock.passes(LATER)

    replayed = person.introspect(token) if ask == "introspect" else person.use(ask, token)

    assert (replayed.status, replayed.json["error"]) == (401, "invalid_token")
    assert person.list(made).status == then


def test_a_replay_is_answered_like_any_dead_token(person: Person, clock: Clock) -> None:
    token, revoked = person.mint(rotation=REVOKED_WHEN_REPLAYED), person.mint()
    person.stack.revoke(revoked)
    person.list(token)
    clock.passes(LATER)

    answers = [person.list(token), person.list(token), person.list(revoked)]

    assert len({(a.status, a.body, *sorted(a.headers.items())) for a in answers}) == 1


@pytest.mark.parametrize("earlier", [0, 0.001, 5])
def test_who_was_on_the_way_when_the_token_was_rotated_has_lost_a_race(
    person: Person, clock: Clock, earlier: float
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    made = successor(person.list(token))
    rotated = clock.now
    clock.passes(2)
    before = person.stack.dump()

    late = person.list(token, arrived=rotated - earlier)

    assert late.status == 401
    assert person.stack.dump() == before
    assert person.list(made).status == 200


def test_who_loses_the_race_within_the_transaction_revokes_nothing(person: Person) -> None:
    token, won = person.mint(rotation=REVOKED_WHEN_REPLAYED), []

    with _just_before_the_change(person, lambda: won.append(person.use("add_token", token))):
        lost = person.use("create_calendar", token)

    assert (lost.status, lost.json["error"]) == (401, "invalid_token")
    assert "token_update" not in lost.json
    assert person.list(successor(won[0])).status == 200


def test_a_thief_who_keeps_on_rotating_is_found_out(person: Person, clock: Clock) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    stolen = successor(person.list(token))
    clock.passes(LATER)
    arrived = clock.now
    clock.passes(LATER)
    stolen = successor(person.list(stolen))  # while the owner's request is on its way

    answer = person.list(token, arrived=arrived)

    assert answer.status == 401
    assert person.list(stolen).status == 401


@pytest.mark.parametrize(("replayed", "alive"), [(-3, False), (-2, False), (-1, True)])
def test_a_token_of_whatever_generation_is_a_replay_but_the_last(
    person: Person, clock: Clock, replayed: int, *, alive: bool
) -> None:
    chain = [person.mint(rotation=REVOKED_WHEN_REPLAYED)]
    for _ in range(2):
        chain.append(successor(person.list(chain[-1])))
        clock.passes(LATER)

    answer = person.list(chain[replayed])

    assert answer.status == (200 if alive else 401)
    last = successor(answer) if alive else chain[-1]
    assert person.list(last).status == (200 if alive else 401)


def test_a_replay_ends_all_descendants_and_no_other_token(person: Person, clock: Clock) -> None:
    token = person.mint(name="replayed", rotation=REVOKED_WHEN_REPLAYED)
    child = person.mint(name="child", parent=token.mom_id)
    grandchild = person.mint(name="grandchild", parent=child.mom_id)
    for one in (token, child, grandchild, person.other):
        add(person.stack, person.keeper, person.calendar, one.mom_id)
    made = successor(person.list(token))
    clock.passes(LATER)
    known = person.stack.feed(person.calendar)

    person.list(token)

    etag = {"if-none-match": known.headers["etag"]}
    assert len(summaries(known)) == 4
    shown = person.stack.feed(person.calendar, headers=etag)
    assert summaries(shown) == ["other: mytoken expires"]
    assert {person.list(one).status for one in (token, made, child, grandchild)} == {401}
    assert {person.list(one).status for one in (person.keeper, person.other)} == {200}
    assert person.list(person.keeper).json["calendars"][0]["subscribed_tokens"] == [
        person.other.mom_id
    ]


@pytest.mark.parametrize("capability", ["AT", "manage_mytokens"])
def test_whatever_it_may_do_a_replay_is_one(person: Person, clock: Clock, capability: str) -> None:
    token = person.mint("manage_mytokens", rotation=REVOKED_WHEN_REPLAYED)
    made = successor(person.list(token))
    copy = with_claims(person.stack, token, capabilities=[capability])
    clock.passes(LATER)

    answer = person.list(copy)

    assert answer.status == 401
    assert person.list(made).status == 401


def test_a_replay_after_the_end_of_its_lifetime_is_none(person: Person, clock: Clock) -> None:
    token = person.mint(rotation={**REVOKED_WHEN_REPLAYED, "lifetime": 600}, expires_in=DAY)
    clock.passes(500)
    made = successor(person.list(token))
    clock.passes(LATER + 1)

    answer = person.list(token)

    assert answer.status == 401
    assert person.list(made).status == 200


def test_a_revoked_chain_is_counted_once_in_the_metrics(
    person: Person, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    person.list(token)
    clock.passes(LATER)
    capsys.readouterr()

    for _ in range(3):
        person.list(token)

    assert _metrics(capsys) == ["ChainRevoked"]


# --- a registry that was set back -----------------------------------------------------------------


@pytest.mark.parametrize("rotation", [ROTATING, REVOKED_WHEN_REPLAYED], ids=["plain", "revoking"])
def test_a_token_ahead_of_the_registry_is_refused_and_counted_and_nothing_is_revoked(
    person: Person, clock: Clock, rotation: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    token = person.mint(rotation=rotation)
    made = successor(person.list(token))
    overwrite_token(person.stack, token, seq_no=1)
    clock.passes(100)
    before = person.stack.dump()
    capsys.readouterr()

    answer = person.list(made)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert _metrics(capsys) == ["TokenAheadOfRegistry"]
    assert person.stack.dump() == before
    overwrite_token(person.stack, token, seq_no=2)
    assert person.list(made).status == 200


# --- what may be lost -----------------------------------------------------------------------------


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("use", USES)
def test_if_the_time_of_the_rotation_is_lost_the_answer_is_what_it_is_without_that(
    person: Person, use: str
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)

    with _the_time_of_the_rotation_lost(person, use) as called:
        answer = person.use(use, token)

    assert len(called) > 1
    assert answer.status in (200, 201)
    assert person.list(successor(answer)).status == 200


@pytest.mark.usefixtures("impatient")
def test_if_the_time_of_the_rotation_is_lost_a_racer_is_not_taken_for_a_thief(
    person: Person, clock: Clock
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    with _the_time_of_the_rotation_lost(person, "list_calendars"):
        made = successor(person.list(token))
    clock.passes(5)

    racer = person.list(token, arrived=clock.now - 4)

    assert racer.status == 401
    again = person.list(made)
    assert again.status == 200


@pytest.mark.usefixtures("impatient")
def test_if_the_time_of_the_rotation_is_lost_a_later_replay_is_still_one(
    person: Person, clock: Clock
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    with _the_time_of_the_rotation_lost(person, "list_calendars"):
        made = successor(person.list(token))
    clock.passes(LATER)

    person.list(token)

    assert person.list(made).status == 401


def test_nothing_that_may_fail_comes_after_the_rotation_but_the_note_of_its_time(
    person: Person,
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    client = person.stack.door("add_token", "store").table.client

    with watched(client) as calls:
        answer = person.use("add_token", None, cookies=[f"mytoken={token.bearer}"])

    assert answer.status == 200
    assert calls[-2:] == [WRITE, WRITE]  # the change, and the note
    assert calls.count(WRITE) == 2


WRITE = "TransactWriteItems"


def _the_time_of_the_rotation_lost(person: Person, use: str) -> AbstractContextManager[list[str]]:
    """Meanwhile what is written after the use that rotated the token never arrives."""
    client = person.stack.door(USES[use].operation, "authority").registry.table.client
    return faults(client, None, *[lost_request] * 9, operation=WRITE)


def _just_before_the_change(
    person: Person, act: Callable[[], object]
) -> AbstractContextManager[None]:
    client = person.stack.door("create_calendar", "store").table.client
    return before_each(client, WRITE, act)


def _ask(person: Person, use: str, token: Token | None, **more: Any) -> Answer:
    """One of the uses, or what only looks."""
    match use:
        case "get_calendar":
            path = {"calendar": person.calendar["name"]}
            return person.stack.invoke("get_calendar", token, path=path, **more)
        case "introspect":
            return person.introspect(token, **more)
        case _:
            return person.use(use, token, **more)


def _revoked(person: Person) -> Token:
    token = person.mint()
    person.stack.revoke(token)
    return token


def _metrics(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The names of all that was counted since they were last asked for."""
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [
        metric["Name"]
        for line in written
        if "_aws" in line
        for metrics in line["_aws"]["CloudWatchMetrics"]
        for metric in metrics["Metrics"]
    ]
