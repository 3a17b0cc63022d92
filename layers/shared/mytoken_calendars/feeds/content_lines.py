"""The content lines of iCalendar: their values, and how they are folded (RFC 5545, 3.1 and 3.3)."""

import time
from functools import lru_cache

from mytoken_calendars.calendars.characters import IN_NO_TEXT

_LONGEST = 75  # bytes, without the line end
_DAY = 24 * 60 * 60  # seconds

# An issuer may have let what no text has into the name of a token.
_PRINTABLE = dict.fromkeys(IN_NO_TEXT, " ")
_ESCAPED = {**_PRINTABLE, **{ord(c): f"\\{c}" for c in "\\;,"}, ord("\n"): "\\n"}
_MIDDLE_OF_A_CHARACTER = range(0x80, 0xC0)  # bytes of UTF-8


def utc(seconds: int) -> str:
    """A time in UTC."""
    days, second = divmod(seconds, _DAY)
    digits = second // 3600 * 10_000 + second // 60 % 60 * 100 + second % 60  # HHMMSS
    return f"{_date(days).replace('-', '')}T{digits:06}Z"


def day(seconds: int) -> str:
    """The day of a time in UTC, as people write it (RFC 3339)."""
    return _date(seconds // _DAY)


@lru_cache(maxsize=4096)  # the times of a feed are on few days
def _date(days: int) -> str:
    """The day that is so many days after 1970-01-01."""
    return time.strftime("%Y-%m-%d", time.gmtime(days * _DAY))


def escaped(text: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11), with a space in the place of what no text has."""
    return text.translate(_ESCAPED)


def printable(text: str) -> str:
    """The text as it is, but with a space in the place of what no text has."""
    return text.translate(_PRINTABLE)


def folded(line: str) -> str:
    """The line with its end, folded (RFC 5545, 3.1)."""
    if len(line) <= _LONGEST and line.isascii():
        return f"{line}\r\n"
    data = line.encode()
    pieces, start, room = [], 0, _LONGEST
    while len(data) - start > room:
        end = _place_to_fold(data, start, start + room)
        pieces.append(data[start:end])
        start, room = end, _LONGEST - 1  # behind the space that begins a continuation
    return b"\r\n ".join((*pieces, data[start:])).decode() + "\r\n"


def _place_to_fold(data: bytes, start: int, latest: int) -> int:
    """The last place before `latest` where no character is cut.

    If there is such a place, it is beside no space and not inside of an escape: some editors and
    gateways cut a space at the end of a line off, and the words before and behind it grow together.
    """
    cut = 0
    for place in range(latest, start, -1):
        if data[place] in _MIDDLE_OF_A_CHARACTER:
            continue
        if data[place - 1] not in b" \t\\" and data[place] not in b" \t":
            return place
        cut = cut or place
    return cut
