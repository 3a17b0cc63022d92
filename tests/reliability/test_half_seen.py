"""Feeds and lists while a change is half seen: no body has a wrong ETag, none is cached under a
wrong name, and when the change is there as a whole, everybody gets it."""

import gzip
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, permutations
from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from tests.harness.reliability import half_seen, states
from tests.harness.reliability.calls import Calls
from tests.harness.reliability.half_seen import HalfSeen, Item
from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import (
    Document,
    add,
    calendars,
    create,
    create_feed,
    delete,
    feeds,
    owner,
    secret_of,
)
from tests.harness.tally import Tally
from tests.harness.token_uses import Person

OFTEN, DEEPLY = 10, 400  # runs of each change in which items are shown inside of requests
ORDERS, DEEP_ORDERS = 12, 120  # of the items of a change: all of them, of up to three or five items
INSIDE = 0.2  # the likelihood that an item is shown just before another is read

_OF_FEEDS = (keys.FEED, keys.CALENDAR, keys.REVOKED)

# The style of the second feed. A third has it, too: before the calendar knows of that one, it shows
# what the second showed.
UNLIKE = {"reminders": "events", "detail": "name"}

Act = Callable[["Scene"], object]


@dataclass(frozen=True)
class Scene:
    """A user with a calendar, in which is `known`, and a `child` of a token that is not in it.

    `first` and `second` are its feeds.
    """

    person: Person
    first: Document
    second: Document
    known: Token
    parent: Token
    child: Token
    other: Token

    @classmethod
    def on(cls, stack: Stack) -> "Scene":
        person = Person.on(stack)
        known, parent, other = (person.mint("AT", name=name) for name in ("known", "p", "other"))
        child = person.mint("AT", name="child", parent=parent.mom_id)
        create_feed(stack, person.keeper, person.calendar, **UNLIKE)
        first, second = feeds(stack, person.keeper, person.calendar)
        scene = cls(person, first, second, known, parent, child, other)
        scene.add(known)
        scene.add(child)
        return scene

    def add(self, token: Token, **more: Any) -> None:
        add(self.person.stack, self.person.keeper, self.person.calendar, token.mom_id, **more)

    def ask(self, operation: str, feed: Document | None = None, **body: Any) -> None:
        """Changes the calendar, or one of its feeds."""
        path = {"calendar": self.person.calendar["id"], "feed": feed["id"] if feed else ""}
        answer = self.person.stack.invoke(operation, self.person.keeper, path=path, json=body)
        assert answer.status < 300, answer.text

    def delete(self) -> None:
        delete(self.person.stack, self.person.keeper, self.person.calendar)

    def create(self, name: str = "second") -> Document:
        return create(self.person.stack, self.person.keeper, name)

    def revoke(self, token: Token, *, recursive: bool = False, tidy: bool = False) -> None:
        self.person.stack.revoke(token, recursive=recursive)
        if tidy:
            self.tidy()

    def tidy(self, *, later: bool = False) -> None:
        """Takes the dead out, or `later` the marks of those that have left before."""
        now = int(time.time()) + (2 * limits.MARK_KEPT if later else 0)
        assert self.person.stack.store.tidy(owner(self.person.user), now)


@dataclass(frozen=True)
class Case:
    """Changes that have no item in common, so that each may be there without the other."""

    name: str
    changes: tuple[Act, ...]
    given: Act = lambda scene: None
    rare: bool = False  # much like another one: for --deep

    def __str__(self) -> str:
        return self.name


def _tagged(scene: Scene) -> None:
    scene.ask("update_calendar", tags=["nightly", "daily"])


CASES = [
    Case("create", (lambda s: s.create(),)),
    Case("add", (lambda s: s.add(s.other),)),
    Case("renew", (lambda s: s.add(s.known, comment="new"),)),
    Case("rename", (lambda s: s.ask("update_calendar", name="new"),)),
    Case("rename-in-place", (lambda s: s.ask("update_calendar", name="CI MYTOKENS"),), rare=True),
    Case("describe", (lambda s: s.ask("update_calendar", description="new"),), rare=True),
    Case("retag", (lambda s: s.ask("update_calendar", tags=["nightly", "weekly"]),), _tagged),
    Case("remove", (lambda s: s.ask("remove_token", mom_id=s.known.mom_id),)),
    Case("create-feed", (lambda s: s.ask("create_feed", **UNLIKE),)),
    Case("update-feed", (lambda s: s.ask("update_feed", s.second, detail="minimal"),)),
    Case("reset-first-feed", (lambda s: s.ask("reset_feed", s.first),)),
    Case("reset-feed", (lambda s: s.ask("reset_feed", s.second),), rare=True),
    Case("delete-feed", (lambda s: s.ask("delete_feed", s.second),), rare=True),
    Case(
        "rename-and-revoke",
        (lambda s: s.ask("update_calendar", name="new"), lambda s: s.revoke(s.known)),
        rare=True,
    ),
    Case("reset-and-revoke", (lambda s: s.ask("reset_feed", s.first), lambda s: s.revoke(s.known))),
    Case("delete", (lambda s: s.delete(),)),
    Case("revoke", (lambda s: s.revoke(s.known),)),
    Case("revoke-another", (lambda s: s.revoke(s.known),), lambda s: s.revoke(s.other), rare=True),
    Case("revoke-recursively", (lambda s: s.revoke(s.parent, recursive=True),)),
    Case(
        "revoke-more", (lambda s: s.revoke(s.parent, recursive=True),), lambda s: s.revoke(s.parent)
    ),
    Case("tidy", (lambda s: s.tidy(),), lambda s: s.revoke(s.known)),
    Case(
        "take-the-mark-away",
        (lambda s: s.tidy(later=True),),
        lambda s: s.revoke(s.known, tidy=True),
    ),
    Case("add-and-revoke", (lambda s: s.add(s.other), lambda s: s.revoke(s.known))),
    Case("delete-and-revoke", (lambda s: s.delete(), lambda s: s.revoke(s.known))),
]


@dataclass
class Readers:
    """Calendar apps that poll feeds, each on the condition that it has another ETag.

    `right` are the texts of whole states, by ETag; `lasting` the addresses that are there before
    and after; `given` the ETags that apps were given, by address.
    """

    stack: Stack
    right: dict[str, str]
    lasting: set[str]
    given: dict[str, set[str]] = field(default_factory=dict)

    def poll(self, feed: Document, etag: str = "") -> Answer:
        """The answer, which has no text but the right one."""
        answer = poll(self.stack, feed, etag)
        gone = () if secret_of(feed) in self.lasting else (404, 410)
        assert answer.status in (200, 304, *gone), answer.text
        if answer.status == 304:
            assert answer.headers["etag"] == f'"{etag}"'
        elif answer.status == 200:
            given = answer.headers["etag"].strip('"')
            assert answer.text == self.right.get(given), f"{given} of {[*self.right]}"
            self.given.setdefault(secret_of(feed), set()).add(given)
        return answer

    def poll_and_build(self, feed: Document, chance: random.Random) -> None:
        """Polls with what apps have got, and then without, by a function that knows nothing."""
        for etag in sorted(self.given.get(secret_of(feed), ())):
            self.poll(feed, etag)
        if chance.random() < 0.5:
            self.forget()
        self.stack.restart("get_feed")
        self.poll(feed)

    def forget(self) -> None:
        """Empties the caches, which held nothing wrong."""
        self.assert_caches_are_right()
        states.remove_objects(self.stack)
        self.stack.restart("get_feed")

    def assert_caches_are_right(self) -> None:
        memory = self.stack.door("get_feed", "cache")._bodies
        objects = states.objects(self.stack)
        cached = [
            *((state, body) for (_, state), body in memory.items()),
            *((key.rpartition("/")[2].partition(".")[0], body) for key, body in objects.items()),
        ]
        wrong = [s for s, body in cached if gzip.decompress(body).decode() != self.right.get(s)]
        assert wrong == [], f"cached under a wrong name: {wrong}"


@dataclass(frozen=True)
class World:
    """A scene before and after the changes of a case."""

    stack: Stack
    calls: Calls
    scene: Scene
    changes: Sequence[Sequence[Item]]  # the items of each
    feeds: Sequence[Document]  # of all calendars, in any whole state
    right: dict[str, str]  # the texts of whole states of feeds, by ETag
    lasting_feeds: set[str]  # the secrets of those that are there in all whole states
    ends: dict[str, tuple[int, str]]  # status and ETag of each feed when all is done, by secret
    lists: Sequence[dict[str, Document]]  # of whole states: the calendars by id; the last at last
    feed_lists: Sequence[list[Document]]  # of whole states: the feeds of the scene's calendar

    @classmethod
    def of(cls, case: Case, stack: Stack, calls: Calls) -> "World":
        states.empty(stack)
        scene = Scene.on(stack)
        case.given(scene)
        keeper, changes, before = scene.person.keeper, [], stack.dump()
        for change in case.changes:
            change(scene)
            changes.append(half_seen.changed(before, stack.dump()))
            before = stack.dump()
        keys_of = [{(i.pk, i.sk) for i in items} for items in changes]
        assert len(set().union(*keys_of)) == sum(map(len, keys_of)), "they have an item in common"

        whole = [
            *chain.from_iterable(
                combinations(range(len(changes)), n) for n in range(len(changes) + 1)
            )
        ]
        lists, feed_lists, live = [], [], []
        for done in whole:
            for number, items in enumerate(changes):
                half_seen.write(stack, items, done=number in done)
            found = {
                one["id"]: (one, feeds(stack, keeper, one)) for one in calendars(stack, keeper)
            }
            lists.append({of: one for of, (one, _) in found.items()})
            feed_lists.append(
                found[scene.person.calendar["id"]][1]
                if scene.person.calendar["id"] in found
                else []
            )
            live.append({secret_of(feed): feed for _, of in found.values() for feed in of})
        all_feeds = {secret: feed for some in live for secret, feed in some.items()}
        right, ends = {}, {}
        for done in whole:
            for number, items in enumerate(changes):
                half_seen.write(stack, items, done=number in done)
            for secret, feed in all_feeds.items():
                stack.restart("get_feed")
                states.remove_objects(stack)
                answer = poll(stack, feed)
                etag = answer.headers.get("etag", "").strip('"')
                ends[secret] = (answer.status, etag)
                if answer.status == 200:
                    assert right.setdefault(etag, answer.text) == answer.text
        # While a feed ends, it may still show the calendar as that is then.
        for secret, feed in all_feeds.items():
            head = keys.feed_head(secret)["pk"]
            for items in changes:
                others = [item for item in items if item.pk != head]
                half_seen.write(stack, others, done=True)
                half_seen.write(stack, [i for i in items if i.pk == head], done=False)
            stack.restart("get_feed")
            states.remove_objects(stack)
            answer = poll(stack, feed)
            if answer.status == 200:
                right.setdefault(answer.headers["etag"].strip('"'), answer.text)
        for items in changes:
            half_seen.write(stack, items, done=True)
        lasting = set.intersection(*map(set, live))
        return cls(
            stack,
            calls,
            scene,
            changes,
            [*all_feeds.values()],
            right,
            lasting,
            ends,
            lists,
            feed_lists,
        )

    @property
    def lasting(self) -> set[str]:
        """The ids of the calendars that are there in all whole states."""
        return set.intersection(*map(set, self.lists))

    @property
    def of_feeds(self) -> list[Item]:
        """The changed items that feeds are made of."""
        items = chain.from_iterable(self.changes)
        return [item for item in items if item.pk.startswith(_OF_FEEDS)]

    @property
    def of_lists(self) -> list[Item]:
        """Those of the same table, whatever they are of."""
        items = chain.from_iterable(self.changes)
        return [item for item in items if item.table == self.stack.store.table.name]


def poll(stack: Stack, feed: Document, etag: str = "") -> Answer:
    return stack.feed(feed, headers={"if-none-match": f'"{etag}"'} if etag else {})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    deep = metafunc.config.getoption("--deep")
    cases = [case for case in CASES if deep or not case.rare]
    metafunc.parametrize("world", cases, indirect=True, ids=str)


@pytest.fixture
def world(request: pytest.FixtureRequest, embedded: Stack, calls: Calls) -> Iterator[World]:
    yield World.of(request.param, embedded, calls)
    states.empty(embedded)


def orders(items: list[Item], most: int) -> Iterator[list[Item]]:
    """All orders of the items, or so many by chance."""
    if math.factorial(len(items)) <= most:
        yield from map(list, permutations(items))
        return
    chance = random.Random(most)
    yield from (chance.sample(items, len(items)) for _ in range(most))


# --- feeds ----------------------------------------------------------------------------------------


def test_between_any_two_items_a_feed_is_right_or_gone(
    world: World, tally: Tally, *, deep: bool
) -> None:
    for number, order in enumerate(orders(world.of_feeds, DEEP_ORDERS if deep else ORDERS)):
        chance = random.Random(number)
        with tally.case("half seen: feeds between items"):
            watch_feeds(world, HalfSeen(world.stack, order, chance, inside=0), chance)


def test_whatever_is_shown_inside_of_a_request_a_feed_is_right_or_gone(
    world: World, tally: Tally, *, deep: bool
) -> None:
    for seed in range(DEEPLY if deep else OFTEN):
        chance = random.Random(seed)
        order = chance.sample(world.of_feeds, len(world.of_feeds))
        with tally.case("half seen: feeds inside of requests"):
            watch_feeds(world, HalfSeen(world.stack, order, chance, inside=INSIDE), chance)


def watch_feeds(world: World, seen: HalfSeen, chance: random.Random) -> None:
    readers = Readers(world.stack, world.right, world.lasting_feeds)
    readers.forget()
    if chance.random() < 0.5:
        for feed in world.feeds:
            readers.poll(feed)
    with seen.happening(world.calls):
        while seen.left:
            for feed in world.feeds:
                readers.poll_and_build(feed, chance)
            if seen.left:
                seen.show_one()

    for feed in world.feeds:
        status, current = world.ends[secret_of(feed)]
        for etag in ("", *sorted(readers.given.get(secret_of(feed), ()))):
            answer = readers.poll(feed, etag)
            assert answer.status == (304 if etag and etag == current else status)
    readers.assert_caches_are_right()


# --- lists ----------------------------------------------------------------------------------------


def test_whatever_is_shown_inside_of_a_list_each_calendar_is_whole_or_gone(
    world: World, tally: Tally, *, deep: bool
) -> None:
    stack, keeper = world.stack, world.scene.person.keeper
    ids = set().union(*world.lists)
    possible = {one: [listed[one] for listed in world.lists if one in listed] for one in ids}

    for seed in range(DEEPLY if deep else OFTEN):
        chance = random.Random(seed)
        order = chance.sample(world.of_lists, len(world.of_lists))
        with tally.case("half seen: lists"):
            seen = HalfSeen(stack, order, chance, inside=INSIDE)
            with seen.happening(world.calls):
                while seen.left:
                    listed = calendars(stack, keeper)
                    assert all(_is_one_of(possible[one["id"]], one) for one in listed)
                    assert world.lasting <= {one["id"] for one in listed}
                    if seen.left:
                        seen.show_one()

            assert {one["id"]: one for one in calendars(stack, keeper)} == world.lists[-1]


def _is_one_of(possible: Sequence[Document], listed: Document) -> bool:
    """But that a tag may be missing as long as it is new: readers see its calendar first."""
    return any(
        {**one, "tags": []} == {**listed, "tags": []}
        and [tag for tag in one["tags"] if tag in listed["tags"]] == listed["tags"]
        for one in possible
    )


def test_whatever_is_shown_inside_of_a_list_of_feeds_each_is_as_it_was_or_is(
    world: World, tally: Tally, *, deep: bool
) -> None:
    stack, keeper, calendar = world.stack, world.scene.person.keeper, world.scene.person.calendar
    path, possible = (
        {"calendar": calendar["id"]},
        [one for some in world.feed_lists for one in some],
    )

    for seed in range(DEEPLY if deep else OFTEN):
        chance = random.Random(seed)
        order = chance.sample(world.of_lists, len(world.of_lists))
        with tally.case("half seen: lists of feeds"):
            seen = HalfSeen(stack, order, chance, inside=INSIDE)
            with seen.happening(world.calls):
                while seen.left:
                    answer = stack.invoke("list_feeds", keeper, path=path)
                    gone = () if calendar["id"] in world.lasting else (404,)
                    assert answer.status in (200, *gone), answer.text
                    assert all(one in possible for one in answer.json.get("feeds", ()))
                    if seen.left:
                        seen.show_one()

            left = stack.invoke("list_feeds", keeper, path=path).json.get("feeds", [])
            assert left == world.feed_lists[-1]
