"""What is refused, and how: mytokens, bodies, methods and paths."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.deployment import NOBODY, Deployment
from tests.harness.stacks import CALENDARS

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, 'Bearer realm="mytoken"'),
        ("Basic dXNlcjpwYXNz", 'Bearer realm="mytoken"'),
        ("Bearer", 'Bearer realm="mytoken", error="invalid_token"'),
        (f"Bearer {'x' * 64}", 'Bearer realm="mytoken", error="invalid_token"'),
    ],
    ids=["no mytoken", "another scheme", "an empty one", "an unknown one"],
)
def test_who_has_no_valid_mytoken_is_told_how_to_authenticate(
    deployment: Deployment,
    differs: Callable[[str], None],
    authorization: str | None,
    challenge: str,
) -> None:
    answer = deployment.ask("list_calendars", headers={"Authorization": authorization})

    assert (answer.status, answer.error) == (401, "invalid_token")
    assert answer.headers.get("www-authenticate") == challenge
    if "www-authenticate" in answer.renamed:
        differs("by the header x-amzn-remapped-www-authenticate")


@pytest.mark.parametrize(
    "operation", ["list_calendars", "create_calendar", "get_calendar", "add_token"]
)
def test_a_forged_mytoken_is_refused(deployment: Deployment, operation: str) -> None:
    signed, _, signature = deployment.bearer.rpartition(".")
    forged = {"Authorization": f"Bearer {signed}.{signature[::-1]}"}

    answer = deployment.ask(operation, name="x", headers=forged, data="{}")

    assert (answer.status, answer.error) == (401, "invalid_token")


def test_a_mytoken_of_17_kb_is_refused(deployment: Deployment) -> None:
    body = {"name": deployment.name(), "mytoken": "x" * 17_000}

    answer = deployment.ask("create_calendar", headers=NOBODY, json=body)

    assert (answer.status, answer.error) == (401, "invalid_token")


def test_two_different_mytokens_are_refused(deployment: Deployment) -> None:
    body = {"name": deployment.name(), "mytoken": "x" * 64}

    answer = deployment.ask("create_calendar", json=body)

    assert (answer.status, answer.error) == (400, "invalid_request")


def test_the_cookie_is_ignored_when_a_foreign_page_sends_it(deployment: Deployment) -> None:
    headers = {"Cookie": f"mytoken={deployment.bearer}", "Origin": "https://page.example"}

    answer = deployment.ask("list_calendars", headers={**NOBODY, **headers})

    assert (answer.status, answer.error) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'["name"]', "application/json", 400),
        (b'{"title": "x"}', "application/json", 400),
        (b'{"name": 5}', "application/json", 400),
        (b'{"name": "x", "name": "x"}', "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b"name=x&name=x", FORM, 400),
        (b"name=%ff", FORM, 400),
        (b'{"name": "x"}', FORM, 400),
        (b"name=x", "application/json", 400),
        (b'{"name": "x"}', "text/plain", 415),
        (b"<name>x</name>", "application/xml", 415),
        (b'{"name": "x"}', "application/json; charset=latin-1", 415),
    ],
    ids=[
        "nothing", "half of an object", "an array", "no name", "a number", "a name twice",
        "not UTF 8", "half of a character", "a name twice in a form", "a form not in UTF 8",
        "JSON as a form", "a form as JSON", "text", "XML", "another charset",
    ],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(
    deployment: Deployment, body: bytes, media_type: str, status: int
) -> None:
    marked = body.replace(b'"x"', json.dumps(deployment.name()).encode())

    answer = deployment.ask("create_calendar", data=marked, headers={"Content-Type": media_type})

    errors = {400: "invalid_request", 415: "unsupported_media_type"}
    assert (answer.status, answer.error) == (status, errors[status])


def test_a_compressed_body_is_refused(deployment: Deployment) -> None:
    answer = deployment.ask(
        "create_calendar", json={"name": deployment.name()}, headers={"Content-Encoding": "gzip"}
    )

    assert (answer.status, answer.error) == (415, "unsupported_media_type")


@pytest.mark.parametrize("key", ["x" * 256, "a b"], ids=["256 characters", "a space"])
def test_a_malformed_idempotency_key_is_refused(deployment: Deployment, key: str) -> None:
    answer = deployment.ask(
        "create_calendar", json={"name": deployment.name()}, headers={"Idempotency-Key": key}
    )

    assert (answer.status, answer.error) == (400, "invalid_request")


def test_a_long_comment_is_refused_and_changes_nothing(
    deployment: Deployment, calendar: dict[str, Any]
) -> None:
    before = deployment.feed(calendar)

    answer = deployment.ask(
        "add_token", name=calendar["name"], json={"mom_id": "", "comment": "x" * 1025}
    )

    assert (answer.status, answer.error) == (400, "invalid_request")
    assert deployment.feed(calendar).body == before.body


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", CALENDARS, {"GET", "POST", "OPTIONS"}),
        ("PATCH", CALENDARS, {"GET", "POST", "OPTIONS"}),
        ("HEAD", CALENDARS, {"GET", "POST", "OPTIONS"}),
        ("PATCH", f"{CALENDARS}/x", {"GET", "POST", "PUT", "DELETE", "OPTIONS"}),
        ("GET", f"{CALENDARS}/x/mytokens", {"DELETE", "OPTIONS"}),
        ("PUT", f"{CALENDARS}/x/feeds/y", {"PATCH", "DELETE", "OPTIONS"}),
        ("GET", "/api/v0/tokeninfo", {"POST", "OPTIONS"}),
        ("POST", f"/calendars/{'x' * 32}", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", f"/calendars/{'x' * 32}", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/jwks", {"GET", "HEAD"}),
    ],
    ids=[
        "PUT calendars", "PATCH calendars", "HEAD calendars", "PATCH a calendar", "GET mytokens",
        "PUT one of the feeds", "GET tokeninfo", "POST a feed", "DELETE a feed", "POST jwks",
    ],
)  # fmt: skip
def test_a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has(
    deployment: Deployment, method: str, path: str, allowed: set[str]
) -> None:
    answer = deployment.ask("no_route", method=method, path=path)

    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v0",
        "/api/v1/notifications/calendars",
        "/calendars",
        f"{CALENDARS}/x/",
        f"{CALENDARS}//x",
    ],
)
def test_an_unknown_path_is_not_found(deployment: Deployment, path: str) -> None:
    answer = deployment.ask("no_route", method="GET", path=path)

    assert (answer.status, answer.error) == (404, "not_found")
