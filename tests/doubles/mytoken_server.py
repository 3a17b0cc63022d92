"""A mytoken server on this machine: over HTTPS, with faults that real ones and attackers have."""

import json
import os
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from unittest import mock

from tests.doubles.mytoken_ledger import CAPABILITY_OF, Ledger, Minted, Refused
from tests.harness import certificates

CONFIGURATION = "/.well-known/mytoken-configuration"
JWKS = "/jwks"
TOKENINFO = "/api/v0/tokeninfo"

_PATIENCE = 20  # seconds; the most that a test waits for anything
_PAUSE = 0.02  # seconds between the bytes of an answer that drips


@dataclass
class Request:
    """A request as it came. `document` is its JSON, if it has any."""

    method: str
    path: str
    headers: Mapping[str, str]
    document: Any

    @property
    def action(self) -> str | None:
        """What a tokeninfo request asks for."""
        is_tokeninfo = self.path.endswith(TOKENINFO) and isinstance(self.document, dict)
        return self.document.get("action", "introspect") if is_tokeninfo else None


class Exchange(BaseHTTPRequestHandler):
    """One connection; a Fault gets it in place of the proper answer."""

    timeout = _PATIENCE
    server: "_Listener"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, self.path, dict(self.headers), _json(body))
        self.server.double.requests.append(request)
        fault = self.server.double.fault_at(self.path)
        if fault is not None:
            fault(self)
        else:
            self.answer(*self.server.double.respond(request, self.client_address[0]))

    do_POST = do_GET  # noqa: N815 - as it is called there

    def answer(self, status: int, document: Any, **headers: str) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, data: bytes) -> None:
        """Sends byte by byte, until the test ends."""
        for byte in data:
            self.wfile.write(bytes([byte]))
            if self.server.stopping.wait(_PAUSE):
                return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called there
        pass


Fault = Callable[[Exchange], object]


def answering(status: int, document: Any = b"", **headers: str) -> Fault:
    """Answers this, whatever was asked; the headers' names have `_` for `-`."""
    return lambda exchange: exchange.answer(status, document, **headers)


def sending(data: bytes) -> Fault:
    """Sends this and closes, be it HTTP or not."""
    return lambda exchange: exchange.wfile.write(data)


def dripping(data: bytes) -> Fault:
    """Sends this, but slowly."""
    return lambda exchange: exchange.drip(data)


def hanging(exchange: Exchange) -> None:
    """Never answers."""
    exchange.server.stopping.wait(_PATIENCE)


def losing_the_answer(exchange: Exchange) -> None:
    """Does what was asked, and tells nobody."""
    double = exchange.server.double
    double.respond(double.requests[-1], exchange.client_address[0])


def html(exchange: Exchange) -> None:
    exchange.answer(200, b"<!doctype html><title>It works!</title>", Content_Type="text/html")


def flooding(head: bytes = b"HTTP/1.1 200 OK\r\n\r\n", piece: bytes = b" " * 65536) -> Fault:
    """Sends without end."""

    def flood(exchange: Exchange) -> None:
        exchange.wfile.write(head)
        while not exchange.server.stopping.is_set():
            exchange.wfile.write(piece)

    return flood


class _Listener(socketserver.ThreadingTCPServer):
    """Accepts connections; each is secured in a thread of its own, so that none waits for it."""

    allow_reuse_address = True

    def __init__(self, double: "MytokenServer") -> None:
        self.double = double
        self.stopping = threading.Event()
        super().__init__(("127.0.0.1", 0), Exchange)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.double.is_down:
            return
        request.settimeout(_PATIENCE)
        try:
            with self.double.tls.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except OSError:  # the client went away, or trusts us not
            pass


@dataclass
class MytokenServer:
    """What a test does with the server, and what the server was asked.

    Its tokens are made and revoked at its `ledger`. `changes` are put over the configuration, in
    which None removes a member; `jwks` replaces the key set.
    """

    ledger: Ledger
    tls: Any
    trusted: Path
    requests: list[Request] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    jwks: Any = None
    is_down: bool = False
    faults: list[tuple[str, Fault]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.ledger.url

    @property
    def actions(self) -> list[str]:
        """Those that its tokeninfo endpoint was asked for, in their order."""
        return [request.action for request in self.requests if request.action]

    def mint(self, *capabilities: str, **more: Any) -> Minted:
        """A token; see Ledger.mint."""
        return self.ledger.mint(*capabilities, **more)

    def revoke(self, token: Minted | str, *, recursive: bool = False) -> None:
        self.ledger.revoke(token, recursive=recursive)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Meanwhile it closes connections as they come."""
        self.is_down = True
        try:
            yield
        finally:
            self.is_down = False

    @contextmanager
    def failing(self, fault: Fault, path: str = "") -> Iterator[None]:
        """Meanwhile the fault takes the place of answers, at paths that end so."""
        self.faults.append((path, fault))
        try:
            yield
        finally:
            self.faults.remove((path, fault))

    def fault_at(self, path: str) -> Fault | None:
        return next((fault for end, fault in self.faults if path.endswith(end)), None)

    def respond(self, request: Request, address: str) -> tuple[int, Any]:
        if request.method == "GET" and request.path.endswith(CONFIGURATION):
            return 200, self.configuration
        if request.method == "GET" and request.path.endswith(JWKS):
            return 200, self.ledger.jwks if self.jwks is None else self.jwks
        if request.method == "POST" and request.path.endswith(TOKENINFO):
            return self._tokeninfo(request, address)
        return 404, {"error": "not_found"}

    @property
    def configuration(self) -> dict[str, Any]:
        base = self.url.removesuffix("/")
        document = {
            "issuer": self.url,
            "access_token_endpoint": f"{base}/api/v0/token/access",
            "mytoken_endpoint": f"{base}/api/v0/token/my",
            "tokeninfo_endpoint": f"{base}{TOKENINFO}",
            "revocation_endpoint": f"{base}/api/v0/token/revoke",
            "usersettings_endpoint": f"{base}/api/v0/settings",
            "notifications_endpoint": f"{base}/api/v0/notifications",
            "jwks_uri": f"{base}{JWKS}",
            "providers_supported": [],
            "token_signing_alg_value": self.ledger.algorithm,
            "tokeninfo_endpoint_actions_supported": [*CAPABILITY_OF],
            "version": "0.10.0",
            **self.changes,
        }
        return {name: value for name, value in document.items() if value is not None}

    def _tokeninfo(self, request: Request, address: str) -> tuple[int, Any]:
        if request.action is None or request.action not in CAPABILITY_OF:
            return 400, {"error": "invalid_request"}
        _, _, header = request.headers.get("Authorization", "").partition("Bearer ")
        token = request.document.get("mytoken", header)
        if not isinstance(token, str) or (
            token not in self.ledger.shorts and token.count(".") != 2
        ):
            return (
                (401, {"error": "invalid_token"}) if header else (400, {"error": "invalid_request"})
            )
        try:
            return 200, self.ledger.tokeninfo(request.action, token, address)
        except Refused as refused:
            return refused.status, {"error": refused.error, "error_description": "Refused."}


@contextmanager
def running(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    names: tuple[str, ...] = certificates.HERE,
    path: str = "",
    expired: bool = False,
    **ledger: Any,
) -> Iterator[MytokenServer]:
    """A server, and SSL_CERT_FILE set so that its authority is trusted by what asks from now on.

    `names` are those that its certificate has, `path` is what its issuer URL ends with; `ledger`
    are fields of Ledger. The files that it needs are put into `folder`.
    """
    authority = certificates.Authority(folder)
    context = authority.server(*names, expired=expired)
    server = MytokenServer(Ledger(**ledger), context, authority.certificate)
    with _Listener(server) as listener:
        server.ledger.url = f"https://{host}:{listener.server_address[1]}{path}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            with mock.patch.dict(os.environ, SSL_CERT_FILE=str(authority.certificate)):
                yield server
        finally:
            listener.stopping.set()
            listener.shutdown()
            thread.join()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
