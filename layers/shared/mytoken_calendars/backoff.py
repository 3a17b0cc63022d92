"""Randomised exponential backoff."""

import random
import time

from mytoken_calendars import limits


def pause(attempt: int) -> None:
    """Waits before attempt 1, 2, ...: up to twice as long each time, by chance."""
    longest = min(limits.LONGEST_PAUSE, limits.FIRST_PAUSE * 2 ** (attempt - 1))
    time.sleep(random.uniform(0, longest))  # noqa: S311 - not a secret
