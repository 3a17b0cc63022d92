"""The feed of a calendar: the state it is in, and its text, built on demand and cached once.

Every request reads the state first, strongly consistent, so that a deletion or a revocation shows
in the very next answer; the cache is only ever asked for exactly that state.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from mytoken_calendars.identifiers import Owner

GONE_FOR = 90 * 24 * 60 * 60  # seconds for which a deleted calendar's feed is 410, then 404
CLOSING = "END:VCALENDAR\r\n"

_ATTEMPTS = 3


@dataclass(frozen=True)
class Feed:
    """The state of a feed, which decides every byte of it.

    `version` changes with the calendar, `revocations` with every revocation of its owner (empty
    before the first). `opening` is the text before the events, `changed` is in seconds since 1970.
    """

    id: str
    owner: Owner
    calendar_id: str
    name: str
    opening: str
    version: str
    revocations: str
    changed: int

    @property
    def state(self) -> str:
        """A digest of the state, 32 characters: its etag, and its name in the cache."""
        return hashlib.sha256(f"{self.version}/{self.revocations}".encode()).hexdigest()[:32]


class Store(Protocol):
    def find(self, feed_id: str, now: int) -> Feed:
        """The feed's state at this moment. Raises FeedNotFound or FeedGone."""

    def events(self, feed: Feed) -> Iterable[str]:
        """The VEVENTs of the feed's tokens that are not revoked, always in the same order."""


class Cache(Protocol):
    """May lose what it was given at any time, and never fails."""

    def get(self, calendar_id: str, state: str) -> bytes | None: ...

    def put(self, calendar_id: str, state: str, body: bytes) -> None: ...


def load(store: Store, cache: Cache, feed: Feed, now: int) -> tuple[Feed | None, bytes]:
    """The feed's ICS, gzip-compressed, and the state that it shows.

    What was collected while the calendar changed is collected again, a few times. In a calendar
    that never stands still the last collection is given out without a state: it has every change
    that was complete when the request came, but may have only some of the later ones.

    Raises FeedGone if the calendar was deleted meanwhile.
    """
    cached = cache.get(feed.calendar_id, feed.state)
    if cached is not None and _is_whole(cached, feed):
        return feed, cached
    body = b""
    for _ in range(_ATTEMPTS):
        text = "".join((feed.opening, *store.events(feed), CLOSING))
        body = gzip.compress(text.encode(), mtime=0)
        current = store.find(feed.id, now)
        if current == feed:
            cache.put(feed.calendar_id, feed.state, body)
            return feed, body
        feed = current
    return None, body


def _is_whole(body: bytes, feed: Feed) -> bool:
    """Whether a cached body is what was put there: gzip-compressed text from end to end."""
    try:
        text = gzip.decompress(body).decode()
    except (OSError, EOFError, zlib.error, ValueError):
        return False
    return text.startswith(feed.opening) and text.endswith(CLOSING)
