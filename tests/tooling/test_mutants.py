"""The seeded defects fit the code as it is; `make mutants` runs their tests on them."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.template import Template
from tests.harness.stacks import ROOT
from tests.mutants import __main__ as mutation
from tests.mutants.__main__ import CAUGHT, SURVIVES, verdict
from tests.mutants.defects import MUTANTS, Mutant

each_mutant = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.defect)


@each_mutant
def test_a_defect_has_one_place_in_the_code_and_leaves_it_sound(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text()

    mutated = mutant.mutated(text)

    assert meaning(mutant.file, mutated) != meaning(mutant.file, text)


def meaning(file: str, text: str) -> object:
    """What a file says apart from its layout: Python, or the template."""
    return ast.dump(ast.parse(text)) if file.endswith(".py") else Template.parse(text)


def test_the_tests_that_have_to_find_the_defects_exist() -> None:
    tests = [f"tests/{mutant.test}" for mutant in MUTANTS]

    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", *tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (collected.returncode, collected.stderr) == (0, "")


def test_what_the_test_finds_is_caught_and_what_it_cannot_find_survives(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = MUTANTS[0]
    no_defect = Mutant("none", "tests/mutants/defects.py", "wrong line", "line", found.test)
    monkeypatch.setattr(mutation, "MUTANTS", [found, no_defect])
    monkeypatch.setattr(sys, "argv", ["make mutants", "--tally", str(tmp_path / "tally")])

    with pytest.raises(SystemExit) as ended:
        mutation.main()

    outcomes = [line.split(maxsplit=1)[0] for line in capsys.readouterr().out.splitlines()]
    assert [word for word in outcomes if word.isupper() or word == CAUGHT] == [CAUGHT, SURVIVES]
    assert json.loads((tmp_path / "tally").read_text()) == {"seeded defects": [2, 1]}
    assert ended.value.code


def test_the_tests_find_their_stand_ins_beside_a_mutant(tmp_path: Path) -> None:
    standins = ".venv-standins/bin/python"

    tree = mutation.copied(tmp_path)

    assert (ROOT / standins).exists()
    assert (tree / standins).exists()


@pytest.mark.parametrize("before", ["now", "no such text"])
def test_a_defect_without_a_place_of_its_own_is_not_seeded(before: str) -> None:
    mutant = Mutant("of time", "feed.py", before, "then", "")

    with pytest.raises(ValueError, match=r"feed\.py has not exactly one"):
        mutant.mutated("now and now")


@pytest.mark.parametrize(
    ("problems", "stated"),
    [
        ([], SURVIVES),
        (["AssertionError: assert 200 == 401"], CAUGHT),
        (["assert (201, 409) == (409, 201)"], CAUGHT),
        (["Failed: DID NOT RAISE <class 'ValueError'>"], CAUGHT),
        (["KeyError: 'error'"], CAUGHT),
        (['failed on teardown with "AssertionError: assert [...] == []'], CAUGHT),
        (["NameError: name 'x' is not defined", "AssertionError: as a consequence"], CAUGHT),
        (["NameError: name 'x' is not defined"], "BREAKS, with NameError: name 'x' is not defined"),
        (["collection failure"], "BREAKS, with collection failure"),
        (["no test that could be run"], "BREAKS, with no test that could be run"),
    ],
)
def test_only_a_statement_that_does_not_hold_finds_a_defect(
    problems: list[str], stated: str
) -> None:
    assert verdict(problems) == stated
