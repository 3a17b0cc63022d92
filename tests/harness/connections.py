"""Where this process connects to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

Address = tuple[Any, ...]


@contextmanager
def watched_connections() -> Iterator[set[Address]]:
    """The hosts and ports that are connected to meanwhile, and those that are looked up."""
    reached: set[Address] = set()
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def note_connect(self: socket.socket, address: Address) -> None:
        reached.add(address[:2])
        connect(self, address)

    def note_look_up(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        reached.add((host, port))
        return look_up(host, port, *more, **options)

    with (
        mock.patch.object(socket.socket, "connect", note_connect),
        mock.patch.object(socket, "getaddrinfo", note_look_up),
    ):
        yield reached
