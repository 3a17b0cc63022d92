"""The style of a feed: how it reminds, how many days ahead, and what it tells of a token."""

from enum import StrEnum
from typing import NamedTuple

from mytoken_calendars.calendars.names import MYTOKENS

DEFAULT_DAYS = (30, 14, 7, 3, 1, 0)


class Reminders(StrEnum):
    """What a reminder is: an alarm of the event, or an event of its own.

    Google, Nextcloud, Home Assistant and Apple drop the alarms of a feed.
    """

    ALARMS = "alarms"
    EVENTS = "events"
    BOTH = "both"
    NONE = "none"


class Detail(StrEnum):
    """What is told of a token: all, all but the comment, or only that one expires."""

    FULL = "full"
    NAME = "name"
    MINIMAL = "minimal"


class Style(NamedTuple):
    """The style, with how often it was changed, and when last (in seconds since 1970).

    `days` are the days ahead of the expiry on which the feed reminds, the most first: at most
    `limits.REMINDERS` of at most `limits.DAYS_AHEAD`.
    """

    reminders: Reminders = Reminders.ALARMS
    days: tuple[int, ...] = DEFAULT_DAYS
    detail: Detail = Detail.FULL
    changes: int = 0
    changed: int = 0

    @property
    def tells_names(self) -> bool:
        """Whether a feed of this style tells which token expires, and of which calendar."""
        return self.detail != Detail.MINIMAL

    @property
    def tells_comments(self) -> bool:
        """Whether it tells what the owner has written about tokens and calendar."""
        return self.detail == Detail.FULL

    def title(self, calendar: str) -> str:
        """What a calendar is called in a feed of this style, and in its address."""
        return calendar if self.tells_names else MYTOKENS


DEFAULT = Style()
