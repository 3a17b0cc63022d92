"""The door to HTTP: API Gateway's events (payload 2.0) as requests, answers, and errors as both."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger

from mytoken_calendars import errors
from mytoken_calendars.patience import pause

STATUS_AND_CODE: dict[type[errors.Refusal], tuple[HTTPStatus, str]] = {
    errors.InvalidRequest: (HTTPStatus.BAD_REQUEST, "invalid_request"),
    errors.InvalidToken: (HTTPStatus.UNAUTHORIZED, "invalid_token"),
    errors.InsufficientCapabilities: (HTTPStatus.FORBIDDEN, "insufficient_capabilities"),
    errors.UsageRestricted: (HTTPStatus.FORBIDDEN, "usage_restricted"),
    errors.InvalidGrant: (HTTPStatus.FORBIDDEN, "invalid_grant"),
    errors.NotFound: (HTTPStatus.NOT_FOUND, "not_found"),
    errors.MethodNotAllowed: (HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed"),
    errors.FeedTooLarge: (HTTPStatus.NOT_ACCEPTABLE, "not_acceptable"),
    errors.CalendarExists: (HTTPStatus.CONFLICT, "conflict"),
    errors.FeedGone: (HTTPStatus.GONE, "gone"),
    errors.PayloadTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large"),
    errors.UnsupportedMediaType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
    errors.TemporarilyUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable"),
}

# Web applications may call these from anywhere; feeds are for calendar apps, which do not ask.
_OPEN_PATHS = ("/api/", "/.well-known/", "/jwks")
_OPEN_TO_ALL_ORIGINS = {"Access-Control-Allow-Origin": "*"}
_ATTEMPTS = 8
_RETRY_AFTER = "2"  # seconds

_logger = Logger()


@dataclass(frozen=True)
class Request:
    """An HTTP request. Header names are in lower case, `now` is in seconds since 1970.

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
    now: int

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        # A lone surrogate becomes bytes that are no UTF-8, which whoever reads the body refuses.
        body = (event.get("body") or "").encode("utf-8", "surrogatepass")
        return cls(
            method=event["requestContext"]["http"]["method"],
            path=event["rawPath"],
            parameters=event.get("pathParameters") or {},
            headers={name.lower(): value for name, value in event["headers"].items()},
            cookies=tuple(event.get("cookies") or ()),
            body=base64.b64decode(body) if event.get("isBase64Encoded") else body,
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
    body: str | bytes = ""

    def as_event(self) -> dict[str, Any]:
        """As API Gateway takes it (payload 2.0): bytes travel in base64."""
        binary = isinstance(self.body, bytes)
        return {
            "statusCode": self.status.value,
            "headers": dict(self.headers),
            "body": base64.b64encode(self.body).decode() if binary else self.body,  # type: ignore[arg-type]
            "isBase64Encoded": binary,
        }


NO_CONTENT = Response(HTTPStatus.NO_CONTENT)

# The wildcard names every method there is, but not the Authorization header (Fetch, 3.2.5).
PREFLIGHT = Response(
    HTTPStatus.NO_CONTENT,
    {
        "Access-Control-Allow-Methods": "*",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "86400",
    },
)


def operation(handle: Callable[[Request], Response]) -> Callable[[dict[str, Any], Any], Any]:
    """Makes a Lambda handler of a function that answers a request or raises a Refusal.

    A request that another one has overtaken is started again, from its mytoken on. Whatever else is
    raised is a fault of ours: Lambda counts it, and API Gateway answers 500.
    """

    @wraps(handle)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request = Request.from_event(event)
        try:
            response = _until_current(handle, request)
        except errors.Refusal as refusal:
            response = _refused(refusal)
            _log(refusal, response, event["requestContext"]["requestId"])
        if request.path.startswith(_OPEN_PATHS):
            response = replace(response, headers={**response.headers, **_OPEN_TO_ALL_ORIGINS})
        return response.as_event()

    return handler


def _until_current(handle: Callable[[Request], Response], request: Request) -> Response:
    for attempt in range(1, _ATTEMPTS):
        try:
            return handle(request)
        except errors.Outdated:
            pause(attempt)
    return handle(request)


def answer(status: HTTPStatus, document: Any) -> Response:
    """A JSON document as the answer, which no cache keeps."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(status, headers, json.dumps(document, ensure_ascii=False))


def redirect(location: str) -> Response:
    return Response(HTTPStatus.FOUND, {"Location": location, "Cache-Control": "no-store"})


def _refused(refusal: errors.Refusal) -> Response:
    status, code = STATUS_AND_CODE[_listed(type(refusal))]
    response = answer(status, {"error": code, "error_description": refusal.description})
    return replace(response, headers={**response.headers, **_headers_for(refusal)})


def _headers_for(refusal: errors.Refusal) -> dict[str, str]:
    match refusal:
        case errors.MytokenMissing():
            return {"WWW-Authenticate": 'Bearer realm="mytoken"'}
        case errors.InvalidToken():
            return {"WWW-Authenticate": 'Bearer realm="mytoken", error="invalid_token"'}
        case errors.MethodNotAllowed():
            return {"Allow": refusal.allow}
        case errors.TemporarilyUnavailable():
            return {"Retry-After": _RETRY_AFTER}
        case _:
            return {}


def _listed(error: type[errors.Refusal]) -> type[errors.Refusal]:
    """The class itself, or the nearest one above it, that the table has a row for."""
    return next(parent for parent in error.__mro__ if parent in STATUS_AND_CODE)


def _log(refusal: errors.Refusal, response: Response, request_id: str) -> None:
    log = _logger.warning if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else _logger.info
    cause = type(refusal.__cause__).__name__ if refusal.__cause__ else None
    log(
        "refused",
        error=type(refusal).__name__,
        status=response.status.value,
        cause=cause,
        request_id=request_id,
    )
