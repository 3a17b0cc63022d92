"""The seeded defects fit the code as it is; `make mutants` runs their tests on them."""

import ast

import pytest

from tests.mutants import MUTANTS, Mutant
from tests.mutation import CAUGHT, SURVIVES, verdict
from tests.support import ROOT

each_mutant = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.defect)


@each_mutant
def test_a_defect_has_one_place_in_the_code_and_leaves_it_python(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text()

    mutated = mutant.mutated(text)

    assert ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(text))


@each_mutant
def test_the_test_that_has_to_find_a_defect_exists(mutant: Mutant) -> None:
    file, _, name = mutant.test.partition("::")

    tests = ast.parse((ROOT / "tests" / file).read_text()).body

    assert name.partition("[")[0] in {t.name for t in tests if isinstance(t, ast.FunctionDef)}


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
