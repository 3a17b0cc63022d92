"""Each change is one transaction, also the largest that the limits allow."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys, revocations
from mytoken_calendars.identifiers import short_mom_id
from tests.harness.stacks import DAY, Answer, Stack, Token
from tests.harness.steps import (
    Clock,
    Document,
    add,
    create,
    create_feed,
    events,
    feeds,
    new_user,
    overwrite,
    owner,
)
from tests.harness.token_uses import EVERYTHING, REVOKED_WHEN_REPLAYED

pytestmark = pytest.mark.usefixtures("emptied")

MOST = 100  # items of a transaction: the API reference of TransactWriteItems

CALENDAR, OWNER, RECEIPT = 1, 1, 1
BY_NAME, BY_ID = 1, 1
FEEDS = limits.FEEDS_OF_CALENDAR
TOKEN = 1 + limits.ANCESTORS  # each of them is held to be alive
MARKS = 2  # with their head
TAGS = 1

ADD = CALENDAR + FEEDS + OWNER + RECEIPT + TOKEN + TOKEN
SIZES = {
    "update_calendar": CALENDAR + FEEDS + OWNER + 2 * BY_NAME + BY_ID + TAGS + RECEIPT + TOKEN,
    "tag_calendar": CALENDAR + FEEDS + OWNER + TAGS + RECEIPT + TOKEN,
    "untag_calendar": CALENDAR + FEEDS + OWNER + TAGS + RECEIPT + TOKEN,
    "remove_token": CALENDAR + FEEDS + OWNER + RECEIPT + TOKEN,
    "reset_feed": CALENDAR + FEEDS + 1 + BY_NAME + RECEIPT + TOKEN,
    "delete_feed": CALENDAR + FEEDS + OWNER + BY_NAME + RECEIPT + TOKEN,
    "create_feed": CALENDAR + FEEDS + OWNER + BY_NAME + RECEIPT + TOKEN,
    "delete_calendar": CALENDAR + FEEDS + OWNER + BY_NAME + BY_ID + RECEIPT + TOKEN,
}


@dataclass(frozen=True)
class World:
    """A calendar with as many feeds as it may have, and some tokens; `last` is the last feed."""

    stack: Stack
    user: str
    keeper: Token
    calendar: Document
    last: Document

    def with_ancestors(self, **more: Any) -> Token:
        """A mytoken with as many ancestors as it may have."""
        chain: dict[str, Any] = {"user": self.user, "expires_in": 400 * DAY, "parent": None}
        for _ in range(limits.ANCESTORS):
            chain["parent"] = self.stack.mint("AT", **chain).mom_id
        return self.stack.mint(*EVERYTHING, **chain, **more)

    def ask(self, operation: str, **body: Any) -> tuple[Answer, list[int]]:
        """The answer to one whose use writes the most; and how many items each transaction had."""
        counted = {"restrictions": [{"usages_other": 9}], "rotation": REVOKED_WHEN_REPLAYED}
        path = {"calendar": self.calendar["name"], "feed": self.last["id"]}
        caller, key = self.with_ancestors(**counted), {"idempotency-key": "a-key"}
        with _transactions(self.stack, operation) as sizes:
            answer = self.stack.invoke(operation, caller, path=path, json=body, headers=key)
        assert sizes.pop() == 1, "the note of when the caller's mytoken was rotated"
        return answer, sizes


@pytest.fixture
def world(stack: Stack, clock: Clock) -> World:
    user = new_user()
    keeper = stack.mint(*EVERYTHING, user=user, expires_in=None)
    calendar = create(stack, keeper)
    for _ in range(limits.EXPIRED_AT_ONCE):
        over = stack.mint("AT", user=user, expires_in=DAY)
        add(stack, keeper, calendar, over.mom_id)
    for _ in range(limits.FEEDS_OF_CALENDAR - 1):
        last = create_feed(stack, keeper, calendar)
    clock.passes(DAY + limits.EXPIRED_KEPT + 1)
    return World(stack, user, keeper, calendar, last)


def tag(world: World, *names: str) -> None:
    path = {"calendar": world.calendar["id"]}
    for name in names:
        answer = world.stack.invoke("tag_calendar", world.keeper, path=path, json={"tag": name})
        assert answer.status == 204, answer.text


@contextmanager
def _transactions(stack: Stack, operation: str) -> Iterator[list[int]]:
    """How many items each transaction has that the operation sends meanwhile."""
    sizes: list[int] = []
    client = stack.door(operation, "store").table.client

    def note(params: Any, **_: Any) -> None:
        sizes.append(len(params["TransactItems"]))

    event = "before-parameter-build.dynamodb.TransactWriteItems"
    client.meta.events.register(event, note)
    try:
        yield sizes
    finally:
        client.meta.events.unregister(event, note)


def test_the_largest_has_65_items_and_one_that_lifts_a_mark_67() -> None:
    assert ADD == 65 > max(SIZES.values())
    assert ADD + MARKS == 67 <= MOST


@pytest.mark.slow
@pytest.mark.parametrize("is_marked", [False, True], ids=["plain", "lifting-a-mark"])
def test_the_largest_addition_is_one_transaction(world: World, *, is_marked: bool) -> None:
    added = world.with_ancestors()
    if is_marked:  # as it is after a restore of the table of tokens alone
        of, mark = owner(world.user), revocations.attribute(short_mom_id(added.mom_id))
        overwrite(world.stack, keys.revocations_head(of), version="v", marks=1)
        overwrite(world.stack, keys.revocations(of), **{"version": "v", mark: [1, False]})

    answer, sizes = world.ask("add_token", mom_id=added.mom_id)

    assert sizes == [ADD + MARKS if is_marked else ADD]
    assert answer.json["subscribed_tokens"] == [added.mom_id]
    for feed in feeds(world.stack, world.keeper, world.calendar):
        assert len(events(world.stack.feed(feed))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("operation", SIZES)
def test_every_other_change_of_a_calendar_is_one_transaction(world: World, operation: str) -> None:
    body: dict[str, Any] = {
        "update_calendar": {"name": "another", "tags": ["known", "new"]},
        "tag_calendar": {"tag": "new"},
        "untag_calendar": {"tag": "known"},
    }.get(operation, {})
    tag(world, "known", "gone")
    assert world.stack.invoke("delete_tag", world.keeper, path={"tag": "gone"}).status == 204
    if operation == "remove_token":
        there = world.stack.mint("AT", user=world.user)
        add(world.stack, world.keeper, world.calendar, there.mom_id)
        body = {"mom_id": there.mom_id}
    if operation == "create_feed":
        path = {"calendar": world.calendar["id"], "feed": world.last["id"]}
        assert world.stack.invoke("delete_feed", world.keeper, path=path).status == 204

    answer, sizes = world.ask(operation, **body)

    assert answer.status in (200, 201), answer.text
    assert sizes == [SIZES[operation]]
