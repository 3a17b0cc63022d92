"""remove_token: takes a mytoken out of a calendar, and its expiry out of the calendar's feed."""

from collections.abc import Callable
from typing import Any

import pytest

from mytoken_calendars.aws.dynamodb import keys
from tests.harness.stacks import CORS, Answer, Stack, Token
from tests.harness.steps import (
    Clock,
    Document,
    add,
    calendars,
    create,
    delete,
    error,
    events,
    owner,
    subscriptions,
    summaries,
)
from tests.harness.token_uses import ROTATING, successor

pytestmark = pytest.mark.usefixtures("emptied")

NAME = "CI Mytokens"
UNKNOWN = "A" * 86 + "=="
DOORS = {"remove_token": "at mytokens", "delete_calendar": "at the calendar"}
LACKING = (403, "insufficient_capabilities")


@pytest.fixture(params=DOORS, ids=DOORS.values())
def door(request: pytest.FixtureRequest) -> str:
    """The operation that is asked: both take a token out."""
    return str(request.param)


@pytest.fixture
def token(stack: Stack, user: str) -> Token:
    return stack.mint(user=user, name="mine")


@pytest.fixture
def other(stack: Stack, user: str) -> Token:
    return stack.mint(user=user, name="other")


@pytest.fixture
def calendar(stack: Stack, token: Token, other: Token) -> Document:
    """With both tokens in it."""
    calendar = create(stack, token, NAME)
    add(stack, token, calendar, "", comment="mind it")
    return add(stack, token, calendar, other.mom_id, comment="renew it")


def remove(
    stack: Stack, token: Token, mom_id: str, door: str = "remove_token", of: str = NAME
) -> Answer:
    return stack.invoke(door, token, path={"calendar": of}, json={"mom_id": mom_id})


# --- what leaves ----------------------------------------------------------------------------------


def test_a_removed_token_leaves_the_list_and_the_feed_and_the_others_stay(
    stack: Stack, token: Token, other: Token, calendar: Document, door: str
) -> None:
    known = stack.feed(calendar)

    answer = remove(stack, token, other.mom_id, door)

    feed = stack.feed(calendar, headers={"if-none-match": known.headers["etag"]})
    assert (answer.status, answer.body, answer.undated) == (204, b"", CORS)
    assert calendars(stack, token) == [{**calendar, "subscribed_tokens": [token.mom_id]}]
    assert summaries(feed) == ["mine: mytoken expires"]
    assert feed.text.count("mind it") == 1


@pytest.mark.parametrize("kind", ["json", "form"])
def test_the_mom_id_comes_as_json_or_as_form(
    stack: Stack, token: Token, other: Token, calendar: Document, *, door: str, kind: str
) -> None:
    body: dict[str, Any] = {kind: {"mom_id": other.mom_id, "comment": ""}}

    answer = stack.invoke(door, token, path={"calendar": NAME}, **body)

    assert answer.status == 204
    assert subscriptions(stack, calendar).keys() == {token.mom_id}


def test_the_mytoken_may_come_in_the_body(
    stack: Stack, token: Token, other: Token, calendar: Document, door: str
) -> None:
    body = {"mom_id": other.mom_id, "mytoken": token.bearer}

    answer = stack.invoke(door, None, path={"calendar": NAME}, json=body)

    assert answer.status == 204
    assert subscriptions(stack, calendar).keys() == {token.mom_id}


@pytest.mark.parametrize("spelling", [str.upper, str.lower], ids=["upper", "lower"])
@pytest.mark.parametrize("by", ["name", "id"])
def test_the_calendar_is_found_by_name_and_by_id(
    stack: Stack,
    token: Token,
    other: Token,
    calendar: Document,
    *,
    door: str,
    by: str,
    spelling: Callable[[str], str],
) -> None:
    answer = remove(stack, token, other.mom_id, door, of=spelling(calendar[by]))

    assert answer.status == 204
    assert subscriptions(stack, calendar).keys() == {token.mom_id}


def test_an_empty_mom_id_is_the_presented_token_itself(
    stack: Stack, token: Token, other: Token, calendar: Document, door: str
) -> None:
    answer = remove(stack, token, "", door)

    assert answer.status == 204
    assert summaries(stack.feed(calendar)) == ["other: mytoken expires"]
    assert subscriptions(stack, calendar).keys() == {other.mom_id}


def test_a_token_leaves_the_calendar_that_is_named_and_no_other(
    stack: Stack, token: Token, other: Token, calendar: Document, door: str
) -> None:
    second = add(stack, token, create(stack, token, "Second"), other.mom_id)
    before = stack.feed(second)

    remove(stack, token, other.mom_id, door)

    assert stack.feed(second).undated == before.undated
    assert calendars(stack, token)[1] == second


def test_a_removed_token_still_works(
    stack: Stack, token: Token, other: Token, calendar: Document, door: str
) -> None:
    remove(stack, token, other.mom_id, door)

    assert stack.invoke("list_calendars", other).status == 200


def test_an_expired_token_is_removed(
    stack: Stack, user: str, token: Token, calendar: Document, clock: Clock
) -> None:
    short = stack.mint(user=user, expires_in=60)
    add(stack, token, calendar, short.mom_id)
    clock.passes(61)

    answer = remove(stack, token, short.mom_id)

    assert answer.status == 204
    assert short.mom_id not in subscriptions(stack, calendar)


def test_calendar_and_owner_weigh_what_they_did_before(
    stack: Stack, user: str, token: Token, other: Token, *, calendar: Document, door: str
) -> None:
    watched = stack.mint(user=user, name="wätched", parent=other.mom_id)
    before = _weights(stack, user, calendar)
    add(stack, token, calendar, watched.mom_id)
    add(stack, token, calendar, watched.mom_id, comment="x\n" * 500)
    heavier = _weights(stack, user, calendar)

    remove(stack, token, watched.mom_id, door)

    assert heavier[0] - before[0] == heavier[1] - before[1] > 1_000
    assert _weights(stack, user, calendar) == before


# --- what has left already ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mom_id",
    [
        pytest.param(lambda stack, user: stack.mint(user=user).mom_id, id="not-in-it"),
        pytest.param(lambda stack, user: stack.mint().mom_id, id="somebody-else's"),
        pytest.param(lambda stack, user: UNKNOWN, id="unknown"),
        pytest.param(lambda stack, user: _revoked(stack, user).mom_id, id="revoked"),
    ],
)
def test_what_is_not_in_the_calendar_is_removed_without_a_change(
    stack: Stack,
    user: str,
    token: Token,
    calendar: Document,
    *,
    door: str,
    mom_id: Callable[[Stack, str], str],
) -> None:
    gone = mom_id(stack, user)
    before, etag = stack.dump(), stack.feed(calendar).headers["etag"]

    answer = remove(stack, token, gone, door)

    assert (answer.status, answer.body) == (204, b"")
    assert stack.dump() == before
    assert stack.feed(calendar, headers={"if-none-match": etag}).status == 304


def test_a_mom_id_that_begins_like_that_of_a_token_in_it_is_not_in_it(
    stack: Stack, token: Token, other: Token, calendar: Document, door: str
) -> None:
    alike = f"{other.mom_id[:16]}{'A' * 70}=="
    before = stack.dump()

    answer = remove(stack, token, alike, door)

    assert answer.status == 204
    assert stack.dump() == before


def test_a_token_is_removed_twice_and_counted_twice(
    stack: Stack, user: str, other: Token, calendar: Document, door: str
) -> None:
    token = stack.mint(user=user, restrictions=[{"usages_other": 2}])

    answers = [remove(stack, token, other.mom_id, door) for _ in range(3)]

    assert [answer.status for answer in answers] == [204, 204, 403]


@pytest.mark.parametrize("recursive", [True, False], ids=["recursive", "plain"])
def test_a_revoked_token_that_is_still_stored_is_taken_out(
    stack: Stack, token: Token, other: Token, calendar: Document, *, door: str, recursive: bool
) -> None:
    stack.revoke(other, recursive=recursive)
    stored = other.mom_id in subscriptions(stack, calendar)

    answer = remove(stack, token, other.mom_id, door)

    assert stored
    assert answer.status == 204
    assert subscriptions(stack, calendar).keys() == {token.mom_id}


@pytest.mark.parametrize("mom_id", ["", "own", "other", UNKNOWN])
@pytest.mark.parametrize("of", ["no such calendar", "Theirs"])
def test_of_a_calendar_that_is_not_there_nothing_is_removed(
    stack: Stack, token: Token, other: Token, calendar: Document, *, door: str, mom_id: str, of: str
) -> None:
    create(stack, stack.mint(), "Theirs")
    before = stack.dump()
    named = {"own": token.mom_id, "other": other.mom_id}.get(mom_id, mom_id)

    answer = remove(stack, token, named, door, of=of)

    assert error(answer) == (404, "not_found")
    assert stack.dump() == before


def test_of_a_deleted_calendar_nothing_is_removed(
    stack: Stack, token: Token, other: Token, calendar: Document, door: str
) -> None:
    delete(stack, token, calendar)

    assert error(remove(stack, token, other.mom_id, door)) == (404, "not_found")


# --- who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False], ids=["by its mom_id", "unnamed"])
def test_tokeninfo_notify_removes_the_token_itself(
    stack: Stack, user: str, token: Token, calendar: Document, *, door: str, named: bool
) -> None:
    own = stack.mint("tokeninfo:notify", user=user)
    add(stack, token, calendar, own.mom_id)

    answer = remove(stack, own, own.mom_id if named else "", door)

    assert (answer.status, answer.body) == (204, b"")
    assert own.mom_id not in subscriptions(stack, calendar)


@pytest.mark.parametrize("generations", [1, 2, 20])
@pytest.mark.parametrize("revoked", [False, True], ids=["alive", "revoked"])
def test_tokeninfo_notify_removes_a_descendant_also_a_revoked_one(
    stack: Stack,
    user: str,
    token: Token,
    calendar: Document,
    *,
    door: str,
    generations: int,
    revoked: bool,
) -> None:
    own = last = stack.mint("tokeninfo:notify", user=user)
    for _ in range(generations):
        last = stack.mint(user=user, parent=last.mom_id)
    add(stack, token, calendar, last.mom_id)
    if revoked:
        stack.revoke(last)

    answer = remove(stack, own, last.mom_id, door)

    assert (answer.status, answer.body) == (204, b"")
    assert last.mom_id not in subscriptions(stack, calendar)


def test_tokeninfo_notify_removes_what_it_manages_and_is_not_in_the_calendar(
    stack: Stack, user: str, calendar: Document, door: str
) -> None:
    own = stack.mint("tokeninfo:notify", user=user)
    child = stack.mint(user=user, parent=own.mom_id)
    before = stack.dump()

    answers = [remove(stack, own, mom_id, door) for mom_id in ("", own.mom_id, child.mom_id)]

    assert [answer.status for answer in answers] == [204] * 3
    assert stack.dump() == before


Target = Callable[[Stack, str, Token], Token]


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(lambda stack, user, parent: parent, id="parent"),
        pytest.param(
            lambda stack, user, parent: stack.mint(user=user, parent=parent.mom_id), id="sibling"
        ),
        pytest.param(lambda stack, user, parent: stack.mint(user=user), id="unrelated"),
    ],
)
@pytest.mark.parametrize("revoked", [False, True], ids=["alive", "revoked"])
@pytest.mark.parametrize("in_it", [True, False], ids=["in-it", "not-in-it"])
def test_tokeninfo_notify_removes_no_other_token_and_learns_nothing_of_it(
    stack: Stack,
    user: str,
    token: Token,
    calendar: Document,
    *,
    door: str,
    target: Target,
    revoked: bool,
    in_it: bool,
) -> None:
    parent = stack.mint(user=user)
    own = stack.mint("tokeninfo:notify", user=user, parent=parent.mom_id)
    one = target(stack, user, parent)
    if in_it:
        add(stack, token, calendar, one.mom_id)
    if revoked:
        stack.revoke(one)
    before = stack.dump()

    answer, unknown = (remove(stack, own, mom_id, door) for mom_id in (one.mom_id, UNKNOWN))

    assert error(answer) == LACKING
    assert (answer.body, answer.undated) == (unknown.body, unknown.undated)
    assert stack.dump() == before


def test_somebody_elses_token_is_answered_like_an_unknown_one(
    stack: Stack, user: str, calendar: Document, door: str
) -> None:
    own, stranger = stack.mint("tokeninfo:notify", user=user), stack.mint()

    answers = [remove(stack, own, mom_id, door) for mom_id in (stranger.mom_id, UNKNOWN)]

    assert {error(answer) for answer in answers} == {LACKING}
    assert answers[0].body == answers[1].body


@pytest.mark.parametrize(
    ("capability", "status"),
    [
        ("manage_mytokens:notify", 204),
        ("manage_mytokens", 204),
        ("tokeninfo", 403),
        ("tokeninfo:notify", 403),
        ("read@manage_mytokens:notify", 403),
        ("read@tokeninfo:notify", 403),
        ("manage_mytokens:list", 403),
        ("AT", 403),
    ],
)
def test_another_token_is_removed_by_who_may_add_it(
    stack: Stack,
    user: str,
    other: Token,
    calendar: Document,
    *,
    door: str,
    capability: str,
    status: int,
) -> None:
    answer = remove(stack, stack.mint(capability, user=user), other.mom_id, door)

    assert answer.status == status
    assert (other.mom_id in subscriptions(stack, calendar)) == (status == 403)


def test_a_rotating_token_gets_its_successor_and_no_more(
    stack: Stack, user: str, other: Token, calendar: Document, door: str
) -> None:
    token = stack.mint(user=user, rotation=ROTATING)

    answer = remove(stack, token, other.mom_id, door)

    assert (answer.status, answer.json.keys()) == (200, {"token_update"})
    assert stack.invoke("list_calendars", successor(answer)).status == 200
    assert other.mom_id not in subscriptions(stack, calendar)


def test_a_token_that_removes_itself_is_known_by_its_successor_too(
    stack: Stack, user: str, token: Token, calendar: Document, door: str
) -> None:
    own = stack.mint("tokeninfo:notify", user=user, rotation=ROTATING)
    add(stack, token, calendar, own.mom_id)
    made = successor(remove(stack, own, "", door))
    add(stack, token, calendar, made.mom_id)

    answer = remove(stack, made, "", door)

    assert answer.status == 200
    assert own.mom_id not in subscriptions(stack, calendar)


# --- added again ----------------------------------------------------------------------------------


@pytest.mark.parametrize("later", [5, 3_600])
@pytest.mark.parametrize("changes", [0, 1, 3])
def test_a_token_that_is_added_again_is_a_later_revision(
    stack: Stack,
    token: Token,
    other: Token,
    calendar: Document,
    *,
    clock: Clock,
    later: int,
    changes: int,
) -> None:
    for number in range(changes):
        add(stack, token, calendar, other.mom_id, comment=f"words {number}")
    before = _event(stack, calendar, "other")
    remove(stack, token, other.mom_id)
    clock.passes(later)

    add(stack, token, calendar, other.mom_id)

    after = _event(stack, calendar, "other")
    assert after["uid"] == before["uid"]
    assert after["sequence"] > before["sequence"]
    assert after["last-modified"].dt > before["last-modified"].dt


def test_a_token_that_is_added_again_is_the_last_and_has_no_comment(
    stack: Stack, user: str, token: Token, calendar: Document, clock: Clock
) -> None:
    remove(stack, token, token.mom_id)
    clock.passes(1)

    added = add(stack, token, calendar, token.mom_id)

    assert added["subscribed_tokens"] == [*reversed(calendar["subscribed_tokens"])]
    assert "mind it" not in stack.feed(calendar).text


def _revoked(stack: Stack, user: str) -> Token:
    token = stack.mint(user=user)
    stack.revoke(token)
    return token


def _weights(stack: Stack, user: str, calendar: Document) -> tuple[int, int]:
    """What the calendar weighs, and all of its owner's."""
    item = stack.store.table.get(keys.calendar(calendar["id"])) or {}
    head = stack.store.table.get(keys.owner_head(owner(user))) or {}
    return item["weight"], head["weight"]


def _event(stack: Stack, calendar: Document, name: str) -> Any:
    (event,) = [
        event
        for event in events(stack.feed(calendar))
        if event["summary"] == f"{name}: mytoken expires"
    ]
    return event
