"""The client that sees how answers end over HTTP/2 sees it of a server that ends them so."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection

from tests.harness import http2
from tests.harness.certificates import HERE, Authority

NO_CONTENT = [(":status", "204")]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener


def asked(listener: socket.socket, authority: Authority) -> http2.Ended | None:
    url = f"https://127.0.0.1:{listener.getsockname()[1]}/a/b"
    trust = ssl.create_default_context(cafile=str(authority.certificate))
    return http2.ask("POST", url, {"Authorization": "Bearer x"}, trust)


def serving(
    listener: socket.socket, authority: Authority, ending: str, protocols: list[str]
) -> threading.Thread:
    """A server of one connection, which ends its answer in this way."""
    context = authority.server(*HERE)
    context.set_alpn_protocols(protocols)

    def serve() -> None:
        plain, _ = listener.accept()
        with plain, context.wrap_socket(plain, server_side=True) as tls:
            if tls.selected_alpn_protocol() == "h2":
                _answer(tls, ending)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def _answer(tls: ssl.SSLSocket, ending: str) -> None:
    connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    connection.initiate_connection()
    tls.sendall(connection.data_to_send())
    while data := tls.recv(65_536):
        for event in connection.receive_data(data):
            if isinstance(event, events.RequestReceived) and ending != "not at all":
                assert dict(event.headers)[":path"] == "/a/b"
                in_head = ending == "with its head"
                connection.send_headers(event.stream_id, NO_CONTENT, end_stream=in_head)
                if not in_head:
                    connection.send_data(event.stream_id, b"", end_stream=True)
        tls.sendall(connection.data_to_send())
        if ending == "not at all":
            return


@pytest.mark.parametrize(
    ("ending", "with_its_head"), [("with its head", True), ("with an empty frame", False)]
)
def test_where_an_empty_answer_ends_is_seen(
    listener: socket.socket, authority: Authority, ending: str, *, with_its_head: bool
) -> None:
    server = serving(listener, authority, ending, ["h2"])

    ended = asked(listener, authority)

    server.join()
    assert ended == http2.Ended(204, with_its_head)


def test_a_server_of_http_1_is_one_without_http_2(
    listener: socket.socket, authority: Authority
) -> None:
    server = serving(listener, authority, "", ["http/1.1"])

    ended = asked(listener, authority)

    server.join()
    assert ended is None


def test_an_answer_without_an_end_is_an_error(
    listener: socket.socket, authority: Authority
) -> None:
    server = serving(listener, authority, "not at all", ["h2"])

    with pytest.raises(ConnectionError):
        asked(listener, authority)

    server.join()
