"""The feed of a calendar: its state, and its text, built on demand and cached.

A deletion or a revocation shows in the next answer: every request first reads the state of the
feed, strongly consistent, and asks the cache for the text of exactly this state.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, Protocol

from mytoken_calendars import limits
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds import writer
from mytoken_calendars.feeds.style import DEFAULT, Style
from mytoken_calendars.feeds.writer import Writer
from mytoken_calendars.identifiers import Owner

_LEVEL = 6  # of compression: a tenth smaller than level 1, and five times as fast as level 9
_GZIP = 31  # zlib's wbits for the gzip format (RFC 1952); zlib writes no time into its header
_PIECE = 1024 * 1024  # bytes of text that are unpacked at a time


class Feed(NamedTuple):
    """The state of a feed: the same state always has the same text.

    Each poll makes one, in less than half the time that a frozen dataclass takes.

    `version` changes with the calendar; `revocations` changes with every revocation of its owner,
    and is empty before the first. `created` is when the calendar was made, and `changed` is the
    time of the last change, in seconds since 1970. `events_written` and `revocations_written` count
    the writes that have made the events and the revocations of this state. `renewal_page` is the
    operator's, or empty.
    """

    id: str
    owner: Owner
    calendar_id: str
    name: str
    created: int
    version: str
    revocations: str
    changed: int
    events_written: int
    revocations_written: int
    style: Style = DEFAULT
    renewal_page: str = ""

    @property
    def state(self) -> str:
        """A digest of all that the bytes of the feed depend on, 32 characters.

        It is the ETag of the feed and its name in the cache.
        """
        return _digest(self.version, self.revocations, self.style, self.renewal_page)

    @property
    def writer(self) -> Writer:
        return Writer(self.calendar_id, self.name, self.created, self.style, self.renewal_page)

    @property
    def settled(self) -> int:
        """When every clock has the last change in its past, in seconds since 1970."""
        return self.changed + limits.FEED_SETTLES

    def is_made_of(self, *, events: int, revocations: int, now: int) -> bool:
        """Whether a read that saw this many writes was complete.

        A read is complete if it saw all writes that the head of the feed counts. DynamoDB shows the
        items of a transaction one by one, so the new head may show before the event of the same
        change. After `settled`, every read counts as complete: a write that is still missing never
        comes, since a restored table may have only a part of a transaction.

        Source: the developer guide of DynamoDB, "Isolation levels for DynamoDB transactions".
        """
        seen = events >= self.events_written and revocations >= self.revocations_written
        return seen or now >= self.settled

    def is_whole(self, body: bytes) -> bool:
        """Whether a body is the whole, undamaged, compressed text of this feed."""
        opening, closing = self.writer.opening().encode(), writer.CLOSING.encode()
        text = b""  # the last piece, after enough of the one before it to hold the closing
        try:
            for number, piece in enumerate(unpacked(body)):
                if number == 0 and not piece.startswith(opening):
                    return False
                text = text[-len(closing) :] + piece
        except zlib.error:
            return False
        return text.endswith(closing)


class Store(Protocol):
    def find(self, feed_id: str, renewal_page: str, now: int) -> Feed:
        """The current state of the feed. Raises FeedNotFound or FeedGone."""

    def subscriptions(self, feed: Feed, now: int) -> Iterable[Subscription]:
        """The feed's tokens that are not revoked, always in the same order.

        Raises Outdated after the last one if the read was not complete.
        """


class Cache(Protocol):
    """Returns a whole feed or None, may forget any feed at any time, and never raises."""

    def get(self, feed: Feed) -> bytes | None: ...

    def put(self, feed: Feed, body: bytes) -> None: ...


def load(store: Store, cache: Cache, feed: Feed, now: int) -> tuple[Feed | None, bytes]:
    """The feed's ICS, gzip-compressed, and the state that it shows.

    A text is cached only if the state was the same before and after its tokens were read; else it
    might be a mixture of two states. If the state changed, the tokens are read again, a few times.
    If it changed each time, the last text is returned with None as its state: it has every change
    that was complete when the request came, but may have only some of the later ones.

    Raises FeedGone if the calendar was deleted meanwhile, and Outdated if a read of the tokens was
    not complete.
    """
    cached = cache.get(feed)
    if cached is not None:
        return feed, cached
    body = b""
    for _ in range(limits.ATTEMPTS_AT_A_FEED):
        body = _compressed(feed.writer.text(store.subscriptions(feed, now)))
        current = store.find(feed.id, feed.renewal_page, now)
        if current == feed:
            cache.put(feed, body)
            return feed, body
        feed = current
    return None, body


def unpacked(body: bytes) -> Iterator[bytes]:
    """The text in a compressed body, a piece at a time, as the text may not fit into memory.

    The first piece is long enough for every opening. Raises zlib.error unless the body is exactly
    one undamaged gzip member.
    """
    unpack = zlib.decompressobj(_GZIP)
    while not unpack.eof:
        piece = unpack.decompress(unpack.unconsumed_tail or body, _PIECE)
        if not (piece or unpack.eof):
            raise zlib.error("the body is not complete")
        body = b""
        yield piece
    if unpack.unused_data:
        raise zlib.error("something follows the body")


def _compressed(text: Iterable[str]) -> bytes:
    """Compresses a text piece by piece, so that the whole text is never in memory."""
    pack = zlib.compressobj(_LEVEL, wbits=_GZIP)
    return b"".join([*(pack.compress(piece.encode()) for piece in text), pack.flush()])


@lru_cache(maxsize=1024)  # of the feeds that a warm function is polled for
def _digest(version: str, revocations: str, style: Style, renewal_page: str) -> str:
    # Another version of zlib may compress a text to other bytes.
    text = (version, revocations, *style, renewal_page, writer.NUMBER, zlib.ZLIB_RUNTIME_VERSION)
    return hashlib.sha256(repr(text).encode()).hexdigest()[:32]
