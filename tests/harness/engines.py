"""The engines under the tests: which stand-in for AWS each test runs on, and what ran on which.

A fixture that starts an engine says so with `@runs(...)`: a test ran on an engine if it had such a
fixture, by whatever name. A test with the fixture `engine` runs on each DynamoDB whose transactions
are atomic. Before all others run those that look whether the engines do what we rely on. After the
last one a table says what ran on which engine, and why one was not there; processes of pytest-xdist
are added up.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

# The stack on each whose transactions are atomic, by its fixture: see conftest.py.
STACKS = {
    "ministack": "racing_stack",
    "dynoxide": "dynoxide_stack",
    "DynamoDB Local": "dynamodb_local_stack",
}

_OUTERMOST = ("nginx before ministack", "DynamoDB Local", "dynoxide", "ministack", "moto")
_PROBE = "test_engines.py"

Fixture = TypeVar("Fixture", bound=Callable[..., Any])


@dataclass
class _Results:
    """Of the tests on one engine; `reasons` say why some were skipped."""

    tests: Counter[str] = field(default_factory=Counter)
    reasons: set[str] = field(default_factory=set)

    def add(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.tests["failed"] += 1
        elif hasattr(report, "wasxfail"):
            self.tests["differ"] += 1
        elif report.skipped:
            self.tests["skipped"] += 1
            self.reasons.add(_reason(report))
        elif report.when == "call":
            self.tests["passed"] += 1

    def line(self) -> str:
        counts = "".join(f"{self.tests[column]:>9,}" for column in _COLUMNS)
        return "  ".join([counts, *sorted(self.reasons)])


_COLUMNS = ("passed", "failed", "differ", "skipped")
_results: defaultdict[str, _Results] = defaultdict(_Results)


def runs(engine: str) -> Callable[[Fixture], Fixture]:
    """Marks the function of a fixture that starts this engine."""

    def marked(fixture: Fixture) -> Fixture:
        fixture.engine = engine  # type: ignore[attr-defined]
        return fixture

    return marked


@pytest.hookimpl(trylast=True)  # pytest itself also orders them, by the fixtures that they share
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name != _PROBE)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: Any) -> None:
    """Says in each report of a test which engine it has used by then."""
    item.user_properties = [p for p in item.user_properties if p[0] != "engine"]
    if engine := used_by(item):
        item.user_properties.append(("engine", engine))


def used_by(item: Any) -> str | None:
    """The engine of a test, by the fixtures that it has asked for so far.

    Of several it is the outermost: nginx, then the one that the test's parameter names, then the
    one whose fixture depends on the others.
    """
    definitions = getattr(getattr(item, "_request", None), "_fixture_defs", {}).values()
    engines = [d.func.engine for d in definitions if hasattr(d.func, "engine")]
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    named = parameters.get("engine")
    return named if named in STACKS else min(engines, key=_OUTERMOST.index, default=None)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if engine := dict(report.user_properties).get("engine"):
        _results[str(engine)].add(report)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _results:
        terminalreporter.section("engines")
        for line in _lines():
            terminalreporter.write_line(line)


def _reason(report: pytest.TestReport) -> str:
    assert isinstance(report.longrepr, tuple)  # of where it was skipped, and why
    return report.longrepr[-1].removeprefix("Skipped: ")


def _lines() -> Iterator[str]:
    width = max(len(engine) for engine in (*STACKS, *_results))
    yield f"{'engine':{width}}{''.join(f'{column:>9}' for column in _COLUMNS)}"
    for engine in (*STACKS, *sorted(_results.keys() - STACKS)):
        if engine in _results:
            yield f"{engine:{width}}{_results[engine].line()}"
