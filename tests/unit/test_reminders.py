"""When a token's expiry is announced: of the six reminders, those that are of use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.feeds.reminders import before_expiry
from mytoken_calendars.feeds.style import DEFAULT_DAYS
from tests.harness.examples import DAY

HOUR = 3600


def days_ahead(life: int, left: int, days: tuple[int, ...] = DEFAULT_DAYS) -> tuple[float, ...]:
    """In days; of a token that lives for `life` seconds and has `left` when it is added."""
    added = 1_000 + life - left
    before = before_expiry(days, created=1_000, added=added, expires=1_000 + life)
    return tuple(seconds / DAY for seconds in before)


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        (365 * DAY, (30, 14, 7, 3, 1, 0)),
        (60 * DAY, (30, 14, 7, 3, 1, 0)),  # a month ahead is not before its middle
        (60 * DAY - 1, (14, 7, 3, 1, 0)),
        (28 * DAY, (14, 7, 3, 1, 0)),
        (14 * DAY, (7, 3, 1, 0)),
        (7 * DAY, (3, 1, 0)),
        (2 * DAY, (1, 0)),
        (2 * DAY + 1, (1, 0)),
    ],
)
def test_reminders_come_in_the_second_half_of_a_tokens_life(
    life: int, expected: tuple[int, ...]
) -> None:
    assert days_ahead(life, life) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (30 * DAY, (30, 14, 7, 3, 1, 0)),
        (30 * DAY - 1, (14, 7, 3, 1, 0)),
        (7 * DAY, (7, 3, 1, 0)),
        (7 * DAY - 1, (3, 1, 0)),
    ],
)
def test_reminders_that_were_past_when_the_token_was_added_are_left_out(
    left: int, expected: tuple[int, ...]
) -> None:
    assert days_ahead(365 * DAY, left) == expected


@pytest.mark.parametrize(
    ("life", "left", "in_advance"),
    [
        (2 * DAY - 1, 2 * DAY - 1, DAY),
        (25 * HOUR, 25 * HOUR, DAY),
        (365 * DAY, DAY - 1, 11 * HOUR),
        (5 * HOUR, 5 * HOUR, 2 * HOUR),
        (2 * HOUR, 2 * HOUR, HOUR),
        (2 * HOUR - 1, 2 * HOUR - 1, 59 * 60),
        (120, 120, 60),
    ],
)
def test_one_reminder_is_in_advance_however_little_time_is_left(
    life: int, left: int, in_advance: int
) -> None:
    assert days_ahead(life, left) == (in_advance / DAY, 0)


@pytest.mark.parametrize("left", [119, 1, 0])
def test_a_token_of_less_than_two_minutes_has_no_time_for_one(left: int) -> None:
    assert days_ahead(left, left) == (0,)


def test_days_that_a_user_has_chosen_stay_even_in_the_first_half_of_a_tokens_life() -> None:
    assert days_ahead(70 * DAY, 70 * DAY, (60, 5)) == (60, 5)
    assert days_ahead(25 * HOUR, 25 * HOUR, (0,)) == (0,)
    assert days_ahead(70 * DAY, 10 * DAY, (60, 5)) == (5,)
    assert days_ahead(70 * DAY, DAY, (60, 5)) == ()
    assert days_ahead(70 * DAY, 70 * DAY, ()) == ()


@given(st.integers(0, 100 * DAY), st.integers(0, 100 * DAY), st.integers(0, 100 * DAY))
def test_what_is_left_out_is_always_the_earliest(created: int, age: int, left: int) -> None:
    added = created + age

    before = before_expiry(DEFAULT_DAYS, created=created, added=added, expires=added + left)

    assert before[-1] == 0
    assert all(seconds <= left for seconds in before)
    if left >= DAY:
        assert before == tuple(day * DAY for day in DEFAULT_DAYS)[-len(before) :]
