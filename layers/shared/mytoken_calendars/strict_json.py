"""JSON without its ambiguities (RFC 8259): UTF-8 only, no name twice, no NaN, no infinity."""

import json
import math
from typing import Any, NoReturn


def loads(data: bytes) -> Any:
    """The value of a JSON text.

    Raises ValueError for everything that two parsers might read differently: another encoding, a
    byte order mark, half of a surrogate pair, a name that occurs twice in an object, `NaN`, a
    number beyond a double, and nesting deeper than the interpreter's stack.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse,
            parse_float=_finite,
        )
        if b"\\u" in data:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice")
    return members


def _refuse(constant: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number
