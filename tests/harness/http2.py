"""One request over HTTP/2 (RFC 9113), to see how the server ends its answer.

An answer without a body may end with its head, or with an empty DATA frame behind that. Go's client
takes the second for a body, so the stock client 0.7.1 calls a 204 an error that ends so.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection

_PATIENCE = 60  # seconds
_AT_ONCE = 65_536  # bytes


class Ended(NamedTuple):
    """The status of an answer, and whether it ended with its head."""

    status: int
    with_its_head: bool


def ask(
    method: str, url: str, headers: Mapping[str, str], trust: ssl.SSLContext | None = None
) -> Ended | None:
    """How the answer ended; None if the server speaks no HTTP/2.

    Raises ConnectionError for an answer that does not end.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname is None:
        return None
    context = trust or ssl.create_default_context()
    context.set_alpn_protocols(["h2"])
    place = (parts.hostname, parts.port or 443)
    with (
        socket.create_connection(place, _PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=parts.hostname) as tls,
    ):
        if tls.selected_alpn_protocol() != "h2":
            return None
        head = {
            ":method": method,
            ":scheme": "https",
            ":authority": parts.netloc,
            ":path": parts.path,
            **{name.lower(): value for name, value in headers.items()},
        }
        return _ended(_sent(tls, head))


def _sent(tls: ssl.SSLSocket, head: Mapping[str, str]) -> Iterator[events.Event]:
    """What happens after a request without a body."""
    connection = H2Connection(H2Configuration(header_encoding="utf-8"))
    connection.initiate_connection()
    connection.send_headers(connection.get_next_available_stream_id(), [*head.items()], True)
    tls.sendall(connection.data_to_send())
    while data := tls.recv(_AT_ONCE):
        yield from connection.receive_data(data)
        tls.sendall(connection.data_to_send())


def _ended(happening: Iterator[events.Event]) -> Ended:
    status, with_its_head = 0, False
    for event in happening:
        match event:
            case events.ResponseReceived():
                status = int(dict(event.headers)[":status"])
                with_its_head = event.stream_ended is not None
            case events.StreamEnded():
                return Ended(status, with_its_head)
    raise ConnectionError("The server ended the connection before its answer.")
