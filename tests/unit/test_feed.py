"""A feed's text: from the cache if it has just this state, else collected and cached once."""

import gzip
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.errors import FeedGone
from mytoken_calendars.feeds import writer
from mytoken_calendars.feeds.feed import Feed, _digest, load, unpacked
from mytoken_calendars.feeds.style import Detail, Reminders, Style
from mytoken_calendars.feeds.writer import Writer
from tests.harness import examples
from tests.harness.examples import NOW, feed, subscription

PAGE = "https://mytoken.example/home"


@dataclass
class FakeStore:
    """A calendar that is in the next of `states` whenever it is asked; None is deleted."""

    states: list[Feed | None]
    collected: int = 0
    renewal_page: str = ""

    def find(self, feed_id: str, renewal_page: str, now: int) -> Feed:
        assert (feed_id, renewal_page, now) == (feed().id, self.renewal_page, NOW)
        state = self.states.pop(0)
        if state is None:
            raise FeedGone
        return state

    def subscriptions(self, state: Feed, now: int) -> Iterable[Subscription]:
        self.collected += 1
        yield from tokens_of(state)


class Name(str):
    """The name of a token that can be watched."""

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


def tokens_of(state: Feed) -> list[Subscription]:
    first = subscription(name=f"first of {state.version}/{state.revocations}")
    return [first, subscription(name="second é")]


def text_of(state: Feed) -> str:
    return "".join(state.writer.text(tokens_of(state)))


def key_of(state: Feed) -> tuple[str, str]:
    return state.calendar_id, state.state


def test_a_cached_feed_is_given_out_without_asking_the_store() -> None:
    text = f"{feed().writer.opening()}CACHED é\r\n{writer.CLOSING}"
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
            gzip.compress(text_of(feed(name="another")).encode()), id="another calendar's text"
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
    events_text = "BEGIN:VEVENT é END:VEVENT" * events
    text = f"{feed().writer.opening()}{events_text}{writer.CLOSING}"

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


def test_tokens_are_written_and_compressed_as_they_come_and_not_collected_first() -> None:
    in_memory = weakref.WeakSet[Name]()
    most: list[int] = []

    class ManyTokens(FakeStore):
        def subscriptions(self, state: Feed, now: int) -> Iterable[Subscription]:
            for number in range(100):
                name = Name(f"token {number}")
                in_memory.add(name)
                most.append(len(in_memory))
                yield subscription(name=name)

    _, body = load(ManyTokens([feed()]), FakeCache(), feed(), NOW)

    assert gzip.decompress(body).count(b"SUMMARY:token ") == 100
    assert max(most) <= 2


def test_a_feed_is_read_again_for_the_page_that_it_links_to() -> None:
    state = feed(renewal_page=PAGE)

    shown, body = load(FakeStore([state], renewal_page=PAGE), FakeCache(), state, NOW)

    assert shown == state
    assert f"URL:{PAGE}\r\n".encode() in gzip.decompress(body)


def test_a_feed_has_the_writer_of_its_calendar_in_its_style() -> None:
    style = Style(Reminders.EVENTS)
    state = feed(style=style, renewal_page=PAGE)

    assert state.writer == Writer(state.calendar_id, state.name, state.created, style, PAGE)


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


def test_whatever_the_text_depends_on_makes_another_state() -> None:
    states = [
        feed(),
        feed(version="version-2"),
        feed(revocations="revocations-1"),
        feed(version="version-1revocations-1"),
        feed(style=Style(Reminders.EVENTS)),
        feed(style=Style(days=(30, 14, 7, 3, 1))),
        feed(style=Style(days=())),
        feed(style=Style(detail=Detail.NAME)),
        feed(style=Style(changes=1)),
        feed(style=Style(changed=NOW)),
        feed(renewal_page=PAGE),
    ]

    assert len({state.state for state in states}) == len(states)


@pytest.mark.parametrize(
    ("name", "value"),
    [("zlib.ZLIB_RUNTIME_VERSION", "0.0.1"), (f"{writer.__name__}.NUMBER", writer.NUMBER + 1)],
    ids=["zlib", "writer"],
)
def test_another_writer_or_another_zlib_makes_another_state(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    before = feed().state
    # A function remembers its states, as neither changes while it runs.
    monkeypatch.setattr("mytoken_calendars.feeds.feed._digest", _digest.__wrapped__)
    assert feed().state == before

    monkeypatch.setattr(name, value)

    assert feed().state != before


def test_a_state_is_the_same_every_time() -> None:
    assert feed().state == examples.feed(name="other", changed=0).state
