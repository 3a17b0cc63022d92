"""A feed's text: from the cache if it has just this state, else collected and cached once."""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.errors import FeedGone
from mytoken_calendars.feed import Feed, load
from tests.unit import examples
from tests.unit.examples import NOW, feed


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

    def events(self, state: Feed) -> Iterable[str]:
        self.collected += 1
        yield f"FIRST OF {state.version}/{state.revocations}\r\n"
        yield "SECOND é\r\n"


@dataclass
class FakeCache:
    bodies: dict[tuple[str, str], bytes] = field(default_factory=dict)
    written: list[tuple[str, str]] = field(default_factory=list)

    def get(self, calendar_id: str, state: str) -> bytes | None:
        return self.bodies.get((calendar_id, state))

    def put(self, calendar_id: str, state: str, body: bytes) -> None:
        assert (calendar_id, state) not in self.written
        self.written.append((calendar_id, state))
        self.bodies[calendar_id, state] = body


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
    "cached",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"cached", id="garbage"),
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
def test_a_cached_feed_that_is_not_whole_is_collected_and_cached_anew(cached: bytes) -> None:
    cache = FakeCache({key_of(feed()): cached})

    shown, body = load(FakeStore([feed()]), cache, feed(), NOW)

    assert shown == feed()
    assert gzip.decompress(body).decode() == text_of(feed())
    assert cache.bodies == {key_of(feed()): body}


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda rest: WHOLE[:10] + rest))
def test_no_cached_bytes_are_a_fault(cached: bytes) -> None:
    _, body = load(FakeStore([feed()]), FakeCache({key_of(feed()): cached}), feed(), NOW)

    assert gzip.decompress(body).decode() == text_of(feed())


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


def test_the_same_state_has_the_same_bytes_whenever_it_is_collected() -> None:
    _, body = load(FakeStore([feed()]), FakeCache(), feed(), NOW)

    assert body[4:8] == b"\0\0\0\0"  # where gzip writes the time


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
