"""The real local server in a process of its own, as `make run` starts it; and its clients."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

import psutil
import requests

from local.whereabouts import Whereabouts
from tests.harness.canaries import CANARIES
from tests.harness.stacks import CALENDARS, Answer, RemoteStack, Stack, body_of

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds


@dataclass
class Server:
    """A running server: where it is, what it printed, and the operators' commands for it."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    printed: list[str] = field(default_factory=list)
    reader: threading.Thread | None = None
    ready: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def started(cls, state: Path, **environment: str) -> "Server":
        own = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT / "layers" / "shared"), str(ROOT))),
            "PORT": "0",
            "STATE": str(state),
            **environment,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "local.server"],
            cwd=ROOT,
            env=own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        server = cls(process, own)
        server.reader = threading.Thread(target=server._read, daemon=True)
        server.reader.start()
        return server

    @classmethod
    @contextmanager
    def running(cls, state: Path, **environment: str) -> Iterator["Server"]:
        """One that serves, and is stopped in the end."""
        server = cls.started(state, **environment)
        assert server.url
        yield server
        server.stop()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.printed.append(line.rstrip("\n"))
                if line.startswith("Ctrl-C"):
                    self.ready.set()
        self.ready.set()

    @property
    def url(self) -> str:
        assert self.ready.wait(PATIENCE), "\n".join(self.printed)
        ready = [line for line in self.printed if line.startswith("ready: ")]
        assert ready, "\n".join(self.printed)
        return ready[0].removeprefix("ready: ")

    @property
    def calendars(self) -> str:
        return self.url + CALENDARS

    @property
    def demo_feed(self) -> str:
        """The address that it prints."""
        feeds = f"  {self.url}/calendars/"
        return next(line.strip() for line in self.printed if line.startswith(feeds))

    def token(self, *arguments: str) -> dict[str, Any]:
        """What `make token` prints."""
        document: dict[str, Any] = json.loads(self.command("tools.operate.issue_token", *arguments))
        return document

    def command(self, module: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(with_signal)
        return self.ended()

    def ended(self) -> int:
        """Its exit status, once it has ended and all that it printed is read."""
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            children = psutil.Process(self.process.pid).children()
            raise AssertionError(f"it does not end: {children}, {self.printed[-3:]}") from None
        if self.reader is not None:
            self.reader.join(PATIENCE)
        CANARIES.look("the server's log", *self.logged)
        CANARIES.look(
            "a file of the stand-ins", *map(str, Path(self.environment["STATE"]).rglob("*"))
        )
        return status

    @property
    def logged(self) -> list[str]:
        """What it printed since it serves, and has shown the demo."""
        serves = [number for number, line in enumerate(self.printed) if line.startswith("Ctrl-C")]
        return self.printed[serves[0] + 1 :] if serves else []


@dataclass
class Client:
    """A client of the API that presents one mytoken in its header."""

    base: str
    mytoken: str
    transport: Any = requests  # or a session

    def __call__(self, method: str, path: str = "", **request: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.mytoken}", **request.pop("headers", {})}
        CANARIES.plant(self.mytoken, (request.get("json") or {}).get("comment"))
        answer: requests.Response = self.transport.request(
            method,
            f"{self.base}{path}",
            headers=headers,
            timeout=PATIENCE,
            allow_redirects=False,
            **request,
        )
        CANARIES.answered(answer.status_code, answer.headers, answer.content)
        return answer

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        """What is there for everybody who knows the address."""
        answer: requests.Response = self.transport.get(url, headers=headers, timeout=PATIENCE)
        return answer


@dataclass(frozen=True)
class ServedStack(Stack):
    """A stack as the local server serves it: what its handlers are sent goes to them over HTTP."""

    url: str = ""

    @classmethod
    def of(cls, server: Server, /, **more: Any) -> Self:
        """What its operators have of it, who read where it is as `make token` does."""
        assert server.url
        whereabouts = Whereabouts.read(Path(server.environment["STATE"]))
        assert whereabouts is not None
        return cls(whereabouts.environment, issuer=server.url, url=server.url, **more)

    def answer(self, operation: str, event: dict[str, Any]) -> Answer:
        """Sends the request that the gateway makes this event of, but for what it adds itself."""
        method = event["requestContext"]["http"]["method"]
        headers = {**event["headers"], "cookie": "; ".join(event.get("cookies", ()))}
        lines = [(name, value) for name, value in headers.items() if name != "content-length"]
        return self.ask(method, _target(event), lines, body_of(event), operation=operation)

    def ask(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        operation: str = "no_route",
    ) -> Answer:
        """Sends a request as it is spelled: no library mends its target or its headers."""
        lines = [f"{name}: {value}" for name, value in headers]
        head = [f"{method} {target} HTTP/1.1", f"Content-Length: {len(body)}", *lines]
        address = urlsplit(self.url)
        with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as client:
            client.sendall("\r\n".join([*head, "", ""]).encode() + body)
            return answer_from(client, operation, method)


@dataclass(frozen=True)
class ServedRemoteStack(ServedStack, RemoteStack):
    """The same, with the mytokens of another server."""


def answer_from(client: socket.socket, operation: str = "", method: str = "") -> Answer:
    """What comes over a connection on which a request was sent."""
    response = HTTPResponse(client, method=method)
    response.begin()
    headers = {name.lower(): value for name, value in response.headers.items()}
    cookies = tuple(response.headers.get_all("set-cookie", ()))
    return Answer(response.status, headers, response.read(), cookies, operation, method)


def _target(event: Mapping[str, Any]) -> str:
    """The encoded path, and the query. Of U+FFFD the gateway got something that is not UTF-8."""
    _, _, route = event["routeKey"].partition(" ")
    path = route.replace("+}", "}") or quote(event["rawPath"])
    for name, value in event.get("pathParameters", {}).items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    path = path.removesuffix("/{file}").replace(quote("\ufffd"), "%FF")
    return f"{path}?{event['rawQueryString']}" if event["rawQueryString"] else path
