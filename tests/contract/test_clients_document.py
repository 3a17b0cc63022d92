"""Every test that docs/clients.md names is there."""

import re

import pytest

from tests.harness.stacks import ROOT

DOCS = ROOT / "docs"
NAMED = re.findall(r"\[`(test_\w+)`\]\(([^)]+)\)", (DOCS / "clients.md").read_text())


@pytest.mark.parametrize(("test", "file"), sorted({*NAMED}))
def test_a_test_that_is_named_is_there(test: str, file: str) -> None:
    assert f"def {test}(" in (DOCS / file).read_text()


def test_each_row_of_a_table_of_cases_names_one() -> None:
    document = (DOCS / "clients.md").read_text()
    cases = document.partition("\n## Calendars with names")[2].splitlines()
    rows = [line for line in cases if line.startswith("|") and "|---" not in line]
    unheld = [row for row in rows if "`test_" not in row and not row.endswith("| test |")]

    assert len(rows) > 50
    assert unheld == []
