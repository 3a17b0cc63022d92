"""The content lines of iCalendar: their values, and how they are folded (RFC 5545, 3.1 and 3.3)."""

import re
import time

_LONGEST = 75  # bytes, without the line end

# What TEXT escapes (RFC 5545, 3.3.11), and what no text has: controls, line separators, surrogates
# and noncharacters. An issuer may have let them into the name of a token.
_NONCHARACTERS = "".join(chr(plane * 0x10000 + 0xFFFE + n) for plane in range(17) for n in (0, 1))
_SPECIAL = re.compile(
    f"[\\\\;,\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]"
)
_MIDDLE_OF_A_CHARACTER = range(0x80, 0xC0)  # bytes of UTF-8
_ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\t": "\t"}


def utc(seconds: int) -> str:
    """A time in UTC."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def day(seconds: int) -> str:
    """The day of a time in UTC, as people write it (RFC 3339)."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def escaped(text: str) -> str:
    """A TEXT value, with a space in the place of what no text has."""
    return _SPECIAL.sub(_escape, text)


def printable(text: str) -> str:
    """The text as it is, but with a space in the place of what no text has."""
    return _SPECIAL.sub(_print, text)


def _print(match: re.Match[str]) -> str:
    return match[0] if match[0] in _ESCAPED else " "


def _escape(match: re.Match[str]) -> str:
    return _ESCAPED.get(match[0], " ")


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
