"""Each built function, run as Lambda runs it, answers its sample event."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from local.handlers import Handler
from tests.harness import openapi
from tests.harness.built.artefacts import BUILT, function_id, layers
from tests.harness.built.emulator import Emulator
from tests.harness.samples import DOCUMENTED, prepared
from tests.harness.stacks import Stack

Emulated = Callable[[str], AbstractContextManager[Emulator]]


@dataclass(frozen=True)
class EmulatedStack(Stack):
    """A stack with one function, which is emulated just now."""

    function: Emulator | None = None

    def handler(self, operation: str) -> Handler:
        assert self.function is not None
        return self.function


@pytest.mark.parametrize("operation", sorted(DOCUMENTED))
def test_a_built_function_answers_its_sample_event_as_documented(
    racing_stack: Stack, emulated: Emulated, operation: str
) -> None:
    event = prepared(racing_stack, operation, racing_stack.mint("manage_mytokens", "settings"))

    with emulated(operation) as function:
        stack = EmulatedStack(racing_stack.environment, function=function)
        answer = stack.send(operation, event)

    assert answer.status == DOCUMENTED[operation]
    assert [*openapi.faults(answer)] == []


def test_all_code_of_the_layers_is_compiled() -> None:
    code = {path.with_suffix("") for layer in layers() for path in layer.rglob("*.py")}
    compiled = {
        path.parent.parent / path.name.partition(".")[0]
        for layer in layers()
        for path in layer.rglob("__pycache__/*.pyc")
    }

    assert code == compiled != set()


def test_no_other_function_is_built() -> None:
    called = {function_id(operation) for operation in DOCUMENTED}

    assert {folder.name for folder in BUILT.glob("*Function")} == called
