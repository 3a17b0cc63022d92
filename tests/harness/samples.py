"""The sample events of events/, made ready to be answered, and what they are answered."""

import json
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from tests.harness.stacks import Stack, Token, sample_event, set_token

ASKING_FOR_A_MYTOKEN = [
    "add_token",
    "create_calendar",
    "delete_calendar",
    "get_calendar",
    "list_calendars",
    "tokeninfo",
]
DOCUMENTED = {
    "add_token": HTTPStatus.OK,
    "create_calendar": HTTPStatus.CREATED,
    "delete_calendar": HTTPStatus.NO_CONTENT,
    "get_calendar": HTTPStatus.FOUND,
    "get_configuration": HTTPStatus.OK,
    "get_feed": HTTPStatus.OK,
    "get_jwks": HTTPStatus.OK,
    "list_calendars": HTTPStatus.OK,
    "no_route": HTTPStatus.METHOD_NOT_ALLOWED,
    "preflight": HTTPStatus.NO_CONTENT,
    "revoke_token": HTTPStatus.NO_CONTENT,
    "tokeninfo": HTTPStatus.OK,
}


def prepared(stack: Stack, operation: str, token: Token) -> dict[str, Any]:
    """The sample event, when what it names exists: calendar, feed, mytoken to be added."""
    event = sample_event(operation)
    if operation in ("add_token", "delete_calendar", "get_calendar", "get_feed"):
        body = {"name": event["pathParameters"].get("calendar", "CI Mytokens")}
        calendar = stack.invoke("create_calendar", token, json=body).json
    if operation == "get_feed":
        event["rawPath"] = urlsplit(calendar["ics_path"]).path
        event["pathParameters"]["secret"] = event["rawPath"].split("/")[2]
    if operation == "add_token":
        event["body"] = re.sub(
            r'("mom_id": )"[^"]+"', lambda match: f'{match[1]}"{token.mom_id}"', event["body"]
        )
    if operation == "revoke_token":
        event["body"] = event["body"].replace(json.loads(event["body"])["token"], token.bearer)
    if operation in ASKING_FOR_A_MYTOKEN:
        set_token(event, token)
    return event
