"""One variant of an operation, tried again and again: each time as for the first time."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.harness.reliability import injected_faults
from tests.harness.reliability.answer_judge import Judge, Seen
from tests.harness.reliability.calls import Call, Calls
from tests.harness.reliability.injected_faults import Killed, Kind, Mishap, Times
from tests.harness.reliability.states import State, empty, put_back
from tests.harness.reliability.variants import Request, Scene, Variant
from tests.harness.stacks import Answer, RemoteStack, Stack, Token
from tests.harness.steps import Clock


@dataclass
class Trial:
    """`state` is what there is now; before the first run, what each run begins with."""

    variant: Variant
    stack: Stack
    calls: Calls
    scene: Scene
    request: Request
    state: State

    @classmethod
    def of(cls, variant: Variant, stack: Stack, clock: Clock, calls: Calls) -> "Trial":
        empty(stack)
        if isinstance(stack, RemoteStack):
            stack.server.ledger.clock = clock.time
        scene = variant.scene(stack, clock)
        request = variant.request(scene)
        return cls(variant, stack, calls, scene, request, _state(stack, variant))

    def __post_init__(self) -> None:
        self.before = self.state
        self._first_run()  # what a warm function remembers is known from then on
        self.right = self._first_run()
        self.judge = Judge(self.variant, self.scene.token, self.before, self.right)
        assert [*self.judge.of_request(self.right)] == []

    def wrongs(self, *happening: Mishap) -> list[str]:
        """What is wrong if these happen, and the client then repeats what was not answered."""
        first = self._first_run(*happening)
        wrongs = [*self.judge.of_request(first)]
        if first.answer is None or first.answer.status == 503:
            if first.answer is None:
                self.stack.restart(self.variant.operation)
            again = self._run(first.successor or self.scene.token)
            wrongs += self.judge.of_repetition(first, again)
            if first.answer is None:
                self._first_run()  # the function is warm again, whatever the repetition met
        return [f"{self.variant}: {' and '.join(map(str, happening))}: {wrong}" for wrong in wrongs]

    def singles(self, *, deep: bool) -> Iterator[Mishap]:
        """What may happen to a run, one at a time."""
        return injected_faults.singles(self.right.calls, self._kinds, deep=deep)

    def pairs(self, chance: random.Random, share: float) -> Iterator[tuple[Mishap, Mishap]]:
        """Two at a time, of which the second happens to what is left of the run after the first.

        Of all that there are a share, by chance.
        """
        one_of_two = math.sqrt(share)
        for first in self._some_that_happen_once(self.right.calls, chance, one_of_two):
            if not first.kind.kills:
                calls = self._first_run(first).calls
                for second in self._some_that_happen_once(calls, chance, one_of_two):
                    if second.number > first.number:
                        yield first, second

    def _some_that_happen_once(
        self, calls: Sequence[Call], chance: random.Random, share: float
    ) -> Iterator[Mishap]:
        for mishap in injected_faults.singles(calls, self._kinds, deep=False):
            if mishap.times is Times.ONCE and chance.random() < share:
                yield mishap

    @property
    def _kinds(self) -> tuple[Kind, ...]:
        if isinstance(self.stack, RemoteStack):
            return (*injected_faults.OF_AWS, *injected_faults.of_issuer(self.stack.server))
        return injected_faults.OF_AWS

    def _first_run(self, *happening: Mishap) -> Seen:
        put_back(self.stack, self.before, self.state)
        self._forget_tokens()
        return self._run(self.scene.token, *happening)

    def _forget_tokens(self) -> None:
        """A warm function remembers which tokens the issuer called dead: those of the last run."""
        if isinstance(self.stack, RemoteStack):
            asked = self.stack.door(self.variant.operation, "authority").tokeninfo.asked
            for recent in vars(asked).values():
                recent._added.clear()

    def _run(self, token: Token, *happening: Mishap) -> Seen:
        if self.variant.cold:
            self.stack.restart(self.variant.operation)
        with self.calls.planned(injected_faults.plan(*happening)) as made:
            try:
                answer = self.variant.asked(self.scene, self.request, token)
            except Killed:
                answer = None
            except Exception as fault_of_ours:  # noqa: BLE001 - of which API Gateway makes a 500
                answer = Answer(500, {}, repr(fault_of_ours).encode())
        self.state = _state(self.stack, self.variant)
        return Seen(answer, self.state, made)


def _state(stack: Stack, variant: Variant) -> State:
    return State.of(stack, with_objects=variant.operation == "get_feed")
