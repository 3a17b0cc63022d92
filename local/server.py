"""Serves the stack on this machine, on stand-ins for AWS, with a demo to try: `make run`."""

import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from local import data, demo, standins
from local.gateway import Context, Gateway, load_handler
from local.template import ROOT, Template

HOST = "127.0.0.1"
STATE = ROOT / ".local"


class CannotServe(RuntimeError):
    """Says in one line why the server does not start."""


class _RequestHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the gateway logs each request, without its path."""


@contextmanager
def serving(port: int, state: Path = STATE) -> Iterator[str]:
    """The URL of the stack while it serves, on a free port if `port` is 0."""
    template = Template.read()
    with _bound(port) as listener, standins.running(state / "aws") as aws:
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        os.environ.update(aws)
        variables = data.deploy(template)
        os.environ.update(variables)
        gateway = Gateway(template, url)
        server = make_server(
            HOST,
            listener.getsockname()[1],
            gateway,
            threaded=True,
            request_handler=_RequestHandler,
            fd=listener.fileno(),
        )
        whereabouts = state / "server.json"
        whereabouts.write_text(json.dumps({"url": url, "environment": {**aws, **variables}}))
        stop_sweeping = _keep_schedules(template)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield url
        finally:
            whereabouts.unlink()
            stop_sweeping()
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
    stopped = threading.Event()

    def keep(handler: Callable[..., object], minutes: int) -> None:
        while not stopped.wait(minutes * 60):
            handler({}, Context())

    for schedule in template.schedules:
        handler = load_handler(schedule.folder)
        threading.Thread(target=keep, args=(handler, schedule.minutes), daemon=True).start()
    return stopped.set


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logging.getLogger("local").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    port = int(os.environ.get("PORT", "3000"))
    try:
        with serving(port) as url:
            walk = demo.prepare(url, STATE)
            print(f"ready: {url}\n\n{walk}", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        print("\nstopped; the state is kept (make reset forgets it)")
    except RuntimeError as error:
        sys.exit(f"make run: {error}")


if __name__ == "__main__":
    main()
