"""`make test` leaves out what tests/harness/slow.py marks as slow, and no value that is tested."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.stacks import ROOT

SUITE = """
import pytest

@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("letter", ["a", "b"])
def test_combinations(letter, number): pass

@pytest.mark.parametrize("number", [1, 1, 2])
def test_one_list(number): pass

def test_no_list(): pass

@pytest.mark.slow
def test_marked(): pass
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("suite") / "test_suite.py"
    path.write_text(SUITE)
    return path


def _collected(suite: Path, marks: str) -> list[str]:
    options = ["-p", "tests.harness.slow", "-p", "no:cacheprovider", "--collect-only", "-q"]
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "/dev/null", *options, "-m", marks, str(suite)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split("::")[1] for line in found.stdout.splitlines() if "::" in line]


def test_each_value_is_in_a_test_that_is_not_slow(suite: Path) -> None:
    assert _collected(suite, "not slow") == [
        *("test_combinations[a-1]", "test_combinations[a-2]", "test_combinations[a-3]"),
        "test_combinations[b-1]",
        *("test_one_list[1_0]", "test_one_list[1_1]", "test_one_list[2]"),
        "test_no_list",
    ]


def test_each_other_combination_is_slow(suite: Path) -> None:
    assert _collected(suite, "slow") == [
        *("test_combinations[b-2]", "test_combinations[b-3]"),
        "test_marked",
    ]
