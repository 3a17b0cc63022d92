"""Randomised exponential backoff."""

import random
import time

from mytoken_calendars import limits

# The module's own generator is seeded when it is imported: functions that Lambda restores from one
# snapshot would pause in step.
_RANDOM = random.SystemRandom()


def pause(attempt: int) -> None:
    """Waits a random time. Its bound doubles with each attempt (1, 2, ...), to `LONGEST_PAUSE`."""
    longest = min(limits.LONGEST_PAUSE, limits.FIRST_PAUSE * 2 ** (attempt - 1))
    time.sleep(_RANDOM.uniform(0, longest))
