"""Names, labels, comments and descriptions: what is taken, how it is kept, when two are one."""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.calendars import characters
from mytoken_calendars.calendars.names import calendar_name, comment, description, folded, label
from tests.harness.examples import CALENDAR_ID

# Names that are almost right: runs of ordinary characters with a few strange ones among them.
texts = st.text(st.characters(), max_size=8) | st.text(
    "aé/\\?#%. \u00a0\t\r\n\x00\u200b\u202e\ufffd\u0301\U0001d160🙂", max_size=8
)


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "CI Mytokens",
        "...",
        ".hidden",
        "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789",
        "!\"$&'()*+,-.:;<=>@[]^_`{|}~",
        "Überwachung",
        "日本語のカレンダー",
        "تقويم",
        "🙂",
        "1 \u00a0 2",
        "❤\ufe0f and ☎\ufe0e",
        "葛\U000e0100",
        "\u2801",
    ],
)
def test_a_name_of_visible_characters_is_kept_as_it_is(name: str) -> None:
    assert calendar_name(name) == name


def test_a_name_is_kept_in_its_composed_form() -> None:
    assert calendar_name("Cafe\u0301") == "Caf\u00e9"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("n" * 128, id="ASCII"),
        pytest.param("🙂" * 128, id="of four bytes each"),
        pytest.param("e\u0301" * 128, id="256 before they are composed"),
    ],
)
def test_a_name_of_128_code_points_is_taken(text: str) -> None:
    assert len(calendar_name(text)) == 128


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="none"),
        pytest.param("n" * 129, id="129"),
        pytest.param("\U0001d160" * 128, id="more once they are composed"),
    ],
)
def test_a_name_of_no_or_over_128_code_points_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 128"):
        calendar_name(text)


@pytest.mark.parametrize("text", [".", ".."])
def test_a_name_that_paths_know_as_a_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not '\.' or '\.\.'"):
        calendar_name(text)


@pytest.mark.parametrize("text", [CALENDAR_ID, CALENDAR_ID.upper(), CALENDAR_ID.title()])
def test_a_name_in_the_form_of_an_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no UUID: these are ids"):
        calendar_name(text)


@pytest.mark.parametrize(
    "name",
    [
        CALENDAR_ID.replace("-", ""),
        CALENDAR_ID[:-1],
        f"{CALENDAR_ID}0",
        f"x {CALENDAR_ID}",
        f"{{{CALENDAR_ID}}}",
        CALENDAR_ID.replace("0", "g"),
        CALENDAR_ID.replace("0", "٠"),
    ],
)
def test_a_name_that_only_resembles_an_id_is_kept_as_it_is(name: str) -> None:
    assert calendar_name(name) == name


@pytest.mark.parametrize("delimiter", "/\\?#%")
def test_a_name_with_a_delimiter_of_paths_is_refused(delimiter: str) -> None:
    with pytest.raises(ValueError, match="none of /"):
        calendar_name(f"a{delimiter}b")


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\t",
        "\n",
        "\r",
        "\x1f",
        "\x7f",
        "\x85",
        "\xad",  # soft hyphen
        "\u200b",  # zero width space
        "\u200d",  # zero width joiner
        "\u200f",  # right-to-left mark
        "\u2028",
        "\u2029",
        "\u202e",  # right-to-left override
        "\u2066",  # left-to-right isolate
        "\ufeff",
        chr(0xD800),  # a lone surrogate
        "\U000e0041",  # tag
        "\u034f",  # combining grapheme joiner
        "\u115f",  # fillers of Hangul
        "\u1160",
        "\u3164",
        "\uffa0",
        "\u17b4",  # inherent vowels of Khmer
        "\u17b5",
        "\u180b",  # free variation selectors of Mongolian
        "\u180c",
        "\u180d",
        "\u180f",
        "\u2800",  # a cell of Braille without dots
    ],
)
def test_a_name_with_a_character_that_cannot_be_seen_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="no control or invisible characters"):
        calendar_name(f"a{character}b")


@pytest.mark.parametrize(
    "character",
    [
        "\uffff",
        "\ufdd0",
        "\ue000",  # private use
        "\u0378",  # unassigned
        "\U0001f000\U000e0080",
        "\u0cf3",  # a letter and a mark of Unicode 15
        "\u0ece",
        "\U00031350",
    ],
    ids=ascii,
)
def test_a_name_with_a_character_that_unicode_14_lacks_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="nor any that Unicode 14 lacks, but for emoji"):
        calendar_name(f"a{character}b")


def test_a_name_that_was_not_utf_8_is_told_so() -> None:
    with pytest.raises(ValueError, match="bytes that are not UTF-8"):
        calendar_name("a\ufffdb")


NEEDED = {
    "👩\u200d💻 CI": "an emoji of two",
    "👩🏽\u200d💻": "with a skin tone",
    "🏳\ufe0f\u200d🌈": "with a variation selector",
    "👨\u200d👩\u200d👧\u200d👦": "of four",
    "❤\ufe0f\u200d🔥": "of older symbols",
    "🙂\u200d↔\ufe0f": "with an arrow",
    "توکن\u200cهای من": "Persian",
    "می\u200cخواهم": "Persian, a verb",
    "ශ්\u200dරී": "Sinhala",
    "क्\u200dष और क्\u200cष": "Devanagari",
    "അവന്\u200d": "Malayalam, at the end of a word",
    "ন্\u200d": "Bengali",
    "ត្\u200cក": "Khmer",
}


@pytest.mark.found("A16")
@pytest.mark.parametrize("name", NEEDED, ids=NEEDED.values())
def test_a_joiner_is_kept_where_it_is_needed(name: str) -> None:
    assert calendar_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "a\u200db",
        "CI\u200c",
        "\u200dCI",
        "\u200c",
        "👩\u200d",
        "\u200d💻",
        "👩\u200d CI",
        "👩\u200dCI",
        "CI\u200d💻",
        "👩\u200d\u200d💻",
        "👩\u200c💻",
        "توکن\u200c\u200cهای",
        "توکن\u200c",
        "توکن\u200c من",
        "توکن\u200cCI",
        "日\u200c本",
        "α\u200cβ",
    ],
    ids=ascii,
)
def test_a_joiner_is_refused_where_it_would_be_hidden(name: str) -> None:
    with pytest.raises(ValueError, match="no control or invisible characters"):
        calendar_name(name)


@pytest.mark.found("A16")
@pytest.mark.parametrize("emoji", ["\U0001fae9", "\U0001fae8", "\U0001f6d8", "\U0001fffd"])
def test_an_emoji_that_python_does_not_know_yet_is_taken(emoji: str) -> None:
    assert characters.what_no_name_has(emoji) is None
    assert characters.is_visible(emoji)


# SHA-256 of what is said of each character, and of all forms of those that names may have.
EVERY_ANSWER = "ceb18ff0a95ac9314525557a3ac0a9fcd6b5aa889b6b536cae9041b11c099dcd"
EVERY_FORM = "0a534f8edaffa44c3c8d2e1ba6b53e06945fe628cc1940274b1db9c3792221d1"


def test_every_python_knows_the_same_characters_in_the_same_forms() -> None:
    answers, forms = hashlib.sha256(), hashlib.sha256()

    for character in map(chr, (*range(0x40000), *range(0xE0000, 0xE1000))):
        taken = characters.what_no_name_has(character) is None
        answers.update(bytes([2 * taken + (taken and characters.is_visible(character))]))
        if taken:
            normal = (unicodedata.normalize(form, character) for form in ("NFD", "NFC"))
            order = unicodedata.combining(character)
            forms.update(f"{folded(character)}{''.join(normal)}{order}".encode())

    # With a new Python: add to characters._NEWER what its Unicode has and Unicode 14 has not.
    assert (answers.hexdigest(), forms.hexdigest()) == (EVERY_ANSWER, EVERY_FORM)


@pytest.mark.parametrize("text", ["\u3164", "\u2800" * 3, "\u115f\u1160", "a\u034f", "\u2800a"])
def test_a_name_of_blanks_or_with_one_at_an_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no control or invisible characters"):
        calendar_name(text)


@pytest.mark.parametrize("text", [" ", " a", "a ", "\u00a0a", "a\u3000"])
def test_a_name_with_a_space_at_an_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="begin or end with a space"):
        calendar_name(text)


@given(texts)
def test_a_name_that_was_taken_once_is_taken_again_and_unchanged(text: str) -> None:
    try:
        name = calendar_name(text)
    except ValueError:
        return

    assert calendar_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u206f\ufeff]", name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CI Mytokens", "ci MYTOKENS"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
        ("Café", "Cafe\u0301"),
        ("ﬁle", "FILE"),
        ("K", "\u212a"),  # the Kelvin sign
        # One text, its marks in either order: folding alone takes the second one's mark first.
        ("α\u0301\u0345", "α\u0345\u0301"),
    ],
)
def test_names_that_differ_in_case_or_composition_alone_are_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a", "b"), ("resume", "résumé"), ("i", "ı"), ("a b", "a\u00a0b")]
)
def test_names_that_differ_in_more_than_case_are_two(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@given(texts)
def test_the_composed_and_the_decomposed_form_of_a_name_are_one(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    decomposed = unicodedata.normalize("NFD", text)

    assert folded(composed) == folded(decomposed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "used by the nightly build",
        "one line\nand\tanother",
        " spaces stay ",
        "e\u0301 stays decomposed",
        "\\; , \"quotes\" 'too' %41 <b>",
        "\u202eturned\u202c and zero\u200bwidth",
        "\ufdcf\ufdf0\ufffd",
        "🙂" * 1024,
    ],
)
def test_a_comment_is_kept_to_the_character(text: str) -> None:
    assert comment(text) == description(text) == text


@pytest.mark.found("A15")
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a\r\nb", "a\nb"),
        ("a\rb", "a\nb"),
        ("a\r\n\r\nb\r", "a\n\nb\n"),
        ("a\n\rb", "a\n\nb"),
        ("a\r\r\nb", "a\n\nb"),
        ("\r\n" * 1024, "\n" * 1024),
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_lines_of_a_comment_end_in_line_feeds(sent: str, kept: str) -> None:
    assert comment(sent) == description(sent) == kept


@given(st.text(st.sampled_from("a\r\n\t"), max_size=12))
def test_no_comment_has_a_carriage_return(text: str) -> None:
    assert "\r" not in comment(text)
    assert comment(text) == description(text)


TEXTS = pytest.mark.parametrize(
    ("read", "what"), [(comment, "a comment"), (description, "a description")]
)


@TEXTS
def test_a_comment_of_1025_code_points_is_refused(read: Callable[[str], str], what: str) -> None:
    with pytest.raises(ValueError, match=f"{what} has at most 1024"):
        read("c" * 1025)


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x1f",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        chr(0xD800),  # lone surrogates
        chr(0xDFFF),
        "\ufdd0",
        "\ufdef",
        "\ufffe",
        "\uffff",
        "\U0010ffff",
    ],
)
@TEXTS
def test_a_comment_with_a_character_that_is_no_text_is_refused(
    character: str, read: Callable[[str], str], what: str
) -> None:
    with pytest.raises(ValueError, match=f"{what} has no control characters"):
        read(f"a{character}b")


@pytest.mark.parametrize("name", ["\ufe0f", "\u0301", "\u0301\ufe0f"], ids=ascii)
def test_a_name_of_nothing_but_marks_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="visible"):
        calendar_name(name)


# --- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "Phone", "my phone", "a/b\\c?d#e%f", "..", CALENDAR_ID, "📱", *NEEDED]
)
def test_a_label_is_kept_as_it_is(text: str) -> None:
    assert label(text) == text


def test_a_label_is_kept_in_its_composed_form() -> None:
    assert label("Cafe\u0301") == "Caf\u00e9"


@pytest.mark.parametrize("text", ["l" * 64, "🙂" * 64, "e\u0301" * 64], ids=lambda text: text[:2])
def test_a_label_of_64_code_points_is_taken(text: str) -> None:
    assert len(label(text)) == 64


@pytest.mark.parametrize(
    "text",
    ["l" * 65, "🙂" * 65, "e\u0301" * 65, "\U0001d160" * 64, "l" * 60_000],
    ids=lambda text: f"{len(text)} {text[:2]!a}",
)
def test_a_label_of_over_64_code_points_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a label has at most 64 characters"):
        label(text)


@pytest.mark.parametrize(
    "character",
    ["\x00", "\t", "\n", "\r", "\x7f", "\x85", "\u200b", "\u2028", "\u202e", "\u3164", "\ud800"],
    ids=ascii,
)
def test_a_label_with_a_character_that_cannot_be_seen_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="a label has no control or invisible characters"):
        label(f"a{character}b")


@pytest.mark.parametrize("text", [" ", " a", "a ", "\u3000"])
def test_a_label_has_no_space_at_its_ends(text: str) -> None:
    with pytest.raises(ValueError, match="a label does not begin or end with a space"):
        label(text)


@pytest.mark.parametrize("character", ["\uffff", "\ue000", "\u0378", "\ufffd"], ids=ascii)
def test_a_label_with_no_character_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="a label has no"):
        label(f"a{character}b")


@given(texts)
def test_a_label_that_was_taken_once_is_taken_again_and_unchanged(text: str) -> None:
    try:
        taken = label(text)
    except ValueError:
        return

    assert label(taken) == taken


# --- the length comes first -----------------------------------------------------------------------

LONGEST_TO_NORMALISE = 4 * 128


def test_a_code_point_is_at_most_four_in_another_normal_form() -> None:
    lengths = (len(unicodedata.normalize("NFD", chr(code))) for code in range(0x110000))

    assert max(lengths) == 4


def test_a_name_of_128_code_points_may_come_decomposed() -> None:
    name = "\u1f82" * 128  # each of which is four, decomposed

    decomposed = unicodedata.normalize("NFD", name)

    assert len(decomposed) == LONGEST_TO_NORMALISE
    assert calendar_name(decomposed) == name


def _refusing_to_normalise(form: str, text: str) -> str:
    raise AssertionError(f"{len(text)} code points were to be normalised")


@pytest.mark.parametrize(
    ("read", "longest", "words"),
    [
        (calendar_name, LONGEST_TO_NORMALISE, "has 1 to 128 characters"),
        (label, LONGEST_TO_NORMALISE // 2, "has at most 64 characters"),
    ],
)
@pytest.mark.parametrize("more", [1, 31_400])
@pytest.mark.parametrize("part", ["\u0344\u0334", "\u1112\u1161", "a"])
@pytest.mark.found("A2")
def test_a_long_name_is_refused_before_it_is_normalised(
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    more: int,
    *,
    read: Callable[[str], str],
    longest: int,
    words: str,
) -> None:
    module = "mytoken_calendars.calendars.names.unicodedata"
    monkeypatch.setattr(module, SimpleNamespace(normalize=_refusing_to_normalise))

    with pytest.raises(ValueError, match=words):
        read((part * (longest + more))[: longest + more])
