"""A feed's text: from the cache if it has just this state, else collected and cached once."""

import gzip
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.errors import FeedGone
from mytoken_calendars.feeds.feed import Feed, load, unpacked
from tests.harness import examples
from tests.harness.examples import NOW, feed


@dataclass
class FakeStore:
    """A calendar that is in the next of `states` whenever it is asked; None is deleted."""

    states: list[Feed | None]
    collected: int = 0

    def find(self, feed_id: str, now: int) -> Feed:
        assert (feed_id, now) == (feed().id, NOW)
        state = self.states.pop(0)
        if state is None:
            raise FeedGone
        return state

    def events(self, state: Feed, now: int) -> Iterable[str]:
        self.collected += 1
        yield f"FIRST OF {state.version}/{state.revocations}\r\n"
        yield "SECOND é\r\n"


class Event(str):
    """The text of an event that can be watched."""

    __slots__ = ("__weakref__",)


@dataclass
class FakeCache:
    bodies: dict[tuple[str, str], bytes] = field(default_factory=dict)
    written: list[tuple[str, str]] = field(default_factory=list)

    def get(self, feed: Feed) -> bytes | None:
        return self.bodies.get(key_of(feed))

    def put(self, feed: Feed, body: bytes) -> None:
        assert key_of(feed) not in self.written
        self.written.append(key_of(feed))
        self.bodies[key_of(feed)] = body


def text_of(state: Feed) -> str:
    events = f"FIRST OF {state.version}/{state.revocations}\r\nSECOND é\r\n"
    return f"{state.opening}{events}END:VCALENDAR\r\n"


def key_of(state: Feed) -> tuple[str, str]:
    return state.calendar_id, state.state


def test_a_cached_feed_is_given_out_without_asking_the_store() -> None:
    text = f"{feed().opening}CACHED é\r\nEND:VCALENDAR\r\n"
    cached = gzip.compress(text.encode(), compresslevel=1)
    store, cache = FakeStore([]), FakeCache({key_of(feed()): cached})

    assert load(store, cache, feed(), NOW) == (feed(), cached)
    assert store.collected == 0
    assert cache.written == []


WHOLE = gzip.compress(text_of(feed()).encode())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"body", id="garbage"),
        pytest.param(text_of(feed()).encode(), id="not compressed"),
        pytest.param(WHOLE[:1], id="one byte"),
        pytest.param(WHOLE[:10], id="cut after the header"),
        pytest.param(WHOLE[:-9], id="cut in its text"),
        pytest.param(WHOLE[:-1], id="cut in its trailer"),
        pytest.param(WHOLE[:-8] + b"\0" * 8, id="another checksum"),
        pytest.param(WHOLE[:10] + b"\xff" + WHOLE[11:], id="another byte in its text"),
        pytest.param(WHOLE + b"garbage", id="garbage after it"),
        pytest.param(gzip.compress(b""), id="no text"),
        pytest.param(gzip.compress(b"\xff"), id="no UTF-8"),
        pytest.param(gzip.compress(text_of(feed()).encode()[:-1]), id="a text without its end"),
        pytest.param(gzip.compress(text_of(feed()).encode()[1:]), id="a text without its start"),
        pytest.param(
            gzip.compress(text_of(feed(opening="BEGIN:VEVENT\r\n")).encode()), id="another text"
        ),
    ],
)
def test_a_body_that_is_damaged_or_another_is_not_whole(body: bytes) -> None:
    assert not feed().is_whole(body)


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda rest: WHOLE[:10] + rest))
def test_no_bytes_are_a_fault(body: bytes) -> None:
    assert not feed().is_whole(body)


@pytest.mark.parametrize("events", [0, 1, 70_000], ids="{}-events".format)
def test_a_body_is_whole_however_long_its_text_is(events: int) -> None:
    text = f"{feed().opening}{'BEGIN:VEVENT é END:VEVENT' * events}END:VCALENDAR\r\n"

    assert feed().is_whole(gzip.compress(text.encode()))
    assert not feed().is_whole(gzip.compress(text[:-1].encode()))


def test_a_text_that_is_unpacked_is_never_in_memory_as_a_whole() -> None:
    text = b"0123456789" * 1_000_000

    pieces = list(unpacked(gzip.compress(text)))

    assert b"".join(pieces) == text
    assert max(map(len, pieces)) <= 1024 * 1024


def test_a_feed_that_is_not_cached_is_collected_and_then_cached() -> None:
    cache = FakeCache()

    shown, body = load(FakeStore([feed()]), cache, feed(), NOW)

    assert shown == feed()
    assert gzip.decompress(body).decode() == text_of(feed())
    assert cache.bodies == {key_of(feed()): body}


def test_a_cached_feed_of_another_state_is_not_given_out() -> None:
    stale = feed(version="version-0")
    cache = FakeCache({key_of(stale): gzip.compress(text_of(stale).encode())})

    _, body = load(FakeStore([feed()]), cache, feed(), NOW)

    assert gzip.decompress(body).decode() == text_of(feed())


def test_the_same_state_has_the_same_bytes_whenever_and_wherever_it_is_collected() -> None:
    _, body = load(FakeStore([feed()]), FakeCache(), feed(), NOW)

    # Written out, since Python's own gzip module says another system in 3.11 than in 3.13: no
    # name, no time, the middle level, Unix.
    assert body[:10] == bytes.fromhex("1f 8b 08 00 00000000 00 03")


def test_another_zlib_may_compress_differently_so_it_makes_another_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = feed().state

    monkeypatch.setattr("zlib.ZLIB_RUNTIME_VERSION", "0.0.1")

    assert feed().state != before


def test_events_are_compressed_as_they_come_and_not_collected_first() -> None:
    in_memory = weakref.WeakSet[Event]()
    most: list[int] = []

    def events() -> Iterable[str]:
        for number in range(100):
            event = Event(f"EVENT {number}")
            in_memory.add(event)
            most.append(len(in_memory))
            yield event

    class ManyEvents(FakeStore):
        def events(self, state: Feed, now: int) -> Iterable[str]:
            return events()

    _, body = load(ManyEvents([feed()]), FakeCache(), feed(), NOW)

    assert gzip.decompress(body).count(b"EVENT ") == 100
    assert max(most) <= 2


@pytest.mark.parametrize(
    ("seen", "after", "is_made_of"),
    [
        pytest.param({"events": 2, "revocations": 3}, 0, True, id="all"),
        pytest.param({"events": 3, "revocations": 4}, 0, True, id="of-a-later-change-too"),
        pytest.param({"events": 1, "revocations": 3}, 59, False, id="an-event-is-missing"),
        pytest.param({"events": 2, "revocations": 2}, 59, False, id="a-revocation-is-missing"),
        pytest.param({"events": 1, "revocations": 2}, 60, True, id="what-is-missing-was-lost"),
    ],
)
def test_what_a_state_is_made_of_is_seen_by_its_writes_or_a_minute_later_lost(
    seen: dict[str, int], after: int, *, is_made_of: bool
) -> None:
    state = feed(events_written=2, revocations_written=3)

    assert state.is_made_of(**seen, now=NOW + after) is is_made_of


@pytest.mark.parametrize(
    "change",
    [
        {"version": "version-2", "changed": NOW + 1},
        {"version": "version-2"},
        {"revocations": "revocations-1"},
    ],
)
def test_what_was_collected_while_the_calendar_changed_is_collected_again(
    change: dict[str, object],
) -> None:
    changed = feed(**change)
    cache = FakeCache()

    shown, body = load(FakeStore([changed, changed]), cache, feed(), NOW)

    assert shown == changed
    assert gzip.decompress(body).decode() == text_of(changed)
    assert cache.bodies == {key_of(changed): body}


def test_a_calendar_that_stands_still_at_the_last_attempt_is_given_out_and_cached() -> None:
    one, two = feed(version="version-2"), feed(version="version-3")
    cache = FakeCache()

    shown, body = load(FakeStore([one, two, two]), cache, feed(), NOW)

    assert shown == two
    assert cache.bodies == {key_of(two): body}


def test_a_calendar_that_never_stands_still_is_given_out_without_a_state_and_uncached() -> None:
    one, two, three = (feed(version=f"version-{number}") for number in (2, 3, 4))
    store, cache = FakeStore([one, two, three]), FakeCache()

    shown, body = load(store, cache, feed(), NOW)

    assert shown is None
    assert gzip.decompress(body).decode() == text_of(two)
    assert store.collected == 3
    assert cache.bodies == {}


@pytest.mark.parametrize("states", [[None], [feed(version="version-2"), None]])
def test_a_calendar_that_is_deleted_while_it_is_collected_is_gone(
    states: list[Feed | None],
) -> None:
    cache = FakeCache()

    with pytest.raises(FeedGone):
        load(FakeStore(states), cache, feed(), NOW)

    assert cache.bodies == {}


def test_a_state_is_named_by_32_characters_that_suit_an_etag_and_a_key() -> None:
    assert len(feed().state) == 32
    assert feed().state.isalnum()


@pytest.mark.parametrize("change", [{"version": "version-2"}, {"revocations": "revocations-1"}])
def test_another_version_or_another_revocation_is_another_state(change: dict[str, str]) -> None:
    assert feed(**change).state != feed().state


def test_a_state_is_the_same_every_time() -> None:
    assert feed().state == examples.feed(name="other", changed=0).state
