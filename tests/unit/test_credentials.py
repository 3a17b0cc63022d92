"""Which mytoken a request presents, when it presents none, and when that is an error."""

import json
from urllib.parse import urlencode

import pytest

from mytoken_calendars.errors import (
    InvalidRequest,
    InvalidToken,
    MytokenMissing,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from mytoken_calendars.http import credentials
from mytoken_calendars.http.request import Request
from mytoken_calendars.tokens.authority import Credentials
from mytoken_calendars.tokens.idempotency import IdempotencyKey
from tests.harness import examples
from tests.harness.examples import ADDRESS, ARRIVED, ISSUER, NOW


def asked(
    header: str | None = None,
    body: object = None,
    cookies: tuple[str, ...] = (),
    headers: dict[str, str] | None = None,
    method: str = "POST",
) -> Request:
    """A request with these credentials; `body` is sent as JSON, bytes as they are."""
    named = {} if header is None else {"authorization": header}
    data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return examples.request(
        method=method, headers={**named, **(headers or {})}, cookies=cookies, body=data
    )


def test_credentials_are_the_token_the_issuer_it_has_to_be_of_and_where_and_when_it_comes() -> None:
    request = asked("Bearer abc")

    presented = credentials.of(request)

    assert presented == Credentials("abc", ISSUER, ADDRESS, ARRIVED, NOW)
    assert presented.state is request.state


@pytest.mark.parametrize(
    ("header", "body", "cookie", "by_cookie"),
    [
        ("Bearer h", None, None, False),
        (None, "b", None, False),
        (None, None, "c", True),
        ("Bearer c", None, "c", False),
        (None, "c", "c", False),
        ("Basic YTpi", "", "c", True),
    ],
)
def test_it_is_remembered_whether_the_token_came_in_the_cookie(
    header: str | None, body: str | None, cookie: str | None, *, by_cookie: bool
) -> None:
    cookies = () if cookie is None else (f"mytoken={cookie}",)
    request = asked(header, None if body is None else {"mytoken": body}, cookies)

    credentials.of(request)

    assert request.state.by_cookie is by_cookie


@pytest.mark.found("A9")
@pytest.mark.parametrize("header", ["Bearer  abc", "bearer     abc", "  Bearer   abc  "])
def test_one_or_more_spaces_stand_before_the_token(header: str) -> None:
    assert credentials.of(asked(header)).bearer == "abc"


@pytest.mark.parametrize("headers", [{"x-forwarded-for": "198.51.100.7"}, {"forwarded": "for=::1"}])
def test_headers_do_not_say_where_a_request_comes_from(headers: dict[str, str]) -> None:
    assert credentials.of(asked("Bearer h", headers=headers)).address == ADDRESS


def test_an_idempotency_key_is_handed_on_with_a_digest_of_the_request() -> None:
    one, other = (
        credentials.of(asked("Bearer h", body, headers={"idempotency-key": "k"})).idempotency_key
        for body in ({"name": "a"}, {"name": "b"})
    )

    assert isinstance(one, IdempotencyKey)
    assert isinstance(other, IdempotencyKey)
    assert one.text == other.text == "k"
    assert one.request_digest != other.request_digest


def test_without_the_header_there_is_no_idempotency_key() -> None:
    assert credentials.of(asked("Bearer h")).idempotency_key is None


def test_an_idempotency_key_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="Idempotency-Key"):
        credentials.of(asked("Bearer h", headers={"idempotency-key": "a b"}))


def test_who_presents_no_token_is_told_nothing_of_the_idempotency_key() -> None:
    with pytest.raises(MytokenMissing):
        credentials.of(asked(headers={"idempotency-key": "a b"}))


@pytest.mark.parametrize("header", [None, "Bearer h"])
def test_a_bearer_that_is_named_is_presented_in_the_place_of_all_others(header: str | None) -> None:
    request = asked(header, {"mytoken": "b"}, ("mytoken=c",))

    assert credentials.of(request, "named") == Credentials("named", ISSUER, ADDRESS, ARRIVED, NOW)
    assert not request.state.by_cookie


@pytest.mark.parametrize("bearer", [None, ""])
def test_a_bearer_that_is_not_named_is_the_one_in_the_request(bearer: str | None) -> None:
    assert credentials.of(asked("Bearer h"), bearer).bearer == "h"


@pytest.mark.parametrize(
    ("header", "body", "cookie", "bearer"),
    [
        ("Bearer h", None, None, "h"),
        (None, "b", None, "b"),
        (None, None, "c", "c"),
        ("Bearer h", "h", None, "h"),
        ("Bearer h", None, "c", "h"),
        (None, "b", "c", "b"),
        ("Bearer h", "h", "c", "h"),
        ("Bearer h", "", "c", "h"),
        (None, "", "c", "c"),
        ("Basic YTpi", "b", None, "b"),
        ("Basic YTpi", None, "c", "c"),
    ],
)
def test_the_header_and_the_body_come_before_the_cookie(
    header: str | None, body: str | None, cookie: str | None, bearer: str
) -> None:
    cookies = () if cookie is None else (f"mytoken={cookie}",)

    request = asked(header, None if body is None else {"mytoken": body}, cookies)

    assert credentials.of(request).bearer == bearer


def test_a_header_of_another_scheme_is_as_absent_even_with_commas() -> None:
    header = 'Digest username="alice", realm="x", nonce="y"'

    assert credentials.of(asked(header, {"mytoken": "b"})).bearer == "b"
    assert credentials.of(asked(header, cookies=("mytoken=c",))).bearer == "c"


@pytest.mark.parametrize("header", [" Bearer h", "Bearer h ", "\tBearer h \t"])
def test_blanks_around_the_header_are_no_part_of_it(header: str) -> None:
    assert credentials.of(asked(header)).bearer == "h"


@pytest.mark.parametrize("header", ["Bearer h", "bearer h", "BEARER h", "bEaReR h"])
def test_the_scheme_may_be_in_any_case(header: str) -> None:
    assert credentials.of(asked(header)).bearer == "h"


def test_the_body_may_be_a_form() -> None:
    form = urlencode({"name": "a", "mytoken": "b"}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}

    assert credentials.of(asked(body=form, headers=headers)).bearer == "b"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_body_may_be_that_of_a_request_that_needs_none(method: str) -> None:
    assert credentials.of(asked(body={"mytoken": "b"}, method=method)).bearer == "b"


def test_two_different_tokens_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="different mytokens"):
        credentials.of(asked("Bearer h", {"mytoken": "b"}))


@pytest.mark.parametrize(
    "header", ["Bearer a,Bearer b", "Bearer a, b", "Basic YTpi, Bearer a", "bEARER a,", ",Bearer a"]
)
def test_two_tokens_in_the_header_are_refused(header: str) -> None:
    with pytest.raises(InvalidRequest, match="more than one token"):
        credentials.of(asked(header, {"mytoken": "b"}))


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "bearer "])
def test_a_bearer_that_is_empty_is_an_invalid_token(header: str) -> None:
    with pytest.raises(InvalidToken) as refused:
        credentials.of(asked(header, {"mytoken": "b"}, ("mytoken=c",)))

    assert not isinstance(refused.value, MytokenMissing)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        ",",
        "Basic YTpi",
        "Digest x",
        'Digest username="alice", realm="x", nonce="y"',
        "abc",
        "Bearerabc",
        "Bearer=abc",
        "MT abc",
    ],
)
def test_a_request_without_a_bearer_presents_no_token(header: str | None) -> None:
    with pytest.raises(MytokenMissing):
        credentials.of(asked(header))


@pytest.mark.parametrize("mytoken", [1, True, [], ["b"], {}])
def test_a_token_in_the_body_that_is_no_string_is_none(mytoken: object) -> None:
    assert credentials.of(asked("Bearer h", {"mytoken": mytoken})).bearer == "h"
    assert credentials.of(asked(None, {"mytoken": mytoken}, ("mytoken=c",))).bearer == "c"
    with pytest.raises(MytokenMissing):
        credentials.of(asked(body={"mytoken": mytoken}))


def test_a_token_in_the_body_that_is_null_is_none() -> None:
    with pytest.raises(MytokenMissing):
        credentials.of(asked(body={"mytoken": None}))


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"", b'{"mytoken":"a","mytoken":"b"}'])
def test_a_body_that_cannot_be_read_presents_no_token(body: bytes) -> None:
    assert credentials.of(asked("Bearer h", body)).bearer == "h"
    with pytest.raises(MytokenMissing):
        credentials.of(asked(body=body))


HEADERS = pytest.mark.parametrize("header", [None, "Bearer h", "Bearer", "Bearer a, Bearer b"])


@HEADERS
def test_a_body_that_is_too_large_is_refused_before_all_else(header: str | None) -> None:
    with pytest.raises(PayloadTooLarge):
        credentials.of(asked(header, b" " * 65_537))


@HEADERS
def test_a_body_of_another_type_is_refused_before_all_else(header: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        credentials.of(asked(header, headers={"content-type": "text/plain"}))


def test_the_query_is_never_read() -> None:
    request = examples.request(
        method="GET", parameters={"mytoken": "q", "access_token": "q"}, path="/x?mytoken=q"
    )

    with pytest.raises(MytokenMissing):
        credentials.of(request)


@pytest.mark.parametrize(
    "cookies",
    [
        ("mytoken=c",),
        ("a=b", "mytoken=c"),
        (" mytoken=c",),
        ("mytoken=c", "mytoken=d"),
        ("xmytoken=d", "mytokens=d", "mytoken=c"),
    ],
)
def test_the_cookie_is_found_among_others(cookies: tuple[str, ...]) -> None:
    assert credentials.of(asked(cookies=cookies)).bearer == "c"


@pytest.mark.parametrize(
    ("cookies", "bearers"),
    [
        (("mytoken=c", "mytoken=d"), ("c", "d")),
        (("mytoken=c", "x=y", "mytoken=d", "mytoken=e"), ("c", "d", "e")),
        (("mytoken=c", "mytoken=c", "mytoken=", "mytoken=d"), ("c", "d")),
        (tuple(f"mytoken={number}" for number in range(100)), ("0", "1", "2")),
    ],
)
def test_at_most_three_cookies_are_tried(
    cookies: tuple[str, ...], bearers: tuple[str, ...]
) -> None:
    presented = credentials.of(asked(cookies=cookies))

    assert tuple(each.bearer for each in presented.each) == bearers
    assert all({each.bearer, *each.others} == {*bearers} for each in presented.each)


def test_beside_another_token_no_cookie_is_tried() -> None:
    cookies = ("mytoken=c", "mytoken=d")

    assert credentials.of(asked("Bearer h", cookies=cookies)).others == ()
    assert credentials.of(asked(body={"mytoken": "b"}, cookies=cookies)).others == ()
    assert credentials.of(asked(cookies=cookies), "named").others == ()


def test_a_cookie_is_read_to_its_end() -> None:
    assert credentials.of(asked(cookies=("mytoken=a=b==",))).bearer == "a=b=="


@pytest.mark.parametrize(
    "cookies", [(), ("mytoken",), ("mytoken=",), ("MYTOKEN=c",), ("xmytoken=c",), ("a=mytoken=c",)]
)
def test_another_cookie_presents_no_token(cookies: tuple[str, ...]) -> None:
    with pytest.raises(MytokenMissing):
        credentials.of(asked(cookies=cookies))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": ISSUER},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": ISSUER, "sec-fetch-site": "same-origin"},
    ],
)
def test_the_cookie_is_read_from_requests_of_the_own_origin(headers: dict[str, str]) -> None:
    assert credentials.of(asked(cookies=("mytoken=c",), headers=headers)).bearer == "c"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://mytoken.example"},
        {"origin": "https://mytoken.example:8443"},
        {"origin": "https://mytoken.example.evil.example"},
        {"origin": "https://sub.mytoken.example"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": ""},
        {"origin": ISSUER, "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_the_cookie_is_not_read_from_requests_of_another_origin(
    method: str, headers: dict[str, str]
) -> None:
    with pytest.raises(MytokenMissing):
        credentials.of(asked(cookies=("mytoken=c",), headers=headers, method=method))


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"origin": "null"}])
def test_other_origins_may_show_a_token_of_their_own(headers: dict[str, str]) -> None:
    request = asked("Bearer h", cookies=("mytoken=c",), headers=headers)

    assert credentials.of(request).bearer == "h"


def test_the_own_origin_is_that_of_the_base_url_without_its_path() -> None:
    request = examples.request(
        base_url="https://mytoken.example/stage",
        headers={"origin": "https://mytoken.example"},
        cookies=("mytoken=c",),
    )

    assert credentials.of(request).bearer == "c"
