"""Words as people enter them who mean harm, or who just write in their language: strategies."""

import re
import unicodedata
from collections.abc import Callable

from hypothesis import strategies as st

from mytoken_calendars.calendars.names import calendar_name, comment

_fragments = st.sampled_from(
    [
        "\r\n",
        "\n",
        "\r",
        "BEGIN:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
        "ATTACH:http://evil.example",
        "\nATTENDEE:mailto:x@evil.example",
        ";",
        ",",
        ":",
        "\\",
        "\\n",
        "\\N",
        "\\\\n",
        "\ufeff",
        '"',
        "^n",
        " ",
        "\t",
        "\x00",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        "\ufffe",
        "\u202e",
        "%0d%0a",
        "a" * 70,
        "é" * 36,
        "語" * 24,
        "🙂" * 18,
        " " * 80,
        "\u3000" * 26,
    ]
) | st.characters(exclude_categories=["Cs"])
_hostile = st.lists(_fragments, min_size=3, max_size=8).map("".join)


def _is_taken(text: str, rule: Callable[[str], str]) -> bool:
    try:
        rule(text)
    except ValueError:
        return False
    return True


token_names = _hostile.map(lambda text: text[:100])
comments = _hostile.map(
    lambda text: re.sub("[\x00\x0b-\r\x1c-\x1f\x7f\x85\u2028\u2029\ufffe]", "", text)
).filter(lambda text: _is_taken(text, comment))
calendar_names = _hostile.map(
    lambda text: unicodedata.normalize(
        "NFC", re.sub(r"[^\S ]|[\\%/?#\x00\x7f\ufffe\u202e]", "", text)[:128]
    ).strip()
).filter(lambda text: _is_taken(text, calendar_name))
