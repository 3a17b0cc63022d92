"""no_route: what has no route is answered as an API error, and told which methods there are."""

import pytest

from local.template import Template
from tests.harness.stacks import CALENDARS, CORS, Stack, sample_event

ROUTES = [
    route for route in Template.read().plain_routes if route.path and "{proxy+}" not in route.path
]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
WITH_PREFLIGHTS = ("/api/", "/calendars/")


def _methods(path: str) -> set[str]:
    own = {route.method for route in ROUTES if route.path == path}
    return own | {"OPTIONS"} if path.startswith(WITH_PREFLIGHTS) else own


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (path + slash, method)
        for slash in ("", "/")
        for path in sorted({route.path for route in ROUTES})
        for method in METHODS
        if method not in _methods(path)
    ],
)
def test_a_method_that_a_path_does_not_have_is_405_and_says_which_it_has(
    stack: Stack, path: str, method: str
) -> None:
    raw_path = path.format_map(
        {"feed": "x", "tag": "x", "asset": "page.css", "file": "x.ics"}
        | {"calendar": "CI Mytokens", "secret": "x" * 32, "file+": "CI Mytokens.ics"}
    )

    answer = stack.invoke("no_route", raw_path=raw_path, method=method)

    assert answer.status == 405
    assert method == "HEAD" or answer.json["error"] == "method_not_allowed"
    assert set(answer.headers["allow"].split(", ")) == _methods(path.removesuffix("/"))
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/api",
        "/api/v0",
        "/api/v0/notifications",
        "/api/v1/notifications/calendars",
        f"{CALENDARS}/a/b",
        f"{CALENDARS}/a//",
        f"{CALENDARS}/a/Feeds",
        f"{CALENDARS}/a/feeds//",
        f"{CALENDARS}/a/feeds/b/c",
        f"{CALENDARS}/a/feeds/b/reset/c",
        f"{CALENDARS}//feeds",
        f"{CALENDARS}/a/mytokens/b",
        f"/{CALENDARS}",
        f"{CALENDARS}//a",
        "/API/v0/notifications/calendars",
        "/calendars",
        "/calendars/",
        "/jwks//",
        "/jwks.json",
        "/.well-known/openid-configuration",
        "/robots.txt",
    ],
)
def test_a_path_that_does_not_exist_is_404(stack: Stack, path: str) -> None:
    answer = stack.invoke("no_route", raw_path=path, method="GET")

    assert (answer.status, answer.json["error"]) == (404, "not_found")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [CALENDARS, "/api/nothing", f"/calendars/{32 * 'x'}", "/"])
def test_web_applications_may_read_what_was_wrong(stack: Stack, path: str) -> None:
    answer = stack.invoke("no_route", raw_path=path, method="PATCH")

    assert CORS.items() <= answer.headers.items()


def test_no_mytoken_is_asked_for(stack: Stack) -> None:
    event = sample_event("no_route")
    del event["headers"]["authorization"]

    answer = stack.send("no_route", event)

    assert answer.status == 405
    assert "www-authenticate" not in answer.headers
