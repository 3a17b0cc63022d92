"""The Idempotency-Key: which ones are taken, and which requests are the same."""

import string

import pytest

from mytoken_calendars.errors import InvalidRequest
from mytoken_calendars.http.idempotency_key import key_of
from tests.harness import examples

ASKED = {"method": "POST", "path": "/api/calendars", "body": b'{"name": "a"}'}


def digest(**changes: object) -> str:
    asked = {**ASKED, "headers": {"idempotency-key": "k"}, **changes}
    key = key_of(examples.request(**asked))
    assert key is not None
    return key.request_digest


def test_a_request_without_the_header_has_no_key() -> None:
    assert key_of(examples.request()) is None


@pytest.mark.parametrize(
    "key",
    [
        "k",
        "!",
        "~",
        "k" * 255,
        "8e03978e-40d5-43e8-bc93-6894a57f9324",
        '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
        string.digits + string.ascii_letters + string.punctuation,
    ],
)
def test_a_key_of_visible_characters_is_taken_as_it_is(key: str) -> None:
    taken = key_of(examples.request(headers={"idempotency-key": key}))

    assert taken is not None
    assert taken.text == key


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        "a b",
        " k",
        "k ",
        "k\n",
        "\nk",
        "\t",
        "\x7f",
        "\0",
        "é",
        "ｋ",
        "k" * 256,
        "k" * 9_999,
    ],
)
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequest, match="1 to 255 visible characters of ASCII"):
        key_of(examples.request(headers={"idempotency-key": key}))


def test_the_digest_of_a_request_stays_what_it_is() -> None:
    # sha256sum of: POST /api/calendars, a line feed, {"name": "a"}
    assert digest() == "2e9286b93d24d7b7dc8cbac1c7518a1e8290eea83a862166126cde597dd5c956"


@pytest.mark.parametrize(
    "change",
    [
        {"method": "DELETE"},
        {"path": "/api/calendars/x"},
        {"path": "/api/calendars/"},
        {"body": b""},
        {"body": b'{"name":"a"}'},
        {"body": b'{"name": "b"}'},
        {"path": '/api/calendars\n{"name": "a"}', "body": b""},
    ],
)
def test_another_method_path_or_body_is_another_request(change: dict[str, object]) -> None:
    assert digest(**change) != digest()


@pytest.mark.parametrize(
    "change",
    [
        {"now_ms": examples.NOW * 1000 + 1},
        {"arrived": examples.ARRIVED + 1},
        {"address": "198.51.100.7"},
        {"cookies": ("a=b",)},
        {"headers": {"idempotency-key": "k", "user-agent": "x"}},
        {"headers": {"idempotency-key": "another"}},
    ],
)
def test_when_and_from_where_it_comes_makes_no_other_request(change: dict[str, object]) -> None:
    assert digest(**change) == digest()


def test_bytes_that_are_no_text_are_digested_too() -> None:
    assert digest(body=b"\xff") != digest(body=b"\xfe")
