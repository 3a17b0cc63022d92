"""Every call that an operation makes may fail in every way: nothing is half done, or untrue."""

import random
from collections.abc import Iterable

import pytest

from tests.harness.reliability.calls import Calls
from tests.harness.reliability.injected_faults import Mishap
from tests.harness.reliability.tag_variants import TAG_VARIANTS
from tests.harness.reliability.trials import Trial
from tests.harness.reliability.variants import VARIANTS, Variant
from tests.harness.stacks import Stack
from tests.harness.steps import Clock
from tests.harness.tally import Tally


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    deep = metafunc.config.getoption("--deep")
    often = [one for one in (*VARIANTS, *TAG_VARIANTS) if deep or not one.rare]
    pairs = "two_calls" in metafunc.function.__name__
    variants = often if deep or not pairs else often[::8]
    metafunc.parametrize("trial", variants, indirect=True, ids=str)


@pytest.fixture
def trial(request: pytest.FixtureRequest, calls: Calls, clock: Clock, impatient: None) -> Trial:
    variant: Variant = request.param
    stack: Stack = request.getfixturevalue("remote" if variant.remote else "embedded")
    return Trial.of(variant, stack, clock, calls)


def test_whatever_happens_to_a_call_all_is_done_or_nothing_and_the_answer_is_true(
    trial: Trial, tally: Tally, *, deep: bool
) -> None:
    every = [(mishap,) for mishap in trial.singles(deep=deep)]
    half = random.Random(str(trial.variant)).sample(every, (len(every) + 1) // 2)

    wrongs = _wrongs(trial, every if deep else half, tally, "k-th call, singles")

    assert wrongs == []


def test_whatever_happens_to_two_calls_the_same_is_so(
    trial: Trial, tally: Tally, *, deep: bool
) -> None:
    pairs = trial.pairs(random.Random(str(trial.variant)), 1 if deep else 0.02)

    wrongs = _wrongs(trial, pairs, tally, "k-th call, pairs")

    assert wrongs == []


def _wrongs(
    trial: Trial, cases: Iterable[tuple[Mishap, ...]], tally: Tally, check: str
) -> list[str]:
    results = [trial.wrongs(*mishaps) for mishaps in cases]
    tally.add(check, len(results), sum(map(bool, results)))
    return [wrong for result in results for wrong in result]
