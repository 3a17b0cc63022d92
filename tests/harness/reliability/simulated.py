"""A race in simulated time: one thread runs at a time, and time passes only while all are waiting.

A call takes as long as its plan sleeps, and a pause as long as it asks for, however slow the
machine is. With the same chance for both, a race runs again as it did.
"""

import heapq
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import Any


@dataclass
class SimulatedTime:
    """In the place of the module `time`."""

    now: float
    _waiting: list[tuple[float, int, Event]] = field(default_factory=list)
    _numbers: Any = field(default_factory=count)  # of those that wait, in the order of their coming

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        turn = self._turn_in(seconds)
        self._go_on()
        turn.wait()

    def at_once(self, acts: Sequence[Callable[[], Any]]) -> list[Any]:
        """The results of all acts, which start in the same moment."""

        def in_turn(act: Callable[[], Any], turn: Event) -> Any:
            turn.wait()
            try:
                return act()
            finally:
                self._go_on()

        turns = [self._turn_in(0) for _ in acts]
        with ThreadPoolExecutor(len(acts)) as pool:
            results = [pool.submit(in_turn, *one) for one in zip(acts, turns, strict=True)]
            self._go_on()
        return [result.result() for result in results]

    def _turn_in(self, seconds: float) -> Event:
        turn = Event()
        heapq.heappush(self._waiting, (self.now + seconds, next(self._numbers), turn))
        return turn

    def _go_on(self) -> None:
        """Lets the next one run, if one waits: whoever calls this waits, or has ended."""
        if self._waiting:
            self.now, _, turn = heapq.heappop(self._waiting)
            turn.set()
