"""When a token's expiry is announced: of the six reminders, those that are of use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.calendars.reminders import days_before
from tests.harness.examples import DAY


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
        (2 * DAY - 1, (0,)),
        (3600, (0,)),
        (0, (0,)),
    ],
)
def test_reminders_come_in_the_second_half_of_a_tokens_life(
    life: int, expected: tuple[int, ...]
) -> None:
    assert days_before(created=1_000, added=1_000, expires=1_000 + life) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (30 * DAY, (30, 14, 7, 3, 1, 0)),
        (30 * DAY - 1, (14, 7, 3, 1, 0)),
        (7 * DAY, (7, 3, 1, 0)),
        (7 * DAY - 1, (3, 1, 0)),
        (DAY - 1, (0,)),
        (0, (0,)),
    ],
)
def test_reminders_that_were_past_when_the_token_was_added_are_left_out(
    left: int, expected: tuple[int, ...]
) -> None:
    assert days_before(created=0, added=365 * DAY - left, expires=365 * DAY) == expected


def test_a_token_that_had_expired_when_it_was_added_has_no_reminder() -> None:
    assert days_before(created=0, added=2 * DAY + 1, expires=2 * DAY) == ()


@given(st.integers(0, 100 * DAY), st.integers(0, 100 * DAY), st.integers(0, 100 * DAY))
def test_what_is_left_out_is_always_the_earliest(created: int, age: int, left: int) -> None:
    added = created + age

    days = days_before(created=created, added=added, expires=added + left)

    assert days
    assert days == (30, 14, 7, 3, 1, 0)[-len(days) :]
