"""Remembers where the local server is, for commands that use the same stack.

The server holds a lock on the file while it runs: what a killed one has left is not believed. The
file is emptied and never removed, since the next server may wait for its lock already.
Run as a module it deletes the server's state: `make reset`.
"""

import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from local.template import ROOT

STATE_FILES = ("aws", "aws.unreadable*", "demo.header", "demo.json")  # patterns
STATE = ROOT / (os.environ.get("STATE") or ".local")
_PATIENCE = 1  # seconds, for those who only look


class RunsAlready(RuntimeError):
    """Another server runs on the same state. Says in one line where."""


@dataclass(frozen=True)
class Whereabouts:
    """The URL of the server, and the environment of its functions."""

    url: str
    environment: dict[str, str]

    @classmethod
    def read(cls, state: Path = STATE) -> "Whereabouts | None":
        """The whereabouts of the server that keeps its state there, if one is running."""
        try:
            with _file(state).open() as file:
                return None if _locked(file, fcntl.LOCK_SH) else cls(**json.load(file))
        except (OSError, TypeError, ValueError):
            return None

    @staticmethod
    @contextmanager
    def announced(state: Path = STATE) -> Iterator[Callable[["Whereabouts"], None]]:
        """Claims the state as long as it lasts, and gives what tells others where the server is.

        Raises RunsAlready.
        """
        with _file(state).open("a+") as file:
            until = time.monotonic() + _PATIENCE
            while not _locked(file, fcntl.LOCK_EX):
                if time.monotonic() > until:
                    other = Whereabouts.read(state)
                    where = f", at {other.url}" if other else ""
                    raise RunsAlready(f"a server runs on the same state already{where}")
                time.sleep(0.05)

            def announce(whereabouts: Whereabouts) -> None:
                file.truncate(0)
                file.write(json.dumps(asdict(whereabouts)))
                file.flush()

            try:
                yield announce
            finally:
                with suppress(OSError):
                    file.truncate(0)


def _locked(file: IO[str], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _file(state: Path) -> Path:
    return state / "server.json"


def _reset() -> None:
    try:
        with Whereabouts.announced():
            for path in [path for files in STATE_FILES for path in STATE.glob(files)]:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    except RunsAlready:
        sys.exit("make reset: the local server is running: end it first")
    except OSError as error:
        if STATE.exists():
            sys.exit(f"make reset: {STATE}: {error.strerror}")


if __name__ == "__main__":
    _reset()
