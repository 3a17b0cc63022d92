"""The real local server in a process of its own, as `make run` starts it; and its clients."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parent.parent
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
        return f"{self.url}/api/v0/notifications/calendars"

    @property
    def demo_feed(self) -> str:
        """The address that it prints."""
        feeds = f"  {self.url}/calendars/"
        return next(line.strip() for line in self.printed if line.startswith(feeds))

    def token(self, *arguments: str) -> dict[str, Any]:
        """What `make token` prints."""
        document: dict[str, Any] = json.loads(self.command("tools.token", *arguments))
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
        status = self.process.wait(PATIENCE)
        if self.reader is not None:
            self.reader.join(PATIENCE)
        return status


@dataclass
class Client:
    """A client of the API that presents one mytoken in its header."""

    base: str
    mytoken: str

    def __call__(self, method: str, path: str = "", **request: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.mytoken}", **request.pop("headers", {})}
        return requests.request(
            method,
            f"{self.base}{path}",
            headers=headers,
            timeout=PATIENCE,
            allow_redirects=False,
            **request,
        )
