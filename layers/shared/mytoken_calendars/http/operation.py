"""The door to HTTP: turns operations into Lambda handlers."""

import gc
from collections.abc import Callable
from functools import cache, wraps
from http import HTTPStatus
from typing import Any

from mytoken_calendars import COLLECTS_AFTER, backoff, errors, logs
from mytoken_calendars.http import error_response, token_update
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response
from mytoken_calendars.http.routes import Routes

# Web applications of any origin may read every answer: none depends on where it is asked from.
_OPEN_TO_ALL_ORIGINS = {"Access-Control-Allow-Origin": "*"}
# What they may read of it besides the body (Fetch, 3.2.3). API Gateway sends a challenge under
# another name. A 304 only renews the headers of the answer that a browser has (RFC 9111, 4.3.4), so
# it goes without: at 200 bytes, these lines were the larger part of most polls.
_READABLE = {
    "Access-Control-Expose-Headers": (
        "Allow, Content-Disposition, ETag, Idempotent-Replayed, Location, Retry-After, "
        "WWW-Authenticate, x-amzn-remapped-www-authenticate, X-Request-Id"
    )
}


def operation(
    handle: Callable[[Request], Response],
    refused: Callable[[errors.Refusal], Response] = error_response.of,
) -> logs.Handler:
    """Makes a Lambda handler of a function that answers a request or raises a Refusal.

    `refused` makes the answer of a Refusal.

    A request that raises Outdated is started again, and reads its mytoken anew. Any exception but
    a Refusal is a fault of ours: Lambda counts it, and API Gateway answers 500. But if the mytoken
    was rotated before, the answer is a 503 of our own: only that can hold the successor.
    """

    @wraps(handle)
    @logs.faults_by_name
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        _is_loaded()
        request, request_id = Request.from_event(event), event["requestContext"]["requestId"]
        try:
            response = _until_current(handle, request)
        except errors.Refusal as refusal:
            response = refused(refusal)
            _log(refusal, response, request_id)
        except Exception as fault:  # whatever it is, the old mytoken is dead
            if request.state.token_update is None:
                raise
            logs.fault(fault, request_id)
            response = error_response.of(errors.TemporarilyUnavailable())
        answer = token_update.with_successor(response, request).as_event()
        answer["headers"]["X-Request-Id"] = request_id  # as in the logs
        answer["headers"].update(_OPEN_TO_ALL_ORIGINS)
        if response.status != HTTPStatus.NOT_MODIFIED:
            answer["headers"].update(_READABLE)
        return answer

    return handler


@cache
def _is_loaded() -> None:
    """From the first request on garbage is collected as usual, but not among what was loaded."""
    gc.freeze()
    gc.set_threshold(*COLLECTS_AFTER)


def _until_current(handle: Callable[[Request], Response], request: Request) -> Response:
    """Handles the request, if it has a route; tries again while others make it Outdated.

    With an Idempotency-Key it also tries again, once, after a refusal that a concurrent duplicate
    may have caused: the second attempt then finds the receipt of the duplicate.
    """
    # Behind the slash that a route allows at the end, only the route of preflights goes on.
    if request.parameters.get("proxy") and request.method != "OPTIONS":
        raise Routes.from_environment().refusal(request.method, request.path)
    has_key = "idempotency-key" in request.headers
    refused: errors.Refusal = errors.TemporarilyUnavailable()
    with backoff.shared():
        for _ in backoff.attempts():
            try:
                return handle(request)
            except errors.Outdated as outdated:
                refused = outdated
            except errors.Refusal as refusal:
                if not (has_key and _may_have_been_done(refusal)):
                    raise
                has_key, refused = False, refusal
    raise refused


# What can follow from a duplicate: it made the calendar or the last feed there is room for, deleted
# or renamed what is looked for, took the token out by which its caller manages it, rotated the
# mytoken, or took its last use; or of what it did the receipt alone can be seen yet.
_FOLLOWS_FROM_A_DUPLICATE = (
    errors.CalendarExists,
    errors.LimitReached,
    errors.CalendarNotFound,
    errors.NoSuchTag,
    errors.NoSuchFeed,
    errors.RepeatedTooLate,
    errors.InsufficientCapabilities,
    errors.Superseded,
    errors.UsageRestricted,
)


def _may_have_been_done(refusal: errors.Refusal) -> bool:
    """Whether a concurrent duplicate that succeeded may be the reason for this refusal.

    Not of a malformed request, whose duplicate is refused as well. A remote issuer answers
    InvalidToken for a rotated mytoken: such a request is not tried again.
    """
    return isinstance(refusal, _FOLLOWS_FROM_A_DUPLICATE)


def _log(refusal: errors.Refusal, response: Response, request_id: str) -> None:
    logger = logs.logger()
    log = logger.warning if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else logger.info
    cause = type(refusal.__cause__).__name__ if refusal.__cause__ else None
    more: dict[str, Any] = {}
    if isinstance(refusal, errors.UsageRestricted):
        more["failing"] = refusal.failing
    log(
        "refused",
        error=type(refusal).__name__,
        status=response.status.value,
        cause=cause,
        request_id=request_id,
        **more,
    )
