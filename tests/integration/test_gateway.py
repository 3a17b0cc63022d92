"""The local gateway: requests as clients spell them, on their way to the handlers and back."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from local.gateway import Gateway
from local.template import Route, Template
from tests.harness.documented_answers import BODIES
from tests.harness.stacks import CALENDARS, PUBLIC_URL, Stack

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
    """Asks with a mytoken that may do everything, of a new user, who has the calendar `x`."""

    def newcomer() -> Ask:
        token = stack.mint("manage_mytokens", "tokeninfo")
        stack.invoke("create_calendar", token, json={"name": "x"})

        def ask(method: str, path: str, **request: Any) -> TestResponse:
            headers = {"Authorization": f"Bearer {token.bearer}", **request.pop("headers", {})}
            return Client(gateway).open(path, method=method, headers=headers, **request)

        return ask

    return newcomer


@pytest.fixture
def ask(newcomer: Callable[[], Ask]) -> Ask:
    return newcomer()


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
    path = route.path.format_map({"name": "x", "proxy+": "v0/tokeninfo"})

    without, with_slash = (
        newcomer()(route.method, f"{path}{end}", json=BODIES.get(route.folder, {}))
        for end in ("", "/")
    )

    assert with_slash.status_code == without.status_code < 404
    assert set(with_slash.headers.keys()) == set(without.headers.keys())


@pytest.mark.parametrize("route", OF_THE_API, ids=lambda route: route.key)
@pytest.mark.parametrize("rest", ["//", "/x//", "/x/y/z"])
def test_what_goes_on_behind_the_slash_is_not_found(ask: Ask, route: Route, rest: str) -> None:
    if route.method == "OPTIONS":
        pytest.skip("a preflight is answered for every path")
    path = route.path.format_map({"name": "x/y"})

    answer = ask(route.method, f"{path}{rest}", json=BODIES.get(route.folder, {}))

    assert answer.status_code == 404


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
    path = route.path.format_map({"name": "x", "proxy+": "v0/tokeninfo"})

    answer = ask("HEAD", path)

    assert answer.status_code == (405 if path.startswith("/api/") else 200)
