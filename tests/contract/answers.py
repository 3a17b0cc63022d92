"""Requests that bring about each documented answer: every status and error of every route."""

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import mock

from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError

from mytoken_calendars import body, feed_http
from tests.support import PUBLIC_URL, Answer, Stack, Token

Key = tuple[str, str, int, str | None]  # folder, method, status, error
Request = Callable[[Stack], Answer]

CALENDAR = "CI Mytokens"  # as in the sample events
BODIES = {"create_calendar": {"name": CALENDAR}, "add_token": {"mom_id": ""}}
ON_A_CALENDAR = {"get_calendar": "GET", "add_token": "POST", "delete_calendar": "DELETE"}
OF_THE_API = {"list_calendars": "GET", "create_calendar": "POST", **ON_A_CALENDAR}


def user_with_calendar(stack: Stack) -> Token:
    """The token of a user who has put it into a calendar."""
    token = stack.mint(name="nightly build")
    stack.invoke("create_calendar", token, json={"name": CALENDAR})
    stack.invoke("add_token", token, json={"mom_id": ""})
    return token


def granted(stack: Stack, folder: str) -> Answer:
    return stack.invoke(folder, user_with_calendar(stack), json=BODIES.get(folder))


def without_calendar(stack: Stack, folder: str) -> Answer:
    return stack.invoke(folder, stack.mint(), json=BODIES.get(folder))


def feed(stack: Stack, method: str, **headers: str) -> Answer:
    token = user_with_calendar(stack)
    (calendar,) = stack.invoke("list_calendars", token).json["calendars"]
    return stack.feed(calendar, method=method, headers=headers)


def too_large_feed(stack: Stack, method: str = "GET") -> Answer:
    with mock.patch.object(feed_http, "LARGEST_ANSWER", 100):
        return feed(stack, method, **{"accept-encoding": "identity, gzip;q=0"})


def deleted_feed(stack: Stack, method: str) -> Answer:
    token = stack.mint()
    calendar = stack.invoke("create_calendar", token).json
    stack.invoke("delete_calendar", token)
    return stack.feed(calendar, method=method)


def another_users_token(stack: Stack) -> Answer:
    body = {"mom_id": stack.mint().mom_id}
    return stack.invoke("add_token", user_with_calendar(stack), json=body)


def without_aws(stack: Stack, folder: str, **more: Any) -> Answer:
    token = stack.mint()
    error = EndpointConnectionError(endpoint_url=PUBLIC_URL)
    with mock.patch.object(BaseClient, "_make_api_call", side_effect=error):
        return stack.invoke(folder, token, json=BODIES.get(folder), **more)


def jwks_that_were_never_read(stack: Stack) -> Answer:
    """A function reads the key once, so this takes one that has not done so yet."""
    new = Stack(stack.environment)
    assert "get_jwks" in new.handlers
    return without_aws(new, "get_jwks")


def refusals_of_the_api(folder: str) -> dict[tuple[int, str], Request]:
    """What every operation that needs a mytoken refuses, and all of them in the same way."""
    fields = BODIES.get(folder)
    two_tokens = {"authorization": "Bearer a, Bearer b"}
    xml = {"content-type": "application/xml"}
    over = [{"exp": 1}]
    too_much = b" " * (body.LARGEST + 1)
    return {
        (400, "invalid_request"): lambda s: s.invoke(folder, json=fields, headers=two_tokens),
        (401, "invalid_token"): lambda s: s.invoke(folder, json=fields),
        (403, "insufficient_capabilities"): lambda s: s.invoke(folder, s.mint("AT"), json=fields),
        (403, "usage_restricted"): lambda s: s.invoke(
            folder, s.mint(restrictions=over), json=fields
        ),
        (413, "payload_too_large"): lambda s: s.invoke(folder, s.mint(), body=too_much),
        (415, "unsupported_media_type"): lambda s: s.invoke(
            folder, s.mint(), body="<name/>", headers=xml
        ),
        (503, "temporarily_unavailable"): lambda s: without_aws(s, folder),
    }


REQUESTS: dict[Key, Request] = {
    ("list_calendars", "GET", 200, None): partial(granted, folder="list_calendars"),
    ("create_calendar", "POST", 201, None): partial(without_calendar, folder="create_calendar"),
    ("create_calendar", "POST", 409, "conflict"): partial(granted, folder="create_calendar"),
    ("get_calendar", "GET", 302, None): partial(granted, folder="get_calendar"),
    ("add_token", "POST", 200, None): partial(granted, folder="add_token"),
    ("add_token", "POST", 403, "invalid_grant"): another_users_token,
    ("delete_calendar", "DELETE", 204, None): partial(granted, folder="delete_calendar"),
    ("get_configuration", "GET", 200, None): lambda s: s.invoke("get_configuration"),
    ("get_jwks", "GET", 200, None): lambda s: s.invoke("get_jwks"),
    ("get_jwks", "GET", 503, "temporarily_unavailable"): jwks_that_were_never_read,
    ("preflight", "OPTIONS", 204, None): lambda s: s.invoke("preflight"),
    ("no_route", "ANY", 404, "not_found"): lambda s: s.invoke("no_route", raw_path="/api/v0/x"),
    ("no_route", "ANY", 405, "method_not_allowed"): lambda s: s.invoke("no_route"),
    ("get_feed", "GET", 406, "not_acceptable"): too_large_feed,
    ("get_feed", "HEAD", 406, "not_acceptable"): partial(too_large_feed, method="HEAD"),
}
for folder, method in ON_A_CALENDAR.items():
    REQUESTS[folder, method, 404, "not_found"] = partial(without_calendar, folder=folder)
for folder, method in OF_THE_API.items():
    for (status, error), request in refusals_of_the_api(folder).items():
        REQUESTS[folder, method, status, error] = request
for method in ("GET", "HEAD"):
    REQUESTS |= {
        ("get_feed", method, 200, None): partial(feed, method=method),
        ("get_feed", method, 304, None): partial(feed, method=method, **{"if-none-match": "*"}),
        ("get_feed", method, 404, "not_found"): lambda s, m=method: s.invoke("get_feed", method=m),
        ("get_feed", method, 410, "gone"): partial(deleted_feed, method=method),
        ("get_feed", method, 503, "temporarily_unavailable"): partial(
            without_aws, folder="get_feed", method=method
        ),
    }
