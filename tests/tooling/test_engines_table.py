"""The table of what ran on which engine counts what has used an engine, by whatever name."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.harness.stacks import ROOT

TESTS = """
import pytest
from tests.harness import engines

@pytest.fixture
def server():
    return "a fake"

@pytest.fixture
@engines.runs("moto")
def other():
    pass

@pytest.fixture
@engines.runs("ministack")
def on_both(other):
    pass

def test_a_fixture_that_is_only_called_so(server): pass
def test_one(other): pass
def test_the_outer_one_counts(on_both): pass
def test_one_that_is_asked_for_late(request): request.getfixturevalue("other")
def test_one_that_fails(other): assert False
@pytest.mark.skip(reason="no reason")
def test_none(server): pass
"""


def table(tests: str, folder: Path) -> dict[str, list[int]]:
    """The numbers of passed, failed, differing and skipped tests, by engine."""
    (folder / "test_engines_here.py").write_text(tests)
    paths = os.pathsep.join((str(ROOT / "layers" / "shared"), str(ROOT)))
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(folder)]
    done = subprocess.run(
        [*command, "-p", "tests.harness.engines", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    rows = re.findall(r"^(\w+)" + r" +(\d+)" * 4 + "$", done.stdout, re.MULTILINE)
    return {engine: [int(number) for number in numbers] for engine, *numbers in rows}


def test_a_test_counts_for_the_engine_that_its_fixtures_have_started(tmp_path: Path) -> None:
    assert table(TESTS, tmp_path) == {"ministack": [1, 0, 0, 0], "moto": [2, 1, 0, 0]}
