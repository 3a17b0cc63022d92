"""One line for each check, and how many there were: pytest's reports, for operators to read."""

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.harness.deployment import Deployment

_WIDTH = 300  # characters of what was expected, and of what was seen


@dataclass(eq=False)  # pytest keeps its plugins by their identity
class Report:
    """A plugin of pytest; it brings the deployment that is checked."""

    checked: Deployment
    counts: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    @pytest.fixture(scope="session")
    def deployment(self) -> Deployment:
        return self.checked

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.unregister(name="terminalreporter")

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> list[str]:
        expected = self._shown(right) if op == "==" else f"{op} {self._shown(right)}"
        return [f"expected {expected}, got {self._shown(left)}"]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        check = _check(report.nodeid)
        if report.failed:
            self.line("FAILED", check, _reason(report))
        elif report.skipped:
            self.line("skipped", check, _reason(report))
        elif report.when == "call":
            how = dict(report.user_properties).get("differs")
            self.line("differs" if how else "ok", check, str(how or ""))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.line("FAILED", report.nodeid, _reason(report))

    def line(self, outcome: str, check: str, why: str = "") -> None:
        self.counts[outcome] += 1
        text = f"{outcome:7}  {check}: {why}" if why else f"{outcome:7}  {check}"
        print(self.checked.scrubbed(text), flush=True)

    @property
    def summary(self) -> str:
        counts, seconds = self.counts, time.monotonic() - self.began
        return (
            f"{counts.total()} checks in {seconds:.0f} s: {counts['ok']} ok, "
            f"{counts['differs']} differ as documented, {counts['skipped']} skipped, "
            f"{counts['FAILED']} failed"
        )

    def _shown(self, value: object) -> str:
        text = self.checked.scrubbed(repr(value))
        return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."


def _check(nodeid: str) -> str:
    """The sentence that the name of the test is."""
    _, _, name = nodeid.partition("::test_")
    sentence, _, case = name.partition("[")
    case = f" ({case.removesuffix(']')})" if case else ""
    return sentence.replace("_", " ") + case.replace("-", " ")


def _reason(report: Any) -> str:
    """In one line: why it was skipped, or what was raised."""
    match report.longrepr:
        case (_, _, str(why)):
            text = why.removeprefix("Skipped: ")
        case longrepr:
            crash = getattr(longrepr, "reprcrash", None)
            text = crash.message if crash else str(longrepr)
    return re.sub(r"^(AssertionError: )?(assert )?", "", text).strip().partition("\n")[0]
