"""Requests that bring about each documented answer: every status and error of every route."""

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import mock
from uuid import uuid4

from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError

from mytoken_calendars import limits
from mytoken_calendars.identifiers import mom_id_of
from tests.harness.stacks import PUBLIC_URL, Answer, Stack, Token
from tests.harness.steps import create_feed

Key = tuple[str, str, int, str | None]  # folder, method, status, error
Request = Callable[[Stack], Answer]

CALENDAR = "CI Mytokens"  # as in the sample events
NOBODYS = mom_id_of(uuid4())
BODIES: dict[str, dict[str, Any]] = {
    "create_calendar": {"name": CALENDAR},
    "update_calendar": {"description": "What the nightly builds use."},
    "add_token": {"mom_id": ""},
    "remove_token": {"mom_id": ""},
    "create_feed": {"reminders": "events"},
    "update_feed": {"detail": "minimal"},
    "tag_calendar": {"tag": "nightly"},
    "untag_calendar": {"tag": "nightly"},
    "create_tag": {"color": "3357FF"},
    "update_tag": {"color": "00FF00"},
    "tokeninfo": {"action": "list_mytokens"},
    "revoke_token": {"mom_id": NOBODYS},
}
ON_A_FEED = {"update_feed": "PATCH", "reset_feed": "POST", "delete_feed": "DELETE"}
ON_A_CALENDAR = {
    "get_calendar": "GET",
    "update_calendar": "PUT",
    "add_token": "POST",
    "remove_token": "DELETE",
    "list_feeds": "GET",
    "create_feed": "POST",
    "tag_calendar": "POST",
    "untag_calendar": "DELETE",
    **ON_A_FEED,
    "delete_calendar": "DELETE",
}
OF_THE_API = {"list_calendars": "GET", "create_calendar": "POST", **ON_A_CALENDAR}
OF_MYTOKENS = {"tokeninfo": "POST", "revoke_token": "POST"}
ON_A_TAG = {"update_tag": "PUT", "delete_tag": "DELETE"}
OF_TAGS = {"list_tags": "GET", "create_tag": "POST", **ON_A_TAG}  # no uses of the mytoken
WITH_A_MYTOKEN = {**OF_THE_API, **OF_MYTOKENS, **OF_TAGS}
REPEATABLE = tuple(folder for folder in WITH_A_MYTOKEN if folder not in ("get_calendar", *OF_TAGS))
WITH_A_KEY = (*REPEATABLE, *(folder for folder in OF_TAGS if folder != "list_tags"))
MAY = ("manage_mytokens:notify", "settings:tags")

WITH_KEY = {"idempotency-key": "6f0d4c1b-9a57-4f7d-8c1e-8b400c9a2b5e"}


def user_with_calendar(stack: Stack, user: str | None = None) -> Token:
    """The token of a user who has put it into a calendar."""
    token = stack.mint(*MAY, name="nightly build", user=user)
    stack.invoke("create_calendar", token, json={"name": CALENDAR})
    stack.invoke("add_token", token, json={"mom_id": ""})
    stack.invoke("create_tag", token)
    return token


def user_for(stack: Stack, folder: str) -> str:
    """A new user, who has a calendar unless the operation makes it."""
    user = str(uuid4())
    if folder != "create_calendar":
        user_with_calendar(stack, user)
    return user


def rotating(stack: Stack, user: str) -> Token:
    """A token that may do everything, and is made anew by each use."""
    may = ("manage_mytokens", "tokeninfo", "settings")
    return stack.mint(*may, user=user, rotation={"on_other": True})


def request_for(stack: Stack, folder: str, user: str) -> dict[str, Any]:
    """What the operation succeeds with for the user: a body, and a path if it names a feed."""
    if folder == "revoke_token":
        return {"json": {"mom_id": stack.mint(user=user).mom_id}}
    request = {"json": BODIES.get(folder)}
    if folder not in ON_A_FEED:
        return request
    feed = create_feed(stack, stack.mint(user=user), {"id": CALENDAR})
    return {**request, "path": {"calendar": CALENDAR, "feed": feed["id"]}}


def granted(stack: Stack, folder: str) -> Answer:
    user = str(uuid4())
    token = user_with_calendar(stack, user)
    return stack.invoke(folder, token, **request_for(stack, folder, user))


def of_no_feed(stack: Stack, folder: str) -> Answer:
    return stack.invoke(folder, user_with_calendar(stack), json=BODIES.get(folder))


def name_taken(stack: Stack) -> Answer:
    token = user_with_calendar(stack)
    stack.invoke("create_calendar", token, json={"name": "another"})
    return stack.invoke("update_calendar", token, json={"name": "another"})


def tag_taken(stack: Stack) -> Answer:
    token = user_with_calendar(stack)
    stack.invoke("create_tag", token, path={"tag": "weekly"})
    return stack.invoke("update_tag", token, json={"tag": "weekly"})


def about_nobodys_token(stack: Stack) -> Answer:
    question = {"action": "notifications", "mom_ids": [NOBODYS]}
    return stack.invoke("tokeninfo", stack.mint("manage_mytokens"), json=question)


def first_feed(stack: Stack) -> Answer:
    token = user_with_calendar(stack)
    first, *_ = stack.invoke("list_feeds", token).json["feeds"]
    return stack.invoke("delete_feed", token, path={"calendar": CALENDAR, "feed": first["id"]})


def one_token_of_a_calendar(stack: Stack, token: Token | None = None) -> Answer:
    """What is answered to the client of the original server, which deletes with a mom_id."""
    token = token or user_with_calendar(stack)
    return stack.invoke("delete_calendar", token, json={"mom_id": token.mom_id})


def without_calendar(stack: Stack, folder: str) -> Answer:
    return stack.invoke(folder, stack.mint(*MAY), json=BODIES.get(folder))


def feed(stack: Stack, method: str, **headers: str) -> Answer:
    token = user_with_calendar(stack)
    (calendar,) = stack.invoke("list_calendars", token).json["calendars"]
    return stack.feed(calendar, method=method, headers=headers)


def page(stack: Stack, method: str) -> Answer:
    return stack.page(user_with_page(stack), method=method)


def user_with_page(stack: Stack) -> dict[str, Any]:
    """The calendar of a new user, with a token in it."""
    (calendar,) = stack.invoke("list_calendars", user_with_calendar(stack)).json["calendars"]
    return calendar  # type: ignore[no-any-return]


def deleted_page(stack: Stack, method: str) -> Answer:
    token = stack.mint()
    calendar = stack.invoke("create_calendar", token).json
    stack.invoke("delete_calendar", token)
    return stack.page(calendar, method=method)


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


def rotated(stack: Stack, folder: str, **more: Any) -> Answer:
    """What is answered to a token that is rotated."""
    user = user_for(stack, folder)
    request = {**request_for(stack, folder, user), **more}
    return stack.invoke(folder, rotating(stack, user), **request)


def rotated_cookie(stack: Stack) -> Answer:
    token = rotating(stack, str(uuid4()))
    return stack.invoke("list_calendars", cookies=[f"mytoken={token.bearer}"])


def revoked_child(stack: Stack) -> Answer:
    """What is answered to a token that is rotated, since it has revoked another."""
    user = str(uuid4())
    parent = rotating(stack, user)
    child = stack.mint("AT", user=user, parent=parent.mom_id)
    return stack.invoke("revoke_token", parent, json={"mom_id": child.mom_id})


def repeated(stack: Stack, folder: str, *, rotates: bool = False, undone: bool = False) -> Answer:
    """What is answered to a request that was done before; `undone`, its calendar was deleted."""
    user = user_for(stack, folder)
    token = rotating(stack, user) if rotates else stack.mint(*MAY, user=user)
    request = request_for(stack, folder, user)
    first = stack.invoke(folder, token, **request, headers=WITH_KEY)
    assert first.status < 300
    if undone:
        stack.invoke("delete_calendar", stack.mint(user=user))
    return stack.invoke(folder, token, **request, headers=WITH_KEY)


def successor_used_meanwhile(stack: Stack, folder: str) -> Answer:
    """What is answered to a request that was done before, with a token of two uses ago."""
    user = user_for(stack, folder)
    token, request = rotating(stack, user), request_for(stack, folder, user)
    first = stack.invoke(folder, token, **request, headers=WITH_KEY)
    stack.invoke("list_calendars", first.json["token_update"]["mytoken"])
    return stack.invoke(folder, token, **request, headers=WITH_KEY)


def reused_key(stack: Stack, folder: str) -> Answer:
    token = user_with_calendar(stack)
    stack.invoke("create_calendar", token, json={"name": "another"}, headers=WITH_KEY)
    return stack.invoke(folder, token, json=BODIES.get(folder), headers=WITH_KEY)


def malformed_key(stack: Stack, folder: str) -> Answer:
    headers = {"idempotency-key": "not one word"}
    return stack.invoke(folder, stack.mint(), json=BODIES.get(folder), headers=headers)


def of_another_issuer(stack: Stack) -> Stack:
    """The same stack, whose tokens are those of a server that cannot be reached."""
    return Stack({**stack.environment, "MYTOKEN_ISSUER": "https://127.0.0.1:1"})


def jwks_that_were_never_read(stack: Stack, method: str) -> Answer:
    """A function reads the key once, so this takes one that has not done so yet."""
    new = Stack(stack.environment)
    assert new.handler("get_jwks")
    return without_aws(new, "get_jwks", method=method)


def refusals_of_the_api(folder: str) -> dict[tuple[int, str], Request]:
    """What every operation that needs a mytoken refuses, and all of them in the same way."""
    fields = BODIES.get(folder)
    two_tokens = {"authorization": "Bearer a, Bearer b"}
    xml = {"content-type": "application/xml"}
    over = [{"exp": 1}]
    too_much = b" " * (limits.BODY + 1)
    return {
        (400, "invalid_request"): lambda s: s.invoke(folder, json=fields, headers=two_tokens),
        (401, "invalid_token"): lambda s: s.invoke(folder, json=fields),
        (403, "insufficient_capabilities"): lambda s: s.invoke(folder, s.mint("AT"), json=fields),
        (403, "usage_restricted"): lambda s: s.invoke(
            folder, s.mint("manage_mytokens", "settings", restrictions=over), json=fields
        ),
        (413, "payload_too_large"): lambda s: s.invoke(folder, s.mint(*MAY), body=too_much),
        (415, "unsupported_media_type"): lambda s: s.invoke(
            folder, s.mint(*MAY), body="<name/>", headers=xml
        ),
        (503, "temporarily_unavailable"): lambda s: without_aws(s, folder),
    }


REQUESTS: dict[Key, Request] = {
    ("list_calendars", "GET", 200, None): partial(granted, folder="list_calendars"),
    ("create_calendar", "POST", 201, None): partial(without_calendar, folder="create_calendar"),
    ("create_calendar", "POST", 409, "conflict"): partial(granted, folder="create_calendar"),
    ("get_calendar", "GET", 302, None): partial(granted, folder="get_calendar"),
    ("update_calendar", "PUT", 200, None): partial(granted, folder="update_calendar"),
    ("update_calendar", "PUT", 409, "conflict"): name_taken,
    ("add_token", "POST", 200, None): partial(granted, folder="add_token"),
    ("add_token", "POST", 403, "invalid_grant"): another_users_token,
    ("remove_token", "DELETE", 204, None): partial(granted, folder="remove_token"),
    ("remove_token", "DELETE", 200, None): partial(rotated, folder="remove_token"),
    ("list_feeds", "GET", 200, None): partial(granted, folder="list_feeds"),
    ("create_feed", "POST", 201, None): partial(granted, folder="create_feed"),
    ("update_feed", "PATCH", 200, None): partial(granted, folder="update_feed"),
    ("reset_feed", "POST", 200, None): partial(granted, folder="reset_feed"),
    ("delete_feed", "DELETE", 204, None): partial(granted, folder="delete_feed"),
    ("delete_feed", "DELETE", 200, None): partial(rotated, folder="delete_feed"),
    ("delete_feed", "DELETE", 409, "conflict"): first_feed,
    ("tag_calendar", "POST", 204, None): partial(granted, folder="tag_calendar"),
    ("tag_calendar", "POST", 200, None): partial(rotated, folder="tag_calendar"),
    ("untag_calendar", "DELETE", 204, None): partial(granted, folder="untag_calendar"),
    ("untag_calendar", "DELETE", 200, None): partial(rotated, folder="untag_calendar"),
    ("list_tags", "GET", 200, None): partial(granted, folder="list_tags"),
    ("create_tag", "POST", 204, None): partial(granted, folder="create_tag"),
    ("update_tag", "PUT", 204, None): partial(granted, folder="update_tag"),
    ("update_tag", "PUT", 409, "conflict"): tag_taken,
    ("delete_tag", "DELETE", 204, None): partial(granted, folder="delete_tag"),
    ("not_offered", "GET", 404, "not_found"): lambda s: s.invoke("not_offered"),
    ("get_settings", "GET", 200, None): lambda s: s.invoke("get_settings"),
    ("delete_calendar", "DELETE", 204, None): partial(granted, folder="delete_calendar"),
    ("delete_calendar", "DELETE", 200, None): partial(rotated, folder="delete_calendar"),
    ("tokeninfo", "POST", 200, None): lambda s: s.invoke("tokeninfo", s.mint("manage_mytokens")),
    ("tokeninfo", "POST", 403, "invalid_grant"): about_nobodys_token,
    ("revoke_token", "POST", 200, None): revoked_child,
    ("revoke_token", "POST", 204, None): lambda s: s.invoke(
        "revoke_token", None, json={"token": s.mint().bearer}
    ),
    ("revoke_token", "POST", 403, "invalid_grant"): lambda s: s.invoke(
        "revoke_token", s.mint("manage_mytokens"), json=BODIES["revoke_token"]
    ),
    ("preflight", "OPTIONS", 204, None): lambda s: s.invoke("preflight"),
    ("no_route", "ANY", 404, "not_found"): lambda s: s.invoke("no_route", raw_path="/api/v0/x"),
    ("no_route", "ANY", 405, "method_not_allowed"): lambda s: s.invoke("no_route"),
}
for folder, method in {**ON_A_CALENDAR, **ON_A_TAG}.items():
    REQUESTS[folder, method, 404, "not_found"] = partial(without_calendar, folder=folder)
for folder in REPEATABLE:
    method = WITH_A_MYTOKEN[folder]
    too_late = partial(successor_used_meanwhile, folder=folder)
    REQUESTS.setdefault((folder, method, 409, "conflict"), too_late)  # some have another 409
for folder, method in OF_MYTOKENS.items():
    REQUESTS[folder, method, 404, "not_found"] = lambda s, f=folder: of_another_issuer(s).invoke(f)
for folder, method in WITH_A_MYTOKEN.items():
    for (status, error), request in refusals_of_the_api(folder).items():
        REQUESTS[folder, method, status, error] = request
for method in ("GET", "HEAD"):
    REQUESTS |= {
        ("get_configuration", method, 200, None): lambda s, m=method: s.invoke(
            "get_configuration", method=m
        ),
        ("get_configuration", method, 503, "temporarily_unavailable"): lambda s, m=method: (
            of_another_issuer(s).invoke("get_configuration", method=m)
        ),
        ("get_jwks", method, 200, None): lambda s, m=method: s.invoke("get_jwks", method=m),
        ("get_jwks", method, 503, "temporarily_unavailable"): partial(
            jwks_that_were_never_read, method=method
        ),
        ("get_feed", method, 200, None): partial(feed, method=method),
        ("get_feed", method, 304, None): partial(feed, method=method, **{"if-none-match": "*"}),
        ("get_feed", method, 404, "not_found"): lambda s, m=method: s.invoke("get_feed", method=m),
        ("get_feed", method, 410, "gone"): partial(deleted_feed, method=method),
        ("get_feed", method, 503, "temporarily_unavailable"): partial(
            without_aws, folder="get_feed", method=method
        ),
        ("view_calendar", method, 200, None): partial(page, method=method),
        ("view_calendar", method, 404, None): lambda s, m=method: s.invoke(
            "view_calendar", method=m
        ),
        ("view_calendar", method, 410, None): partial(deleted_page, method=method),
        ("view_calendar", method, 503, None): partial(
            without_aws, folder="view_calendar", method=method
        ),
    }


# Answers that differ from those above in what has become of the mytoken, or of the request: as
# above they are documented under the key that each of them has.
_CREATED = ("create_calendar", "POST", 201, None)
_UPDATED = ("update_calendar", "PUT", 200, None)
_ADDED = ("add_token", "POST", 200, None)
_REMOVED = ("remove_token", "DELETE", 204, None)
_REMOVED_AND_ROTATED = ("remove_token", "DELETE", 200, None)
_FEEDS_LISTED = ("list_feeds", "GET", 200, None)
_FEED_CREATED = ("create_feed", "POST", 201, None)
_FEED_UPDATED = ("update_feed", "PATCH", 200, None)
_FEED_RESET = ("reset_feed", "POST", 200, None)
_FEED_DELETED = ("delete_feed", "DELETE", 204, None)
_FEED_DELETED_AND_ROTATED = ("delete_feed", "DELETE", 200, None)
_TAGGED = ("tag_calendar", "POST", 204, None)
_TAGGED_AND_ROTATED = ("tag_calendar", "POST", 200, None)
_UNTAGGED = ("untag_calendar", "DELETE", 204, None)
_UNTAGGED_AND_ROTATED = ("untag_calendar", "DELETE", 200, None)
_TAG_CREATED = ("create_tag", "POST", 204, None)
_TAG_UPDATED = ("update_tag", "PUT", 204, None)
_TAG_DELETED = ("delete_tag", "DELETE", 204, None)
_DELETED = ("delete_calendar", "DELETE", 204, None)
_DELETED_AND_ROTATED = ("delete_calendar", "DELETE", 200, None)
_LISTED = ("list_calendars", "GET", 200, None)
_TOLD = ("tokeninfo", "POST", 200, None)
_REVOKED_AND_ROTATED = ("revoke_token", "POST", 200, None)

# Changes whose answer shows what they have made: they are too late once its calendar is gone.
_SHOWING = [_CREATED, _UPDATED, _ADDED, _FEED_CREATED, _FEED_UPDATED, _FEED_RESET]
_WITHOUT_CONTENT = [_TAGGED, _UNTAGGED, _REMOVED, _FEED_DELETED, _DELETED]
_TAGS_CHANGED = [_TAG_CREATED, _TAG_UPDATED, _TAG_DELETED]
_ROTATED = [
    *_SHOWING,
    _TAGGED_AND_ROTATED,
    _UNTAGGED_AND_ROTATED,
    _REMOVED_AND_ROTATED,
    _FEED_DELETED_AND_ROTATED,
    _DELETED_AND_ROTATED,
]


def _too_late(key: Key) -> Key:
    folder, method, *_ = key
    return folder, method, 409, "conflict"


UPDATED: list[tuple[Key, Request]] = [
    *((key, partial(rotated, folder=key[0])) for key in (_LISTED, _FEEDS_LISTED, *_ROTATED)),
    (_LISTED, rotated_cookie),
    (_TOLD, partial(rotated, folder="tokeninfo")),
    (_TOLD, partial(rotated, folder="tokeninfo", json={"action": "subtokens"})),
    (_REVOKED_AND_ROTATED, revoked_child),
]
REPEATED: list[tuple[Key, Request]] = [
    *(
        (key, partial(repeated, folder=key[0]))
        for key in (*_SHOWING, *_WITHOUT_CONTENT, *_TAGS_CHANGED)
    ),
    *((_too_late(key), partial(repeated, folder=key[0], undone=True)) for key in _SHOWING),
]
REPEATED_AND_UPDATED: list[tuple[Key, Request]] = [
    *(
        (key, partial(repeated, folder=key[0], rotates=True))
        for key in (*_ROTATED, _LISTED, _FEEDS_LISTED, _TOLD, _REVOKED_AND_ROTATED)
    ),
    *(
        (_too_late(key), partial(repeated, folder=key[0], rotates=True, undone=True))
        for key in _SHOWING
    ),
]
