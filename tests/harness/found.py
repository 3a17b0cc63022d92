"""The faults that outsiders found: `make found` runs their smallest inputs, with a line for each.

A test with `@pytest.mark.found("A6")` sends that input, and states the right outcome. The table
after the last test has a line for each row of `ROWS`; docs/reliability.md says who found it, and
which check would find it now.
"""

from collections import defaultdict
from typing import Any

import pytest

ROWS = {
    "A1": "secrets and content in logs, at a level that only Lambda's environment sets",
    "A2": "work before a bound: a name that takes seconds to normalise",
    "A5": "an answer to tokeninfo:notify that shows the feed's address",
    "A10": "a DELETE with a mom_id that deletes the whole calendar",
    "A12": "a connection that S3 has closed counts as a failure of the cache",
    "A18": "a limit that one door keeps and another does not",
    "A19": "one odd entry of an issuer's list that spoils the whole",
    "A21": "the address of CloudFront taken for the client's",
    "A22": "made-up short tokens, each of which the issuer is asked about",
    "A23": "a restore from an empty table that removes all tokens",
    "A29": "a revocation without a name that revokes the caller's own token",
    "A38": "a rotating token that is told how uses are counted",
}

_outcomes: defaultdict[str, list[str]] = defaultdict(list)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "found(row): the smallest input of a fault found outside")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("found"):
            item.user_properties.append(("found", mark.args[0]))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name, row in report.user_properties:
        if name == "found" and (report.when == "call" or report.outcome != "passed"):
            _outcomes[str(row)].append(report.outcome)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.getoption("-m") != "found":
        return
    terminalreporter.section("found from outside")
    for row, text in ROWS.items():
        terminalreporter.write_line(f"{row:4}  {_verdict(_outcomes[row]):9}  {text}")


def _verdict(outcomes: list[str]) -> str:
    if not outcomes:
        return "NO TEST"
    return "all right" if set(outcomes) == {"passed"} else "WRONG"
