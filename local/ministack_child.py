"""Runs ministack until its standard input closes: it never outlives the process that started it.

It runs in ministack's own environment, so it imports nothing of ours. Alone, ministack keeps its
state only when it ends. With SAVE_AFTER it also does so that many seconds after a change, between
two requests, so what is kept has no half of a transaction; but for no more than a fiftieth of the
time, however large the state is.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.core import persistence

# Each service before those that refer to what it has.
_KEPT = ("kms", "s3", "dynamodb", "cloudformation")
_READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "Sign", "TransactGet", "Verify")
_SHARE = 50  # of the time that keeping the state may take


class Saving:
    """An ASGI application that serves ministack's, and keeps its state after changes."""

    def __init__(self, served: Callable[..., Awaitable[None]], seconds: float) -> None:
        self._served, self._seconds = served, seconds
        self._is_due = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._served(scope, receive, send)
        if not self._is_due and scope["type"] == "http" and _changes(scope):
            self._is_due = True
            asyncio.get_running_loop().call_later(self._seconds, self._save)

    def _save(self) -> None:
        self._is_due = False
        began = time.monotonic()
        services = app._build_persistence_save_dict()  # noqa: SLF001 - there is no other way
        persistence.save_all({name: services[name] for name in _KEPT if name in services})
        self._seconds = max(self._seconds, _SHARE * (time.monotonic() - began))


def _changes(scope: Any) -> bool:
    target = dict(scope["headers"]).get(b"x-amz-target", b"").decode("latin-1")
    action = target.rpartition(".")[2]
    return scope["method"] not in ("GET", "HEAD") and not action.startswith(_READS)


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if seconds := os.environ.get("SAVE_AFTER"):
    app.app = Saving(app.app, float(seconds))
logging.getLogger("persistence").setLevel(logging.WARNING)
threading.Thread(target=_end_with_the_parent, daemon=True).start()
app.main()
