"""A feed's text: from the cache if it has just this state, else made and cached once."""

import gzip
import weakref
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.errors import FeedGone
from mytoken_calendars.feeds import writer
from mytoken_calendars.feeds.feed import Feed, _digest, is_whole, load, unpacked
from mytoken_calendars.feeds.style import Detail, Reminders, Style
from mytoken_calendars.feeds.writer import Writer
from tests.harness import examples
from tests.harness.examples import NOW, feed, subscription

PAGE = "https://mytoken.example/home"


@dataclass
class FakeStore:
    """A calendar that is in the next of `states` whenever it is read; None is deleted."""

    states: list[Feed | None]
    asked: list[Feed] = field(default_factory=list)

    def read(self, feed: Feed, now: int) -> tuple[Feed, Iterable[Subscription]]:
        assert now == NOW
        self.asked.append(feed)
        state = self.states.pop(0)
        if state is None:
            raise FeedGone
        return state, self.tokens(state)

    def tokens(self, state: Feed) -> Iterable[Subscription]:
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
    assert store.asked == []
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
    ],
)
def test_a_body_that_is_damaged_is_not_whole(body: bytes) -> None:
    assert not is_whole(body)


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda rest: WHOLE[:10] + rest))
def test_no_bytes_are_a_fault(body: bytes) -> None:
    assert not is_whole(body)


@pytest.mark.parametrize("events", [0, 1, 70_000], ids="{}-events".format)
def test_a_body_is_whole_however_long_its_text_is(events: int) -> None:
    events_text = "BEGIN:VEVENT é END:VEVENT" * events
    text = f"{feed().writer.opening()}{events_text}{writer.CLOSING}"

    assert is_whole(gzip.compress(text.encode()))
    assert not is_whole(gzip.compress(text[:-1].encode()))


@pytest.mark.parametrize("text", [b"", b"0123456789" * 1_000_000], ids=["empty", "long"])
def test_a_text_is_unpacked_as_it_was(text: bytes) -> None:
    assert unpacked(gzip.compress(text)) == text


@pytest.mark.parametrize("body", [b"", b"body", WHOLE[:-1], WHOLE + WHOLE, WHOLE + b"x"])
def test_what_is_not_one_whole_member_is_not_unpacked(body: bytes) -> None:
    with pytest.raises(zlib.error):
        unpacked(body)


def test_a_feed_that_is_not_cached_is_read_and_then_cached() -> None:
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


def test_the_same_state_has_the_same_bytes_whenever_and_wherever_it_is_made() -> None:
    _, body = load(FakeStore([feed()]), FakeCache(), feed(), NOW)

    # Written out, since Python's own gzip module says another system in 3.11 than in 3.13: no
    # name, no time, the middle level, Unix.
    assert body[:10] == bytes.fromhex("1f 8b 08 00 00000000 00 03")


def test_tokens_are_written_and_compressed_one_after_the_other() -> None:
    in_memory = weakref.WeakSet[Name]()
    most: list[int] = []

    class ManyTokens(FakeStore):
        def tokens(self, state: Feed) -> Iterable[Subscription]:
            for number in range(100):
                name = Name(f"token {number}")
                in_memory.add(name)
                most.append(len(in_memory))
                yield subscription(name=name)

    _, body = load(ManyTokens([feed()]), FakeCache(), feed(), NOW)

    assert gzip.decompress(body).count(b"SUMMARY:token ") == 100
    assert max(most) <= 2


def test_a_feed_has_the_page_that_it_links_to() -> None:
    state = feed(renewal_page=PAGE)

    shown, body = load(FakeStore([state]), FakeCache(), state, NOW)

    assert shown == state
    assert f"URL:{PAGE}\r\n".encode() in gzip.decompress(body)


def test_a_feed_has_the_writer_of_its_calendar_in_its_style() -> None:
    style = Style(Reminders.EVENTS)
    state = feed(style=style, renewal_page=PAGE)

    assert state.writer == Writer(state.calendar_id, state.name, state.created, style, PAGE)


CHANGES = [
    pytest.param({"version": "version-2"}, id="calendar"),
    pytest.param({"version": "version-2", "name": "Renamed"}, id="its name"),
    pytest.param({"revocations": "revocations-1"}, id="marks"),
    pytest.param({"version": "version-0"}, id="announced too early"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_text_is_named_by_the_versions_that_were_found(change: dict[str, object]) -> None:
    found = feed(**change)
    store, cache = FakeStore([found]), FakeCache()

    shown, body = load(store, cache, feed(), NOW)

    assert shown == found
    assert gzip.decompress(body).decode() == text_of(found)
    assert cache.bodies == {key_of(found): body}
    assert store.asked == [feed()]


@pytest.mark.parametrize("change", CHANGES)
def test_a_state_that_was_only_announced_names_no_text(change: dict[str, object]) -> None:
    found, cache = feed(**change), FakeCache()
    load(FakeStore([found]), cache, feed(), NOW)

    again = load(FakeStore([feed()]), cache, feed(), NOW)

    assert again == (feed(), cache.bodies[key_of(feed())])
    assert cache.written == [key_of(found), key_of(feed())]


def test_a_calendar_that_changes_with_each_reading_is_read_once() -> None:
    states = [feed(version=f"version-{number}") for number in (2, 3, 4)]
    store, cache = FakeStore([*states]), FakeCache()

    shown, _ = load(store, cache, feed(), NOW)

    assert shown == states[0]
    assert len(store.asked) == 1


def test_a_calendar_that_is_deleted_meanwhile_is_gone() -> None:
    cache = FakeCache()

    with pytest.raises(FeedGone):
        load(FakeStore([None]), cache, feed(), NOW)

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
    assert feed().state == examples.feed(name="other", created=0).state
