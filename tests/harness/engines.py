"""The engines under the tests: which stand-in for AWS each test runs on, and what ran on which.

A test with the fixture `engine` runs on each DynamoDB whose transactions are atomic. Before all
others run those that look whether the engines do what we rely on. After the last one a table says
what ran on which engine, and why one was not there; processes of pytest-xdist are added up.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

# The stack on each of them, by its fixture: see conftest.py.
STACKS = {
    "ministack": "racing_stack",
    "dynoxide": "dynoxide_stack",
    "DynamoDB Local": "dynamodb_local_stack",
}

# What the others are on, by the fixture that gives it to them, however indirectly.
_STACKS_OF_ONE = {
    "nginx": "nginx before ministack",
    "racing_stack": "ministack",
    "server": "ministack",
    "moto": "moto",
}
_PROBE = "test_engines.py"


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


@pytest.hookimpl(trylast=True)  # pytest itself also orders them, by the fixtures that they share
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name != _PROBE)
    for item in items:
        if engine := _engine(item):
            item.user_properties.append(("engine", engine))  # which its reports have, too


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if engine := dict(report.user_properties).get("engine"):
        _results[str(engine)].add(report)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _results:
        terminalreporter.section("engines")
        for line in _lines():
            terminalreporter.write_line(line)


def _engine(item: Any) -> str | None:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    fixtures = getattr(item, "fixturenames", ())
    alone = (engine for fixture, engine in _STACKS_OF_ONE.items() if fixture in fixtures)
    return parameters.get("engine") or next(alone, None)


def _reason(report: pytest.TestReport) -> str:
    assert isinstance(report.longrepr, tuple)  # of where it was skipped, and why
    return report.longrepr[-1].removeprefix("Skipped: ")


def _lines() -> Iterator[str]:
    width = max(len(engine) for engine in (*STACKS, *_results))
    yield f"{'engine':{width}}{''.join(f'{column:>9}' for column in _COLUMNS)}"
    for engine in (*STACKS, *sorted(_results.keys() - STACKS)):
        if engine in _results:
            yield f"{engine:{width}}{_results[engine].line()}"
