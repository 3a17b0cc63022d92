"""Requests that have no route: 405 with what the path does have, or 404."""

import pytest

from mytoken_calendars.errors import MethodNotAllowed, RouteNotFound
from mytoken_calendars.http.routes import Routes

ROUTES = """\
GET, POST, OPTIONS /api/calendars
GET, DELETE /api/calendars/{calendar}
GET, HEAD, OPTIONS /feeds/{secret}
GET, HEAD /feeds/{secret}/{file+}

GET /.well-known/mytoken-configuration
"""


@pytest.fixture
def routes(monkeypatch: pytest.MonkeyPatch) -> Routes:
    monkeypatch.setenv("ROUTES", ROUTES)
    return Routes.from_environment()


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/calendars", "GET, POST, OPTIONS"),
        ("/api/calendars/ci", "GET, DELETE"),
        ("/api/calendars/CI Mytokens", "GET, DELETE"),
        ("/api/calendars/{calendar}", "GET, DELETE"),
        ("/api/calendars/日本\n語", "GET, DELETE"),
        ("/feeds/s", "GET, HEAD, OPTIONS"),
        ("/feeds/s/CI Mytokens.ics", "GET, HEAD"),
        ("/feeds/s/a/b//c.ics/", "GET, HEAD"),
        ("/feeds/{secret}/{file+}", "GET, HEAD"),
        ("/feeds/s/日本\n語.ics", "GET, HEAD"),
        ("/.well-known/mytoken-configuration", "GET"),
    ],
)
def test_a_path_that_exists_does_not_have_the_method_but_others(
    routes: Routes, path: str, methods: str
) -> None:
    refusal = routes.refusal("PATCH", path)

    assert isinstance(refusal, MethodNotAllowed)
    assert refusal.allow == methods


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/api",
        "/api/calendars/",
        "/api/calendars//",
        "/api/calendars/a/b",
        "/api/calendars/ci/",
        "/api/calendars\n",
        "/feeds",
        "/feeds//ci.ics",
        "/feedss/s/ci.ics",
        "//api/calendars",
        "/x/api/calendars",
        "/API/calendars",
        "/xwell-known/mytoken-configuration",
        "GET, POST, OPTIONS /api/calendars",
    ],
)
def test_a_path_that_does_not_exist_is_not_found(routes: Routes, path: str) -> None:
    assert isinstance(routes.refusal("PATCH", path), RouteNotFound)


def test_a_method_that_the_path_has_is_not_refused_as_one_that_it_lacks(routes: Routes) -> None:
    assert isinstance(routes.refusal("POST", "/api/calendars"), RouteNotFound)
