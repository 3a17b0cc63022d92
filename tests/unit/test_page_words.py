"""Times on a page: in words, in UTC, and never a day or an hour off by more than half of it."""

import pytest

from mytoken_calendars import limits
from mytoken_calendars.pages import words
from tests.harness.examples import DAY, NOW

HOUR, MINUTE = 60 * 60, 60


def test_a_time_is_told_as_people_write_it() -> None:
    assert words.date(NOW) == "15 January 2027"
    assert words.weekday(NOW) == "Friday 15"
    assert words.clock(NOW) == "08:00"
    assert words.exact(NOW) == "2027-01-15T08:00:00Z"


def test_the_last_day_of_9999_is_told() -> None:
    assert words.date(limits.LATEST_TIME) == "31 December 9999"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (29, "in less than a minute"),
        (30, "in a minute"),
        (89, "in a minute"),
        (90, "in 2 minutes"),
        (HOUR, "in 60 minutes"),
        (90 * MINUTE - 1, "in 90 minutes"),
        (90 * MINUTE, "in 2 hours"),
        (36 * HOUR - 1, "in 36 hours"),
        (36 * HOUR, "in 2 days"),
        (12 * DAY - 5, "in 12 days"),
        (12 * DAY + 11 * HOUR, "in 12 days"),
        (365 * DAY, "in 365 days"),
        (0, "less than a minute ago"),
        (-3 * HOUR, "3 hours ago"),
        (-40 * DAY, "40 days ago"),
    ],
)
def test_a_distance_is_rounded_to_its_unit(seconds: int, told: str) -> None:
    assert words.distance(NOW + seconds, NOW) == told
