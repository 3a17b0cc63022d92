"""add_token: puts a mytoken into a calendar, once, and its expiry into the calendar's feed."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, keys
from tests.harness.stacks import CORS, DAY, Answer, Stack, Token
from tests.harness.steps import (
    Document,
    add,
    calendars,
    create,
    events,
    overwrite,
    subscriptions,
    summaries,
)

pytestmark = pytest.mark.usefixtures("emptied")

NAME = "CI Mytokens"


def _add(stack: Stack, token: Token, mom_id: str, **more: Any) -> Answer:
    return stack.invoke(
        "add_token", token, path={"calendar": NAME}, json={"mom_id": mom_id, **more}
    )


def test_add_answers_200_with_the_calendar_and_all_its_tokens(stack: Stack, user: str) -> None:
    token, other = stack.mint(user=user), stack.mint(user=user)
    calendar = create(stack, token, NAME)
    add(stack, token, calendar, other.mom_id)

    answer = _add(stack, token, token.mom_id)

    assert answer.status == 200
    assert answer.undated == {
        **CORS,
        "content-type": "application/json",
        "cache-control": "no-store",
    }
    assert answer.json == {**calendar, "subscribed_tokens": [other.mom_id, token.mom_id]}


def test_the_added_token_is_in_the_list_and_in_the_feed_with_its_expiry(
    stack: Stack, user: str
) -> None:
    now = int(time.time())
    token = stack.mint(user=user)
    watched = stack.mint(user=user, name="nightly build", at=now, expires_in=40 * DAY)
    calendar = create(stack, token, NAME)

    _add(stack, token, watched.mom_id, comment="used by the release")

    (event,) = events(stack.feed(calendar))
    assert calendars(stack, token) == [{**calendar, "subscribed_tokens": [watched.mom_id]}]
    assert event["dtstart"].dt == datetime.fromtimestamp(now + 40 * DAY, UTC)
    assert event["summary"] == "nightly build: mytoken expires"
    assert event["description"].startswith("used by the release\n\nWhat uses this mytoken ")
    assert event["sequence"] <= 60  # since the calendar was made a moment ago
    assert len(event.walk("VALARM")) == 5


def test_a_token_without_a_name_or_capabilities_can_be_watched(stack: Stack, user: str) -> None:
    token, watched = stack.mint(user=user), stack.mint("AT", user=user)
    calendar = create(stack, token, NAME)

    _add(stack, token, watched.mom_id)

    today = datetime.now(UTC).date()
    assert summaries(stack.feed(calendar)) == [f"{watched.mom_id[:8]} ({today}): mytoken expires"]


@pytest.mark.parametrize("kind", ["json", "form"])
@pytest.mark.parametrize(
    "comment",
    [
        pytest.param("line one\nline two\tand a tab", id="line-feed-and-tab"),
        pytest.param("a+b; c, d\\e: 'f' \"g\" & 100%", id="punctuation"),
        pytest.param("Привет 日本語 🚀 e\N{COMBINING ACUTE ACCENT}", id="many-scripts"),
        pytest.param("x" * 1024, id="1024-characters"),
    ],
)
def test_mom_id_and_comment_come_as_json_or_as_form(
    stack: Stack, user: str, kind: str, comment: str
) -> None:
    token, other = stack.mint(user=user), stack.mint(user=user)
    calendar = create(stack, token, NAME)
    body: dict[str, Any] = {kind: {"mom_id": other.mom_id, "comment": comment}}

    answer = stack.invoke("add_token", token, path={"calendar": NAME}, **body)

    (event,) = events(stack.feed(calendar))
    assert (answer.status, answer.json["subscribed_tokens"]) == (200, [other.mom_id])
    assert event["description"].startswith(f"{comment}\n\n")


@pytest.mark.parametrize("name", ["a+b", "a b", "ÜBUNG 🚀", "Cafe\N{COMBINING ACUTE ACCENT}"])
def test_the_calendar_is_found_by_its_name_in_the_path(stack: Stack, name: str) -> None:
    token = stack.mint()
    calendar = create(stack, token, name)

    answer = stack.invoke(
        "add_token", token, path={"calendar": name.swapcase()}, json={"mom_id": token.mom_id}
    )

    assert answer.json == {**calendar, "subscribed_tokens": [token.mom_id]}


def test_an_empty_mom_id_is_the_presented_token_itself(stack: Stack) -> None:
    token = stack.mint(name="mine")
    calendar = create(stack, token, NAME)

    answer = _add(stack, token, "")

    assert answer.json == {**calendar, "subscribed_tokens": [token.mom_id]}
    assert summaries(stack.feed(calendar)) == ["mine: mytoken expires"]


def test_adding_a_token_twice_gives_one_entry_and_one_event(stack: Stack, user: str) -> None:
    token = stack.mint(user=user)
    calendar = create(stack, token, NAME)
    first = _add(stack, token, token.mom_id)

    again = [_add(stack, token, mom_id) for mom_id in (token.mom_id, "")]

    assert [answer.json for answer in again] == [first.json, first.json]
    assert len(events(stack.feed(calendar))) == 1
    assert subscriptions(stack, calendar).keys() == {token.mom_id}


def test_a_token_may_be_in_several_calendars(stack: Stack) -> None:
    token = stack.mint()
    one, two = create(stack, token, "one"), create(stack, token, "two")

    for calendar in (one, two):
        add(stack, token, calendar, token.mom_id)

    (first,), (second,) = events(stack.feed(one)), events(stack.feed(two))
    assert [c["subscribed_tokens"] for c in calendars(stack, token)] == [[token.mom_id]] * 2
    assert first["uid"] != second["uid"]


@pytest.mark.parametrize("more", [{}, {"comment": ""}, {"comment": "first"}], ids=str)
def test_adding_again_without_a_new_comment_changes_nothing(
    stack: Stack, more: dict[str, str]
) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)
    _add(stack, token, token.mom_id, comment="first")
    feed, before = stack.feed(calendar), stack.dump()

    answer = _add(stack, token, token.mom_id, **more)

    assert answer.status == 200
    assert stack.dump() == before
    assert stack.feed(calendar).headers["etag"] == feed.headers["etag"]


def test_a_new_comment_replaces_the_old_one_and_is_a_change_of_the_event(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)
    _add(stack, token, token.mom_id, comment="old words")
    an_hour_earlier = _pretend_it_was_added_an_hour_ago(stack, calendar, token)
    before = stack.feed(calendar)

    answer = _add(stack, token, token.mom_id, comment="new words")

    after = stack.feed(calendar)
    (event,) = events(after)
    assert (answer.status, answer.json["subscribed_tokens"]) == (200, [token.mom_id])
    assert "new words" in event["description"]
    assert "old words" not in after.text
    assert event["sequence"] == events(before)[0]["sequence"] + 1
    assert event["created"].dt == an_hour_earlier
    assert event["last-modified"].dt > events(before)[0]["last-modified"].dt
    assert event["dtstamp"].dt == event["last-modified"].dt
    assert event["uid"] == events(before)[0]["uid"]
    assert after.headers["etag"] != before.headers["etag"]


def test_every_new_comment_raises_the_sequence(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)

    revisions = []
    for comment in ("one", "two", "three"):
        _add(stack, token, token.mom_id, comment=comment)
        (event,) = events(stack.feed(calendar))
        revisions.append(event["sequence"])

    assert revisions == [revisions[0], revisions[0] + 1, revisions[0] + 2]
    assert "three" in event["description"]


@pytest.mark.found("A33")
def test_the_tokens_of_a_calendar_are_listed_in_the_order_of_adding(
    stack: Stack, user: str
) -> None:
    token = stack.mint(user=user)
    calendar = create(stack, token, NAME)
    watched = [stack.mint(user=user, name=f"number {number}") for number in range(4)]

    for one in watched:
        answer = _add(stack, token, one.mom_id)

    assert answer.json["subscribed_tokens"] == [one.mom_id for one in watched]
    assert calendars(stack, token)[0]["subscribed_tokens"] == [one.mom_id for one in watched]
    first, second = stack.feed(calendar), stack.feed(calendar)
    assert first.body == second.body
    assert len(events(first)) == 4


Target = Callable[[Stack, str, Token], Token]


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(lambda stack, user, own: own, id="own-token"),
        pytest.param(lambda stack, user, own: Token(own.bearer, ""), id="own-token-unnamed"),
        pytest.param(lambda stack, user, own: stack.mint(user=user, parent=own.mom_id), id="child"),
        pytest.param(
            lambda stack, user, own: stack.mint(
                user=user, parent=stack.mint(user=user, parent=own.mom_id).mom_id
            ),
            id="grandchild",
        ),
    ],
)
def test_tokeninfo_notify_reaches_the_token_itself_and_its_descendants(
    stack: Stack, user: str, target: Target
) -> None:
    create(stack, stack.mint(user=user), NAME)
    own = stack.mint("tokeninfo:notify", user=user)
    mom_id = target(stack, user, own).mom_id

    answer = _add(stack, own, mom_id)

    assert answer.status == 200
    assert answer.json["subscribed_tokens"] == [mom_id or own.mom_id]


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(lambda stack, user, parent: stack.mint(user=user), id="unrelated"),
        pytest.param(lambda stack, user, parent: parent, id="parent"),
        pytest.param(
            lambda stack, user, parent: stack.mint(user=user, parent=parent.mom_id), id="sibling"
        ),
        pytest.param(lambda stack, user, parent: stack.mint(), id="somebody-else's"),
        pytest.param(lambda stack, user, parent: Token("", "A" * 86 + "=="), id="unknown"),
    ],
)
def test_tokeninfo_notify_reaches_no_other_token_and_learns_nothing_of_it(
    stack: Stack, user: str, target: Target
) -> None:
    calendar = create(stack, stack.mint(user=user), NAME)
    parent = stack.mint(user=user)
    own = stack.mint("tokeninfo:notify", user=user, parent=parent.mom_id)

    answer = _add(stack, own, target(stack, user, parent).mom_id)

    assert (answer.status, answer.json["error"]) == (403, "insufficient_capabilities")
    assert events(stack.feed(calendar)) == []


@pytest.mark.parametrize("capability", ["tokeninfo", "manage_mytokens", "manage_mytokens:notify"])
def test_capabilities_above_the_needed_ones_serve_too(
    stack: Stack, user: str, capability: str
) -> None:
    create(stack, stack.mint(user=user), NAME)
    own = stack.mint(capability, user=user)

    answer = _add(stack, own, "")

    assert answer.status == 200


def test_a_token_of_twenty_generations_is_added_and_leaves_with_the_first(
    stack: Stack, user: str
) -> None:
    token = stack.mint(user=user)
    first = latest = stack.mint(user=user)
    for _ in range(limits.ANCESTORS):
        latest = stack.mint(user=user, parent=latest.mom_id)
    calendar = create(stack, token, NAME)

    added = _add(stack, latest, "")
    in_the_feed = len(events(stack.feed(calendar)))
    stack.revoke(first, recursive=True)

    assert added.status == 200
    assert in_the_feed == 1
    assert events(stack.feed(calendar)) == []


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        pytest.param({"expires_in": None}, "never expires", id="never-expires"),
        pytest.param({"expires_in": DAY, "at": 1_700_000_000}, "already expired", id="expired"),
    ],
)
def test_a_token_without_an_expiry_to_come_is_refused(
    stack: Stack, user: str, claims: dict[str, Any], words: str
) -> None:
    token = stack.mint(user=user)
    calendar = create(stack, token, NAME)
    watched = stack.mint(user=user, **claims)
    before = stack.dump()

    answer = _add(stack, token, watched.mom_id)

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert words in answer.json["error_description"]
    assert stack.dump() == before
    assert calendars(stack, token) == [calendar]


def test_a_caller_that_never_expires_may_add_others_but_not_itself(stack: Stack, user: str) -> None:
    token, other = stack.mint(user=user, expires_in=None), stack.mint(user=user)
    create(stack, token, NAME)

    own, others = _add(stack, token, ""), _add(stack, token, other.mom_id)

    assert (own.status, others.status) == (400, 200)
    assert others.json["subscribed_tokens"] == [other.mom_id]


@pytest.mark.parametrize("recursive", [True, False], ids=["recursive", "plain"])
def test_a_revoked_token_cannot_be_added_though_it_was_before(
    stack: Stack, user: str, *, recursive: bool
) -> None:
    token, parent = stack.mint(user=user), stack.mint(user=user)
    child = stack.mint(user=user, parent=parent.mom_id)
    create(stack, token, NAME)
    _add(stack, token, parent.mom_id)
    _add(stack, token, child.mom_id)

    stack.revoke(parent, recursive=recursive)

    answers = [_add(stack, token, one.mom_id) for one in (parent, child)]
    assert answers[0].json["error"] == "invalid_grant"
    assert [answer.status for answer in answers] == ([403, 403] if recursive else [403, 200])


def test_reminders_that_were_past_when_the_token_was_added_are_left_out(
    stack: Stack, user: str
) -> None:
    now = int(time.time())
    token = stack.mint(user=user)
    watched = stack.mint(user=user, at=now - 90 * DAY, expires_in=100 * DAY)
    calendar = create(stack, token, NAME)

    _add(stack, token, watched.mom_id)

    (event,) = events(stack.feed(calendar))
    days = [alarm["trigger"].dt / timedelta(days=1) for alarm in event.walk("VALARM")]
    assert days == [-7, -3, -1, 0]


def _pretend_it_was_added_an_hour_ago(stack: Stack, calendar: Document, token: Token) -> datetime:
    one = subscriptions(stack, calendar)[token.mom_id]
    earlier = one.added_at - 3600
    packed = entries.packed(one._replace(added=earlier * 1000, changed=earlier))
    overwrite(stack, keys.calendar(calendar["id"]), tokens={one.short_id: packed})
    return datetime.fromtimestamp(earlier, UTC)
