"""The door to HTTP: events as requests, answers as events, and every refusal as an error."""

import base64
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import pytest

from mytoken_calendars import errors, limits, logs
from mytoken_calendars.backoff import attempts
from mytoken_calendars.http import response
from mytoken_calendars.http.error_response import STATUS_AND_CODE
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import NO_CONTENT, Response
from mytoken_calendars.logs import Fault
from mytoken_calendars.tokens.request_state import RequestState
from tests.harness.stacks import ROOT

pytestmark = pytest.mark.usefixtures("pauses")

PATH = "/api/v0/notifications/calendars"
OPEN_TO_ALL_ORIGINS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Allow, Content-Disposition, ETag, Idempotent-Replayed, Location, Retry-After, "
        "WWW-Authenticate, x-amzn-remapped-www-authenticate, X-Request-Id"
    ),
}


def event(**changes: Any) -> dict[str, Any]:
    """A GET as API Gateway hands it on, with no more than it always has."""
    method, path = changes.pop("method", "GET"), changes.pop("path", PATH)
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.7"},
            "requestId": "request-1",
            "timeEpoch": 1_800_000_000_250,
        },
        "stageVariables": {"publicUrl": "https://mytoken.example"},
        "isBase64Encoded": False,
        **changes,
    }


def answered(refusal: Exception | type[Exception], path: str = PATH) -> dict[str, Any]:
    """What an operation answers that refuses every request in this way."""

    @operation
    def handler(request: Request) -> Response:
        raise refusal

    answer: dict[str, Any] = handler(event(path=path), None)
    return answer


def all_refusals(parent: type[errors.Refusal] = errors.Refusal) -> Iterator[type[errors.Refusal]]:
    for refusal in parent.__subclasses__():
        yield refusal
        yield from all_refusals(refusal)


@dataclass
class Log:
    """Takes the place of the logger, and remembers what it was told."""

    lines: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def info(self, message: str, **more: Any) -> None:
        self.lines.append(("info", message, more))

    def warning(self, message: str, **more: Any) -> None:
        self.lines.append(("warning", message, more))

    def error(self, message: str, **more: Any) -> None:
        self.lines.append(("error", message, more))


@dataclass
class Overtaken:
    """An operation that others overtake so many times; it remembers what it was handed."""

    times: int
    handed: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.handed.append(request)
        if len(self.handed) <= self.times:
            raise errors.Outdated
        return response.answer(HTTPStatus.OK, {"attempt": len(self.handed)})


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    monkeypatch.setattr(logs, "logger", lambda: log)
    return log


def test_an_event_is_read_as_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.9)

    request = Request.from_event(
        event(
            method="POST",
            path=f"{PATH}/CI Mytokens",
            pathParameters={"calendar": "CI Mytokens"},
            headers={"Content-Type": "application/json", "AUTHORIZATION": "Bearer x"},
            cookies=["mytoken=x", "a=b"],
            body='{"name": "é"}',
        )
    )

    assert request == Request(
        method="POST",
        path=f"{PATH}/CI Mytokens",
        parameters={"calendar": "CI Mytokens"},
        headers={"content-type": "application/json", "authorization": "Bearer x"},
        cookies=("mytoken=x", "a=b"),
        body='{"name": "é"}'.encode(),
        base_url="https://mytoken.example",
        feeds_url="https://mytoken.example",
        address="192.0.2.7",
        arrived=1_800_000_000_250,
        now_ms=1_800_000_000_900,
    )
    assert request.now == 1_800_000_000
    assert request.calendar == "CI Mytokens"


def test_what_an_event_leaves_out_is_empty() -> None:
    request = Request.from_event(event(pathParameters=None, cookies=None, body=None))

    plain = Request.from_event(event())
    assert replace(request, now_ms=plain.now_ms) == plain
    assert (request.parameters, request.cookies, request.body) == ({}, (), b"")


def test_a_body_in_base64_is_decoded() -> None:
    body = base64.b64encode(b"name=\xff").decode()

    assert Request.from_event(event(body=body, isBase64Encoded=True)).body == b"name=\xff"


def test_a_surrogate_in_a_body_becomes_bytes_that_are_no_utf_8() -> None:
    request = Request.from_event(event(body=f'"{chr(0xD800)}"'))

    with pytest.raises(UnicodeDecodeError):
        request.body.decode()


def test_the_base_url_is_the_public_url_of_the_stage_as_it_stands() -> None:
    url = "https://mytoken.example/stage"

    assert Request.from_event(event(stageVariables={"publicUrl": url})).base_url == url


def test_feeds_may_have_a_host_of_their_own() -> None:
    stage = {"publicUrl": "https://mytoken.example", "feedUrl": "https://feeds.example"}

    request = Request.from_event(event(stageVariables=stage))

    assert (request.base_url, request.feeds_url) == tuple(stage.values())


def test_the_base_url_is_not_what_the_request_calls_its_host() -> None:
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}

    assert Request.from_event(event(headers=headers)).base_url == "https://mytoken.example"


@pytest.mark.parametrize(
    "header",
    ["x-forwarded-for", "X-Forwarded-For", "forwarded", "x-real-ip", "true-client-ip", "via"],
)
def test_where_a_request_comes_from_is_what_the_gateway_says_and_no_header(header: str) -> None:
    request = Request.from_event(event(headers={header: "198.51.100.7"}))

    assert request.address == "192.0.2.7"


def test_when_a_request_arrived_is_what_the_gateway_says_and_no_header() -> None:
    request = Request.from_event(event(headers={"date": "Fri, 15 Jan 2027 07:00:00 GMT"}))

    assert request.arrived == 1_800_000_000_250


def test_nothing_has_become_yet_of_the_token_of_a_request() -> None:
    one, other = Request.from_event(event()), Request.from_event(event())

    assert one.state == RequestState()
    assert one.state is not other.state


def test_text_is_answered_as_it_is() -> None:
    response = Response(HTTPStatus.OK, {"Content-Type": "text/calendar"}, "é\r\n")

    assert response.as_event() == {
        "statusCode": 200,
        "headers": {"Content-Type": "text/calendar"},
        "body": "é\r\n",
        "isBase64Encoded": False,
    }


def test_bytes_are_answered_in_base64() -> None:
    answer = Response(HTTPStatus.OK, {}, b"\x1f\x8b").as_event()

    assert (answer["body"], answer["isBase64Encoded"]) == ("H4s=", True)


def test_a_document_is_answered_as_json_that_no_cache_keeps() -> None:
    answered = response.answer(HTTPStatus.CREATED, {"name": "日本語"})

    assert answered.status == 201
    assert answered.as_event()["body"] == '{"name": "日本語"}'
    assert answered.as_event()["isBase64Encoded"] is False
    assert answered.headers == {"Content-Type": "application/json", "Cache-Control": "no-store"}


def test_cookies_are_answered_beside_the_headers() -> None:
    response = Response(HTTPStatus.OK, {"A": "b"}, "", ("mytoken=x", "a=b"))

    assert response.as_event()["cookies"] == ["mytoken=x", "a=b"]
    assert response.as_event()["headers"] == {"A": "b"}
    assert "cookies" not in NO_CONTENT.as_event()


def test_a_redirect_is_kept_by_no_cache() -> None:
    redirected = response.redirect("https://mytoken.example/calendars/x")

    assert (redirected.status, redirected.body) == (302, "")
    assert redirected.headers == {
        "Location": "https://mytoken.example/calendars/x",
        "Cache-Control": "no-store",
    }


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (errors.InvalidRequest, 400, "invalid_request"),
        (errors.LimitReached, 400, "invalid_request"),
        (errors.IdempotencyKeyReused, 400, "invalid_request"),
        (errors.InvalidToken, 401, "invalid_token"),
        (errors.MytokenMissing, 401, "invalid_token"),
        (errors.Superseded(0), 401, "invalid_token"),
        (errors.AheadOfRegistry, 401, "invalid_token"),
        (errors.InsufficientCapabilities, 403, "insufficient_capabilities"),
        (errors.UsageRestricted, 403, "usage_restricted"),
        (errors.InvalidGrant, 403, "invalid_grant"),
        (errors.NotFound, 404, "not_found"),
        (errors.CalendarNotFound, 404, "not_found"),
        (errors.FeedNotFound, 404, "not_found"),
        (errors.RouteNotFound, 404, "not_found"),
        (errors.MethodNotAllowed("GET"), 405, "method_not_allowed"),
        (errors.CalendarExists, 409, "conflict"),
        (errors.RepeatedTooLate, 409, "conflict"),
        (errors.FeedGone, 410, "gone"),
        (errors.PayloadTooLarge, 413, "payload_too_large"),
        (errors.UnsupportedMediaType, 415, "unsupported_media_type"),
        (errors.TemporarilyUnavailable, 503, "temporarily_unavailable"),
        (errors.Outdated, 503, "temporarily_unavailable"),
    ],
)
def test_a_refusal_is_answered_with_its_status_and_code(
    refusal: errors.Refusal | type[errors.Refusal], status: int, code: str
) -> None:
    answer = answered(refusal)

    assert answer["statusCode"] == status
    assert json.loads(answer["body"]) == {"error": code, "error_description": refusal.description}
    assert answer["headers"]["Content-Type"] == "application/json"
    assert answer["headers"]["Cache-Control"] == "no-store"


@pytest.mark.parametrize("refusal", list(all_refusals()))
def test_every_refusal_there_is_has_a_row_of_its_own_or_one_above_it(
    refusal: type[errors.Refusal],
) -> None:
    assert any(parent in STATUS_AND_CODE for parent in refusal.__mro__)


@pytest.mark.parametrize("refusal", list(all_refusals()))
def test_every_refusal_there_is_says_in_ascii_what_happened(refusal: type[errors.Refusal]) -> None:
    assert refusal.description != errors.Refusal.description
    assert refusal.description.isascii()
    assert refusal.description.endswith(".")


def test_whatever_is_not_found_is_so_by_one_row() -> None:
    rows = [error for error, (status, _) in STATUS_AND_CODE.items() if status == 404]

    assert rows == [errors.NotFound]
    for error in (errors.CalendarNotFound, errors.FeedNotFound, errors.RouteNotFound):
        assert issubclass(error, errors.NotFound)


def test_a_description_of_ones_own_is_told_instead() -> None:
    answer = answered(errors.InvalidRequest("name: Field required"))

    assert json.loads(answer["body"])["error_description"] == "name: Field required"


@pytest.mark.parametrize(
    ("refusal", "challenge"),
    [
        (errors.MytokenMissing, 'Bearer realm="mytoken"'),
        (errors.InvalidToken, 'Bearer realm="mytoken", error="invalid_token"'),
        (errors.Superseded(0), 'Bearer realm="mytoken", error="invalid_token"'),
        (errors.AheadOfRegistry, 'Bearer realm="mytoken", error="invalid_token"'),
    ],
)
def test_a_request_without_a_valid_mytoken_is_challenged(
    refusal: errors.Refusal | type[errors.Refusal], challenge: str
) -> None:
    assert answered(refusal)["headers"]["WWW-Authenticate"] == challenge


def test_a_method_that_is_not_allowed_is_answered_with_those_that_are() -> None:
    answer = answered(errors.MethodNotAllowed("GET, POST, OPTIONS"))

    assert answer["headers"]["Allow"] == "GET, POST, OPTIONS"


@pytest.mark.parametrize("refusal", [errors.TemporarilyUnavailable, errors.Outdated])
def test_a_service_that_is_unavailable_says_when_to_come_again(
    refusal: type[errors.Refusal],
) -> None:
    assert int(answered(refusal)["headers"]["Retry-After"]) > 0


@pytest.mark.parametrize("refusal", [errors.InvalidRequest, errors.InvalidGrant, errors.FeedGone])
def test_other_refusals_have_none_of_these_headers(refusal: type[errors.Refusal]) -> None:
    assert answered(refusal)["headers"].keys() - OPEN_TO_ALL_ORIGINS.keys() == {
        "Content-Type",
        "Cache-Control",
        "X-Request-Id",
    }


PATHS = [
    PATH,
    f"{PATH}/x",
    "/api",
    "/.well-known/mytoken-configuration",
    "/jwks",
    "/calendars/x",
    "/calendars/x/CI Mytokens.ics",
    "/",
    "",
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", PATHS)
def test_web_applications_of_any_origin_may_read_every_answer_also_of_feeds(
    path: str, method: str
) -> None:
    @operation
    def handler(request: Request) -> Response:
        return NO_CONTENT

    answer = handler(event(path=path, method=method), None)

    assert answer["headers"] == {**OPEN_TO_ALL_ORIGINS, "X-Request-Id": "request-1"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("refusal", [errors.InvalidToken, errors.FeedNotFound, errors.FeedGone])
def test_web_applications_of_any_origin_may_read_why_they_are_refused(
    path: str, refusal: type[errors.Refusal]
) -> None:
    assert answered(refusal, path)["headers"].items() >= OPEN_TO_ALL_ORIGINS.items()


def test_an_operation_is_handed_the_request_and_its_answer_is_given() -> None:
    @operation
    def handler(request: Request) -> Response:
        return response.answer(HTTPStatus.OK, {"path": request.path})

    answer = handler(event(path="/calendars/x"), None)

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"path": "/calendars/x"}


def test_an_operation_keeps_its_name() -> None:
    def handler(request: Request) -> Response:
        raise NotImplementedError

    assert operation(handler).__name__ == "handler"


class Quoting(Exception):
    """As botocore's ClientError has its answer, which quotes what was sent."""

    def __init__(self, response: object) -> None:
        super().__init__(f"An error occurred: {response}")
        self.response = response


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ZeroDivisionError("the comment"), "ZeroDivisionError"),
        (
            Quoting({"Error": {"Code": "AccessDenied", "Message": "the comment"}}),
            "Quoting: AccessDenied",
        ),
        (Quoting("the comment"), "Quoting"),
        (Quoting(None), "Quoting"),
    ],
)
def test_a_fault_of_ours_has_a_name_and_a_place(error: Exception, name: str) -> None:
    with pytest.raises(Fault) as raised:
        answered(error)

    told = "".join(traceback.format_exception(raised.value))
    assert str(raised.value) == name
    assert "the comment" not in told
    assert f'File "{__file__}"' in told
    assert "raise refusal" in told


def test_a_fault_after_a_rotation_is_logged_alike_and_the_successor_is_handed_on(log: Log) -> None:
    @operation
    def handler(request: Request) -> Response:
        request.state.token_update = SUCCESSOR
        raise Quoting({"Error": {"Code": "AccessDenied", "Message": "the comment"}})

    answer = handler(event(), None)

    document = json.loads(answer["body"])
    assert (answer["statusCode"], document["error"]) == (503, "temporarily_unavailable")
    assert document["token_update"] == SUCCESSOR
    ((level, message, more),) = log.lines
    assert (level, message, more["error"]) == ("error", "failed", "Quoting: AccessDenied")
    assert more["request_id"] == answer["headers"]["X-Request-Id"]
    assert more["places"][-1].startswith(f"{__file__}:")
    assert "the comment" not in str(more)


@pytest.mark.parametrize("times", [1, 2, 9])
def test_a_request_that_was_overtaken_starts_again_as_it_came(times: int, log: Log) -> None:
    handle = Overtaken(times)

    answer = operation(handle)(event(path="/calendars/x"), None)

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"attempt": times + 1}
    assert handle.handed == [handle.handed[0]] * (times + 1)
    assert log.lines == []


SUCCESSOR = {"mytoken": "its-successor"}


@pytest.mark.parametrize(
    ("outcome", "status", "document"),
    [
        (response.answer(HTTPStatus.CREATED, {"name": "a"}), 201, {"name": "a"}),
        (NO_CONTENT, 200, {}),
        (errors.RepeatedTooLate(), 409, {"error": "conflict"}),
        (errors.TemporarilyUnavailable(), 503, {"error": "temporarily_unavailable"}),
        (errors.Outdated(), 503, {"error": "temporarily_unavailable"}),
    ],
)
@pytest.mark.parametrize("path", [PATH, "/calendars/x"])
def test_a_successor_leaves_with_every_answer_also_that_of_an_error(
    path: str, outcome: Response | errors.Refusal, status: int, document: dict[str, Any]
) -> None:
    @operation
    def handler(request: Request) -> Response:
        request.state.token_update = SUCCESSOR
        if isinstance(outcome, errors.Refusal):
            raise outcome
        return outcome

    answer = handler(event(path=path), None)

    told = json.loads(answer["body"])
    told.pop("error_description", None)
    assert answer["statusCode"] == status
    assert told == {**document, "token_update": SUCCESSOR}
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"


def test_what_has_become_of_a_token_is_remembered_when_a_request_starts_again() -> None:
    @operation
    def handler(request: Request) -> Response:
        if request.state.token_update is None:
            request.state.token_update = SUCCESSOR
            raise errors.Outdated
        return NO_CONTENT

    answer = handler(event(), None)

    assert (answer["statusCode"], json.loads(answer["body"])["token_update"]) == (200, SUCCESSOR)


def test_an_answer_without_a_successor_says_nothing_of_one() -> None:
    handle = Overtaken(0)

    answer = operation(handle)(event(), None)

    assert "token_update" not in json.loads(answer["body"])
    assert "cookies" not in answer


def test_a_request_that_is_always_overtaken_gives_up_in_time_and_says_when_to_come_again(
    log: Log,
) -> None:
    handle = Overtaken(99)

    answer = operation(handle)(event(), None)

    assert len(handle.handed) == 10
    assert answer["statusCode"] == 503
    assert json.loads(answer["body"])["error"] == "temporarily_unavailable"
    assert answer["headers"]["Retry-After"] == "2"
    assert [(level, more["error"]) for level, _, more in log.lines] == [("warning", "Outdated")]


def test_the_pause_before_each_new_start_grows_and_there_is_none_after_the_last(
    pauses: list[float],
) -> None:
    operation(Overtaken(99))(event(), None)

    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1, 1, 1, 1])


def test_a_request_that_nobody_overtakes_does_not_wait(pauses: list[float]) -> None:
    operation(Overtaken(0))(event(), None)

    assert pauses == []


@pytest.mark.parametrize(
    "refusal",
    [
        errors.TemporarilyUnavailable,
        errors.InvalidRequest,
        errors.IdempotencyKeyReused,
        errors.PayloadTooLarge,
        errors.UnsupportedMediaType,
        errors.InvalidToken,
        errors.MytokenMissing,
        errors.InvalidGrant,
    ],
)
@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "k"}], ids=["plain", "keyed"])
def test_a_refusal_other_than_outdated_is_not_tried_again(
    refusal: type[errors.Refusal], headers: dict[str, str], pauses: list[float]
) -> None:
    starts = []

    @operation
    def handler(request: Request) -> Response:
        starts.append(request)
        raise refusal

    handler(event(headers=headers), None)

    assert len(starts) == 1
    assert pauses == []


def started(
    outcomes: list[type[errors.Refusal] | None], headers: dict[str, str]
) -> tuple[int, int]:
    """How often an operation with these outcomes starts, and the status of its last one."""
    starts = 0

    @operation
    def handler(request: Request) -> Response:
        nonlocal starts
        outcome = outcomes[starts]
        starts += 1
        if outcome:
            raise outcome
        return NO_CONTENT

    status = handler(event(headers=headers), None)["statusCode"]
    return starts, status


KEYED = {"Idempotency-Key": "k"}


@pytest.mark.parametrize(
    ("outcomes", "headers", "starts", "status"),
    [
        ([errors.UsageRestricted, None], KEYED, 2, 204),
        ([errors.CalendarExists, None], KEYED, 2, 204),
        ([errors.LimitReached, None], KEYED, 2, 204),
        ([errors.NoSuchFeed, None], KEYED, 2, 204),
        ([errors.NoSuchTag, None], KEYED, 2, 204),
        ([errors.RepeatedTooLate, None], KEYED, 2, 204),
        ([errors.FeedNotFound, None], KEYED, 1, 404),
        ([errors.RouteNotFound, None], KEYED, 1, 404),
        ([errors.InsufficientCapabilities, None], KEYED, 2, 204),
        ([errors.LimitReached, None], {}, 1, 400),
        ([errors.CalendarNotFound, errors.RepeatedTooLate], KEYED, 2, 409),
        ([errors.CalendarExists, errors.UsageRestricted, None], KEYED, 2, 403),
        ([errors.Outdated, errors.CalendarExists, errors.Outdated, None], KEYED, 4, 204),
        ([errors.TemporarilyUnavailable, None], KEYED, 1, 503),
        ([errors.UsageRestricted, errors.TemporarilyUnavailable, None], KEYED, 2, 503),
        ([errors.InvalidToken, None], KEYED, 1, 401),
        ([errors.InvalidToken, None], {}, 1, 401),
        ([errors.Outdated, errors.CalendarExists, None], {}, 2, 409),
        ([None], KEYED, 1, 204),
    ],
)
def test_a_request_with_a_key_that_is_refused_starts_once_more_as_it_may_be_done(
    outcomes: list[type[errors.Refusal] | None], headers: dict[str, str], starts: int, status: int
) -> None:
    assert started(outcomes, headers) == (starts, status)


@pytest.mark.parametrize("headers", [{}, KEYED])
def test_no_request_starts_again_when_its_time_is_up(headers: dict[str, str]) -> None:
    refusals: list[type[errors.Refusal] | None] = [errors.Outdated] * 8
    refusals += [errors.CalendarExists] * 2 if headers else [errors.Outdated] * 2

    assert started([*refusals, None], headers) == (10, 409 if headers else 503)


def test_a_request_and_its_transactions_share_one_time(pauses: list[float]) -> None:
    sent = 0

    @operation
    def handler(request: Request) -> Response:
        nonlocal sent
        for _ in attempts():
            sent += 1
        raise errors.Outdated

    answers = [handler(event(), None) for _ in range(2)]

    assert sent == 2 * 10
    assert [answer["statusCode"] for answer in answers] == [503, 503]
    assert sum(pauses) < 2 * (limits.RETRIED + limits.LONGEST_PAUSE)


def test_a_request_whose_second_handling_takes_all_its_time_does_not_start_again(
    pauses: list[float],
) -> None:
    starts = 0

    @operation
    def handler(request: Request) -> Response:
        nonlocal starts
        starts += 1
        pauses.append(limits.RETRIED)
        raise errors.Outdated

    assert handler(event(), None)["statusCode"] == 503
    assert starts == 2


def test_a_refused_request_starts_once_more_when_what_may_have_refused_it_can_be_seen(
    pauses: list[float],
) -> None:
    started([errors.CalendarExists, errors.CalendarExists], KEYED)

    assert len(pauses) == 1


def test_a_request_that_was_overtaken_by_what_refuses_it_is_refused_so() -> None:
    refusals = [errors.Outdated, errors.CalendarNotFound]

    @operation
    def handler(request: Request) -> Response:
        raise refusals.pop(0)

    assert handler(event(), None)["statusCode"] == 404


def test_a_refusal_is_logged_in_one_line_with_the_id_of_its_request(log: Log) -> None:
    answered(errors.InvalidRequest("mom_id: a mom_id is base64"), "/calendars/secret")

    assert log.lines == [
        (
            "info",
            "refused",
            {"error": "InvalidRequest", "status": 400, "cause": None, "request_id": "request-1"},
        )
    ]


def test_a_service_that_is_unavailable_is_a_warning_that_names_the_cause(log: Log) -> None:
    refusal = errors.TemporarilyUnavailable()
    refusal.__cause__ = TimeoutError("where and what")

    answered(refusal)

    ((level, _, more),) = log.lines
    assert (level, more["cause"]) == ("warning", "TimeoutError")


def test_an_answer_that_refuses_nothing_is_not_logged(log: Log) -> None:
    @operation
    def handler(request: Request) -> Response:
        return NO_CONTENT

    handler(event(), None)

    assert log.lines == []


# --- the start of a process -----------------------------------------------------------------------

COLLECTING = """
import gc
usual = gc.get_threshold()
from tests.unit.test_operation import Request, Response, event, operation
from http import HTTPStatus
loading = gc.get_threshold()[0]
handler = operation(lambda request: Response(HTTPStatus.NO_CONTENT))
for _ in range(2):
    handler(event(), None)
    print(loading // usual[0] > 100, gc.get_threshold() == usual, gc.get_freeze_count() > 10_000)
"""


def test_garbage_is_collected_from_the_first_request_on_but_not_among_what_was_loaded() -> None:
    paths = os.pathsep.join(("layers/shared", "."))

    told = subprocess.run(
        [sys.executable, "-c", COLLECTING],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert told.splitlines() == ["True True True"] * 2
