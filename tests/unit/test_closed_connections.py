"""AWS closes a pooled connection, as while a function is frozen: one more attempt is made."""

import gzip
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from mytoken_calendars.aws import clients, metrics
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.aws.s3 import FeedCache
from mytoken_calendars.errors import TemporarilyUnavailable
from mytoken_calendars.feeds.writer import CLOSING
from tests.harness.examples import feed

WHOLE = gzip.compress(f"{feed().writer.opening()}{CLOSING}".encode())


@dataclass
class ClosingServer:
    """Answers so many requests on each connection, and closes it at the next one."""

    body: bytes = b"{}"
    answered_on_each: int = 1
    connections: int = 0
    requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, stream: Any) -> None:
        with self.lock:
            self.connections += 1
        for _ in range(self.answered_on_each):
            if not self._read(stream):
                return
            length = f"Content-Length: {len(self.body)}\r\n\r\n".encode()
            stream.wfile.write(b"HTTP/1.1 200 OK\r\n" + length + self.body)
        self._read(stream)

    def _read(self, stream: Any) -> bool:
        length = 0
        while line := stream.rfile.readline().strip():
            name, _, value = line.lower().partition(b":")
            length = int(value) if name == b"content-length" else length
        self.requests += 1
        return len(stream.rfile.read(length)) == length


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ClosingServer]:
    closing = ClosingServer()

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            closing.serve(self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stream) as listener:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{listener.server_address[1]}",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }.items():
            monkeypatch.setenv(name, value)
        listener.daemon_threads = True
        threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
        yield closing
        listener.shutdown()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Metric]:
    counts: list[Metric] = []
    monkeypatch.setattr(metrics, "count", lambda metric, value=1: counts.append(metric))
    return counts


def _ask_dynamodb(client: Any) -> object:
    return client.get_item(TableName="t", Key={"pk": {"S": "p"}})


def _ask_kms(client: Any) -> object:
    return client.get_public_key(KeyId="k")


@pytest.mark.found("A12")
def test_a_feed_is_fetched_over_a_fresh_connection(
    server: ClosingServer, counted: list[Metric]
) -> None:
    server.body = WHOLE
    cache = FeedCache("feeds")

    bodies = [cache.get(feed()) for _ in range(3)]

    assert bodies == [WHOLE] * 3
    assert server.connections == 3
    assert counted == [Metric.FEED_FETCHED] * 3


@pytest.mark.found("A12")
def test_a_feed_is_stored_over_a_fresh_connection(
    server: ClosingServer, counted: list[Metric]
) -> None:
    server.body = b""
    cache = FeedCache("feeds")

    for _ in range(2):
        cache.put(feed(), WHOLE)

    assert server.connections == 2
    assert counted == [Metric.FEED_BUILT] * 2  # and no failure


def test_what_fails_on_the_fresh_connection_is_counted(
    server: ClosingServer, counted: list[Metric]
) -> None:
    server.answered_on_each = 0
    cache = FeedCache("feeds")

    assert cache.get(feed()) is None
    assert (server.connections, server.requests) == (2, 2)
    assert counted == [Metric.FEED_CACHE_FAILED]


@pytest.mark.parametrize(
    ("service", "ask"), [("dynamodb", _ask_dynamodb), ("kms", _ask_kms)], ids=["dynamodb", "kms"]
)
def test_other_services_are_asked_again_at_once(
    server: ClosingServer,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    ask: Callable[[Any], object],
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    client = clients.client(service)

    for _ in range(3):
        assert ask(client)

    assert server.connections == 3
    assert set(waited) <= {0}


def test_a_service_that_always_closes_is_unavailable(
    server: ClosingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    server.answered_on_each = 0

    with pytest.raises(TemporarilyUnavailable), clients.reachable():
        _ask_dynamodb(clients.client("dynamodb"))

    assert server.requests == 3


def test_connections_that_stay_open_are_used_again(server: ClosingServer) -> None:
    server.answered_on_each = 5
    client = clients.client("dynamodb")

    for _ in range(5):
        _ask_dynamodb(client)

    assert server.connections == 1
