"""A mytoken server on this machine: over HTTPS, with faults that real ones and attackers have.

Its answers are those that a server of version 0.10.2 was seen to give, with its quirks: keys of any
case, 404 in place of 405, HEAD like GET, no Cache-Control and no WWW-Authenticate.
"""

import json
import os
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from tests.doubles.mytoken_ledger import CAPABILITY_OF, SHORTEST, Ledger, Minted, Refused
from tests.harness import certificates

CONFIGURATION = "/.well-known/mytoken-configuration"
JWKS = "/jwks"
TOKENINFO = "/api/v0/tokeninfo"
ALSO_CONFIGURATION = "/.well-known/openid-configuration"
SESSION = 7 * 24 * 60 * 60  # seconds that its cookie lives
HEAD = 8 * 1024  # bytes that it takes of a request's head

_CORS = {"Access-Control-Allow-Origin": "*"}
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
        is_tokeninfo = self.path.rstrip("/").endswith(TOKENINFO)
        return self.member("action") or "introspect" if is_tokeninfo and self.is_object else None

    @property
    def is_object(self) -> bool:
        return isinstance(self.document, dict)

    def member(self, name: str) -> Any:
        """A member of the JSON object; Go reads keys of any case, and of equal ones the last."""
        found = self.document.items() if self.is_object else ()
        return next((value for key, value in reversed(found) if key.lower() == name), None)

    @property
    def cookie(self) -> str | None:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("mytoken")
        return cookie.value if cookie else None

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header, after exactly one space."""
        header = self.headers.get("Authorization", "")
        return header[7:] if header[:7].lower() == "bearer " else None


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
        elif len(bytes(self.headers)) > HEAD:
            self.answer(431, b"Request Header Fields Too Large", Content_Type="text/plain")
        else:
            self.answer(*self.server.double.respond(request, self.client_address[0]))

    do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - as it is called there

    def answer(
        self, status: int, document: Any, proper: Mapping[str, str] | None = None, **headers: str
    ) -> None:
        """Answers with the `proper` headers of a server, and with others (`_` is `-` there)."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in {**(proper or {}), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
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

    def respond(self, request: Request, address: str) -> tuple[int, Any, dict[str, str]]:
        """Status, document and headers."""
        if request.method == "OPTIONS":
            asked = request.headers.get("Access-Control-Request-Headers", "")
            return 204, b"", {**_CORS, "Access-Control-Allow-Headers": asked}
        headers = {"Content-Type": "application/json", **_CORS}
        try:
            status, document = self._answer(request, address)
        except Refused as refused:
            description = {"error_description": refused.text} if refused.text else {}
            return refused.status, {"error": refused.error, **description}, headers
        if update := document.get("token_update"):
            headers["Set-Cookie"] = self._cookie(update["mytoken"])
        return status, document, headers

    def _answer(self, request: Request, address: str) -> tuple[int, dict[str, Any]]:
        path, reads = request.path.rstrip("/"), request.method in ("GET", "HEAD")
        if reads and path.endswith((CONFIGURATION, ALSO_CONFIGURATION)):
            return 200, self.configuration
        if reads and path.endswith(JWKS):
            return 200, self.ledger.jwks if self.jwks is None else self.jwks
        if request.method == "POST" and path.endswith(TOKENINFO):
            return 200, self._tokeninfo(request, address)
        raise Refused(404, "not_found", request.path)

    def _cookie(self, bearer: str) -> str:
        """As the server sets it, whenever a token was rotated, also one of the header or body."""
        host = urlsplit(self.url).hostname
        return (
            f"mytoken={bearer}; max-age={SESSION}; domain={host}; path=/api; "
            "HttpOnly; secure; SameSite=Strict"
        )

    @property
    def configuration(self) -> dict[str, Any]:
        base = self.url.removesuffix("/")
        document = {
            "issuer": self.url,
            "access_token_endpoint": f"{base}/api/v0/token/access",
            "token_endpoint": f"{base}/api/v0/token/access",
            "mytoken_endpoint": f"{base}/api/v0/token/my",
            "tokeninfo_endpoint": f"{base}{TOKENINFO}",
            "revocation_endpoint": f"{base}/api/v0/token/revoke",
            "usersettings_endpoint": f"{base}/api/v0/settings",
            "notifications_endpoint": f"{base}/api/v0/notifications",
            "token_transfer_endpoint": f"{base}/api/v0/token/transfer",
            "profiles_endpoint": f"{base}/api/v0/pt",
            "jwks_uri": f"{base}{JWKS}",
            "providers_supported": [],
            "token_signing_alg_value": self.ledger.algorithm,
            "tokeninfo_endpoint_actions_supported": [*CAPABILITY_OF],
            "version": "0.10.2",
            **self.changes,
        }
        return {name: value for name, value in document.items() if value is not None}

    def _tokeninfo(self, request: Request, address: str) -> dict[str, Any]:
        """The action comes first, then the token: in the body, in the header, in the cookie."""
        if not request.is_object:
            raise Refused(400, "invalid_request", "unexpected end of JSON input")
        if request.action not in CAPABILITY_OF:
            raise Refused(400, "invalid_request", "unknown tokeninfo action")
        in_body = request.member("mytoken")
        token = in_body or request.bearer or request.cookie
        if not token:
            raise Refused(401, "invalid_token", "no mytoken found in request")
        if in_body and not self._is_readable(in_body):
            raise Refused(400, "invalid_request", "token not valid")
        if len(token) < SHORTEST:
            raise Refused(401, "invalid_token", "token not valid")
        if not self._is_readable(token):
            text = "token contains an invalid number of segments"
            raise Refused(401, "invalid_token", text)
        return self.ledger.tokeninfo(request.action, token, address)

    def _is_readable(self, token: Any) -> bool:
        return isinstance(token, str) and (token in self.ledger.shorts or token.count(".") == 2)


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
