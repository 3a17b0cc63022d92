"""Feeds in the memory of a warm function, in front of the cache that all functions share.

A feed that is polled often is served without a request to that cache. The memory is never out of
date: a request asks for the text of the state that it has just read, and a state always has the
same text.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from mytoken_calendars import limits
from mytoken_calendars.feeds.feed import Cache, Feed


@dataclass
class FeedMemory:
    """A Cache of the feeds that were used last, `room` bytes in all.

    It has a lock, as the threads of the local server share it.
    """

    behind: Cache
    room: int = limits.FEED_MEMORY
    _bodies: OrderedDict[tuple[str, str], bytes] = field(default_factory=OrderedDict)
    _used: int = 0
    _lock: Lock = field(default_factory=Lock)

    def get(self, feed: Feed) -> bytes | None:
        with self._lock:
            body = self._bodies.get(_key(feed))
            if body is not None:
                self._bodies.move_to_end(_key(feed))
                return body
        body = self.behind.get(feed)
        if body is not None:
            self._keep(feed, body)
        return body

    def put(self, feed: Feed, body: bytes) -> None:
        self._keep(feed, body)
        self.behind.put(feed, body)

    def _keep(self, feed: Feed, body: bytes) -> None:
        with self._lock:
            self._used += len(body) - len(self._bodies.pop(_key(feed), b""))
            self._bodies[_key(feed)] = body
            while self._used > self.room:
                _, forgotten = self._bodies.popitem(last=False)
                self._used -= len(forgotten)


def _key(feed: Feed) -> tuple[str, str]:
    return feed.calendar_id, feed.state
