"""Hostile input: what is valid, but damaged in a few places, since sheer noise gets nowhere."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hypothesis import strategies as st

Json = Any
Strategy = st.SearchStrategy[Json]
Path = tuple[Any, ...]  # to a value in a document, by names and numbers

NOTHING_APT: Mapping[str, Strategy] = {}

# Characters that other programs stumble over, and such that look like syntax somewhere.
_ODD = (
    "\x00\t\n\r\x1b\x7f\x85\xa0\xad\u0301\u034f\u0378\u180e\u200b\u200d\u2028\u2029\u202e\u2066\u3164"
    "\ue000\ufe0f\ufeff\ufffd\uffff\U0001d160\U0001f680\U0010ffff"
    "/\\?#%&=+;:,.'\"*<>[]{}()@~^$ "
)
characters = st.characters(exclude_categories=["Cs"]) | st.sampled_from(_ODD)
texts = st.text(characters, max_size=40)
broken_texts = st.text(characters | st.sampled_from("\ud800\udfff"), max_size=20)

odd_numbers = st.sampled_from(["1", 1.0, True, 0, -1, 2**53 + 1, 2**63, 10**20, 1e300, None])
_numbers = (
    st.integers(-2, 40)
    | st.sampled_from([2**31, 2**53, 2**53 + 1, 2**63, 10**20, 10**400, -(10**20), 253_402_214_401])
    | st.floats(allow_nan=False, allow_infinity=False)
)
scalars = st.none() | st.booleans() | _numbers | texts
values: Strategy = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def damaged(draw: st.DrawFn, valid: st.SearchStrategy[bytes], words: Sequence[bytes]) -> bytes:
    """Valid bytes, of which up to four pieces are left out, doubled, or replaced by others."""
    data = draw(valid)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)) | st.sampled_from([0, len(data)]))
        end = min(len(data), start + draw(st.integers(0, 12)))
        other = st.sampled_from(words) | st.binary(max_size=4) | st.just(data[start:end] * 2)
        data = data[:start] + draw(other) + data[end:]
    return data


def damaged_text(words: Sequence[str], *valid: str) -> st.SearchStrategy[str]:
    bytes_of = [text.encode() for text in valid]
    data = damaged(st.sampled_from(bytes_of), [word.encode() for word in words])
    return data.map(lambda data: data.decode("utf-8", "replace"))


@st.composite
def changed(
    draw: st.DrawFn, document: Json, apt: Mapping[str, Strategy] = NOTHING_APT, most: int = 3
) -> Json:
    """A document in which up to so many values are others, are missing, or have company.

    `apt` are values that fit a member of this name, or nearly so.
    """
    for _ in range(draw(st.integers(0, most))):
        path = draw(_somewhere(document))
        name = path[-1] if path else ""
        if name in apt and draw(st.booleans()):
            document = _replaced(document, path, [draw(apt[name])])
        elif draw(st.booleans()):
            document = _replaced(document, path, [draw(values)])
        elif path and draw(st.booleans()):
            document = _replaced(document, path, [])
        else:
            document = _replaced(document, (*path, draw(texts)), [draw(values)])
    return document


def spelled(document: Strategy) -> st.SearchStrategy[bytes]:
    """A document as JSON: as it is, with a name twice or half a character, damaged, or too deep."""
    text = document.map(partial(json.dumps, ensure_ascii=False))
    twice = text.map(lambda text: text.replace("{", '{"name": 0, ', 1))
    half = text.map(lambda text: text.replace(': "', ': "\\ud800', 1))
    deep = st.tuples(st.sampled_from([b"[", b'{"a":']), st.integers(1, 5000)).map(
        lambda nesting: nesting[0] * nesting[1]
    )
    plain = (text | text | twice | half).map(_encoded)
    return plain | damaged(plain, _SYNTAX) | deep


@st.composite
def respelled(draw: st.DrawFn, token: str) -> str:
    """A token of which one segment ends in another character, which may mean the same bytes."""
    segments = token.split(".")
    number = draw(st.integers(0, len(segments) - 1))
    segments[number] = segments[number][:-1] + draw(st.sampled_from("ABCDEFGQgwx-_=0"))
    return ".".join(segments)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_SYNTAX = (
    b"", b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\\u0000", b"\\ud800", b"\\udc00",
    b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"0" * 20, b"9" * 5000, b"[" * 3000,
    b"\xff", b"\xc0\xae", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b'"name":1,',
)  # fmt: skip


def _paths(value: Json, path: Path = ()) -> Iterator[Path]:
    yield path
    inner = value.items() if isinstance(value, dict) else ()
    for name, member in enumerate(value) if isinstance(value, list) else inner:
        yield from _paths(member, (*path, name))


def _somewhere(document: Json) -> st.SearchStrategy[Path]:
    """A path, as often to one of the outer values, which are few, as to any of them."""
    paths = list(_paths(document))
    outer = [path for path in paths if len(path) <= 1]
    return st.sampled_from(outer) | st.sampled_from(paths)


def _replaced(value: Json, path: Path, by: list[Json]) -> Json:
    """The document with one value, or none, at the path; a member more if there is nothing yet."""
    if not path:
        return by[0] if by else None
    name, *rest = path
    if isinstance(value, list) and isinstance(name, int):
        member = [_replaced(value[name], tuple(rest), by)] if rest else by
        return [*value[:name], *member, *value[name + 1 :]]
    if isinstance(value, dict):
        others = {n: v for n, v in value.items() if n != name}
        if rest:
            return {**others, name: _replaced(value[name], tuple(rest), by)}
        return {**others, **dict.fromkeys([name] if by else [], by[0] if by else None)}
    return value
