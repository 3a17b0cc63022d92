"""The sample events of events/, made ready to be answered, and what they are answered."""

import json
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from tests.harness.stacks import Stack, Token, sample_event, set_raw_path, set_token
from tests.harness.steps import add, create_feed, secret_of

OF_A_TAG = ("delete_tag", "update_tag")
OF_A_FEED = ("delete_feed", "reset_feed", "update_feed")
OF_A_CALENDAR = (
    "add_token",
    "create_feed",
    "delete_calendar",
    "get_calendar",
    "get_feed",
    "list_feeds",
    "remove_token",
    "tag_calendar",
    "untag_calendar",
    "update_calendar",
    "view_calendar",
    *OF_A_FEED,
)
WITHOUT_A_MYTOKEN = ("get_feed", "view_calendar")
ASKING_FOR_A_MYTOKEN = [
    "create_calendar",
    "create_tag",
    "list_calendars",
    "list_tags",
    "tokeninfo",
    *OF_A_TAG,
    *(operation for operation in OF_A_CALENDAR if operation not in WITHOUT_A_MYTOKEN),
]
DOCUMENTED = {
    "add_token": HTTPStatus.OK,
    "create_calendar": HTTPStatus.CREATED,
    "create_feed": HTTPStatus.CREATED,
    "create_tag": HTTPStatus.NO_CONTENT,
    "delete_calendar": HTTPStatus.NO_CONTENT,
    "delete_feed": HTTPStatus.NO_CONTENT,
    "delete_tag": HTTPStatus.NO_CONTENT,
    "get_calendar": HTTPStatus.FOUND,
    "get_configuration": HTTPStatus.OK,
    "get_feed": HTTPStatus.OK,
    "get_jwks": HTTPStatus.OK,
    "get_settings": HTTPStatus.OK,
    "list_calendars": HTTPStatus.OK,
    "list_feeds": HTTPStatus.OK,
    "list_tags": HTTPStatus.OK,
    "no_route": HTTPStatus.METHOD_NOT_ALLOWED,
    "not_offered": HTTPStatus.NOT_FOUND,
    "preflight": HTTPStatus.NO_CONTENT,
    "remove_token": HTTPStatus.NO_CONTENT,
    "reset_feed": HTTPStatus.OK,
    "revoke_token": HTTPStatus.NO_CONTENT,
    "tag_calendar": HTTPStatus.NO_CONTENT,
    "tokeninfo": HTTPStatus.OK,
    "untag_calendar": HTTPStatus.NO_CONTENT,
    "update_calendar": HTTPStatus.OK,
    "update_feed": HTTPStatus.OK,
    "update_tag": HTTPStatus.NO_CONTENT,
    "view_calendar": HTTPStatus.OK,
}


def prepared(stack: Stack, operation: str, token: Token) -> dict[str, Any]:
    """The sample event, when what it names exists: calendar, feed, tag, mytoken to be added."""
    event = sample_event(operation)
    if operation in OF_A_CALENDAR:
        body = {"name": event["pathParameters"].get("calendar", "CI Mytokens")}
        calendar = stack.invoke("create_calendar", token, json=body).json
    if operation == "get_feed":
        event["rawPath"] = urlsplit(calendar["ics_path"]).path
        event["pathParameters"]["secret"] = event["rawPath"].split("/")[2]
    if operation == "view_calendar":
        event["pathParameters"]["secret"] = secret_of(calendar)
        set_raw_path(event, f"/calendars/{secret_of(calendar)}/view")
    if operation in OF_A_FEED:
        feed = create_feed(stack, token, calendar)
        path = event["rawPath"].replace(event["pathParameters"]["feed"], feed["id"])
        event["pathParameters"]["feed"] = feed["id"]
        set_raw_path(event, path)
    if operation in OF_A_TAG:
        stack.invoke("create_tag", token, path=event["pathParameters"])
    if operation == "remove_token":
        add(stack, token, calendar, token.mom_id)
    if operation in ("add_token", "remove_token"):
        event["body"] = re.sub(
            r'("mom_id": )"[^"]+"', lambda match: f'{match[1]}"{token.mom_id}"', event["body"]
        )
    if operation == "revoke_token":
        event["body"] = event["body"].replace(json.loads(event["body"])["token"], token.bearer)
    if operation in ASKING_FOR_A_MYTOKEN:
        set_token(event, token)
    return event
