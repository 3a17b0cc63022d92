"""Schedules: which minutes of which days are in a window, by which clock."""

from calendar import monthcalendar
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mytoken_calendars.tokens.schedule import Schedule

BERLIN = "Europe/Berlin"

minutes_of_a_day = st.integers(0, 24 * 60 - 1)
moments = st.integers(1_577_836_800, 2_082_758_400).map(lambda s: datetime.fromtimestamp(s, UTC))


def seconds(text: str, zone: str = "UTC") -> int:
    """A time of the clocks in a zone, in seconds since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def holds(
    schedule: dict[str, Any], now: str, *, created: str = "2027-01-01", zone: str = "UTC"
) -> bool:
    return Schedule.model_validate(schedule).holds(seconds(now, zone), seconds(created, zone))


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


# --- the window -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "now", "open_"),
    [
        ({"from": "08:00", "to": "17:30"}, "07:59:59", False),
        ({"from": "08:00", "to": "17:30"}, "08:00:00", True),
        ({"from": "08:00", "to": "17:30"}, "17:29:59", True),
        ({"from": "08:00", "to": "17:30"}, "17:30:00", False),
        ({"from": "22:00", "to": "06:00"}, "21:59:59", False),
        ({"from": "22:00", "to": "06:00"}, "22:00:00", True),
        ({"from": "22:00", "to": "06:00"}, "05:59:59", True),
        ({"from": "22:00", "to": "06:00"}, "06:00:00", False),
        ({"from": "08:00"}, "07:59:59", False),
        ({"from": "08:00"}, "23:59:59", True),
        ({"from": "08:00"}, "00:00:00", False),
        ({"to": "08:00"}, "00:00:00", True),
        ({"to": "08:00"}, "07:59:59", True),
        ({"to": "08:00"}, "08:00:00", False),
        ({"from": None, "to": "08:00"}, "08:00:00", False),
        ({"from": "08:00", "to": "08:00"}, "07:59:59", True),
        ({"from": "08:00", "to": "08:00"}, "08:00:00", True),
        ({"from": "00:00", "to": "00:00"}, "12:00:00", True),
        ({}, "00:00:00", True),
        ({}, "23:59:59", True),
    ],
)
def test_a_window_is_open_from_its_first_second_until_its_end(
    window: dict[str, Any], now: str, *, open_: bool
) -> None:
    assert holds(window, f"2027-01-15 {now}") is open_


@given(minutes_of_a_day, minutes_of_a_day, st.sets(st.integers(1, 7)), moments)
def test_the_open_minutes_are_those_that_follow_the_start_of_a_window(
    start: int, end: int, days: set[int], now: datetime
) -> None:
    window = {"from": clock(start), "to": clock(end), "days": sorted(days)}
    # Walks back from now to the last start of a window, and looks how long ago that was.
    start, length = (start, (end - start) % 1440) if start != end else (0, 1440)
    began = now.replace(hour=start // 60, minute=start % 60, second=0, microsecond=0)
    if began > now:
        began -= timedelta(days=1)
    expected = now - began < timedelta(minutes=length) and began.isoweekday() in days

    assert Schedule.model_validate(window).holds(int(now.timestamp()), 0) is expected


# --- the days -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "open_on"),
    [
        ([1], ["2027-01-11"]),
        ([0], ["2027-01-17"]),
        ([7], ["2027-01-17"]),
        ([0, 7], ["2027-01-17"]),
        ([5, 6], ["2027-01-15", "2027-01-16"]),
        ([], []),
    ],
)
def test_days_are_those_of_the_week(days: list[int], open_on: list[str]) -> None:
    week = [f"2027-01-{day}" for day in range(11, 18)]

    assert [day for day in week if holds({"days": days}, day)] == open_on


@pytest.mark.parametrize(
    ("days", "now", "open_"),
    [
        ([1], "2027-02-01", True),
        ([1], "2027-02-02", False),
        ([31], "2027-01-31", True),
        ([31], "2027-02-28", False),
        ([-1], "2027-02-28", True),
        ([-1], "2028-02-28", False),
        ([-1], "2028-02-29", True),
        ([-31], "2027-01-01", True),
        ([-31], "2027-02-01", False),
        ([-2, 15], "2027-04-29", True),
        ([-2, 15], "2027-04-15", True),
        ([-2, 15], "2027-04-30", False),
        ([], "2027-01-01", False),
    ],
)
def test_days_of_a_month_count_from_its_start_or_its_end(
    days: list[int], now: str, *, open_: bool
) -> None:
    assert holds({"days_of_month": days}, now) is open_


@given(moments, st.integers(1, 31))
def test_a_negative_day_is_that_of_the_month_read_backwards(now: datetime, back: int) -> None:
    days = [day for week in monthcalendar(now.year, now.month) for day in week if day]
    expected = dict(enumerate(reversed(days), 1)).get(back) == now.day

    schedule = Schedule.model_validate({"days_of_month": [-back]})

    assert schedule.holds(int(now.timestamp()), 0) is expected


@pytest.mark.parametrize(
    ("schedule", "now", "open_"),
    [
        ({"every": 1}, "2027-01-01", True),
        ({"every": 2}, "2027-01-01 23:59", True),
        ({"every": 2}, "2027-01-02", False),
        ({"every": 2}, "2027-01-03", True),
        ({"every": 14}, "2027-01-15", True),
        ({"every": 2, "anchor": "2027-01-02"}, "2027-01-04", True),
        ({"every": 2, "anchor": "2027-01-02"}, "2027-01-03", False),
        ({"every": 2, "anchor": "2027-01-12"}, "2027-01-10", False),
        ({"every": 2, "anchor": "2020-01-01"}, "2027-01-01", False),
        ({"every": 10**30}, "2027-01-01", True),
        ({"every": 10**30}, "2027-01-02", False),
        ({"anchor": "2027-01-02"}, "2027-01-01", False),
        ({"anchor": "2027-01-02"}, "2027-01-03", True),
    ],
)
def test_every_so_many_days_count_from_the_anchor_or_the_day_of_creation(
    schedule: dict[str, Any], now: str, *, open_: bool
) -> None:
    assert holds(schedule, now, created="2027-01-01 12:00") is open_


def test_the_day_of_creation_is_that_of_the_schedule_s_time_zone() -> None:
    schedule = {"every": 2, "timezone": "Pacific/Auckland"}
    created = "2027-01-01 13:00"  # the second of January there

    assert holds(schedule, "2027-01-03 13:00", created=created)
    assert not holds(schedule, "2027-01-02 13:00", created=created)


@pytest.mark.parametrize(
    ("schedule", "now", "open_"),
    [
        ({"days": [5]}, "2027-01-15 23:00", True),
        ({"days": [5]}, "2027-01-16 05:00", True),
        ({"days": [5]}, "2027-01-15 05:00", False),
        ({"days": [5]}, "2027-01-16 23:00", False),
        ({"days_of_month": [-1]}, "2027-02-01 05:00", True),
        ({"days_of_month": [1]}, "2027-02-01 05:00", False),
        ({"every": 2, "anchor": "2027-01-15"}, "2027-01-16 05:00", True),
        ({"every": 2, "anchor": "2027-01-15"}, "2027-01-15 05:00", False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_began(
    schedule: dict[str, Any], now: str, *, open_: bool
) -> None:
    assert holds({"from": "22:00", "to": "06:00", **schedule}, now) is open_


@pytest.mark.parametrize(
    ("schedule", "open_"),
    [
        ({"days": [5], "days_of_month": [15]}, True),
        ({"days": [4], "days_of_month": [15]}, False),
        ({"days": [5], "days_of_month": [14]}, False),
        ({"days": [5], "every": 2, "anchor": "2027-01-14"}, False),
    ],
)
def test_all_conditions_on_a_day_must_be_met(schedule: dict[str, Any], *, open_: bool) -> None:
    assert holds(schedule, "2027-01-15") is open_


# --- the clock ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "open_"),
    [
        ("2027-01-15 07:30", True),  # UTC+1
        ("2027-07-15 07:30", False),  # UTC+2
        ("2027-07-15 06:30", True),
    ],
)
def test_the_clock_is_that_of_the_time_zone_in_summer_and_winter(now: str, *, open_: bool) -> None:
    assert holds({"timezone": BERLIN, "from": "08:00", "to": "09:00"}, now) is open_


@pytest.mark.parametrize(
    ("now", "open_"),
    [
        ("2027-03-28 00:59", False),  # 01:59 in Berlin, and a minute later it is 03:00
        ("2027-03-28 01:00", False),
        ("2027-10-31 00:30", True),  # 02:30 in Berlin
        ("2027-10-31 01:30", True),  # 02:30 once more
        ("2027-10-31 02:00", False),
    ],
)
def test_a_window_is_open_whenever_the_clock_shows_its_time(now: str, *, open_: bool) -> None:
    assert holds({"timezone": BERLIN, "from": "02:00", "to": "03:00"}, now) is open_


def test_the_day_is_that_of_the_time_zone() -> None:
    schedule = {"timezone": "Pacific/Auckland", "days": [6]}

    assert holds(schedule, "2027-01-15 12:00")  # Saturday, 01:00 there
    assert not holds(schedule, "2027-01-15 10:00")


# --- what is malformed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schedule",
    [
        {"timezone": name}
        for name in ["", "Mars", "Europe", "europe/", "../UTC", "/etc/passwd", "x" * 300, "\x00"]
    ]
    + [{"timezone": name} for name in ["__init__/x", "a.b/c", "UTC\n"]]
    + [{"timezone": value} for value in [0, 1.5, True, ["UTC"], {}]]
    + [{"days": value} for value in [1, "1", [8], [-1], ["1"], [1.0], [True], [None]]]
    + [{"days_of_month": value} for value in [1, [0], [32], [-32], [1, 0], ["1"], [True], [1.0]]]
    + [
        {end: value}
        for end in ("from", "to")
        for value in ["", "8:00", "24:00", "08:60", "08:00:00", "08:00\n", " 08:00", "٠٨:00", 8]
    ]
    + [{"every": value} for value in [0, -1, "2", 2.0, True, [2]]]
    + [
        {"anchor": value}
        for value in ["", "2027-02-29", "20270115", "2027-W01-1", "2027-01-15T00:00", 0, ["x"]]
    ]
    + [{"start": "08:00"}, {"end": "08:00"}, {"cron": "* * * * *"}, {"Days": [1]}, {"": 0}],
    ids=str,
)
def test_a_schedule_that_is_not_fully_understood_is_refused(schedule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Schedule.model_validate(schedule)


def test_a_zone_of_hundreds_of_parts_is_refused_before_it_is_looked_for() -> None:
    with pytest.raises(ValidationError, match="not the name of a time zone"):
        Schedule.model_validate({"timezone": "a/" * 450 + "b"})


@given(st.text(max_size=20))
def test_a_name_is_a_time_zone_or_refused(name: str) -> None:
    try:
        schedule = Schedule.model_validate({"timezone": name})
    except ValidationError:
        return
    assert str(schedule.timezone) == name
