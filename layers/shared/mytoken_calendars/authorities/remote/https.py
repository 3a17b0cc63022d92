"""The door to the network outside AWS: JSON over HTTPS (RFC 9110), with one pinned server.

It uses http.client, which does little by itself: each request has a fresh connection, so no library
repeats a POST (which the issuer may count as a use) on a stale connection; no redirect is followed,
no proxy of the environment is used, and no content coding is decoded.
"""

import json
import re
import socket
import ssl
import time
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any

from mytoken_calendars import limits
from mytoken_calendars.errors import TemporarilyUnavailable

_HEADERS = {"Accept": "application/json", "Connection": "close", "User-Agent": "mytoken-calendars"}
_LABEL = r"[a-z0-9_-]{1,63}"
_URL = re.compile(
    rf"https://(?P<host>{_LABEL}(?:\.{_LABEL}){{0,30}}|\[[0-9a-f:.]{{2,45}}\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<target>/[!-~]*)?",
    re.IGNORECASE,
)
_NOT_IN_A_TARGET = frozenset('#\\"<>^`{|}')


@dataclass(frozen=True)
class Https:
    """The server at the origin (scheme, host, port) of `url`; raises ValueError if it has none.

    A whole answer takes at most the given seconds and bytes, whatever the server does; only the
    look-up of its address takes as long as the resolver does. Certificates are checked with the
    system's authorities, or those of SSL_CERT_FILE.
    """

    url: str

    def __post_init__(self) -> None:
        _parts(self.url)

    def reaches(self, url: str) -> bool:
        """Whether this is a URL of the pinned server."""
        try:
            return _parts(url)[:2] == _parts(self.url)[:2]
        except ValueError:
            return False

    def get(
        self,
        url: str,
        *,
        within: float = limits.METADATA_SECONDS,
        at_most: int = limits.METADATA_BYTES,
    ) -> bytes:
        """The body of a 200. Raises TemporarilyUnavailable; ValueError for a URL elsewhere."""
        status, body = self._exchange("GET", url, None, within, at_most)
        if status != HTTPStatus.OK:
            raise TemporarilyUnavailable
        return body

    def post(
        self,
        url: str,
        document: Any,
        *,
        within: float = limits.TOKENINFO_SECONDS,
        at_most: int = limits.TOKENINFO_BYTES,
    ) -> tuple[int, bytes]:
        """Status and body of the answer to a JSON document; the status may say that it failed.

        Raises TemporarilyUnavailable, after which the server may have taken the document or not;
        ValueError for a URL elsewhere.
        """
        return self._exchange("POST", url, json.dumps(document).encode(), within, at_most)

    def _exchange(
        self, method: str, url: str, body: bytes | None, within: float, at_most: int
    ) -> tuple[int, bytes]:
        if not self.reaches(url):
            raise ValueError("not a URL of the pinned server")
        host, port, target = _parts(url)
        content = {} if body is None else {"Content-Type": "application/json"}
        connection = _Connection(host, port, self._tls, time.monotonic() + within, at_most)
        try:
            connection.request(method, target, body, {**_HEADERS, **content})
            return _answer(connection, at_most)
        except OSError as error:
            raise TemporarilyUnavailable from error
        except (HTTPException, ValueError):
            # Not from its cause, which may quote the server, and the server may quote the token.
            raise TemporarilyUnavailable from None
        finally:
            connection.close()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        context.sslsocket_class = _Socket
        return context


def _parts(url: str) -> tuple[str, int, str]:
    """Host, port and request target of a URL with nothing unusual in it; raises ValueError."""
    match = _URL.fullmatch(url)
    if match is None or not _NOT_IN_A_TARGET.isdisjoint(match["target"] or ""):
        raise ValueError("not an https URL")
    port = int(match["port"] or 443)
    if not 0 < port < 2**16:
        raise ValueError("not a port")
    return match["host"].lower().strip("[]"), port, match["target"] or "/"


def _answer(connection: HTTPConnection, at_most: int) -> tuple[int, bytes]:
    """Status and body; raises OSError, ValueError and HTTPException for what is no good answer."""
    with connection.getresponse() as response:
        if response.status < HTTPStatus.OK or response.status // 100 == 3:  # noqa: PLR2004
            raise ValueError("a redirect, or not an answer yet")
        if response.getheader("Content-Encoding", "identity").lower() != "identity":
            raise ValueError("a content coding that was not asked for")
        if response.length is not None and response.length > at_most:
            raise ValueError("too large")  # before memory is set aside for it
        body = response.read(at_most + 1)
        if len(body) > at_most or response.length:
            raise ValueError("too large, or cut off")
        return response.status, body


class _Socket(ssl.SSLSocket):
    """A TLS connection with a limit of time and of bytes.

    Both limits cover the whole answer: a server may send a header a second, or headers for ever.
    """

    until = 0.0
    room = 0

    def send(self, data: Any, flags: int = 0) -> int:
        self.settimeout(_time_left(self.until))
        return super().send(data, flags)

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(_time_left(self.until))
        count = super().recv_into(buffer, nbytes, flags)
        self.room -= count
        if self.room < 0:
            raise OSError("the answer is too large")
        return count


class _Connection(HTTPConnection):
    default_port = 443

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext, until: float, at_most: int
    ) -> None:
        super().__init__(host, port)
        self._tls, self._until, self._room = tls, until, at_most + limits.ISSUER_HEAD

    def connect(self) -> None:
        connected = _connected(self.host, self.port, self._until)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(_time_left(self._until))  # for the whole of the handshake
        secured: Any = self._tls.wrap_socket(connected, server_hostname=self.host)
        secured.until, secured.room = self._until, self._room
        self.sock = secured


def _connected(host: str, port: int, until: float) -> socket.socket:
    """A connection to one of the host's addresses, each of which gets its share of the time."""
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure = OSError("the host has no address")
    for untried, (*_, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        try:
            return socket.create_connection((str(address[0]), port), _time_left(until) / untried)
        except OSError as error:
            failure = error
    raise failure


def _time_left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the answer took too long")
    return left
