"""Names of calendars and comments of subscriptions: what they may hold, when two are one."""

import unicodedata

from mytoken_calendars import limits

# Letters, marks, numbers, punctuation, symbols and the space. All other characters are invisible or
# reverse the text: controls, format characters (bidi, zero width), line separators, surrogates,
# private and unassigned code points.
_NAME_CATEGORIES = "LMNPS"
_VISIBLE = "LNPS"
_NONCHARACTERS = frozenset(range(0xFDD0, 0xFDF0)) | {
    plane * 0x10000 + last for plane in range(17) for last in (0xFFFE, 0xFFFF)
}
# Invisible letters and marks, without the variation selectors, which emoji need.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_PATH_DELIMITERS = frozenset("/\\?#%")
# A decoder writes this for bytes that are not UTF-8. No name has it; a broken client sends it.
REPLACEMENT = "\ufffd"


def calendar_name(text: str) -> str:
    """The name as it is stored and shown: in NFC (UAX #15), 1 to 128 code points.

    Raises ValueError with the broken rule for any other text.
    """
    name = unicodedata.normalize("NFC", text) if len(text) <= limits.NAME_TO_NORMALISE else text
    if not 1 <= len(name) <= limits.NAME:
        raise ValueError(f"a calendar's name has 1 to {limits.NAME} characters")
    if name in (".", ".."):
        raise ValueError("a calendar's name is not '.' or '..'")
    if _PATH_DELIMITERS & set(name):
        raise ValueError("a calendar's name has none of / \\ ? # %")
    if not all(_may_be_in_a_name(character) for character in name):
        raise ValueError("a calendar's name has no control or invisible characters")
    if name != name.strip():
        raise ValueError("a calendar's name does not begin or end with a space")
    if not any(unicodedata.category(character)[0] in _VISIBLE for character in name):
        raise ValueError("a calendar's name has a letter, a digit or another visible character")
    return name


def folded(name: str) -> str:
    """The form by which names are compared: caseless and canonical (Unicode, definition D145)."""
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", decomposed.casefold())


def comment(text: str) -> str:
    """The comment as given: at most 1,024 characters of any language; line feeds are kept.

    Raises ValueError for characters that are no text: controls other than tab and line feed, line
    and paragraph separators, surrogates and noncharacters.
    """
    if len(text) > limits.COMMENT:
        raise ValueError(f"a comment has at most {limits.COMMENT} characters")
    if not all(is_text(character) for character in text):
        raise ValueError("a comment has no control characters other than tab and line feed")
    return text


def is_text(character: str) -> bool:
    if character in "\t\n":
        return True
    nonsense = ord(character) in _NONCHARACTERS
    return not nonsense and unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")


def _may_be_in_a_name(character: str) -> bool:
    if character == REPLACEMENT or character in _BLANKS:
        return False
    category = unicodedata.category(character)
    return category[0] in _NAME_CATEGORIES or category == "Zs"
