"""The feed of a calendar: the state it is in, and its text, built on demand and cached once.

Every request reads the state first, strongly consistent, so that a deletion or a revocation shows
in the very next answer; the cache is only ever asked for exactly that state.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Protocol

from mytoken_calendars import limits
from mytoken_calendars.identifiers import Owner

CLOSING = "END:VCALENDAR\r\n"

_LEVEL = 6  # of compression: a tenth smaller than level 1, and five times as fast as level 9
_GZIP = 31  # for zlib: with the header and trailer of gzip (RFC 1952), which then has no time
_PIECE = 1024 * 1024  # bytes of text that are unpacked at a time


@dataclass(frozen=True)
class Feed:
    """The state of a feed, which decides every byte of it.

    `version` changes with the calendar, `revocations` with every revocation of its owner (empty
    before the first). `opening` is the text before the events, `changed` is in seconds since 1970.
    `events_written` and `revocations_written` are how many writes these have had until then.
    """

    id: str
    owner: Owner
    calendar_id: str
    name: str
    opening: str
    version: str
    revocations: str
    changed: int
    events_written: int
    revocations_written: int

    @property
    def state(self) -> str:
        """A digest of the state, 32 characters: its etag, and its name in the cache.

        Other versions of zlib may compress the same text to other bytes, so theirs belongs to it.
        """
        return _digest(f"{self.version}/{self.revocations}/{zlib.ZLIB_RUNTIME_VERSION}")

    @property
    def settled(self) -> int:
        """From when on, in seconds since 1970, every clock has the last change in the past."""
        return self.changed + limits.FEED_SETTLES

    def is_made_of(self, *, events: int, revocations: int, now: int) -> bool:
        """Whether so many writes, as a collection has seen, are all that this state is made of.

        DynamoDB shows the items of a transaction one by one: a head may be there a moment before
        the event of the same change. What is not there once that has settled never comes: a
        restored table may end in the middle of a transaction.
        """
        seen = events >= self.events_written and revocations >= self.revocations_written
        return seen or now >= self.settled

    def is_whole(self, body: bytes) -> bool:
        """Whether a body is the compressed text of this feed, from end to end and undamaged."""
        opening, closing = self.opening.encode(), CLOSING.encode()
        text = b""  # what was read last: first the opening, then never less than the closing
        try:
            for number, piece in enumerate(unpacked(body)):
                if number == 0 and not piece.startswith(opening):
                    return False
                text = text[-len(closing) :] + piece
        except zlib.error:
            return False
        return text.endswith(closing)


class Store(Protocol):
    def find(self, feed_id: str, now: int) -> Feed:
        """The feed's state at this moment. Raises FeedNotFound or FeedGone."""

    def events(self, feed: Feed, now: int) -> Iterable[str]:
        """The VEVENTs of the feed's tokens that are not revoked, always in the same order.

        Raises Outdated in the end if some of what the feed is made of was not to be seen yet.
        """


class Cache(Protocol):
    """Has whole feeds or none, may lose what it was given at any time, and never fails."""

    def get(self, feed: Feed) -> bytes | None: ...

    def put(self, feed: Feed, body: bytes) -> None: ...


def load(store: Store, cache: Cache, feed: Feed, now: int) -> tuple[Feed | None, bytes]:
    """The feed's ICS, gzip-compressed, and the state that it shows.

    What was collected while the calendar changed is collected again, a few times. In a calendar
    that never stands still the last collection is given out without a state: it has every change
    that was complete when the request came, but may have only some of the later ones.

    Raises FeedGone if the calendar was deleted meanwhile, and Outdated as `Store.events` does.
    """
    cached = cache.get(feed)
    if cached is not None:
        return feed, cached
    body = b""
    for _ in range(limits.ATTEMPTS_AT_A_FEED):
        body = _compressed(chain([feed.opening], store.events(feed, now), [CLOSING]))
        current = store.find(feed.id, now)
        if current == feed:
            cache.put(feed, body)
            return feed, body
        feed = current
    return None, body


def unpacked(body: bytes) -> Iterator[bytes]:
    """The text in a compressed body, a piece at a time: it may be larger than the memory.

    The first piece is long enough for every opening. Raises zlib.error for anything but one
    undamaged gzip member.
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
    """Text that comes piece by piece, compressed: the whole of it is never in memory."""
    pack = zlib.compressobj(_LEVEL, wbits=_GZIP)
    return b"".join([*(pack.compress(piece.encode()) for piece in text), pack.flush()])


@lru_cache(maxsize=1024)  # of the feeds that a warm function is polled for
def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()[:32]
