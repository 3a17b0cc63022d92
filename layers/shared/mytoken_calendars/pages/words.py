"""Times as people read them, in English and in UTC. All are seconds, since 1970 or of a length."""

import time

_MINUTE, _HOUR, _DAY = 60, 60 * 60, 24 * 60 * 60
_UNITS = ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"))


def date(at: int) -> str:
    """The day of a time: 12 December 2026."""
    moment = time.gmtime(at)
    return f"{moment.tm_mday} {time.strftime('%B', moment)} {moment.tm_year}"


def weekday(at: int) -> str:
    """The day of a time among others of its month: Saturday 12."""
    moment = time.gmtime(at)
    return f"{time.strftime('%A', moment)} {moment.tm_mday}"


def clock(at: int) -> str:
    """The time of day: 14:05."""
    return time.strftime("%H:%M", time.gmtime(at))


def exact(at: int) -> str:
    """The time for machines (RFC 3339): 2026-12-12T14:05:30Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def distance(at: int, now: int) -> str:
    """How far away a time is: in 12 days, 3 hours ago."""
    length = _length(abs(at - now))
    return f"in {length}" if at > now else f"{length} ago"


def _length(seconds: int) -> str:
    """A length in the largest unit of which it has one and a half, rounded."""
    for unit, word in _UNITS:
        if 2 * seconds >= 3 * unit:
            count = (2 * seconds + unit) // (2 * unit)
            return f"{count} {word}s"
    return "a minute" if 2 * seconds >= _MINUTE else "less than a minute"
