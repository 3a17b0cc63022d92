"""A function's own URL answers what API Gateway has its functions answer, byte for byte."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from werkzeug.test import Client

from local.gateway import Gateway
from local.template import Template
from mytoken_calendars.pages import assets
from tests.harness import function_urls
from tests.harness.aws_faults import unreachable
from tests.harness.stacks import PUBLIC_URL, Answer, Stack, Token, sample_event
from tests.harness.steps import Document, add, create, delete, secret_of

Asked = Callable[..., Answer]

# Below the address of a feed, which takes the place of S.
FEEDS = [
    *("S", "S/", "S.ics", "S.ICS", "S/x.ics", "S/CI%20Mytokens.ics", "S/caf%C3%A9.ics", "S/.ics/"),
    *("S/a/b.ics", "S/%2F.ics", "S/x%2Fy.ics", "S%2Fx.ics", "S/%25.ics", "S/%2525.ics", "S?x=1"),
    *("S%3Fx=1", "S/x.ics%3Fy", "S/%00.ics", "S/%FF.ics", "S/%C3.ics", "S/%zz.ics", "S/%.ics"),
    *("S/+.ics", "S/a%0D%0Ab: c.ics", "S/..%2F..%2F.ics", "S/../x.ics", "S/./x.ics", "S//x.ics"),
    f"S/{'x' * 8000}.ics",
]
NO_FEEDS = [
    *(
        "",
        "..",
        ".",
        "/S",
        "%2FS",
        "%00",
        "%",
        "%FF",
        "x",
        "S/x",
        "S/view/",
        "S/VIEW",
        "S/a/b/view",
    ),
    *(
        "S%00",
        "S%",
        "S%252Fx.ics",
        "assets",
        "../S",
        "..%2fS",
        "%2e%2e/S",
        "S/%2e%2e/%2e%2e/api",
        "S\\x",
    ),
    *("S%FF", "x" * 8000, "S/" + "/" * 5000, "S/" + "%2F" * 2500, "S/" + "a/" * 2500 + "view/"),
]
BESIDE = [
    *("/", "", "//", "/calendars", "/calendarsS", "//calendars/S", "/Calendars/S"),
    *("/api/v0/settings", "/jwks", "/.well-known/mytoken-configuration"),
    *("/%2e%2e/calendars/S", "/x/../calendars/S"),
]
PAGES = ["S/view", "S/x.ics/view", "S/%76iew", "S%2Fview", "S/a%20b.ics/view", "x/view", "S/view?a"]
SECRET = "x" * 32
ASSETS = ["assets/x.css", "assets/..", f"assets/{next(iter(assets.BY_NAME))}", "assets/%2e%2e"]


@pytest.fixture(scope="module")
def calendar(stack: Stack) -> Document:
    token = stack.mint(name="mine")
    return add(stack, token, create(stack, token), "")


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Gateway:
    with stack.entered():
        gateway = Gateway(Template.read(), PUBLIC_URL)
    gateway.handlers.update(stack.handlers)
    return gateway


@pytest.fixture
def by_api(gateway: Gateway) -> Asked:
    def asked(method: str, target: str, headers: dict[str, str] | None = None) -> Answer:
        answer = Client(gateway).open(
            "/", method=method, headers=headers, environ_overrides={"RAW_URI": target}
        )
        named = {n.lower(): v for n, v in answer.headers if n.lower() != "content-length"}
        return Answer(answer.status_code, named, answer.get_data())

    return asked


@pytest.fixture
def api(stack: Stack) -> Iterator[str]:
    """Where the template's parameter says that the API is, to a feed function that starts."""
    url = "https://api.example"
    with function_urls.starting(stack, api=url):
        yield url


def same(one: Answer, other: Answer) -> bool:
    return (one.status, _headers(one), one.body) == (other.status, _headers(other), other.body)


def _headers(answer: Answer) -> dict[str, str]:
    """Those of a 304 without its type, which the local server's library takes away."""
    taken = {"content-type"} if answer.status == 304 else set()
    return {name: value for name, value in answer.undated.items() if name not in taken}


def at(calendar: Document, rest: str) -> str:
    return "/calendars/" + rest.replace("S", secret_of(calendar), 1)


# --- feeds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "PATCH", "BREW"])
@pytest.mark.parametrize("rest", [*FEEDS, *NO_FEEDS], ids=lambda rest: rest[:24])
def test_a_feeds_address_is_answered_as_by_the_api(
    stack: Stack, by_api: Asked, calendar: Document, method: str, rest: str
) -> None:
    target = at(calendar, rest)

    by_url = function_urls.ask(stack, method, target)

    expected = by_api(method, target)
    if len(target) > 10_000:
        assert by_url.status < 500
    else:
        assert same(by_url, expected)


@pytest.mark.parametrize("rest", FEEDS, ids=lambda rest: rest[:24])
def test_each_spelling_of_an_address_is_the_feed(
    stack: Stack, calendar: Document, rest: str
) -> None:
    by_url = function_urls.ask(stack, "GET", at(calendar, rest))

    assert (by_url.status, by_url.body) == (200, stack.feed(calendar).body)


@pytest.mark.parametrize("target", BESIDE)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.usefixtures("api")
def test_what_is_no_feed_is_not_found(
    stack: Stack, calendar: Document, method: str, target: str
) -> None:
    by_url = function_urls.ask(stack, method, target.replace("S", secret_of(calendar)))

    assert (by_url.status, by_url.json["error"] if by_url.body else "not_found") == (
        404,
        "not_found",
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"accept-encoding": "gzip"},
        {"if-none-match": "*"},
        {"if-none-match": '"x"'},
        {"origin": "https://app.example"},
        {"authorization": "Bearer nonsense", "cookie": "mytoken=nonsense"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_headers_change_the_answer_as_by_the_api(
    stack: Stack, by_api: Asked, calendar: Document, method: str, headers: dict[str, str]
) -> None:
    target = at(calendar, "S/x.ics")

    assert same(function_urls.ask(stack, method, target, headers), by_api(method, target, headers))


def test_an_unchanged_feed_is_304(stack: Stack, by_api: Asked, calendar: Document) -> None:
    known = {"if-none-match": stack.feed(calendar).headers["etag"]}
    target = at(calendar, "S/x.ics")

    by_url = function_urls.ask(stack, "GET", target, known)

    assert by_url.status == 304
    assert same(by_url, by_api("GET", target, known))


def test_a_deleted_feed_is_gone_from_the_next_request_on(stack: Stack, by_api: Asked) -> None:
    token = stack.mint()
    calendar = create(stack, token, "short")
    target = at(calendar, "S")
    assert function_urls.ask(stack, "GET", target).status == 200

    delete(stack, token, calendar)

    by_url = function_urls.ask(stack, "GET", target)
    assert by_url.status == 410
    assert same(by_url, by_api("GET", target))


def test_a_path_that_is_decoded_already_is_the_same_feed(stack: Stack, calendar: Document) -> None:
    sent = function_urls.ask(stack, "GET", at(calendar, "S/CI%20caf%C3%A9.ics"))
    decoded = function_urls.ask(stack, "GET", at(calendar, "S/CI café.ics"))

    assert (sent.status, decoded.status) == (200, 200)
    assert same(sent, decoded)


@pytest.mark.parametrize(
    "more",
    [
        {"headers": None},
        {"headers": {}},
        {"cookies": ["mytoken=x"]},
        {"body": "e30=", "isBase64Encoded": True},
        {"body": "/w==", "isBase64Encoded": True},
        {"body": None},
        {"stageVariables": None, "pathParameters": None},
        {"stageVariables": {}},
    ],
    ids=str,
)
def test_what_an_event_may_have_or_lack_changes_nothing(
    stack: Stack, calendar: Document, more: dict[str, Any]
) -> None:
    event = {**function_urls.event("GET", at(calendar, "S")), **more}

    assert stack.answer("get_feed", event).status == 200


def test_a_lone_surrogate_is_no_fault(stack: Stack, api: str) -> None:
    for rest in ("\ud800", "\ud800.ics", "x/\ud800.ics", "\ud800/view"):
        assert stack.answer(
            "get_feed", function_urls.event("GET", f"/calendars/{rest}")
        ).status in (307, 404)


# --- what other functions serve -------------------------------------------------------------------


@pytest.mark.parametrize("rest", [page for page in PAGES if page.startswith("S")])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_pages_are_at_the_api(
    stack: Stack, api: str, calendar: Document, method: str, rest: str
) -> None:
    led = function_urls.ask(stack, method, at(calendar, rest))

    assert led.status == 307
    assert led.headers["location"].startswith(f"{api}/calendars/")
    assert led.headers["cache-control"] == "no-store"
    assert led.headers["location"].isascii()


@pytest.mark.parametrize("rest", ["x/view", "%FF%FF/view", "S/a.html/view", *ASSETS])
def test_what_is_no_address_of_a_feed_is_led_nowhere(
    stack: Stack, api: str, calendar: Document, rest: str
) -> None:
    assert function_urls.ask(stack, "GET", at(calendar, rest)).status == 404


def test_the_page_of_a_feed_is_at_the_same_path(stack: Stack, api: str, calendar: Document) -> None:
    led = function_urls.ask(stack, "GET", at(calendar, "S/caf%C3%A9%0d%0a.ics/view"))

    assert led.headers["location"] == api + at(calendar, "S/caf%C3%A9%0D%0A.ics/view")


def test_where_the_api_is_is_asked_once(stack: Stack, api: str) -> None:
    first = function_urls.ask(stack, "GET", f"/calendars/{SECRET}/view")
    with mock.patch("mytoken_calendars.aws.clients.client", side_effect=AssertionError):
        again = function_urls.ask(stack, "GET", f"/calendars/{SECRET}/view")

    assert same(first, again)


def test_a_parameter_store_that_does_not_answer_is_503(stack: Stack, api: str) -> None:
    ssm = boto3.client("ssm")
    events = ssm.meta.events
    events.register_first("before-send.ssm", lambda request, **_: unreachable(ssm, request))
    with mock.patch("mytoken_calendars.aws.clients.client", return_value=ssm):
        refused = function_urls.ask(stack, "GET", f"/calendars/{SECRET}/view")

    assert refused.status == 503
    assert function_urls.ask(stack, "GET", f"/calendars/{SECRET}/view").status == 307


# --- the page's own URL, behind CloudFront --------------------------------------------------------


@pytest.mark.parametrize("rest", [*PAGES, *ASSETS, "S/a/b/view", "S/view/", ""])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.usefixtures("clock")
def test_a_page_is_answered_as_by_the_api(
    stack: Stack, by_api: Asked, calendar: Document, method: str, rest: str
) -> None:
    target = at(calendar, rest)

    with mock.patch.dict("os.environ", FEEDS_URL=PUBLIC_URL):
        by_url = function_urls.ask(stack, method, target, operation="view_calendar")

    assert same(by_url, by_api(method, target))


def test_a_page_names_the_host_where_cloudfront_serves_it(stack: Stack, calendar: Document) -> None:
    with mock.patch.dict("os.environ", FEEDS_URL="https://feeds.example"):
        page = function_urls.ask(stack, "GET", at(calendar, "S/view"), operation="view_calendar")

    assert f"https://feeds.example{at(calendar, 'S')}" in page.text
    assert PUBLIC_URL not in page.text


# --- calendars name the host of feeds -------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("create_calendar", {"name": "new"}),
        ("list_calendars", None),
        ("get_calendar", None),
        ("add_token", {"mom_id": ""}),
        ("update_calendar", {"description": "x"}),
        ("create_feed", {"label": "x"}),
        ("list_feeds", None),
        ("tokeninfo", {"action": "introspect"}),
    ],
)
def test_the_addresses_of_feeds_are_at_their_host(
    stack: Stack, operation: str, body: dict[str, Any] | None
) -> None:
    token: Token = stack.mint("manage_mytokens", "tokeninfo")
    create(stack, token, "x")
    host = "https://feeds.example"
    stage = {"publicUrl": PUBLIC_URL, "feedUrl": host}

    answer = stack.invoke(operation, token, path=_path(operation), json=body, stage=stage)

    told = f"{dict(answer.headers)}{answer.text}"
    assert answer.status < 400
    if operation != "tokeninfo":
        assert f"{host}/calendars/" in told
    assert f"{PUBLIC_URL}/calendars/" not in told


def _path(operation: str) -> dict[str, str] | None:
    """Of the calendar, for an operation on one."""
    named = sample_event(operation).get("pathParameters", {})
    return {"calendar": "x"} if "calendar" in named else None
