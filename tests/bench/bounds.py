"""The work before a bound: requests that are made to be costly, beside plainly adding a token.

The peer is the function's own part of a plain add, without what botocore does in it. A request that
is refused, or parsed and taken, may cost at most twenty times that.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from http import HTTPStatus
from io import StringIO
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from botocore.client import BaseClient

from tests.bench import progress
from tests.bench.costly import Costly, of_another_issuer, requests
from tests.bench.figures import Figure
from tests.bench.invoked import Context
from tests.doubles import mytoken_server
from tests.harness.samples import prepared
from tests.harness.stacks import RemoteStack, Stack

_ATTEMPTS = 5  # of which the quickest counts: other work on the machine only adds to it
_SUSPICIOUS = 3  # milliseconds
_FAULT = HTTPStatus.INTERNAL_SERVER_ERROR


@dataclass(frozen=True)
class Cost:
    """What a request cost of its function's own CPU time, in milliseconds."""

    request: str
    status: int
    milliseconds: float


@dataclass
class _Botocore:
    """The CPU time that calls of AWS take, all together."""

    seconds: float = 0

    @contextmanager
    def timed(self) -> Iterator[None]:
        call = BaseClient._make_api_call

        def timed_call(client: BaseClient, *args: Any) -> Any:
            began = time.thread_time()
            try:
                return call(client, *args)
            finally:
                self.seconds += time.thread_time() - began

        with mock.patch.object(BaseClient, "_make_api_call", timed_call):
            yield


def figure(stack: Stack) -> Figure:
    found = costs(stack)
    worst = max(found, key=lambda cost: cost.milliseconds)
    return Figure(
        f"the costliest of {len(found)} hostile requests ({worst.request})",
        worst.milliseconds,
        plain(stack).milliseconds,
        limit=20,
        unit="ms",
        relative=True,
    )


def costs(stack: Stack) -> list[Cost]:
    """Of all requests that are made to be costly."""
    progress.report("hostile requests, for every operation")
    with _remote(stack) as remote:
        others = [measured(remote, request) for request in of_another_issuer(remote)]
    found = [*(measured(stack, request) for request in requests(stack)), *others]
    if faults := [cost.request for cost in found if cost.status >= _FAULT]:
        raise RuntimeError(f"answered with a fault: {faults}")
    return found


@contextmanager
def _remote(stack: Stack) -> Iterator[RemoteStack]:
    """The same stack, with a double of a mytoken server that vouches for its mytokens."""
    with TemporaryDirectory() as folder, mytoken_server.running(Path(folder)) as server:
        variables = {**stack.environment, "MYTOKEN_ISSUER": server.url}
        yield RemoteStack({**variables, "SSL_CERT_FILE": str(server.trusted)}, server=server)


def plain(stack: Stack) -> Cost:
    """Of the peer: each time another token is added, to another calendar."""
    took = []
    for _ in range(_ATTEMPTS):
        event = prepared(stack, "add_token", stack.mint("manage_mytokens"))
        took.append(_once(stack, request := Costly("add_token", "plain", event)))
    return _quickest(request, took)


def measured(stack: Stack, request: Costly) -> Cost:
    """Once more if it was costly: it may have been for what else the machine does."""
    took = [_once(stack, request)]
    while len(took) < _ATTEMPTS and took[-1][1] > _SUSPICIOUS:
        took.append(_once(stack, request))
    return _quickest(request, took)


def _quickest(request: Costly, took: list[tuple[int, float]]) -> Cost:
    status, milliseconds = min(took, key=itemgetter(1))
    return Cost(str(request), status, milliseconds)


def _once(stack: Stack, request: Costly) -> tuple[int, float]:
    """The status of the answer, and the milliseconds that it took this thread."""
    botocore, handler = _Botocore(), stack.handlers[request.operation]
    with botocore.timed(), redirect_stdout(StringIO()):
        began = time.thread_time()
        answer = handler(request.event, Context)
        took = time.thread_time() - began
    return answer["statusCode"], (took - botocore.seconds) * 1000
