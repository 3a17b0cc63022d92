"""Requests as a function's URL hands them on: payload 2.0, with the path as it was sent."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3

from tests.harness.stacks import Answer, Stack

HOST = "w2cwqm3rd5mzd6wxkmvqjdfxeq0abcde.lambda-url.eu-central-1.on.aws"


def event(
    method: str, target: str, headers: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """The members that AWS documents ("Invoking Lambda function URLs"), but for those in `more`."""
    path, _, query = target.partition("?")
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": HOST, "x-forwarded-proto": "https", **(headers or {})},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": HOST.partition(".")[0],
            "domainName": HOST,
            "domainPrefix": HOST.partition(".")[0],
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "test",
            },
            "requestId": str(uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": "30/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1_795_953_600_000,
        },
        "isBase64Encoded": False,
        **more,
    }


def ask(
    stack: Stack,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    *,
    operation: str = "get_feed",
    **more: Any,
) -> Answer:
    """What the URL of a function answers."""
    return stack.send(operation, event(method, target, headers, **more))


@contextmanager
def starting(stack: Stack, *, api: str) -> Iterator[None]:
    """The feed function starts anew; the template's parameter says that the API is there."""
    name = stack.environment["PUBLIC_URL_PARAMETER"]
    with stack.entered():
        ssm: Any = boto3.client("ssm")
        ssm.put_parameter(Name=name, Value=api, Type="String", Overwrite=True)
        stack.restart("get_feed")
        yield
    stack.restart("get_feed")
