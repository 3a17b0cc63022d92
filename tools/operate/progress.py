"""How far a long command has come: a line on standard error every few seconds."""

import sys
import time
from dataclasses import dataclass, field

_OFTEN = 2  # seconds


@dataclass
class Progress:
    """Counts the things that are done, of `number`; `things` are what they are called."""

    number: int
    things: str
    done: int = 0
    _told: float = field(init=False)

    def __post_init__(self) -> None:
        self._told = time.monotonic()

    def count(self) -> None:
        """One more is done."""
        self.done += 1
        if time.monotonic() - self._told >= _OFTEN:
            self._told = time.monotonic()
            print(f"{self.done:,} of {self.number:,} {self.things} ...", file=sys.stderr)
