"""The local gateway: requests as clients spell them, on their way to the handlers and back."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from werkzeug.test import Client, TestResponse

from local.gateway import Gateway
from local.template import Route, Template
from tests.harness.documented_answers import BODIES
from tests.harness.stacks import CALENDARS, PUBLIC_URL, Stack
from tests.harness.steps import create_feed

Ask = Callable[..., TestResponse]
OF_THE_API = [
    route
    for route in Template.read().plain_routes
    if route.path.startswith(("/api/", "/.well-known/", "/jwks"))
]


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Gateway:
    with stack.entered():
        gateway = Gateway(Template.read(), PUBLIC_URL)
    gateway.handlers.update(stack.handlers)
    return gateway


@pytest.fixture(scope="module")
def newcomer(gateway: Gateway, stack: Stack) -> Callable[[], Ask]:
    """Asks with a mytoken that may do everything, of a new user, who has the calendar `x`.

    In a path `{feed}` is a further feed of the calendar, and `{tag}` a tag of the user.
    """

    def newcomer() -> Ask:
        token = stack.mint("manage_mytokens", "tokeninfo", "settings")
        stack.invoke("create_calendar", token, json={"name": "x"})

        def ask(method: str, path: str, **request: Any) -> TestResponse:
            headers = {"Authorization": f"Bearer {token.bearer}", **request.pop("headers", {})}
            if "{tag}" in path:
                path = path.replace("{tag}", "nightly")
                stack.invoke("create_tag", token, path={"tag": "nightly"})
            if "{feed}" in path:
                path = path.replace("{feed}", create_feed(stack, token, {"id": "x"})["id"])
            return Client(gateway).open(path, method=method, headers=headers, **request)

        return ask

    return newcomer


@pytest.fixture
def ask(newcomer: Callable[[], Ask]) -> Ask:
    return newcomer()


# --- pages, beside feeds --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/calendars/S", "GET /calendars/{secret}"),
        ("/calendars/S/x.ics", "GET /calendars/{secret}/{file+}"),
        ("/calendars/S/view", "GET /calendars/{secret}/view"),
        ("/calendars/S/x.ics/view", "GET /calendars/{secret}/{file}/view"),
        ("/calendars/assets/page.css", "GET /calendars/assets/{asset}"),
        # These are the feed's, which says of all but the second that there is no such path.
        ("/calendars/S/view/", "GET /calendars/{secret}/{file+}"),
        ("/calendars/S/view/x.ics", "GET /calendars/{secret}/{file+}"),
        ("/calendars/S/a/b/view", "GET /calendars/{secret}/{file+}"),
        ("/calendars/S/View", "GET /calendars/{secret}/{file+}"),
        ("/calendars/assets", "GET /calendars/{secret}"),
    ],
)
def test_the_most_specific_route_is_taken(gateway: Gateway, path: str, route: str) -> None:
    taken, _ = gateway._match("GET", path)

    assert taken.key == route


def test_a_page_is_there_behind_the_address_of_its_feed(ask: Ask) -> None:
    (calendar,) = ask("GET", CALENDARS).json["calendars"]
    address = calendar["ics_path"].removeprefix(PUBLIC_URL)

    behind, short = (ask("GET", f"{path}/view") for path in (address, address.rpartition("/")[0]))

    assert (behind.status_code, short.status_code) == (200, 200)
    assert '<h1 dir="auto">x</h1>' in behind.text
    assert ask("POST", f"{address}/view").headers["Allow"] == "GET, HEAD, OPTIONS"


# --- a slash at the end ---------------------------------------------------------------------------


@pytest.mark.found("A32")
def test_a_slash_at_the_end_changes_nothing(ask: Ask) -> None:
    listed = ask("GET", f"{CALENDARS}/")

    assert listed.status_code == 200
    assert [calendar["name"] for calendar in listed.json["calendars"]] == ["x"]


@pytest.mark.parametrize("route", OF_THE_API, ids=lambda route: route.key)
def test_each_path_of_the_api_is_the_same_with_a_slash(
    newcomer: Callable[[], Ask], route: Route
) -> None:
    path = _filled(route.path)

    without, with_slash = (
        newcomer()(route.method, f"{path}{end}", json=BODIES.get(route.folder, {}))
        for end in ("", "/")
    )

    refused = route.folder == "not_offered"  # with a slash, too
    assert with_slash.status_code == without.status_code
    assert refused == (without.status_code >= 404)
    assert set(with_slash.headers.keys()) == set(without.headers.keys())


@pytest.mark.parametrize(
    "route", [r for r in OF_THE_API if r.method != "OPTIONS"], ids=lambda route: route.key
)
@pytest.mark.parametrize("rest", ["//", "/x//", "/x/y/z"])
def test_what_goes_on_behind_the_slash_is_not_found(ask: Ask, route: Route, rest: str) -> None:
    path = _filled(route.path, calendar="x/y")

    answer = ask(route.method, f"{path}{rest}", json=BODIES.get(route.folder, {}))

    assert answer.status_code == 404


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", sorted({r.path for r in OF_THE_API if r.method != "OPTIONS"}))
def test_a_method_that_a_path_does_not_have_is_told_also_behind_the_slash_of_another(
    ask: Ask, path: str, method: str, slash: str
) -> None:
    own = {route.method for route in OF_THE_API if route.path == path}

    answer = ask(method, f"{_filled(path)}{slash}", json={"mytoken": ""})

    if method in own:
        assert answer.status_code != 405
    else:
        assert answer.status_code == 405
        assert {*answer.headers["Allow"].split(", ")} - {"OPTIONS"} == own


def _filled(path: str, calendar: str = "x") -> str:
    """The path of a route, in which `{feed}` and `{tag}` are left."""
    left = {"feed": "{feed}", "tag": "{tag}"}
    return path.format_map({"calendar": calendar, "proxy+": "v0/tokeninfo", **left})


def test_a_key_belongs_to_a_request_with_and_without_a_slash(ask: Ask) -> None:
    key = {"Idempotency-Key": "k"}

    first = ask("POST", CALENDARS, json={"name": "y"}, headers=key)
    again = ask("POST", f"{CALENDARS}/", json={"name": "y"}, headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json


# --- HEAD -----------------------------------------------------------------------------------------


@pytest.mark.found("A14")
@pytest.mark.parametrize("path", ["/jwks", "/.well-known/mytoken-configuration"])
def test_head_finds_the_keys_and_the_configuration(ask: Ask, path: str) -> None:
    answer = ask("HEAD", path)

    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize("route", OF_THE_API, ids=lambda route: route.key)
def test_head_is_for_what_uses_no_mytoken_up(ask: Ask, route: Route) -> None:
    path = _filled(route.path)

    answer = ask("HEAD", path)

    assert answer.status_code == (405 if path.startswith("/api/") else 200)


# --- targets --------------------------------------------------------------------------------------


@pytest.mark.found("A24")
@pytest.mark.parametrize(
    ("target", "status"),
    [
        (f"http://127.0.0.1:3000{CALENDARS}", 200),
        (f"HTTP://another.example{CALENDARS}?x=http://y", 200),
        (f"https://another.example{CALENDARS}/x", 302),
        ("http://127.0.0.1:3000/.well-known/mytoken-configuration", 200),
        ("http://127.0.0.1:3000", 404),
        ("http://127.0.0.1:3000?x", 404),
        (f"ftp://127.0.0.1{CALENDARS}", 404),
        (f"/http://127.0.0.1{CALENDARS}", 404),
        ("*", 404),
    ],
)
def test_a_target_may_be_a_whole_url(ask: Ask, target: str, status: int) -> None:
    answer = ask("GET", "/", environ_overrides={"RAW_URI": target})

    assert answer.status_code == status


@pytest.mark.found("A24")
def test_raw_characters_in_a_form_are_refused_with_advice(ask: Ask) -> None:
    answer = ask(
        "POST",
        CALENDARS,
        data="name=Prüfung".encode(),
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 400
    assert "--data-urlencode" in answer.json["error_description"]


# --- what can be read of an answer ----------------------------------------------------------------


@pytest.mark.found("A40")
def test_every_answer_has_an_id_of_its_own(ask: Ask, gateway: Gateway) -> None:
    calendar = ask("GET", CALENDARS).json["calendars"][0]
    feed = calendar["ics_path"].removeprefix(PUBLIC_URL)
    answers = [
        ask("GET", CALENDARS),
        ask("GET", "/nowhere"),
        ask("PATCH", CALENDARS),
        ask("OPTIONS", CALENDARS),
        ask("GET", feed),
        ask("GET", feed, headers={"If-None-Match": "*"}),
        ask("HEAD", feed),
        ask("GET", CALENDARS, headers={"X": "x" * 10_240}),
    ]
    with mock.patch.dict(gateway.handlers, list_calendars=_failing):
        answers.append(ask("GET", CALENDARS))

    assert [a.status_code for a in answers] == [200, 404, 405, 204, 200, 304, 200, 431, 500]
    assert len({a.headers["X-Request-Id"] for a in answers}) == len(answers)


def _failing(event: Any, context: Any) -> Any:
    raise RuntimeError
