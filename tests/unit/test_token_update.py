"""How a successor leaves: in whatever document is answered, and in a cookie if it came in one."""

import json
import urllib.request
from dataclasses import replace
from email.message import Message
from http import HTTPStatus
from http.cookiejar import CookieJar
from io import BytesIO
from typing import Any
from urllib.response import addinfourl

import pytest

from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import JSON, NO_CONTENT, Response, answer
from mytoken_calendars.http.token_update import with_successor
from mytoken_calendars.tokens.request_state import RequestState
from tests.harness import examples

SUCCESSOR = {"mytoken": "its-successor", "mytoken_type": "token"}
CREATED = answer(HTTPStatus.CREATED, {"name": "CI Mytokens"})
REFUSED = Response(HTTPStatus.CONFLICT, {**JSON, "Allow": "x"}, {"error": "conflict"})


def request(base_url: str = examples.ISSUER, **state: Any) -> Request:
    return examples.request(base_url=base_url, state=RequestState(**state))


@pytest.mark.parametrize(
    "response", [CREATED, REFUSED, NO_CONTENT, Response(HTTPStatus.OK, {}, "x")]
)
@pytest.mark.parametrize("by_cookie", [False, True])
def test_an_answer_about_a_token_that_is_as_it_was_stays_as_it_is(
    response: Response, *, by_cookie: bool
) -> None:
    assert with_successor(response, request(by_cookie=by_cookie)) is response


@pytest.mark.parametrize(
    ("response", "status", "document"),
    [
        (CREATED, 201, {"name": "CI Mytokens"}),
        (answer(HTTPStatus.OK, {"calendars": []}), 200, {"calendars": []}),
        (answer(HTTPStatus.OK, {}), 200, {}),
        (NO_CONTENT, 200, {}),
        (REFUSED, 409, {"error": "conflict"}),
        (
            answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "temporarily_unavailable"}),
            503,
            {"error": "temporarily_unavailable"},
        ),
    ],
)
def test_the_successor_joins_the_document_of_every_answer(
    response: Response, status: int, document: dict[str, Any]
) -> None:
    handed = with_successor(response, request(token_update=SUCCESSOR))

    assert handed.status == status
    assert json.loads(handed.as_event()["body"]) == {**document, "token_update": SUCCESSOR}
    assert handed.headers == {**response.headers, **JSON}
    assert handed.cookies == ()
    assert "cookies" not in handed.as_event()


def test_the_answer_that_a_successor_joins_is_not_altered_for_others() -> None:
    with_successor(NO_CONTENT, request(token_update=SUCCESSOR, repeated=True))

    assert Response(HTTPStatus.NO_CONTENT) == NO_CONTENT


@pytest.mark.parametrize(
    ("base_url", "cookie"),
    [
        (
            "https://mytoken.example",
            "mytoken=its-successor; Max-Age=345600; Path=/api; HttpOnly; SameSite=Strict; Secure",
        ),
        (
            "http://127.0.0.1:3000",
            "mytoken=its-successor; Max-Age=345600; Path=/api; HttpOnly; SameSite=Strict",
        ),
        (
            "http://https.example",
            "mytoken=its-successor; Max-Age=345600; Path=/api; HttpOnly; SameSite=Strict",
        ),
    ],
)
def test_the_successor_of_a_token_in_a_cookie_leaves_in_one_too(base_url: str, cookie: str) -> None:
    rotated = request(base_url, token_update=SUCCESSOR, by_cookie=True)

    event = with_successor(CREATED, rotated).as_event()

    assert event["cookies"] == [cookie]
    assert json.loads(event["body"])["token_update"] == SUCCESSOR


ISSUER_S_OWN = "mytoken=old; Path=/api; Domain=mytoken.example; Max-Age=604800; HttpOnly; Secure"
BESIDE = [
    ("https://mytoken.example", "mytoken.example"),
    ("https://MYTOKEN.example:8443/issuer", "mytoken.example"),
    ("https://example", "example"),
    ("https://token.example", None),
    ("https://calendars.mytoken.example", None),
    ("https://mytoken.example.evil.example", None),
    ("", None),
]


@pytest.mark.parametrize(("issuer", "domain"), BESIDE)
@pytest.mark.parametrize("state", [{"token_update": SUCCESSOR, "by_cookie": True}, {"ended": "t"}])
def test_the_cookie_is_that_of_the_issuer_the_stack_stands_beside(
    monkeypatch: pytest.MonkeyPatch, issuer: str, domain: str | None, state: dict[str, Any]
) -> None:
    monkeypatch.setenv("MYTOKEN_ISSUER", issuer)
    presented = replace(request(**state), cookies=("mytoken=t",))

    (cookie,) = with_successor(CREATED, presented).cookies

    attributes = dict(part.partition("=")[::2] for part in cookie.split("; ")[1:])
    assert attributes.get("Domain") == domain
    assert attributes["Path"] == "/api"


@pytest.mark.found("A27")
@pytest.mark.parametrize("host", ["mytoken.example", "calendars.mytoken.example"])
def test_a_browser_replaces_the_issuers_cookie(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("MYTOKEN_ISSUER", "https://mytoken.example")
    rotated = request(f"https://{host}", token_update=SUCCESSOR, by_cookie=True)
    (ours,) = with_successor(CREATED, rotated).cookies

    jar = CookieJar()
    _receives(jar, "https://mytoken.example/api/v0/token/my", ISSUER_S_OWN)
    _receives(jar, f"https://{host}/api/v0/notifications/calendars", ours)

    assert [(cookie.domain, cookie.path, cookie.value) for cookie in jar] == [
        (".mytoken.example", "/api", SUCCESSOR["mytoken"])
    ]


def _receives(jar: CookieJar, url: str, cookie: str) -> None:
    """Lets a browser's jar see an answer with this cookie."""
    headers = Message()
    headers["Set-Cookie"] = cookie
    jar.extract_cookies(addinfourl(BytesIO(), headers, url), urllib.request.Request(url))  # type: ignore[arg-type]


@pytest.mark.parametrize("response", [CREATED, NO_CONTENT, REFUSED])
@pytest.mark.parametrize("token_update", [None, SUCCESSOR])
@pytest.mark.parametrize("repeated", [False, True])
def test_the_answer_to_a_repeated_request_says_so(
    response: Response, token_update: dict[str, Any] | None, *, repeated: bool
) -> None:
    handed = with_successor(response, request(token_update=token_update, repeated=repeated))

    assert handed.headers.get("Idempotent-Replayed") == ("true" if repeated else None)
    assert response.headers.items() <= handed.headers.items()
    assert "Idempotent-Replayed" not in response.headers


def test_the_answer_to_a_repeated_request_without_a_successor_is_otherwise_the_same() -> None:
    handed = with_successor(NO_CONTENT, request(repeated=True))

    assert (handed.status, handed.body) == (HTTPStatus.NO_CONTENT, "")
