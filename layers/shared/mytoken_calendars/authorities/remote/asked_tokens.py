"""What an issuer has lately said of tokens, so that strangers cannot make this stack ask it freely.

A warm function remembers digests of tokens, a bounded number for a bounded time.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mytoken_calendars import limits
from mytoken_calendars.errors import InvalidToken, TemporarilyUnavailable

_TOO_MANY = (
    "Too many short tokens that the issuer does not know were shown lately, so it is not asked "
    "about a further one now. Try again later, or use the long form of the mytoken."
)

Clock = Callable[[], float]


class Recent:
    """The last tokens that were added, at most `size`, each for `seconds`."""

    def __init__(self, size: int, seconds: int, clock: Clock = time.time) -> None:
        self._size, self._seconds, self._clock = size, seconds, clock
        self._added: dict[bytes, float] = {}  # when, by the token's digest; the oldest first

    def add(self, bearer: str) -> None:
        digest = _digest(bearer)
        self._added.pop(digest, None)
        self._added[digest] = self._clock()
        for oldest in list(self._added)[: -self._size]:
            self._added.pop(oldest, None)

    def __contains__(self, bearer: str) -> bool:
        return self._is_recent(self._added.get(_digest(bearer)))

    @property
    def is_full(self) -> bool:
        added = list(self._added.values())
        return len(added) == self._size and self._is_recent(added[0])

    def _is_recent(self, added: float | None) -> bool:
        # A time in the future, after a clock was set back, is not recent.
        return added is not None and 0 <= self._clock() - added < self._seconds


@dataclass(frozen=True)
class AskedTokens:
    """The tokens that the issuer called dead or alive when it was asked.

    It is not asked again about a dead token. A JWT is only asked about if the issuer has signed it,
    while a stranger can make up any number of short tokens. So once `unknown` is full, the issuer
    is asked only about those short tokens that it has known.
    """

    dead: Recent = field(
        default_factory=lambda: Recent(limits.DEAD_TOKENS, limits.DEAD_TOKENS_REMEMBERED)
    )
    unknown: Recent = field(
        default_factory=lambda: Recent(limits.UNKNOWN_SHORT_TOKENS, limits.DEAD_TOKENS_REMEMBERED)
    )
    known: Recent = field(
        default_factory=lambda: Recent(
            limits.KNOWN_SHORT_TOKENS, limits.KNOWN_SHORT_TOKENS_REMEMBERED
        )
    )

    def check(self, bearer: str) -> None:
        """Raises InvalidToken or TemporarilyUnavailable if the issuer is not to be asked."""
        if bearer in self.dead or bearer in self.unknown:
            raise InvalidToken
        if _is_short(bearer) and bearer not in self.known and self.unknown.is_full:
            raise TemporarilyUnavailable(_TOO_MANY)

    def note_alive(self, bearer: str) -> None:
        if _is_short(bearer):
            self.known.add(bearer)

    def note_dead(self, bearer: str) -> None:
        is_unknown = _is_short(bearer) and bearer not in self.known
        (self.unknown if is_unknown else self.dead).add(bearer)


def _is_short(bearer: str) -> bool:
    return "." not in bearer


def _digest(bearer: str) -> bytes:
    return hashlib.sha256(bearer.encode()).digest()
