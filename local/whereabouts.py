"""Remembers where the local server is, for commands that use the same stack.

Run as a module it deletes the server's state: `make reset`.
"""

import json
import os
import shutil
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local.template import ROOT

STATE_FILES = ("aws", "demo.header", "demo.json", "server.json")
STATE = ROOT / os.environ.get("STATE", ".local")


@dataclass(frozen=True)
class Whereabouts:
    """The URL of the server, and the environment of its functions."""

    url: str
    environment: dict[str, str]

    def write(self, state: Path = STATE) -> None:
        _file(state).write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, state: Path = STATE) -> "Whereabouts | None":
        """The whereabouts of the server that keeps its state there, if one is running."""
        try:
            whereabouts = cls(**json.loads(_file(state).read_text()))
            address = urlsplit(whereabouts.url)
            socket.create_connection((address.hostname, address.port), timeout=2).close()
        except (OSError, ValueError):
            return None
        return whereabouts

    @staticmethod
    def remove(state: Path = STATE) -> None:
        _file(state).unlink(missing_ok=True)


def _file(state: Path) -> Path:
    return state / "server.json"


if __name__ == "__main__":
    if Whereabouts.read():
        sys.exit("make reset: the local server is running: end it first")
    for name in STATE_FILES:
        path = STATE / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
