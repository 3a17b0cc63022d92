"""What may stand between a client and a stack, and changes what the client sees."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.harness.server import PATIENCE

Change = Callable[[Request, Response], Response]

_OF_A_CONNECTION = {"connection", "content-length", "date", "server", "transfer-encoding"}


@dataclass(frozen=True)
class Front:
    """A WSGI application that passes everything on to `url`, and changes the answers.

    The answers lead back to it, and not past it.
    """

    url: str
    change: Change

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        own = f"http://{environ['HTTP_HOST']}"
        response = self.change(request, self._answer(request, own))
        return response(environ, start_response)

    def _answer(self, request: Request, own: str) -> Response:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)
        target = request.environ["RAW_URI"]
        connection.request(request.method, target, request.get_data(), dict(request.headers))
        answer = connection.getresponse()
        headers = [
            (name, value.replace(f"{self.url}/calendars/", f"{own}/calendars/"))
            for name, value in answer.getheaders()
            if name.lower() not in _OF_A_CONNECTION
        ]
        body = answer.read()
        connection.close()
        for path in ("/calendars/", "/api/"):
            body = body.replace(f"{self.url}{path}".encode(), f"{own}{path}".encode())
        return Response(body, answer.status, headers)


@contextmanager
def serving(application: Any) -> Iterator[str]:
    """The URL of a WSGI application meanwhile."""
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Nothing: an address may be a secret."""
