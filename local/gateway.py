"""API Gateway's HTTP API on this machine: makes events of requests, and responses of answers.

Where AWS and `sam local` differ, it follows AWS: header names in lower case, decoded paths, 404
from the catch-all for unknown routes, 500 without a traceback for a handler's fault.
"""

import base64
import json
import logging
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from local.handlers import Context, Event, Handler, load_handler
from local.template import Route, Template

LARGEST_BODY = 10 * 1024 * 1024
LARGEST_HEAD = 10_240
LARGEST_ANSWER = 6 * 1024 * 1024

_log = logging.getLogger(__name__)
_TEXT = re.compile(r"text/|application/(json|javascript|xml)")
_ID = "mytoken_calendars.request_id"  # in the environment of a request
_ORIGIN = re.compile(r"\Ahttps?://[^/?#]*", re.IGNORECASE)
_MALFORMED_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Gateway:
    """A WSGI application that serves the template's routes."""

    template: Template
    public_url: str
    handlers: dict[str, Handler] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        # All handlers are loaded before the first request, as requests come concurrently.
        self.handlers.update({r.folder: load_handler(r.folder) for r in self.template.routes})

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        return self.respond(request)(environ, start_response)

    def respond(self, request: Request) -> Response:
        request.environ[_ID] = str(uuid4())
        arrived = time.time()  # when its head is here; its body may come much later
        path = _decoded_path(request)
        route, parameters = self._match(request.method, path)
        response = _refused_by_the_gateway(request)
        if response is None:
            event = self._event(request, arrived, path, route, parameters)
            response = self._invoke(route.folder, event, request)
        response.headers["X-Request-Id"] = request.environ[_ID]
        # Logs the route, as the path may hold the secret address of a feed.
        _log.info("%s %s", response.status_code, route.key)
        return response

    def _invoke(self, folder: str, event: Event, request: Request) -> Response:
        try:
            answer = self.handlers[folder](event, Context())
        except Exception as fault:  # noqa: BLE001 - AWS answers 500 to all of them
            # Developers see the text of the exception, which Lambda's logs must not have.
            cause = fault.__context__ or fault
            _log.error("%s failed at request %s", folder, request.environ[_ID], exc_info=cause)
            return _gateway_error(500, "Internal Server Error", "internal_server_error")
        return _response(answer, request)

    def _event(
        self, request: Request, arrived: float, path: str, route: Route, parameters: dict[str, str]
    ) -> Event:
        """The request as API Gateway hands it on (payload format 2.0)."""
        body = request.get_data()
        is_text = _TEXT.match(request.headers.get("Content-Type", "application/json")) is not None
        text, encoded = _as_text(body, is_text=is_text)
        headers = {name.lower(): value for name, value in request.headers.items()}
        cookies = headers.pop("cookie", "").replace(",", ";")  # which is how WSGI joins two headers
        event: Event = {
            "version": "2.0",
            "routeKey": route.key,
            "rawPath": path,
            "rawQueryString": request.query_string.decode("latin-1"),
            "headers": headers,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": self.public_url.split("/")[2],
                "domainPrefix": "local",
                "http": {
                    "method": request.method,
                    "path": path,
                    "protocol": request.environ["SERVER_PROTOCOL"],
                    "sourceIp": request.remote_addr,
                    "userAgent": headers.get("user-agent", ""),
                },
                "requestId": request.environ[_ID],
                "routeKey": route.key,
                "stage": "$default",
                "time": datetime.fromtimestamp(arrived, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
                "timeEpoch": int(arrived * 1000),
            },
            "stageVariables": {"publicUrl": self.public_url},
            "isBase64Encoded": encoded,
        }
        if cookies:
            event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
        if named := request.args:
            event["queryStringParameters"] = {n: ",".join(named.getlist(n)) for n in named}
        if parameters:
            event["pathParameters"] = parameters
        if body:
            event["body"] = text
        return event

    def _match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a request and its path parameters; the most specific path comes first."""
        for route, pattern in self._patterns:
            if route.method in ("ANY", method) and (match := pattern.fullmatch(path)):
                return route, match.groupdict()
        raise LookupError("the template has no catch-all route")

    @cached_property
    def _patterns(self) -> list[tuple[Route, re.Pattern[str]]]:
        def specificity(route: Route) -> tuple[bool, bool, int, bool]:
            return not route.path, "+}" in route.path, -route.path.count("/"), "{" in route.path

        return [(r, _pattern(r.path)) for r in sorted(self.template.routes, key=specificity)]


def _decoded_path(request: Request) -> str:
    """The path, decoded once and cut at a decoded `?`, as HTTP APIs do.

    A broken escape, or bytes that are not UTF-8, become U+FFFD. The target may be a whole URL
    (RFC 9112, 3.2.2): its origin does not matter.
    """
    target = request.environ["RAW_URI"].partition("?")[0]
    path = _ORIGIN.sub("", target) or "/"
    mended = _MALFORMED_ESCAPE.sub("%FF", path)
    return unquote_to_bytes(mended.encode("latin-1")).decode("utf-8", "replace").partition("?")[0]


def _pattern(path: str) -> re.Pattern[str]:
    if not path:
        return re.compile(".*", re.DOTALL)
    pattern = re.escape(path)
    pattern = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.*)", pattern)
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", pattern), re.DOTALL)


def _as_text(body: bytes, *, is_text: bool) -> tuple[str, bool]:
    if is_text:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _refused_by_the_gateway(request: Request) -> Response | None:
    lines = (len(name) + len(value) + 4 for name, value in request.headers.items())
    if len(request.environ["RAW_URI"]) + sum(lines) > LARGEST_HEAD:
        return _gateway_error(431, "Request Header Fields Too Large", "invalid_request")
    if (request.content_length or 0) > LARGEST_BODY:
        return _gateway_error(413, "Request Entity Too Large", "payload_too_large")
    try:
        request.get_data()
    except (HTTPException, OSError):  # the body ends too early, or has invalid chunks
        return _gateway_error(400, "Bad Request", "invalid_request")
    return None


def _gateway_error(status: int, message: str, code: str) -> Response:
    """API Gateway's own answer, `message`; here the members of the API's errors stand beside it."""
    document = {"message": message, "error": code, "error_description": f"{message}."}
    return Response(json.dumps(document), status, content_type="application/json")


def _response(answer: dict[str, Any], request: Request) -> Response:
    body = answer.get("body", "")
    if len(body) > LARGEST_ANSWER:
        _log.error("an answer is larger than Lambda's 6 MB")
        return _gateway_error(500, "Internal Server Error", "internal_server_error")
    data = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    response = Response(data, answer["statusCode"])
    response.headers.remove("Content-Type")
    for name, value in answer["headers"].items():
        response.headers[name] = value
    for cookie in answer.get("cookies", ()):
        response.headers.add("Set-Cookie", cookie)
    return response
