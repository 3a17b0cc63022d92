"""The folders of tests keep to what tests/README.md says of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.stacks import ROOT

TESTS = ROOT / "tests"
SHARED = {"harness", "doubles"}
PROGRAMS = {"bench", "deep", "e2e", "load", "migration", "mutants"}  # each has a __main__ to run
FOLDERS = sorted({path.parent.relative_to(TESTS).parts[0] for path in TESTS.glob("*/*.py")})
SUITES = [folder for folder in FOLDERS if any((TESTS / folder).glob("test_*.py"))]


def imported_folders(path: Path) -> Iterator[str]:
    """The folders of tests/ from which a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.ImportFrom(module=str(module)) if module.startswith("tests."):
                yield module.split(".")[1]
            case ast.ImportFrom(module="tests", names=names):
                yield from (name.name for name in names)
            case ast.Import(names=names):
                yield from (n.name.split(".")[1] for n in names if n.name.startswith("tests."))


@pytest.mark.parametrize("suite", [suite for suite in SUITES if suite != "tooling"])
def test_a_suite_imports_from_no_other(suite: str) -> None:
    imported = {
        folder for path in (TESTS / suite).rglob("*.py") for folder in imported_folders(path)
    }

    assert imported - SHARED <= {suite}


@pytest.mark.parametrize("suite", [suite for suite in SUITES if suite not in PROGRAMS])
def test_a_suite_holds_tests_and_no_helpers(suite: str) -> None:
    modules = {path.name for path in (TESTS / suite).glob("*.py")}

    assert {name for name in modules if not name.startswith("test_")} <= {"conftest.py"}


def test_helpers_import_from_no_suite() -> None:
    imported = {
        folder
        for shared in SHARED
        for path in (TESTS / shared).rglob("*.py")
        for folder in imported_folders(path)
    }

    assert imported <= SHARED


def test_the_readme_names_every_folder() -> None:
    named = set(re.findall(r"`(\w+)/`", (TESTS / "README.md").read_text()))

    assert set(FOLDERS) <= named


def test_an_import_from_another_suite_is_seen(tmp_path: Path) -> None:
    module = tmp_path / "test_x.py"
    module.write_text(
        "from tests import unit\nfrom tests.load.run import x\nimport tests.bench.y\n"
    )

    assert set(imported_folders(module)) == {"unit", "load", "bench"}
