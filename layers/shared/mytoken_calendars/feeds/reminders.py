"""When a feed reminds of a token's expiry, and how that is said."""

from functools import cache

from mytoken_calendars.feeds.style import DEFAULT_DAYS

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60  # seconds


def before_expiry(
    days: tuple[int, ...], *, created: int, added: int, expires: int
) -> tuple[int, ...]:
    """The reminders of one token, in seconds before its expiry, the earliest first.

    All times are seconds since 1970. No reminder is before the token was added to the calendar. Of
    the default days none is in the first half of the token's life, as a token of a week needs no
    reminder a month ahead; but one is in advance, however short the token lives. Days that a user
    has chosen stay as they are.
    """
    left = expires - added
    most = left if days != DEFAULT_DAYS else min(left, (expires - created) // 2)
    in_time = tuple([before for before in _in_seconds(days) if before <= most])
    if days != DEFAULT_DAYS or any(in_time):
        return in_time
    return (*_in_advance(left), *in_time)


@cache  # few styles differ
def _in_seconds(days: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(day * DAY for day in days)


@cache  # few reminders differ
def trigger(before: int) -> str:
    """A duration (RFC 5545, 3.3.6). Some apps do not know P0D."""
    if before == 0:
        return "PT0S"
    count, unit, _ = _counted(before)
    return f"-P{count}D" if unit == "D" else f"-PT{count}{unit}"


@cache
def when(before: int) -> str:
    """What stands in a title behind "expires"."""
    if before == 0:
        return "now"
    count, _, word = _counted(before)
    return f"in {count} {word}" if count == 1 else f"in {count} {word}s"


def _in_advance(left: int) -> tuple[int, ...]:
    """One reminder ahead of the expiry: a day, or half of the time that is left."""
    if left >= DAY:
        return (DAY,)
    unit = HOUR if left >= 2 * HOUR else MINUTE
    half = left // 2 // unit * unit
    return (half,) if half > 0 else ()


def _counted(seconds: int) -> tuple[int, str, str]:
    """How many days, hours or minutes these are; the unit's letter, and its word."""
    if seconds % DAY == 0:
        return seconds // DAY, "D", "day"
    if seconds % HOUR == 0:
        return seconds // HOUR, "H", "hour"
    return seconds // MINUTE, "M", "minute"
