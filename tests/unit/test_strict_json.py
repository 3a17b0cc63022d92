"""JSON that is read in one way only: what is read, and what is refused rather than guessed."""

import json
import time
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars import limits, strict_json

scalars = (
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False).map(str)
)
values = st.recursive(
    scalars | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)

texts = st.text('[]{}"\\,:a\n', max_size=6)
deep = st.recursive(
    texts | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=20,
)


@given(values)
def test_what_json_can_say_is_read_as_it_was_written(value: Any) -> None:
    assert strict_json.loads(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "data", [b'{"a": 1, "a": 1}', b'{"a": 1, "\\u0061": 2}', b'[{"b": {"a": 1, "c": 2, "a": 3}}]']
)
def test_a_name_that_occurs_twice_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="a name twice"):
        strict_json.loads(data)


@pytest.mark.parametrize("data", [b"NaN", b"[Infinity]", b'{"a": -Infinity}'])
def test_a_constant_that_json_does_not_have_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="NaN or Infinity"):
        strict_json.loads(data)


@pytest.mark.parametrize("data", [b"1e400", b"[-1e400]", b'{"exp": 1.0e999}'])
def test_a_number_beyond_a_double_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"beyond 1\.8e308"):
        strict_json.loads(data)


@pytest.mark.parametrize(
    "data", [b"[" * 501 + b"]" * 501, b"[" * 100_000, b'{"a":' * 100_000, b"[" * 9999 + b"]" * 9999]
)
def test_nesting_deeper_than_500_levels_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="nested deeper than 500 levels"):
        strict_json.loads(data)


@given(value=deep, ascii_only=st.booleans())
def test_what_is_too_deep_is_cut_off_and_nothing_else(value: Any, *, ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode()
    with mock.patch.object(limits, "NESTING", 3):
        assert json.loads(strict_json.cut_off(data)) == cut_off(value, 3)


def cut_off(value: Any, levels: int) -> Any:
    match value:
        case list() | dict() if levels == 0:
            return 0
        case list():
            return [cut_off(inner, levels - 1) for inner in value]
        case dict():
            return {name: cut_off(inner, levels - 1) for name, inner in value.items()}
    return value


@pytest.mark.parametrize("unit", [b'"', b'\\"', b"\\", b'["', b"[", b"[]"], ids=repr)
def test_what_is_no_json_is_cut_off_in_one_pass(unit: bytes) -> None:
    data = b"[" * 1000 + b'"' + unit * 100_000
    began = time.process_time()

    with pytest.raises(strict_json.Unreadable):
        strict_json.loads(strict_json.cut_off(data))

    assert time.process_time() - began < 2


@pytest.mark.parametrize("levels", [50, 499, 500])
def test_nesting_of_500_levels_is_read(levels: int) -> None:
    data = b"[" * levels + b"1" + b"]" * levels

    assert json.dumps(strict_json.loads(data)).encode() == data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param('{"a": 1}'.encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param('{"a": 1}'.encode("utf-32"), id="UTF-32"),
        pytest.param('{"a": "é"}'.encode("latin-1"), id="Latin-1"),
        pytest.param(b'{"a": "\xed\xa0\x80"}', id="a surrogate"),
        pytest.param(b'{"a": "\xc0\xae"}', id="an overlong form"),
        pytest.param('\ufeff{"a": 1}'.encode(), id="a byte order mark"),
    ],
)
def test_another_encoding_than_utf_8_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"is not in UTF-8|byte order mark|is not JSON"):
        strict_json.loads(data)


@pytest.mark.parametrize(
    "data",
    [b"", b" ", b"{", b"{} {}", b"{'a': 1}", b'{"a": 1,}', b"[1,]", b"01", b'"\n"', b"// x\n1"],
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises(strict_json.Unreadable, match=r"^is (empty|not JSON)$"):
        strict_json.loads(data)


def test_a_number_of_5000_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="thousands of digits"):
        strict_json.loads(b"9" * 5000)


@given(
    st.binary(max_size=12) | st.text('{}[]",:0123eE-+.nulltruefals\\ ', max_size=12).map(str.encode)
)
def test_no_bytes_raise_anything_but_that_they_are_unreadable(data: bytes) -> None:
    try:
        value = strict_json.loads(data)
    except strict_json.Unreadable:
        return

    assert value == json.loads(data)


@pytest.mark.parametrize(
    "text",
    [rb'"\ud800"', rb'{"a": "\udc00"}', rb'["\ud83d"]', rb'{"\ud800": 1}', rb'"\udc00\ud800"'],
)
def test_half_of_a_surrogate_pair_is_refused_wherever_it_stands(text: bytes) -> None:
    with pytest.raises(strict_json.Unreadable, match="half of a surrogate pair"):
        strict_json.loads(text)


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert strict_json.loads(rb'"\ud83d\udcc5"') == "📅"
