"""A 304 in a warm function apart from its calls of AWS, beside a handler that does nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from http import HTTPStatus
from io import StringIO
from statistics import median
from typing import Any
from unittest import mock

from local.handlers import Event, Handler
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, answer
from tests.bench import progress
from tests.bench.figures import Figure
from tests.bench.function import Function
from tests.bench.invoked import Context
from tests.harness.stage import poll
from tests.harness.steps import Document

_BATCHES = 41
_CALLS = 500  # in each


@operation
def nothing(request: Request) -> Response:
    return answer(HTTPStatus.OK, {})


def figure(function: Function, document: Document) -> Figure:
    """Of batches by turns. AWS's answers were recorded, so that its calls take no time."""
    progress.report("warm 304 apart from its AWS calls")
    handler = function.loaded()
    with redirect_stdout(StringIO()):  # it counts that it has built the feed
        event = poll(document, handler(poll(document), Context)["headers"]["ETag"])
    with _replayed(handler, event):
        pairs = [
            (_microseconds(handler, event), _microseconds(nothing, event)) for _ in range(_BATCHES)
        ]
    ours, peer = zip(*pairs, strict=True)
    return Figure(
        "warm 304 in the handler, apart from AWS calls",
        median(ours),
        median(peer),
        limit=2,
        unit="µs",
        relative=True,
    )


@contextmanager
def _replayed(handler: Handler, event: Event) -> Iterator[None]:
    """Meanwhile the door to DynamoDB returns what it returned to one such event.

    So putting DynamoDB's types on and taking them off belongs to the calls, as it does for who
    calls it by boto3's resources.
    """
    answers: list[Any] = []
    read = Table.get_all

    def record(*args: Any) -> Any:
        answers.append(read(*args))
        return answers[-1]

    with mock.patch.object(Table, "get_all", record):
        if handler(event, Context)["statusCode"] != HTTPStatus.NOT_MODIFIED:
            raise RuntimeError("the feed has changed meanwhile")
    (answer,) = answers

    def replay(*_: Any) -> Any:
        return answer

    with mock.patch.object(Table, "get_all", replay):
        yield


def _microseconds(handler: Handler, event: Event) -> float:
    """Of one call, by the CPU time of a batch."""
    began = time.process_time()
    for _ in range(_CALLS):
        handler(event, Context)
    return (time.process_time() - began) / _CALLS * 1e6
