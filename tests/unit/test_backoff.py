"""Attempts: until the time is up, with pauses that grow up to a second and are never in step."""

import random
import sys
import time
from contextlib import suppress
from itertools import islice

import pytest

from mytoken_calendars import limits
from mytoken_calendars.backoff import attempts, shared


def test_a_pause_is_at_most_twice_the_one_before_it_and_never_over_a_second(
    pauses: list[float],
) -> None:
    assert [*islice(attempts(), 8)] == [1, 2, 3, 4, 5, 6, 7, 8]

    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1, 1])


def test_attempts_end_with_the_first_when_the_time_is_up(pauses: list[float]) -> None:
    made = [*attempts()]

    assert made == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert sum(pauses[:-1]) < limits.RETRIED <= sum(pauses) < limits.RETRIED + 1


def test_time_that_an_attempt_takes_is_time_of_all(pauses: list[float]) -> None:
    made = []

    for attempt in attempts():
        made.append(attempt)
        time.sleep(limits.RETRIED / 2)

    assert made == [1, 2, 3]
    assert pauses[::2] == [limits.RETRIED / 2] * 3


def test_an_attempt_that_succeeds_is_the_last(pauses: list[float]) -> None:
    for attempt in attempts():
        if attempt == 3:
            break

    assert pauses == pytest.approx([0.05, 0.1])


def test_all_attempts_of_a_request_share_its_time(pauses: list[float]) -> None:
    with shared():
        first = [*attempts()]
        time.sleep(60)
        second, third = [*attempts()], [*attempts()]

    assert len(first) == 10
    assert second == third == [1]
    assert pauses[-1] == 60


def test_attempts_inside_of_attempts_share_their_time(pauses: list[float]) -> None:
    made = 0

    with shared():
        for _ in attempts():
            for _ in attempts():
                made += 1

    assert made == 10
    assert sum(pauses) < limits.RETRIED + 1


def test_each_request_has_a_time_of_its_own(pauses: list[float]) -> None:
    numbers = []
    for _ in range(2):
        with shared():
            numbers.append(len([*attempts()]))

    assert numbers == [10, 10]
    assert len([*attempts()]) == 10
    assert len(pauses) == 27


def test_a_request_that_fails_takes_its_time_with_it(pauses: list[float]) -> None:
    with suppress(ZeroDivisionError), shared():
        time.sleep(60)
        raise ZeroDivisionError

    assert len([*attempts()]) == 10
    assert len(pauses) == 10


def test_the_time_before_the_first_failure_does_not_count(pauses: list[float]) -> None:
    with shared():
        time.sleep(60)
        made = [*attempts()]

    assert len(made) == 10


def test_a_pause_may_be_as_short_as_none(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random.SystemRandom, "uniform", lambda _, shortest, _longest: shortest)

    assert [*islice(attempts(), 8)] == [1, 2, 3, 4, 5, 6, 7, 8]

    assert pauses == [0] * 7


def test_a_pause_stays_short_after_a_thousand_attempts(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random.SystemRandom, "uniform", lambda _, _shortest, longest: longest / 300)

    made = [*attempts()]

    assert len(made) > sys.float_info.max_exp
    assert max(pauses) == pytest.approx(limits.LONGEST_PAUSE / 300)


@pytest.mark.found("A25")
def test_functions_of_one_snapshot_do_not_pause_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)

    for _ in range(2):
        random.seed("the snapshot")
        assert [*islice(attempts(), 7)]

    assert waited[5] != waited[11]


def test_those_who_met_do_not_wait_equally_long(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)

    for _ in range(20):
        assert [*islice(attempts(), 7)]

    assert len(set(waited)) == 20 * 6
    assert all(0 <= seconds <= 1 for seconds in waited)
