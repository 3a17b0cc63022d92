"""Serves the stack on this machine, on stand-ins for AWS, with a demo to try: `make run`."""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from local import data, demo, standins
from local.gateway import Gateway
from local.handlers import Context, load_handler
from local.template import Template
from local.whereabouts import STATE, Whereabouts

HOST = "127.0.0.1"


class CannotServe(RuntimeError):
    """The server cannot start. Says in one line why."""


class _RequestHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Logs nothing: a request line may hold a secret. The gateway logs each request's route."""


@contextmanager
def serving(port: int, state: Path) -> Iterator[str]:
    """The URL of the stack while it serves, on a free port if `port` is 0. Raises CannotServe."""
    if running := Whereabouts.read(state):
        raise CannotServe(f"a server runs on the same state already, at {running.url}")
    template = Template.read()
    with _bound(port) as listener, standins.running(state / "aws") as aws:
        port = listener.getsockname()[1]
        url = f"http://{HOST}:{port}"
        os.environ.update(aws)
        variables = data.deploy(template, os.environ.get("MYTOKEN_ISSUER", ""))
        os.environ.update({**variables, "POWERTOOLS_METRICS_DISABLED": "true"})
        server = make_server(
            HOST,
            port,
            Gateway(template, url),
            threaded=True,
            request_handler=_RequestHandler,
            fd=listener.fileno(),
        )
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        end_schedules = _keep_schedules(template)
        Whereabouts(url, {**aws, **variables}).write(state)
        try:
            yield url
        finally:
            Whereabouts.remove(state)
            end_schedules()
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            raise CannotServe(
                f"port {port} is taken: end what listens there, or use another: make run PORT=3001"
            ) from None
        listener.listen(128)
        yield listener


def _keep_schedules(template: Template) -> Callable[[], None]:
    """Runs the template's schedules until the function that it returns is called."""
    ended = threading.Event()

    def keep(handler: Callable[..., object], minutes: int) -> None:
        while not ended.wait(minutes * 60):
            handler({}, Context())

    for schedule in template.schedules:
        handler = load_handler(schedule.folder)
        threading.Thread(target=keep, args=(handler, schedule.minutes), daemon=True).start()
    return ended.set


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    # It warns of a full connection pool whenever clients race each other.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    for ending in (signal.SIGINT, signal.SIGTERM):  # background jobs start with SIGINT ignored
        signal.signal(ending, signal.default_int_handler)
    try:
        with serving(int(os.environ.get("PORT", "3000")), STATE) as url:
            walk = demo.prepare(url, STATE)
            print(f"ready: {url}\n\n{walk}", flush=True)
            logging.getLogger("local").setLevel(logging.INFO)
            while True:  # signal.pause() would miss a signal that comes just before it
                time.sleep(1)
    except KeyboardInterrupt:
        print("\nstopped; the state is kept (make reset forgets it)")
    except (CannotServe, standins.DidNotStart, data.NotDeployed) as error:
        sys.exit(f"make run: {error}")


if __name__ == "__main__":
    main()
