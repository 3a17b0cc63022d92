"""The tally of checks that run many cases: what was run, how often, and what was found.

Tests count with the fixture `tally`; its table is printed after the last test. `make test` runs a
part of the cases, `make test-deep` (`--deep`) all of them. Processes of pytest-xdist count apart,
and what they counted is added up.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Tally:
    """Cases and violations of each check, by its name as the table shows it."""

    counts: dict[str, list[int]] = field(default_factory=dict)

    def add(self, check: str, cases: int, violations: int = 0) -> None:
        counted = self.counts.setdefault(check, [0, 0])
        counted[0] += cases
        counted[1] += violations

    @contextmanager
    def case(self, check: str) -> Iterator[None]:
        """Counts one case, which is a violation if what is asserted of it does not hold."""
        violations = 1
        try:
            yield
            violations = 0
        finally:
            self.add(check, 1, violations)

    @property
    def violations(self) -> int:
        return sum(violations for _, violations in self.counts.values())

    def lines(self) -> Iterator[str]:
        width = max(len(check) for check in self.counts)
        yield f"{'check':{width}}  {'cases':>9}  violations"
        for check, (cases, violations) in sorted(self.counts.items()):
            yield f"{check:{width}}  {cases:>9,}  {violations:>10,}"


TALLY = Tally()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="run all cases: see make test-deep")
    parser.addoption("--tally", metavar="FILE", help="also write the tally there, as JSON")


@pytest.fixture(scope="session")
def tally() -> Tally:
    return TALLY


@pytest.fixture(scope="session")
def deep(request: pytest.FixtureRequest) -> bool:
    """Whether all cases are to be run, and not just those for which every run has the time."""
    return bool(request.config.getoption("--deep"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = TALLY.counts


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    for check, counted in getattr(node, "workeroutput", {}).get("tally", {}).items():
        TALLY.add(check, *counted)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not TALLY.counts:
        return
    terminalreporter.section("tally")
    for line in TALLY.lines():
        terminalreporter.write_line(line)
    if file := config.getoption("--tally"):
        failed = sum(len(terminalreporter.stats.get(how, [])) for how in ("failed", "error"))
        tests = len(terminalreporter.stats.get("passed", [])) + failed
        counts = {**TALLY.counts, "tests": [tests, failed]}
        Path(file).write_text(json.dumps(counts, indent=2))
