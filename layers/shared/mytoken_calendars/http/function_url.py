"""A function's own URL: its events become those that API Gateway sends for the same requests.

API Gateway leads a request to the function of its route, decodes the path once, and cuts it at a
decoded `?`. A URL leads every request to one function, with the path as it was sent (so captured
events show, at github.com/hotsock/voker/pull/8; AWS does not say). Should it come decoded, then it
is decoded twice, which changes no address of ours: what its escapes stand for has no `%`.

What API Gateway leads to other functions is answered here: preflights, paths and methods without a
route. The paths of pages lead to the API.
"""

import os
from collections.abc import Callable
from functools import cache, wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

from mytoken_calendars.calendars.addresses import FEEDS_PATH
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, redirect
from mytoken_calendars.http.routes import Routes
from mytoken_calendars.logs import Handler


def also(
    *own: str, others: Callable[[Request], Response] | None = None
) -> Callable[[Handler], Handler]:
    """Makes a handler take the events of its function's URL as well. `own` are its paths.

    `others` answers requests for the paths of other functions. Without it the URL has none of them.
    """
    elsewhere = operation(others) if others else _refused

    def decorated(handler: Handler) -> Handler:
        @wraps(handler)
        def either(event: dict[str, Any], context: Any) -> dict[str, Any]:
            # API Gateway's stage has the variable publicUrl; a URL has no stage.
            if event.get("stageVariables"):
                return handler(event, context)
            method = event["requestContext"]["http"]["method"]
            path = unquote(event.get("rawPath", ""), errors="replace").partition("?")[0]
            if method == "OPTIONS" and path.startswith(f"{FEEDS_PATH}/"):
                return _preflight(_as_by_api_gateway(event, path), context)
            route = _routes().find(method, path)
            if route is None:
                return _refused(_as_by_api_gateway(event, path), context)
            chosen = handler if route.template in own else elsewhere
            return chosen(_as_by_api_gateway(event, path, route.parameters), context)

        return either

    return decorated


def at_the_api(request: Request, api: str) -> Response:
    """Leads to the same path where the API is."""
    path = quote(request.path, errors="replace")
    return redirect(f"{api}{path}", HTTPStatus.TEMPORARY_REDIRECT)


@cache
def _routes() -> Routes:
    return Routes.from_environment(below=FEEDS_PATH)


def _as_by_api_gateway(
    event: dict[str, Any], path: str, parameters: dict[str, str] | None = None
) -> dict[str, Any]:
    """The event with what only API Gateway says. The client's address is CloudFront's, or unused.

    FEEDS_URL is for pages, which CloudFront serves at the domain of the feeds.
    """
    return {
        **event,
        "rawPath": path,
        "pathParameters": parameters,
        "headers": event.get("headers") or {},
        "stageVariables": {
            "publicUrl": os.environ.get("FEEDS_URL", ""),
            "clientAddress": "unknown",
        },
    }


@operation
def _preflight(request: Request) -> Response:
    from mytoken_calendars.http import preflight  # noqa: PLC0415 - most processes never need it

    return preflight.answer(request)


@operation
def _refused(request: Request) -> Response:
    raise _routes().refusal(request.method, request.path)
