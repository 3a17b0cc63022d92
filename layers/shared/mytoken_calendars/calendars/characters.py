"""The characters of names and comments: each Python gives the same answer about each of them.

The Unicode of Python grows with its version, and normal forms and cases are fixed only for the
characters that a version knows. So names have the characters of Unicode 14, which every supported
Python knows. Of what is newer they have emoji alone: their blocks are reserved for symbols, which
have neither another normal form nor a case.
"""

import re
import unicodedata

# Letters, marks, numbers, punctuation and symbols. All other characters but spaces are invisible or
# reverse the text: controls, format characters (bidi, zero width), line separators, surrogates.
_IN_NAMES = "LMNPS"
_VISIBLE = "LNPS"
_UNKNOWN = ("Cn", "Co")  # unassigned and private code points
# What no text has: controls but tabs and line feeds, line separators, surrogates, noncharacters.
IN_NO_TEXT = frozenset(
    [
        *(code for code in range(0x20) if code not in (0x09, 0x0A)),
        *range(0x7F, 0xA0),
        *(0x2028, 0x2029),
        *range(0xD800, 0xE000),
        *range(0xFDD0, 0xFDF0),
        *(plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
    ]
)
# Invisible letters and marks, without the variation selectors, which emoji need.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
# A decoder writes this for bytes that are not UTF-8. No name has it; a broken client sends it.
REPLACEMENT = "\ufffd"

# What Python 3.13 (Unicode 15.1) knows and Python 3.11 (Unicode 14) does not, emoji left out.
_NEWER = re.compile(
    "[\u0cf3\u0ece\u2ffc-\u2fff\u31ef\U00010efd-\U00010eff\U0001123f-\U00011241"
    "\U00011b00-\U00011b09\U00011f00-\U00011f59\U0001342f\U00013439-\U00013455\U0001b132"
    "\U0001b155\U0001d2c0-\U0001d2d3\U0001df25-\U0001df2a\U0001e030-\U0001e08f"
    "\U0001e4d0-\U0001e4f9\U0002b739\U0002ebf0-\U0002ee5d\U00031350-\U000323af]"
)
_EMOJI_TO_COME = re.compile("[\U0001f000-\U0001faff\U0001fc00-\U0001fffd]")

# Where a joiner changes what is seen, and so is no hidden character (UAX #31, 2.3): between two
# characters of a script that joins its letters or stacks them, behind a virama, and in an emoji
# sequence (UTS #51, 1.4.5). Blocks stand for scripts and emoji, as a block never changes.
_JOINING = (
    "\u0600-\u074f\u0750-\u07ff\u0840-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af"
    "\u1b00-\u1bff\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00011000-\U000114ff"
)
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2"
_PICTURES = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_JOINERS_IN_PLACE = re.compile(
    f"(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])"
    f"|(?<=[{_VIRAMAS}])\u200d"
    f"|(?:(?<=[{_PICTURES}])|(?<=[{_PICTURES}]\ufe0f))\u200d(?=[{_PICTURES}])"
)


def what_no_name_has(name: str) -> str | None:
    """The kind of a character in a name that no name has, if there is one."""
    for character in _JOINERS_IN_PLACE.sub("", name):
        if kind := _kind_that_no_name_has(character):
            return kind
    return None


def replaced(text: str, by: str) -> str:
    """The text with `by` for each character that no name has."""
    joiners = {found.start() for found in _JOINERS_IN_PLACE.finditer(text)}
    return "".join(
        by if place not in joiners and _kind_that_no_name_has(character) else character
        for place, character in enumerate(text)
    )


def is_visible(character: str) -> bool:
    is_emoji = _EMOJI_TO_COME.match(character) is not None
    return is_emoji or unicodedata.category(character)[0] in _VISIBLE


def is_text(text: str) -> bool:
    """Whether a comment may have all of its characters."""
    return IN_NO_TEXT.isdisjoint(map(ord, text))


def _kind_that_no_name_has(character: str) -> str | None:
    category = unicodedata.category(character)
    if character == REPLACEMENT:
        return "replacement characters, which stand for bytes that are not UTF-8"
    if _NEWER.match(character) or (category in _UNKNOWN and not _EMOJI_TO_COME.match(character)):
        return "private characters, nor any that Unicode 14 lacks, but for emoji"
    known = category in (*_UNKNOWN, "Zs") or category[0] in _IN_NAMES
    return None if known and character not in _BLANKS else "control or invisible characters"
