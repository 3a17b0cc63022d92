"""HTTP messages: API Gateway's events (payload 2.0) as requests, and answers as it takes them."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from mytoken_calendars.tokens.request_state import Presented

LARGEST_BODY = 64 * 1024  # bytes


@dataclass(frozen=True)
class Request:
    """An HTTP request. Header names are in lower case, `now` is in seconds since 1970.

    `address` is the client's as the gateway sees it, whatever headers say, and `arrived` the
    gateway's time at which it came, in milliseconds.
    `base_url` is where clients reach this stack, without a slash at its end. It is the template's
    stage variable `publicUrl`, never the request's Host, and the issuer of the stack's mytokens.
    """

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes
    base_url: str
    address: str
    arrived: int
    now: int
    presented: Presented = field(default_factory=Presented)

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        return cls(
            method=event["requestContext"]["http"]["method"],
            address=event["requestContext"]["http"]["sourceIp"],
            arrived=event["requestContext"]["timeEpoch"],
            path=event["rawPath"],
            parameters=event.get("pathParameters") or {},
            headers={name.lower(): value for name, value in event["headers"].items()},
            cookies=tuple(event.get("cookies") or ()),
            body=_body(event.get("body") or "", encoded=event.get("isBase64Encoded", False)),
            base_url=event["stageVariables"]["publicUrl"],
            now=int(time.time()),
        )

    @property
    def name(self) -> str:
        """The name of a calendar, as it stands in the path."""
        return self.parameters["name"]


@dataclass(frozen=True)
class Response:
    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes | Mapping[str, Any] = ""
    cookies: tuple[str, ...] = ()

    def as_event(self) -> dict[str, Any]:
        """As API Gateway takes it: bytes travel in base64."""
        event: dict[str, Any] = {
            "statusCode": self.status.value,
            "headers": dict(self.headers),
            "body": self.body,
            "isBase64Encoded": isinstance(self.body, bytes),
        }
        if isinstance(self.body, bytes):
            event["body"] = base64.b64encode(self.body).decode()
        elif isinstance(self.body, Mapping):
            event["body"] = json.dumps(self.body, ensure_ascii=False)
        if self.cookies:
            event["cookies"] = list(self.cookies)
        return event


def _body(text: str, *, encoded: bool) -> bytes:
    """The body's bytes; of one that is too large, only so many as show that it is.

    A lone surrogate becomes bytes that are no UTF-8, which every reader of the body refuses.
    """
    if encoded:  # four characters for three bytes
        return base64.b64decode(text[: (LARGEST_BODY // 3 + 1) * 4])
    return text[: LARGEST_BODY + 1].encode("utf-8", "surrogatepass")


JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}

NO_CONTENT = Response(HTTPStatus.NO_CONTENT)


def answer(status: HTTPStatus, document: Mapping[str, Any]) -> Response:
    """A JSON document as the answer, which no cache keeps."""
    return Response(status, JSON, document)


def redirect(location: str) -> Response:
    return Response(HTTPStatus.FOUND, {"Location": location, "Cache-Control": "no-store"})
