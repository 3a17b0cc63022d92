"""Randomised exponential backoff."""

import random
import time

from mytoken_calendars import limits


def pause(attempt: int) -> None:
    """Waits a random time; its upper bound doubles with each attempt, the first being 1."""
    longest = min(limits.LONGEST_PAUSE, limits.FIRST_PAUSE * 2 ** (attempt - 1))
    time.sleep(random.uniform(0, longest))  # noqa: S311 - not a secret
