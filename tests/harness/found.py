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
    "A3": "calendars within their limits whose feed nobody can build",
    "A5": "an answer to tokeninfo:notify that shows the feed's address",
    "A6": "a revocation that a client that lost the answer cannot repeat",
    "A7": "a key of a list or a revocation that is not honoured",
    "A8": "an old cookie beside the current one, taken for a replay",
    "A9": "several spaces after Bearer",
    "A10": "a DELETE with a mom_id that deletes the whole calendar",
    "A11": "a successor that a clock behind by 0.3 seconds refuses",
    "A12": "a connection that S3 has closed counts as a failure of the cache",
    "A13": "headers that a page of another origin cannot read",
    "A14": "HEAD on the keys and the configuration",
    "A15": "line ends of other systems in a comment",
    "A16": "joiners and new emoji in a name",
    "A17": "a date of a clock that runs ahead, taken for that of the feed",
    "A18": "a limit that one door keeps and another does not",
    "A19": "one odd entry of an issuer's list that spoils the whole",
    "A20": "a calendar that a restore has cut in two, and nobody can delete",
    "A21": "the address of CloudFront taken for the client's",
    "A22": "made-up short tokens, each of which the issuer is asked about",
    "A23": "a restore from an empty table that removes all tokens",
    "A24": "raw characters in a form, absolute-form targets at the local server",
    "A25": "restored functions that pause in step",
    "A26": "a usage_restricted of which no log says why",
    "A27": "two cookies beside a mytoken server, of which one is an old token",
    "A28": "an optional field that is null",
    "A29": "a revocation without a name that revokes the caller's own token",
    "A30": "a browser that keeps the cookie of a token that was revoked by it",
    "A32": "a slash at the end of a path",
    "A33": "tokens of a calendar in the order of their mom_ids",
    "A34": "one text for an expired token, one not valid yet, and one from the future",
    "A35": "a bad body that is refused for another reason than its own",
    "A36": "a preflight that asks for another header",
    "A37": "a list of mytokens that leaves out the name of a token without one",
    "A38": "a rotating token that is told how uses are counted",
    "A39": "a feed's file name that is the same for all calendars",
    "A40": "an answer without an id to quote",
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
