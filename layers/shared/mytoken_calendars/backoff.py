"""Randomised exponential backoff."""

import random
import time

from mytoken_calendars import limits


def pause(attempt: int) -> None:
    """Waits a random time. Its bound doubles with each attempt (1, 2, ...), to `LONGEST_PAUSE`."""
    longest = min(limits.LONGEST_PAUSE, limits.FIRST_PAUSE * 2 ** (attempt - 1))
    time.sleep(random.uniform(0, longest))  # noqa: S311 - not a secret
