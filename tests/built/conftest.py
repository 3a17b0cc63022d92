"""What `sam build` has made for this machine, in the folder BUILT: see make test-build.

Without one nothing here is a test. After the last a table says how long functions took to start.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.harness import lambda_runtime
from tests.harness.built import emulator
from tests.harness.built.artefacts import BUILT, function_id, layers
from tests.harness.built.emulator import Emulator
from tests.harness.canaries import CANARIES
from tests.harness.lambda_runtime import ROLE, SIGNED
from tests.harness.stacks import Stack

collect_ignore_glob = [] if "BUILT" in os.environ else ["test_*.py"]

_STARTED = "started in ms"
_started: dict[str, float] = {}


@pytest.fixture
def emulated(
    racing_stack: Stack, tmp_path: Path, record_property: Callable[[str, object], None]
) -> Callable[[str], AbstractContextManager[Emulator]]:
    """Emulates the function of an operation, on the stand-ins."""
    try:
        emulator.program()
    except emulator.NotThere as reason:
        pytest.skip(str(reason))

    @contextmanager
    def emulate(operation: str) -> Iterator[Emulator]:
        code, log = BUILT / function_id(operation), tmp_path / "log"
        told = lambda_runtime.environment(operation, racing_stack.environment) | ROLE
        CANARIES.plant(*ROLE.values())
        with Emulator.running(code, layers(), told, log) as function:
            yield function
            record_property(_STARTED, (operation, function.start))
        CANARIES.look("the log of a built function", function.written)
        assert not [word for word in SIGNED if word in function.written]

    return emulate


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if started := dict(report.user_properties).get(_STARTED):
        operation, milliseconds = started  # type: ignore[misc]
        _started[operation] = milliseconds


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _started:
        terminalreporter.section("starts of functions on this machine, in the emulator of Lambda")
        for operation, milliseconds in sorted(_started.items()):
            terminalreporter.write_line(f"{operation:20}{milliseconds:>8,.0f} ms")
