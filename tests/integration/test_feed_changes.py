"""get_feed: whatever is changed shows in the very next answer, and nothing else changes it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from mytoken_calendars.aws.dynamodb import keys
from tests.harness.stacks import Stack, Token, sample_event
from tests.harness.steps import (
    Clock,
    Document,
    add,
    before_each,
    calendars,
    create,
    delete,
    events,
    overwrite,
    remove,
    secret_of,
    summaries,
)

pytestmark = pytest.mark.usefixtures("emptied")


@pytest.fixture
def token(stack: Stack, user: str) -> Token:
    return stack.mint(user=user, name="mine")


@pytest.fixture
def calendar(stack: Stack, token: Token) -> Document:
    """With one token in it."""
    return add(stack, token, create(stack, token), "", comment="mind it")


def test_every_change_shows_in_the_next_answer_under_a_new_etag(
    stack: Stack, user: str, token: Token
) -> None:
    other = stack.mint(user=user, name="other")
    calendar = create(stack, token)
    changes: list[Callable[[], object]] = [
        lambda: add(stack, token, calendar, token.mom_id),
        lambda: add(stack, token, calendar, other.mom_id),
        lambda: add(stack, token, calendar, other.mom_id, comment="renew it"),
        lambda: stack.revoke(other),
    ]
    feeds = [stack.feed(calendar)]

    for change in changes:
        change()
        etag = feeds[-1].headers["etag"]
        feeds.append(stack.feed(calendar, headers={"if-none-match": etag}))

    mine, others = "mine: mytoken expires", "other: mytoken expires"
    assert len({feed.headers["etag"] for feed in feeds}) == 5
    assert [summaries(feed) for feed in feeds] == [
        [],
        [mine],
        [mine, others],
        [mine, others],
        [mine],
    ]
    assert ["renew it" in feed.text for feed in feeds] == [False, False, False, True, False]


def test_what_changes_while_the_feed_is_built_is_in_it_under_the_etag_of_the_change(
    stack: Stack, token: Token, calendar: Document
) -> None:
    with _while_it_is_built(stack, lambda: add(stack, token, calendar, "", comment="meanwhile")):
        feed = stack.feed(calendar)

    afterwards = stack.feed(calendar, headers={"if-none-match": feed.headers["etag"]})
    assert "meanwhile" in feed.text
    assert afterwards.status == 304


@pytest.mark.parametrize("reads", [1, 2], ids=["before the marks", "before the calendar"])
def test_what_is_revoked_while_the_feed_is_built_is_out_of_it_or_of_the_next_one(
    stack: Stack, user: str, token: Token, calendar: Document, reads: int
) -> None:
    other = stack.mint(user=user, name="other")
    add(stack, token, calendar, other.mom_id)
    stack.feed(calendar)  # its owner is known from then on
    add(stack, token, calendar, other.mom_id, comment="so that it is built")
    nothing = [lambda: None] * (reads - 1)

    with _while_it_is_built(stack, *nothing, lambda: stack.revoke(other)):
        feed = stack.feed(calendar)

    afterwards = stack.feed(calendar, headers={"if-none-match": feed.headers["etag"]})
    shown = afterwards if afterwards.status == 200 else feed
    assert len(events(feed)) == reads
    assert summaries(shown) == ["mine: mytoken expires"]


def test_a_calendar_that_is_deleted_while_its_feed_is_built_is_gone(
    stack: Stack, token: Token, calendar: Document
) -> None:
    with _while_it_is_built(stack, lambda: delete(stack, token, calendar)):
        feed = stack.feed(calendar)

    assert (feed.status, feed.json["error"]) == (410, "gone")


@pytest.mark.usefixtures("impatient")
def test_a_deletion_of_which_the_head_is_seen_late_is_a_feed_that_is_gone(
    stack: Stack, token: Token, calendar: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.feed(calendar)  # its owner is known from then on
    table, head = stack.store.table, keys.feed_head(secret_of(calendar))
    add(stack, token, calendar, "", comment="so that it is built")
    before = table.get(head) or {}
    delete(stack, token, calendar)
    after = table.get(head) or {}

    def show(item: dict[str, Any]) -> None:
        remove(stack, head)
        overwrite(stack, head, **item)

    show(before)
    client = stack.door("get_feed", "store").table.client
    twice = [lambda: None] * 2  # the poll, and the first look at the head again
    with before_each(client, "BatchGetItem", *twice, lambda: show(after)):
        feed = stack.feed(calendar)

    assert (feed.status, feed.json["error"]) == (410, "gone")
    assert "FeedBuildFailed" not in capsys.readouterr().out


def test_a_change_of_one_calendar_leaves_the_other_feed_as_it_is(
    stack: Stack, token: Token, calendar: Document
) -> None:
    before = stack.feed(calendar)

    add(stack, token, create(stack, token, "Other"), "")

    after = stack.feed(calendar, headers={"if-none-match": before.headers["etag"]})
    assert after.status == 304


def test_a_revocation_by_somebody_else_leaves_the_feed_as_it_is(
    stack: Stack, calendar: Document
) -> None:
    before = stack.feed(calendar)

    stack.revoke(stack.mint(), recursive=True)

    after = stack.feed(calendar, headers={"if-none-match": before.headers["etag"]})
    assert after.status == 304


@pytest.mark.parametrize("recursive", [True, False], ids=["recursive", "plain"])
def test_descendants_leave_the_feed_only_if_the_revocation_is_recursive(
    stack: Stack, user: str, token: Token, *, recursive: bool
) -> None:
    parent = stack.mint(user=user, name="parent")
    child = stack.mint(user=user, name="child", parent=parent.mom_id)
    grandchild = stack.mint(user=user, name="grandchild", parent=child.mom_id)
    calendar = create(stack, token)
    for one in (token, parent, child, grandchild):
        add(stack, token, calendar, one.mom_id)
    known = stack.feed(calendar)

    stack.revoke(parent, recursive=recursive)

    feed = stack.feed(calendar, headers={"if-none-match": known.headers["etag"]})
    remaining = ["mine"] if recursive else ["child", "grandchild", "mine"]
    assert summaries(feed) == [f"{name}: mytoken expires" for name in remaining]
    (listed,) = calendars(stack, token)
    assert len(listed["subscribed_tokens"]) == len(remaining)


def test_a_revoked_token_leaves_every_calendar_it_is_in(
    stack: Stack, user: str, token: Token
) -> None:
    doomed = stack.mint(user=user)
    both = [create(stack, token, name) for name in ("one", "two")]
    for calendar in both:
        add(stack, token, calendar, doomed.mom_id)

    stack.revoke(doomed)

    assert [events(stack.feed(calendar)) for calendar in both] == [[], []]


def test_a_calendar_outlives_the_token_that_made_it(stack: Stack, user: str, token: Token) -> None:
    calendar = create(stack, token)
    other = stack.mint(user=user, name="other")
    add(stack, token, calendar, other.mom_id)

    stack.revoke(token)

    assert summaries(stack.feed(calendar)) == ["other: mytoken expires"]


def test_a_second_change_in_one_second_shows_to_a_client_that_knows_the_first(
    stack: Stack, token: Token, clock: Clock
) -> None:
    calendar = create(stack, token)
    known = stack.feed(calendar).headers["etag"]

    add(stack, token, calendar, "")

    feed = stack.feed(calendar, headers={"if-none-match": known})
    assert (feed.status, feed.text.count("BEGIN:VEVENT")) == (200, 1)


def test_a_new_renewal_page_shows_in_the_next_answer(
    stack: Stack, token: Token, calendar: Document
) -> None:
    known, event = stack.feed(calendar), sample_event("get_feed")
    event["pathParameters"] = {"secret": secret_of(calendar)}
    event["headers"] = {"if-none-match": known.headers["etag"]}

    feed = stack.told(RENEWAL_PAGE="https://mytoken.example/home").send("get_feed", event)

    assert feed.status == 200
    assert [str(each["url"]) for each in events(feed)] == ["https://mytoken.example/home"]


def _while_it_is_built(stack: Stack, *acts: Callable[[], object]) -> AbstractContextManager[None]:
    """The acts happen before the last reads: those of the owner's marks and of the calendar."""
    return before_each(stack.door("get_feed", "store").table.client, "GetItem", *acts)
