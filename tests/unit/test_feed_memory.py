"""A warm function keeps the feeds that were asked for last, as far as it has room for them."""

from dataclasses import dataclass, field

from mytoken_calendars.feeds.feed import Feed
from mytoken_calendars.feeds.memory import FeedMemory
from tests.harness.examples import feed


@dataclass
class Behind:
    """The shared cache, which remembers what it was asked for."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, feed: Feed) -> bytes | None:
        self.asked.append(feed.version)
        return self.bodies.get(feed.version)

    def put(self, feed: Feed, body: bytes) -> None:
        self.bodies[feed.version] = body


ONE, TWO, THREE = (feed(version=f"version-{number}") for number in (1, 2, 3))


def test_a_feed_is_fetched_once_and_then_remembered() -> None:
    behind = Behind({ONE.version: b"body"})
    memory = FeedMemory(behind)

    bodies = [memory.get(ONE), memory.get(ONE), memory.get(ONE)]

    assert bodies == [b"body"] * 3
    assert behind.asked == [ONE.version]


def test_a_feed_that_was_built_is_remembered_and_shared() -> None:
    behind = Behind()
    memory = FeedMemory(behind)

    memory.put(ONE, b"body")

    assert memory.get(ONE) == b"body"
    assert behind.asked == []
    assert behind.bodies == {ONE.version: b"body"}


def test_a_feed_that_nobody_has_is_asked_for_again() -> None:
    behind = Behind()
    memory = FeedMemory(behind)

    assert [memory.get(ONE), memory.get(ONE)] == [None, None]
    assert behind.asked == [ONE.version, ONE.version]


def test_another_state_and_the_same_state_of_another_calendar_are_other_feeds() -> None:
    behind = Behind()
    memory = FeedMemory(behind)

    memory.put(ONE, b"body")
    behind.bodies.clear()

    assert memory.get(TWO) is None
    assert memory.get(feed(version=ONE.version, calendar_id="another")) is None


def test_who_was_asked_for_longest_ago_is_forgotten_when_room_is_needed() -> None:
    memory = FeedMemory(Behind(), room=10)
    memory.put(ONE, b"1111")
    memory.put(TWO, b"2222")
    memory.get(ONE)

    memory.put(THREE, b"3333")

    assert [key[1] for key in memory._bodies] == [ONE.state, THREE.state]
    assert memory.get(TWO) == b"2222"  # from behind


def test_a_feed_that_has_no_room_is_served_and_not_remembered() -> None:
    behind = Behind({ONE.version: b"x" * 11})
    memory = FeedMemory(behind, room=10)

    assert [memory.get(ONE), memory.get(ONE)] == [b"x" * 11] * 2
    assert behind.asked == [ONE.version] * 2


def test_a_feed_that_is_put_twice_takes_its_room_once() -> None:
    memory = FeedMemory(Behind(), room=10)
    memory.put(ONE, b"1111")

    for _ in range(5):
        memory.put(TWO, b"2222")

    assert len(memory._bodies) == 2
    assert memory._used == 8
