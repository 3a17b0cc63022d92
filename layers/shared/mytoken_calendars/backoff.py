"""Randomised exponential backoff, for a bounded time."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count

from mytoken_calendars import limits

# The module's own generator is seeded when it is imported: functions that Lambda restores from one
# snapshot would pause in step.
_RANDOM = random.SystemRandom()

# When the attempts end, by the clock of `monotonic`: empty until the first one has failed.
_end: ContextVar[list[float] | None] = ContextVar("end", default=None)


@contextmanager
def shared() -> Iterator[None]:
    """What is tried again inside of it has `limits.RETRIED` seconds, all together."""
    before = _end.set([])
    try:
        yield
    finally:
        _end.reset(before)


def attempts() -> Iterator[int]:
    """The numbers of attempts (1, 2, ...), with a pause before each but the first.

    They end `limits.RETRIED` seconds after the first one that failed.
    """
    known = _end.get()
    end = [] if known is None else known
    for attempt in count(1):
        yield attempt
        if not end:
            end.append(time.monotonic() + limits.RETRIED)
        if time.monotonic() >= end[0]:
            return
        _pause(attempt)


def _pause(attempt: int) -> None:
    """Waits a random time. Its bound doubles with each attempt (1, 2, ...), to `LONGEST_PAUSE`."""
    longest = min(limits.LONGEST_PAUSE, limits.FIRST_PAUSE * 2 ** min(attempt - 1, 10))
    time.sleep(_RANDOM.uniform(0, longest))
