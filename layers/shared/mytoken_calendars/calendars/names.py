"""Names, labels, comments and descriptions: what they may hold, and when two names are one."""

import re
import unicodedata

from mytoken_calendars import limits
from mytoken_calendars.calendars import characters
from mytoken_calendars.identifiers import is_calendar_id

MYTOKENS = "Mytokens"  # the name of what has none

_PATH_DELIMITERS = frozenset("/\\?#%")
_HYPHEN = "-"
_LINE_END = re.compile("\r\n?")


def calendar_name(text: str) -> str:
    """The name as it is stored and shown: in NFC (UAX #15), 1 to 128 code points.

    Raises ValueError with the broken rule for any other text.
    """
    name = _name(text, "a calendar's name", limits.NAME)
    if is_calendar_id(name):
        raise ValueError("a calendar's name is no UUID: these are ids")
    return name


def tag(text: str) -> str:
    """The name of a tag as it is stored, compared and shown: in NFC, 1 to 64 code points.

    Raises ValueError with the broken rule for any other text.
    """
    return _name(text, "a tag", limits.TAG)


def from_description(description: str) -> str:
    """The name of a calendar that was made with nothing but a description: its first line.

    What a name may not have is a hyphen in it. What makes no name even so is called "Mytokens".
    """
    line = unicodedata.normalize("NFC", description.split("\n", maxsplit=1)[0]).strip()
    shown = characters.replaced(line[: limits.NAME_FROM_DESCRIPTION].strip(), _HYPHEN)
    try:
        return calendar_name(shown.translate(dict.fromkeys(map(ord, _PATH_DELIMITERS), _HYPHEN)))
    except ValueError:
        return MYTOKENS


def folded(name: str) -> str:
    """The form by which names are compared: caseless and canonical (Unicode, definition D145)."""
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", decomposed.casefold())


def comment(text: str) -> str:
    """The comment with its lines ended by line feeds: at most 1,024 characters of any language.

    Raises ValueError for characters that are no text: controls other than tab and line feed, line
    and paragraph separators, surrogates and noncharacters.
    """
    return _text(text, "a comment")


def description(text: str) -> str:
    """The description of a calendar, for which the rules are those of a comment."""
    return _text(text, "a description")


def label(text: str) -> str:
    """The label of a feed in NFC: at most 64 characters that names may have, or none at all.

    Raises ValueError with the broken rule for any other text.
    """
    if len(text) > limits.LABEL * limits.NAME_TO_NORMALISE // limits.NAME:
        raise ValueError(f"a label has at most {limits.LABEL} characters")
    label = unicodedata.normalize("NFC", text)
    if len(label) > limits.LABEL:
        raise ValueError(f"a label has at most {limits.LABEL} characters")
    if kind := characters.what_no_name_has(label):
        raise ValueError(f"a label has no {kind}")
    if label != label.strip():
        raise ValueError("a label does not begin or end with a space")
    return label


def _name(text: str, what: str, most: int) -> str:
    bound = most * limits.NAME_TO_NORMALISE // limits.NAME
    name = unicodedata.normalize("NFC", text) if len(text) <= bound else text
    if not 1 <= len(name) <= most:
        raise ValueError(f"{what} has 1 to {most} characters")
    if name in (".", ".."):
        raise ValueError(f"{what} is not '.' or '..'")
    if _PATH_DELIMITERS & set(name):
        raise ValueError(f"{what} has none of / \\ ? # %")
    if kind := characters.what_no_name_has(name):
        raise ValueError(f"{what} has no {kind}")
    if name != name.strip():
        raise ValueError(f"{what} does not begin or end with a space")
    if not any(characters.is_visible(character) for character in name):
        raise ValueError(f"{what} has a letter, a digit or another visible character")
    return name


def _text(text: str, what: str) -> str:
    lines = _LINE_END.sub("\n", text)
    if len(lines) > limits.COMMENT:
        raise ValueError(f"{what} has at most {limits.COMMENT} characters")
    if not characters.is_text(lines):
        raise ValueError(f"{what} has no control characters other than tab and line feed")
    return lines
