"""The feed of a calendar: its state, and its text, built on demand and cached.

A deletion or a revocation shows in the next answer: every request first reads the state of the
feed, strongly consistent, and asks the cache for the text of exactly this state.
"""

import hashlib
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, Protocol

from mytoken_calendars.calendars.names import from_description
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds import writer
from mytoken_calendars.feeds.style import DEFAULT, Style
from mytoken_calendars.feeds.writer import Writer
from mytoken_calendars.identifiers import Owner

_LEVEL = 6  # of compression: a tenth smaller than level 1, and five times as fast as level 9
_GZIP = 31  # zlib's wbits for the gzip format (RFC 1952); zlib writes no time into its header


class Feed(NamedTuple):
    """The state of a feed: the same state always has the same text.

    Each poll makes one, in less than half the time that a frozen dataclass takes.

    `version` changes with the calendar; `revocations` changes with every revocation of its owner,
    and is empty before the first. `name` is the calendar's; the title of an `is_unnamed` one is of
    its description. `renewal_page` is the operator's, or
    empty. `description`, `created` (when the calendar was made, in seconds since 1970) and
    `is_unnamed` are known of a state whose tokens were read.
    """

    secret: str
    owner: Owner
    calendar_id: str
    name: str
    version: str
    revocations: str
    style: Style = DEFAULT
    renewal_page: str = ""
    description: str = ""
    created: int = 0
    is_unnamed: bool = False

    @property
    def state(self) -> str:
        """A digest of all that the bytes of the feed depend on, 32 characters.

        It is the ETag of the feed and its name in the cache.
        """
        return _digest(self.version, self.revocations, self.style, self.renewal_page)

    @property
    def title(self) -> str:
        """What the file of the feed is called."""
        return self.style.title(self.name)

    @property
    def writer(self) -> Writer:
        return Writer(
            self.calendar_id,
            from_description(self.description) if self.is_unnamed else self.name,
            self.created,
            self.style,
            self.renewal_page,
            self.description,
        )


class Store(Protocol):
    def read(self, feed: Feed, now: int) -> tuple[Feed, Iterable[Subscription]]:
        """The feed's tokens that are not revoked, and the state that they are.

        Raises FeedGone if the calendar was deleted meanwhile.
        """


class Cache(Protocol):
    """Returns a whole feed or None, may forget any feed at any time, and never raises."""

    def get(self, feed: Feed) -> bytes | None: ...

    def put(self, feed: Feed, body: bytes) -> None: ...


def load(store: Store, cache: Cache, feed: Feed, now: int) -> tuple[Feed, bytes]:
    """The feed's ICS, gzip-compressed, and the state that it shows.

    A text that is made here is of the state that was read with its tokens, whatever `feed` is: that
    may have been overtaken, or announce what cannot be read yet. Raises FeedGone if the calendar
    was deleted meanwhile.
    """
    cached = cache.get(feed)
    if cached is not None:
        return feed, cached
    found, subscriptions = store.read(feed, now)
    body = _compressed(found.writer.text(subscriptions))
    cache.put(found, body)
    return found, body


def unpacked(body: bytes) -> bytes:
    """The text in a compressed body. Raises zlib.error unless it is one undamaged gzip member."""
    unpack = zlib.decompressobj(_GZIP)
    text = unpack.decompress(body)
    if not unpack.eof or unpack.unused_data:
        raise zlib.error("the body is not exactly one member")
    return text


def is_whole(body: bytes) -> bool:
    """Whether a body is the whole, undamaged, compressed text of a feed."""
    try:
        text = unpacked(body)
    except zlib.error:
        return False
    return text.startswith(writer.BEGINNING.encode()) and text.endswith(writer.CLOSING.encode())


def _compressed(text: Iterable[str]) -> bytes:
    """Compresses a text piece by piece, so that the whole text is never in memory."""
    pack = zlib.compressobj(_LEVEL, wbits=_GZIP)
    return b"".join([*(pack.compress(piece.encode()) for piece in text), pack.flush()])


@lru_cache(maxsize=1024)  # of the feeds that a warm function is polled for
def _digest(version: str, revocations: str, style: Style, renewal_page: str) -> str:
    # Another version of zlib may compress a text to other bytes.
    text = (version, revocations, *style, renewal_page, writer.NUMBER, zlib.ZLIB_RUNTIME_VERSION)
    return hashlib.sha256(repr(text).encode()).hexdigest()[:32]
