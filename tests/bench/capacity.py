"""DynamoDB's arithmetic as its documentation has it: the size of an item, the units of a read.

Items are as the API carries them, each value under its type.
"""

from collections.abc import Mapping
from decimal import Decimal
from math import ceil
from typing import Any

PAGE = 1024 * 1024  # bytes of items that one Query reads at most
_UNIT = 4 * 1024  # bytes that one unit reads, strongly consistent
_CONTAINER = 3  # bytes that a list or a map takes, whatever is in it
_ELEMENT = 1  # and for each element


def size(item: Mapping[str, Any]) -> int:
    """Bytes of the whole item: what is not projected is read as well."""
    return sum(len(name.encode()) + _of_value(value) for name, value in item.items())


def read_units(sizes: list[int]) -> int:
    """Of one strongly consistent GetItem or Query; one that finds nothing takes a unit, too."""
    return max(1, ceil(sum(sizes) / _UNIT))


def _of_value(typed: Mapping[str, Any]) -> int:
    [(kind, value)] = typed.items()
    match kind:
        case "S":
            return len(value.encode())
        case "B":
            return len(value)
        case "N":
            return _of_number(value)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return _CONTAINER + sum(_ELEMENT + _of_value(element) for element in value)
        case "M":
            return _CONTAINER + len(value) * _ELEMENT + size(value)
        case _:
            raise ValueError(f"no item here has a value of the type {kind}")


def _of_number(text: str) -> int:
    """A byte for two significant digits, and one more."""
    digits = "".join(map(str, Decimal(text).as_tuple().digits)).strip("0")
    return ceil(len(digits) / 2) + 1
