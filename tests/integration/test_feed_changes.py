"""get_feed: whatever is changed shows in the very next answer, and nothing else changes it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from mytoken_calendars.aws import clients
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.table import Item, Table
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
    feed_id,
    internal_id,
    owner,
    s3,
    summaries,
    watched,
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


def test_what_changes_while_the_feed_is_built_is_in_it(
    stack: Stack, token: Token, calendar: Document
) -> None:
    changes = [lambda: add(stack, token, calendar, "", comment="in the meantime")]

    with _during_queries(stack, *changes):
        feed = stack.feed(calendar)

    afterwards = stack.feed(calendar)
    assert "in the meantime" in feed.text
    assert (feed.body, feed.headers["etag"]) == (afterwards.body, afterwards.headers["etag"])


def test_a_calendar_that_is_deleted_while_its_feed_is_built_is_gone(
    stack: Stack, token: Token, calendar: Document
) -> None:
    with _during_queries(stack, lambda: delete(stack, token, calendar)):
        feed = stack.feed(calendar)

    assert (feed.status, feed.json["error"]) == (410, "gone")


def test_a_feed_that_never_stands_still_is_given_out_without_an_etag_and_not_kept(
    stack: Stack, token: Token, calendar: Document
) -> None:
    changes = [lambda n=n: add(stack, token, calendar, "", comment=f"change {n}") for n in range(9)]

    with _during_queries(stack, *changes), watched(s3(stack)) as cached:
        feed = stack.feed(calendar)

    assert feed.status == 200
    assert "change 2" in feed.text
    assert "etag" not in feed.headers
    assert cached == ["GetObject"]


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
    event["pathParameters"] = {"secret": feed_id(calendar)}
    event["headers"] = {"if-none-match": known.headers["etag"]}
    event["stageVariables"]["renewalPage"] = "https://mytoken.example/home"

    feed = stack.send("get_feed", event)

    assert feed.status == 200
    assert [str(each["url"]) for each in events(feed)] == ["https://mytoken.example/home"]


# --- a change of which DynamoDB shows one item a moment before another ----------------------------


@dataclass
class InPart:
    """A change that is complete but for one item, which is to be seen as it was before it.

    The stand-ins show a change as a whole; DynamoDB promises that to transactions only.
    """

    table: Table
    key: keys.Key
    shown: tuple[int, int]  # by the feed once it is complete: events, and new comments
    before: Item | None = None
    after: Item | None = None

    def made(self, change: Callable[[], object]) -> None:
        self.before = self.table.get(self.key)
        change()
        self.after = self.table.get(self.key)
        self._show(self.before)

    def complete(self, *_: float) -> None:
        self._show(self.after)

    def _show(self, item: Item | None) -> None:
        self.table.remove([self.key])
        if item:
            write = clients.dynamodb_parameters({"TableName": self.table.name, "Item": item})
            self.table.client.put_item(**write)


@pytest.fixture(params=["added", "renewed", "revoked"])
def part(
    request: pytest.FixtureRequest, stack: Stack, user: str, token: Token, calendar: Document
) -> Iterator[InPart]:
    """Another token that was added, a new comment, or a revocation; but for the item of it."""
    other, calendar_id = stack.mint(user=user, name="other"), internal_id(stack, calendar)
    key, shown, change = {
        "added": (
            keys.subscribed(calendar_id, other.mom_id),
            (2, 0),
            lambda: add(stack, token, calendar, other.mom_id),
        ),
        "renewed": (
            keys.subscribed(calendar_id, token.mom_id),
            (1, 1),
            lambda: add(stack, token, calendar, "", comment="renew it"),
        ),
        "revoked": (
            keys.revocation(owner(user), token.mom_id),
            (0, 0),
            lambda: stack.revoke(token),
        ),
    }[request.param]
    part = InPart(stack.store.table, key, shown)
    part.made(change)
    yield part
    part.complete()


def test_the_rest_of_a_change_is_waited_for(
    stack: Stack, calendar: Document, part: InPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = SimpleNamespace(sleep=part.complete)
    monkeypatch.setattr("mytoken_calendars.backoff.time", waits)

    feed = stack.feed(calendar)

    part.complete()
    stack.restart("get_feed")
    afterwards = stack.feed(calendar)
    shown = (feed.text.count("BEGIN:VEVENT"), feed.text.count("renew it"))
    assert shown == part.shown
    assert (feed.body, feed.headers["etag"]) == (afterwards.body, afterwards.headers["etag"])


@pytest.mark.usefixtures("impatient")
def test_a_feed_is_not_given_out_nor_kept_without_the_rest_of_a_change(
    stack: Stack, calendar: Document, part: InPart
) -> None:
    with watched(s3(stack)) as cached:
        feed = stack.feed(calendar)

    assert (feed.status, feed.json["error"]) == (503, "temporarily_unavailable")
    assert {*cached} == {"GetObject"}


@pytest.mark.usefixtures("impatient")
def test_what_is_not_there_a_minute_later_was_lost_and_the_feed_is_given_out_without_it(
    clock: Clock, stack: Stack, calendar: Document, part: InPart
) -> None:
    clock.passes(60)

    feed = stack.feed(calendar)

    assert (feed.status, feed.text.count("BEGIN:VEVENT")) == (200, 1)
    assert stack.feed(calendar, headers={"if-none-match": feed.headers["etag"]}).status == 304


def _during_queries(stack: Stack, *acts: Callable[[], object]) -> AbstractContextManager[None]:
    return before_each(stack.door("get_feed", "store").table.client, "Query", *acts)
