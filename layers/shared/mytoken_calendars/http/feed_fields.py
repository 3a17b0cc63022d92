"""The fields by which a client sets up a feed. An empty text brings the default back."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from mytoken_calendars import limits
from mytoken_calendars.feeds.settings import Wish
from mytoken_calendars.feeds.style import DEFAULT, Detail, Reminders
from mytoken_calendars.http import body

_DAYS_IN_A_FORM = re.compile(r"[0-9]{1,3}(,[0-9]{1,3})*")


def _or(default: Any) -> Callable[[Any], Any]:
    return lambda value: default if value == "" else value


def _days(value: Any, info: ValidationInfo) -> tuple[int, ...]:
    """The days, the most first; the context says whether they come out of a form."""
    if value == "":
        return DEFAULT.days
    if info.context and isinstance(value, str) and _DAYS_IN_A_FORM.fullmatch(value):
        value = [int(day) for day in value.split(",")]
    is_list = isinstance(value, list) and all(type(day) is int for day in value)
    days = sorted({*value}, reverse=True) if is_list else []
    if not (1 <= len(days) <= limits.REMINDERS and 0 <= days[-1] <= days[0] <= limits.DAYS_AHEAD):
        raise ValueError(
            f"1 to {limits.REMINDERS} different whole numbers from 0 to {limits.DAYS_AHEAD}; "
            "for no reminders set reminders to none"
        )
    return tuple(days)


class FeedFields(body.Fields):
    """What a feed is to be like. In a form the days are separated by commas."""

    label: body.Label | None = None
    reminders: Annotated[Reminders | None, BeforeValidator(_or(DEFAULT.reminders))] = None
    days: Annotated[tuple[int, ...] | None, BeforeValidator(_days)] = None
    detail: Annotated[Detail | None, BeforeValidator(_or(DEFAULT.detail))] = None

    @property
    def wish(self) -> Wish:
        return Wish(self.label, self.reminders, self.days, self.detail)


class FeedChanges(body.Changes, FeedFields):
    """What is to become of a feed."""
