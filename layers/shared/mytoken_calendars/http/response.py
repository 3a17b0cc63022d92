"""Responses as API Gateway takes them from a function (payload 2.0)."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Response:
    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes | Mapping[str, Any] = ""
    cookies: tuple[str, ...] = ()

    def as_event(self) -> dict[str, Any]:
        """The response for API Gateway: bytes are in base64."""
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


JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}

NO_CONTENT = Response(HTTPStatus.NO_CONTENT)


def answer(status: HTTPStatus, document: Mapping[str, Any]) -> Response:
    """A response with a JSON document, which no cache may store."""
    return Response(status, JSON, document)


def redirect(location: str, status: HTTPStatus = HTTPStatus.FOUND) -> Response:
    return Response(status, {"Location": location, "Cache-Control": "no-store"})
