"""Pauses: longer from one attempt to the next, up to a second, and never the same for two."""

import random

import pytest

from mytoken_calendars.backoff import pause


def test_a_pause_is_at_most_twice_the_one_before_it_and_never_over_a_second(
    pauses: list[float],
) -> None:
    for attempt in range(1, 9):
        pause(attempt)

    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1, 1, 1])


def test_a_pause_may_be_as_short_as_none(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random.SystemRandom, "uniform", lambda _, shortest, _longest: shortest)

    pause(8)

    assert pauses == [0]


@pytest.mark.found("A25")
def test_functions_of_one_snapshot_do_not_pause_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)

    for _ in range(2):
        random.seed("the snapshot")
        pause(6)

    assert waited[0] != waited[1]


def test_those_who_met_do_not_wait_equally_long(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)

    for _ in range(20):
        pause(6)

    assert len(set(waited)) == 20
    assert all(0 <= seconds <= 1 for seconds in waited)
