"""JSON without its ambiguities (RFC 8259): UTF-8 only, no name twice, no NaN, no infinity."""

import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from itertools import islice
from typing import Any, NoReturn

from mytoken_calendars import limits


class Unreadable(ValueError):
    """Why a text is not read, as what is said of it: "is not JSON". It quotes nothing."""


class TooDeep(Unreadable):
    """The text may be JSON. `cut_off` makes one of it that is not too deep."""


def loads(data: bytes) -> Any:
    """The value of a JSON text.

    Raises Unreadable for everything that two parsers might read differently: another encoding, a
    byte order mark, half of a surrogate pair, a name that occurs twice in an object, `NaN`, a
    number beyond a double, one of thousands of digits, and more than `limits.NESTING` levels.
    """
    try:
        value = _loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unreadable("is not in UTF-8") from None
    except json.JSONDecodeError:
        raise Unreadable(_what_is_wrong(data)) from None
    except RecursionError:
        raise TooDeep(_TOO_DEEP) from None
    if _is_too_deep(value):
        raise TooDeep(_TOO_DEEP)
    if b"\\u" in data:
        _refuse_half_pairs(value)
    return value


def cut_off(data: bytes) -> bytes:
    """A JSON text with a 0 for each array and object that is too deep in it.

    Behind a million strings and brackets it stays as it is, so that nobody works for seconds.
    """
    kept, begin, level = [], 0, 0
    for mark in islice(_STRING_OR_BRACKET.finditer(data), limits.JSON_MARKS):
        if mark[0] in b"[{":
            level += 1
            if level == limits.NESTING + 1:
                kept += [data[begin : mark.start()], b"0"]
        elif mark[0] in b"]}":
            if level == limits.NESTING + 1:
                begin = mark.end()
            level -= 1
    return b"".join([*kept, data[begin:]])


# A string without an end goes on to the end of the text: so each byte is looked at once.
_STRING_OR_BRACKET = re.compile(rb'"(?>[^"\\]+|\\.?)*+"?|[][{}]', re.DOTALL)
_TOO_DEEP = f"is nested deeper than {limits.NESTING} levels"


def _loads(text: str) -> Any:
    return json.loads(
        text,
        object_pairs_hook=_object,
        parse_constant=_refuse,
        parse_float=_finite,
        parse_int=_whole,
    )


def _what_is_wrong(data: bytes) -> str:
    if not data.strip():
        return "is empty"
    return "begins with a byte order mark" if data.startswith(BOM_UTF8) else "is not JSON"


def _is_too_deep(value: Any) -> bool:
    """Counts the levels, as each version of Python has another stack."""
    level: list[Iterable[Any]] = [[value]]
    for _ in range(limits.NESTING + 1):
        level = [inner for outer in level for inner in outer if isinstance(inner, dict | list)]
        level = [inner.values() if isinstance(inner, dict) else inner for inner in level]
        if not level:
            return False
    return True


def _refuse_half_pairs(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Unreadable("has half of a surrogate pair, which is no character") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unreadable("has a name twice in one object")
    return members


def _refuse(constant: str) -> NoReturn:
    raise Unreadable("has a number that JSON does not have: NaN or Infinity")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Unreadable("has a number beyond 1.8e308")
    return number


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # CPython's own bound, 4,300 digits
        raise Unreadable("has a number of thousands of digits") from None
