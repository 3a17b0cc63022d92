"""The responses to refused requests: status, `error` and headers of each refusal."""

from dataclasses import replace
from http import HTTPStatus

from mytoken_calendars import errors, limits
from mytoken_calendars.http.response import Response, answer

STATUS_AND_CODE: dict[type[errors.Refusal], tuple[HTTPStatus, str]] = {
    errors.InvalidRequest: (HTTPStatus.BAD_REQUEST, "invalid_request"),
    errors.InvalidToken: (HTTPStatus.UNAUTHORIZED, "invalid_token"),
    errors.InsufficientCapabilities: (HTTPStatus.FORBIDDEN, "insufficient_capabilities"),
    errors.UsageRestricted: (HTTPStatus.FORBIDDEN, "usage_restricted"),
    errors.InvalidGrant: (HTTPStatus.FORBIDDEN, "invalid_grant"),
    errors.NotFound: (HTTPStatus.NOT_FOUND, "not_found"),
    errors.MethodNotAllowed: (HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed"),
    errors.CalendarExists: (HTTPStatus.CONFLICT, "conflict"),
    errors.TagExists: (HTTPStatus.CONFLICT, "conflict"),
    errors.FirstFeed: (HTTPStatus.CONFLICT, "conflict"),
    errors.RepeatedTooLate: (HTTPStatus.CONFLICT, "conflict"),
    errors.FeedGone: (HTTPStatus.GONE, "gone"),
    errors.PayloadTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large"),
    errors.UnsupportedMediaType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
    errors.TemporarilyUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable"),
}


def of(refusal: errors.Refusal) -> Response:
    """The response to a refused request: status, headers and a JSON document."""
    status, code = STATUS_AND_CODE[_nearest_in_table(type(refusal))]
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


def _nearest_in_table(error: type[errors.Refusal]) -> type[errors.Refusal]:
    """The class itself or its nearest parent in STATUS_AND_CODE."""
    return next(parent for parent in error.__mro__ if parent in STATUS_AND_CODE)
