"""A stand-in for AWS behind a relay, which can refuse requests and quote them in its refusals."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.harness.stacks import dumps

REFUSAL = "ValidationException"


class Relay(ThreadingHTTPServer):
    """Hands requests on to `endpoint`, unless it is `refusing`."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.endpoint = urlsplit(endpoint)
        self.refusing = False

    @property
    def url(self) -> str:
        return f"http://{self.endpoint.hostname}:{self.server_port}"

    @classmethod
    @contextmanager
    def to(cls, endpoint: str) -> Iterator["Relay"]:
        relay = cls(endpoint)
        threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield relay
        finally:
            relay.shutdown()
            relay.server_close()


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Relay

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.refusing:
            quoted = f"{dict(self.headers)} {body.decode()}"
            refusal = {"__type": REFUSAL, "message": quoted}
            self._answer(400, {"Content-Type": self.headers["Content-Type"]}, dumps(refusal))
            return
        to = HTTPConnection(self.server.endpoint.hostname or "", self.server.endpoint.port)
        to.request(self.command, self.path, body, dict(self.headers))
        answer = to.getresponse()
        self._answer(answer.status, dict(answer.getheaders()), answer.read())
        to.close()

    do_GET = do_POST = do_PUT = _hand_on  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""
