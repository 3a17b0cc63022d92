"""What AWS may do to a call: lose it, lose its answer, refuse it for now, or not be there."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

Fault = Callable[[Any, Any], Any]  # of a client and a request


class _Raw(BytesIO):
    def stream(self) -> Iterator[bytes]:
        yield self.read()


def lost_request(client: Any, request: Any) -> None:
    """The request never arrives."""
    raise ConnectTimeoutError(endpoint_url=request.url)


def lost_answer(client: Any, request: Any) -> None:
    """The request is done, and nobody hears of it."""
    client._endpoint.http_session.send(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def unreachable(client: Any, request: Any) -> None:
    raise EndpointConnectionError(endpoint_url=request.url)


def answered(request: Any, status: int, body: bytes, **headers: str) -> AWSResponse:
    """What AWS might answer."""
    return AWSResponse(request.url, status, headers, _Raw(body))  # type: ignore[arg-type]


def refused(code: str, status: int = 400, **more: Any) -> Fault:
    def answer(client: Any, request: Any) -> AWSResponse:
        error = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "", **more}
        return answered(request, status, json.dumps(error).encode())

    return answer


def conflict(client: Any, request: Any) -> AWSResponse:
    """The transaction met another one at its first item."""
    count = len(json.loads(request.body)["TransactItems"])
    reasons = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * (count - 1)]
    answer: AWSResponse = refused("TransactionCanceledException", CancellationReasons=reasons)(
        client, request
    )
    return answer


@contextmanager
def faults(client: Any, *planned: Fault | None, operation: str = "*") -> Iterator[list[str]]:
    """Meanwhile these happen to the client's calls of an operation, one after the other; a None
    is a call to which nothing happens. Gives the names of the operations that were called."""
    left, called = list(planned), []

    def happen(request: Any, event_name: str, **_: Any) -> Any:
        called.append(event_name.rpartition(".")[2])
        fault = left.pop(0) if left else None
        return fault(client, request) if fault else None

    event = f"before-send.dynamodb.{operation}"
    client.meta.events.register(event, happen)
    try:
        yield called
    finally:
        client.meta.events.unregister(event, happen)
