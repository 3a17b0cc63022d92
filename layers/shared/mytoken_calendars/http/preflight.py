"""The answer to a preflight (Fetch, 3.2): any origin may call the API, without cookies."""

import re
from http import HTTPStatus

from mytoken_calendars import limits
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response

_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key")
_NAMES = re.compile(r"[\w!#$%&'*+.^`|~, \t-]+", re.ASCII)  # tokens in a list (RFC 9110, 5.6)


def answer(request: Request) -> Response:
    """Allows every method, the headers of the API, and those that are asked for.

    A wildcard would name every method, but not the Authorization header (Fetch, 3.2.5).
    """
    return Response(
        HTTPStatus.NO_CONTENT,
        {
            "Access-Control-Allow-Methods": "*",
            "Access-Control-Allow-Headers": ", ".join((*_HEADERS, *_others_asked_for(request))),
            "Access-Control-Max-Age": "86400",
        },
    )


def _others_asked_for(request: Request) -> list[str]:
    """The names of other headers that a page wants to send; none of a list that is too long."""
    asked = request.headers.get("access-control-request-headers", "")
    if len(asked) > limits.ASKED_HEADERS or not _NAMES.fullmatch(asked):
        return []
    known = {name.lower() for name in _HEADERS}
    names = [name.strip() for name in asked.split(",")]
    return [name for name in dict.fromkeys(names) if name and name.lower() not in known]
