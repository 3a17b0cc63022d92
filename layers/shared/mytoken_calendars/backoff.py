"""How long to wait before something that met something else is tried again."""

import random
import time

_FIRST = 0.05  # seconds
_LONGEST = 1.0


def pause(attempt: int) -> None:
    """Waits before attempt 1, 2, ...: longer each time, but for a random part of it, so that those
    who met do not meet again."""
    time.sleep(random.uniform(0, min(_LONGEST, _FIRST * 2 ** (attempt - 1))))  # noqa: S311 - not a secret
