"""Races: how many take part, how often they are run, and what goes wrong with AWS meanwhile."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.harness import aws_faults
from tests.harness.invariants import violations
from tests.harness.reliability.calls import Call, Calls, Fault
from tests.harness.reliability.injected_faults import at_client
from tests.harness.reliability.states import empty
from tests.harness.stacks import Answer, Stack
from tests.harness.tally import Tally
from tests.harness.token_uses import Person

_PATIENCE = 30  # seconds
_LATE = 0.03  # seconds, in which others overtake
_AT_MOST = 2  # sendings of a transaction that fail, so that botocore's three attempts suffice


def _late(call: Call) -> None:
    time.sleep(_LATE)


_FAILURES = (at_client(aws_faults.conflict), at_client(aws_faults.lost_answer))
_HAPPENING = (None, _late, *_FAILURES)
_WEIGHTS = (6, 3, 2, 1)


@dataclass
class Turbulence:
    """A plan by which transactions are late, or meet others, or their answers are lost."""

    chance: random.Random
    failed: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, number: int, call: Call) -> Fault | None:
        if call.operation != "TransactWriteItems":
            return None
        change = json.loads(call.body)["ClientRequestToken"]
        with self.lock:
            (fault,) = self.chance.choices(_HAPPENING, _WEIGHTS)
            self.failed[change] += fault in _FAILURES
            return fault if self.failed[change] <= _AT_MOST else None


@dataclass(frozen=True)
class Timed:
    """An answer, and when it was asked for and had."""

    began: float
    answer: Answer
    ended: float


def timed(ask: Callable[[], Answer]) -> Timed:
    began = time.monotonic()
    answer = ask()
    return Timed(began, answer, time.monotonic())


@dataclass
class Race:
    """So many `threads` race, in so many rounds; `chance` decides what the scenario leaves open."""

    stack: Stack
    calls: Calls
    threads: int
    repeated: int
    pool: ThreadPoolExecutor
    tally: Tally
    chance: random.Random = field(default_factory=lambda: random.Random(0))

    def rounds(self, scenario: str) -> Iterator[Person]:
        """Somebody new for each round, after which everything is looked through, and counted."""
        for _ in range(self.repeated):
            wrong = 1
            try:
                yield Person.on(self.stack)
                found = violations(self.stack.dump())
                wrong = bool(found)
                assert found == []
            finally:
                self.tally.add(f"races: {scenario}", 1, wrong)
                empty(self.stack)

    def at_once(self, *groups: Sequence[Callable[[], Any]]) -> list[list[Any]]:
        """The results of all acts, group by group; they start in the same moment, in turbulence."""
        acts = [act for group in groups for act in group]
        barrier = threading.Barrier(len(acts))

        def act_with_the_others(act: Callable[[], Any]) -> Any:
            barrier.wait(_PATIENCE)
            return act()

        with self.calls.planned(Turbulence(self.chance)):
            results = iter(self.pool.map(act_with_the_others, acts))
            return [[next(results) for _ in group] for group in groups]


def statuses(answers: Sequence[Answer]) -> dict[int, int]:
    return dict(Counter(answer.status for answer in answers))


def refused(answers: Sequence[Answer]) -> list[tuple[int, str]]:
    """How those were refused that were."""
    return [(answer.status, answer.json["error"]) for answer in answers if answer.status >= 400]
