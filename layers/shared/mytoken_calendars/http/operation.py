"""The door to HTTP: makes Lambda handlers of operations, and responses of their refusals."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from typing import Any

from mytoken_calendars import errors, limits, logs
from mytoken_calendars.backoff import pause
from mytoken_calendars.http import token_update
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, answer

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
    errors.RepeatedTooLate: (HTTPStatus.CONFLICT, "conflict"),
    errors.FeedGone: (HTTPStatus.GONE, "gone"),
    errors.PayloadTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large"),
    errors.UnsupportedMediaType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
    errors.TemporarilyUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable"),
}

# Web applications of any origin may call these. Feeds are for calendar apps, which need no CORS.
_OPEN_PATHS = ("/api/", "/.well-known/", "/jwks")
_OPEN_TO_ALL_ORIGINS = {"Access-Control-Allow-Origin": "*"}


def operation(handle: Callable[[Request], Response]) -> Callable[[dict[str, Any], Any], Any]:
    """Makes a Lambda handler of a function that answers a request or raises a Refusal.

    A request that raises Outdated is started again, and reads its mytoken anew. Any exception but
    a Refusal is a fault of ours: Lambda counts it, and API Gateway answers 500.
    """

    @wraps(handle)
    @logs.faults_by_name
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request = Request.from_event(event)
        try:
            response = _until_current(handle, request)
        except errors.Refusal as refusal:
            response = _refused(refusal)
            _log(refusal, response, event["requestContext"]["requestId"])
        response = token_update.handed_on(response, request)
        if request.path.startswith(_OPEN_PATHS):
            response = replace(response, headers={**response.headers, **_OPEN_TO_ALL_ORIGINS})
        return response.as_event()

    return handler


def _until_current(handle: Callable[[Request], Response], request: Request) -> Response:
    """Repeats the operation while concurrent changes make it Outdated, up to eight times in all.

    A request with an Idempotency-Key that is refused is also repeated once, if a concurrent
    duplicate may have succeeded: the repetition then finds the receipt of the duplicate.
    """
    has_key = "idempotency-key" in request.headers
    for attempt in range(1, limits.ATTEMPTS_AT_A_REQUEST):
        try:
            return handle(request)
        except errors.Outdated:
            pause(attempt)
        except errors.Refusal as refusal:
            if not (has_key and _may_have_been_done(refusal)):
                raise
            has_key = False
            pause(attempt)
    return handle(request)


def _may_have_been_done(refusal: errors.Refusal) -> bool:
    """Whether a concurrent duplicate that succeeded may be the reason for this refusal.

    Four refusals can follow from the duplicate: it created the calendar, deleted it, rotated the
    mytoken, or took its last use. LimitReached cannot: the receipt is the first write of the
    transaction, so its condition fails first, and that raises Outdated. Neither can a malformed
    request: its duplicate is refused as well.
    """
    return isinstance(
        refusal,
        (errors.CalendarExists, errors.CalendarNotFound, errors.Superseded, errors.UsageRestricted),
    )


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
            return {"Retry-After": str(limits.RETRY_AFTER)}
        case _:
            return {}


def _listed(error: type[errors.Refusal]) -> type[errors.Refusal]:
    """The class itself or its nearest parent in STATUS_AND_CODE."""
    return next(parent for parent in error.__mro__ if parent in STATUS_AND_CODE)


def _log(refusal: errors.Refusal, response: Response, request_id: str) -> None:
    logger = logs.logger()
    log = logger.warning if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else logger.info
    cause = type(refusal.__cause__).__name__ if refusal.__cause__ else None
    log(
        "refused",
        error=type(refusal).__name__,
        status=response.status.value,
        cause=cause,
        request_id=request_id,
    )
