"""A function under Lambda's own runtime client, which a server of Lambda's Runtime API serves here.

The client brings what a call of the handler does not: it sets the level and the handler of the root
logger, and it writes and reports what a handler raises. All of it is in `written`.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self

from local.template import ROOT, Template

PATIENCE = 5
REQUEST_ID = "8a6e1d5c-4b9f-4f0e-9b1d-2f6f3c9d7a10"
NOT_THERE = "Lambda's runtime client, awslambdaric, is not installed: it is there for Linux"
# What a function has of its role, and what is in each request that it signs with that: all of it
# is secret, and looked for in logs.
ROLE = {
    "AWS_SECRET_ACCESS_KEY": "dUvX7yRkq3WzLm5NsTb9",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEMj4wXyZ",
}
SIGNED = ("AWS4-HMAC-SHA256", "Signature=")

_API = "/2018-06-01/runtime/"
_HEADERS = {
    "Content-Type": "application/json",
    "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
    "Lambda-Runtime-Deadline-Ms": "4102444800000",  # 2100-01-01
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
}


class Failed(Exception):
    """What the runtime client reported to Lambda: errorMessage, errorType, stackTrace."""

    def __init__(self, reported: dict[str, Any]) -> None:
        super().__init__(json.dumps(reported))
        self.reported = reported


def is_there() -> bool:
    return find_spec("awslambdaric") is not None


def logging_environment(config: Mapping[str, Any]) -> dict[str, str]:
    """What Lambda sets in the environment of a function with this LoggingConfig."""
    if config.get("LogFormat") != "JSON":
        return {"AWS_LAMBDA_LOG_FORMAT": "Text"}
    level = config.get("ApplicationLogLevel", "INFO")
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": level}


def environment(folder: str, stack: Mapping[str, str]) -> dict[str, str]:
    """A function's environment as the template has Lambda set it, with the values of a stack."""
    template = Template.read()
    names = template.environment(folder)
    own = {name: value for name, value in stack.items() if name in names or name[:4] == "AWS_"}
    return {**own, **logging_environment(template.logging(folder))}


@dataclass
class _Exchanges(ThreadingHTTPServer):
    """The Runtime API of one function: what it is sent, and what it has answered or reported."""

    events: SimpleQueue[bytes | None] = field(default_factory=SimpleQueue)
    outcomes: SimpleQueue[tuple[str, bytes]] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A function that is ended hangs up; what else goes wrong leaves the caller unanswered."""


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Exchanges

    def do_GET(self) -> None:
        event = self.server.events.get()
        if event is None:  # there will be no other
            self.close_connection = True
        else:
            self._answer(200, event, _HEADERS)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.path.removeprefix(_API)  # invocation/ID/response, invocation/ID/error, ...
        self._answer(202, b"", {})
        self.server.outcomes.put((kind.rpartition("/")[2], body))

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@dataclass(frozen=True)
class Runtime:
    """One function, called as a handler is, with one event after the other."""

    process: subprocess.Popen[bytes]
    exchanges: _Exchanges
    log: Path

    @classmethod
    @contextmanager
    def running(cls, code: Path, told: Mapping[str, str], log: Path) -> Iterator[Self]:
        """It knows nothing of this machine but what Lambda would tell it. `log` is a new file."""
        exchanges = _Exchanges()
        server = threading.Thread(target=exchanges.serve_forever, args=(0.05,), daemon=True)
        server.start()
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(code), str(ROOT / "layers" / "shared")]),
            "LAMBDA_TASK_ROOT": str(code),
            "AWS_LAMBDA_FUNCTION_NAME": code.name,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{exchanges.server_port}",
            **told,
        }
        command = [sys.executable, "-m", "awslambdaric", "app.handler"]
        with (
            log.open("wb") as out,
            subprocess.Popen(command, cwd=code, env=environment, stdout=out, stderr=out) as process,
        ):
            try:
                yield cls(process, exchanges, log)
            finally:
                process.kill()
                exchanges.events.put(None)
                exchanges.shutdown()
                exchanges.server_close()

    def __call__(self, event: Mapping[str, Any], context: object = None) -> Any:
        """Raises Failed."""
        self.exchanges.events.put(json.dumps(event).encode())
        kind, body = self._outcome()
        if kind == "error":
            raise Failed(json.loads(body))
        return json.loads(body)

    def _outcome(self) -> tuple[str, bytes]:
        for _ in range(PATIENCE):
            try:
                return self.exchanges.outcomes.get(timeout=1)
            except Empty:
                if self.process.poll() is not None:
                    break
        raise AssertionError(f"it does not answer, and wrote:\n{self.written()}")

    def written(self, beginning: int = 0) -> str:
        """All that the function has written so far, from this byte on."""
        return self.log.read_bytes()[beginning:].decode()

    def writes(self, event: Mapping[str, Any]) -> str:
        """What it writes while it answers this event."""
        before = self.log.stat().st_size
        self(event)
        return self.written(before)
