"""The limits that the documents name are those of `limits.py`, and no module has others."""

import ast
import re
from pathlib import Path

import pytest

from mytoken_calendars import limits
from tests.harness.stacks import ROOT

PACKAGE = ROOT / "layers" / "shared" / "mytoken_calendars"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "limits.py")
NAMES = [name for name in vars(limits) if name.isupper() and not name.startswith("_")]

# | what | number | `NAME` |
_ROW = re.compile(r"^\| [^|]+ \| ([\d,]+) \| `([A-Z_]+)` \|$", re.MULTILINE)
# Whole numbers of a module that limit nothing: settings of a format, or of an algorithm.
NO_LIMITS = {"_BITS_BEFORE_MAPPED", "_DAY", "_GZIP", "_LEVEL", "_PIECE", "_SECRET_LENGTH"}
NO_LIMITS |= {"_MOM_ID_LENGTH", "_EVENT_LENGTH", "_LONGEST", "SHOWN_OF_MOM_ID", "NUMBER", "SINCE"}
NO_LIMITS |= {"_SHORT_MOM_ID_LENGTH", "_ID_BYTES", "_DIGEST", "_QUIET_ZONE"}
# What things weigh, which tests/unit/test_weight.py measures.
NO_LIMITS |= {"_ANCESTOR", "_CALENDAR", "_ENTRY", "_EVENTS", "_FEED_SHARE", "_FOLD", "_TITLES"}
NO_LIMITS |= {"_LISTED", "_STORED", "_TAG"}


def test_the_table_of_the_architecture_page_has_the_numbers_of_the_code() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()

    rows = {name: float(number.replace(",", "")) for number, name in _ROW.findall(page)}

    assert rows == {name: getattr(limits, name) for name in rows}
    assert len(rows) > 20


def test_the_largest_answer_has_room_for_headers_and_a_successor_in_the_body_and_a_cookie() -> None:
    headers = 16 * 1024

    assert limits.ANSWER + headers + 2 * limits.TOKEN <= 6 * 1024 * 1024


@pytest.mark.parametrize("name", NAMES)
def test_each_limit_is_used(name: str) -> None:
    assert any(f"limits.{name}" in path.read_text() for path in MODULES)


@pytest.mark.parametrize("name", NAMES)
def test_each_limit_says_its_unit_or_reason(name: str) -> None:
    lines = (PACKAGE / "limits.py").read_text().splitlines()
    (number,) = [n for n, line in enumerate(lines) if line.startswith(f"{name} = ")]

    assert "  # " in lines[number] or lines[number - 1].startswith("#")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_other_module_sets_a_limit(path: Path) -> None:
    numbers = {
        target.id
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and _is_number(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    assert numbers <= NO_LIMITS


def _is_number(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=int() | float()):
            return not isinstance(value.value, bool)
        case ast.BinOp(left=left, right=right):
            return _is_number(left) and _is_number(right)
        case _:
            return False
