"""The schedule of a restriction: recurring windows of local time."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Of IANA's names none has more than three parts, four with `posix` or `right` before them. Python
# looks for each part in a package of its own, so a name of hundreds would take all of its stack.
_ZONE = re.compile(r"[\w+-]+(/[\w+-]+){0,3}", re.ASCII)
_MIDNIGHT = "00:00"


def _zone(name: Any) -> ZoneInfo:
    if not (isinstance(name, str) and _ZONE.fullmatch(name)):
        raise ValueError("not the name of a time zone")
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, TypeError) as error:  # of folders, long names and modules
        raise ValueError("not the name of a time zone") from error


def _date(text: Any) -> date:
    if not (isinstance(text, str) and _DATE.fullmatch(text)):
        raise ValueError("not a date")
    return date.fromisoformat(text)


_Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
_Date = Annotated[date, BeforeValidator(_date)]
_ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_Weekday = Annotated[int, Field(ge=0, le=7)]
_FromStart = Annotated[int, Field(ge=1, le=31)]
_FromEnd = Annotated[int, Field(ge=-31, le=-1)]


class Schedule(BaseModel):
    """The windows [`from`, `to`), in local time of `timezone`, on days that meet all conditions.

    A window whose `to` is earlier than its `from` runs over midnight and belongs to the day on
    which it began; one whose ends are equal is the whole day. In `days`, 1 is Monday, 6 is
    Saturday, and both 0 and 7 are Sunday; -1 in `days_of_month` is a month's last day. `every`
    counts days from `anchor`, or from the day on which the token was created; there are none
    before it.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    timezone: _Zone | None = None
    days: list[_Weekday] | None = None
    days_of_month: list[_FromStart | _FromEnd] | None = None
    start: Annotated[_ClockTime | None, Field(alias="from")] = None
    end: Annotated[_ClockTime | None, Field(alias="to")] = None
    every: Annotated[int, Field(ge=1)] | None = None
    anchor: _Date | None = None

    def holds(self, now: int, created: int) -> bool:
        """Whether a window is open at `now`, for a token made at `created`; both in seconds."""
        zone = self.timezone or UTC
        day = self._day_of_window(datetime.fromtimestamp(now, zone))
        if day is None or not self._has(day):
            return False
        if self.every is None and self.anchor is None:
            return True
        anchor = self.anchor or datetime.fromtimestamp(created, zone).date()
        return day >= anchor and (day - anchor).days % (self.every or 1) == 0

    def _day_of_window(self, local: datetime) -> date | None:
        """The day on which the window that is open at this time began, or None if none is open."""
        start, end = self.start or _MIDNIGHT, self.end or _MIDNIGHT
        clock, today = f"{local:%H:%M}", local.date()
        if start == end or start <= clock < end:
            return today
        if start > end and clock >= start:
            return today
        return today - timedelta(days=1) if clock < end < start else None

    def _has(self, day: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        weekdays, days_of_month = self.days, self.days_of_month
        return (
            weekdays is None or not {day.isoweekday(), day.isoweekday() % 7}.isdisjoint(weekdays)
        ) and (
            days_of_month is None or not {day.day, day.day - length - 1}.isdisjoint(days_of_month)
        )
