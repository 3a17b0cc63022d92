"""Names of calendars and comments of subscriptions: what they may hold, when two are one."""

import re
import unicodedata

from mytoken_calendars import limits
from mytoken_calendars.calendars import characters
from mytoken_calendars.identifiers import is_calendar_id

_PATH_DELIMITERS = frozenset("/\\?#%")
_LINE_END = re.compile("\r\n?")


def calendar_name(text: str) -> str:
    """The name as it is stored and shown: in NFC (UAX #15), 1 to 128 code points.

    Raises ValueError with the broken rule for any other text.
    """
    name = unicodedata.normalize("NFC", text) if len(text) <= limits.NAME_TO_NORMALISE else text
    if not 1 <= len(name) <= limits.NAME:
        raise ValueError(f"a calendar's name has 1 to {limits.NAME} characters")
    if name in (".", "..") or is_calendar_id(name):
        raise ValueError("a calendar's name is not '.' or '..', and no UUID: these are ids")
    if _PATH_DELIMITERS & set(name):
        raise ValueError("a calendar's name has none of / \\ ? # %")
    if kind := characters.what_no_name_has(name):
        raise ValueError(f"a calendar's name has no {kind}")
    if name != name.strip():
        raise ValueError("a calendar's name does not begin or end with a space")
    if not any(characters.is_visible(character) for character in name):
        raise ValueError("a calendar's name has a letter, a digit or another visible character")
    return name


def folded(name: str) -> str:
    """The form by which names are compared: caseless and canonical (Unicode, definition D145)."""
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", decomposed.casefold())


def comment(text: str) -> str:
    """The comment with its lines ended by line feeds: at most 1,024 characters of any language.

    Raises ValueError for characters that are no text: controls other than tab and line feed, line
    and paragraph separators, surrogates and noncharacters.
    """
    comment = _LINE_END.sub("\n", text)
    if len(comment) > limits.COMMENT:
        raise ValueError(f"a comment has at most {limits.COMMENT} characters")
    if not characters.is_text(comment):
        raise ValueError("a comment has no control characters other than tab and line feed")
    return comment
