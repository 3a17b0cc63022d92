"""Serves the stack on this machine, on stand-ins for AWS, with a demo to try: `make run`."""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from local import data, demo, kept_state, log_lines, settings, standins
from local.gateway import Gateway
from local.template import Template
from local.whereabouts import STATE, RunsAlready, Whereabouts

HOST = "127.0.0.1"
_SAVING = {"SAVE_AFTER": "1"}  # seconds: a killed server loses no more than that
_ENDINGS = (signal.SIGINT, signal.SIGTERM)


class CannotServe(RuntimeError):
    """The server cannot start. Says in one line why."""


class _RequestHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Logs nothing: a request line may hold a secret. The gateway logs each request's route."""


@contextmanager
def serving(port: int, state: Path) -> Iterator[str]:
    """The URL of the stack while it serves, on a free port if `port` is 0.

    Raises CannotServe, RunsAlready, WrongSetting, DidNotStart and NotDeployed.
    """
    template = Template.read()
    settings.check_others(template)
    with (
        Whereabouts.announced(state) as announce,
        _bound(port) as listener,
        _stack(template, state / "aws") as environment,
    ):
        port = listener.getsockname()[1]
        url = f"http://{HOST}:{port}"
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
        announce(Whereabouts(url, environment))
        try:
            yield url
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def _stack(template: Template, state: Path) -> Iterator[dict[str, str]]:
    """The environment of functions on the stand-ins. A state that is broken is set aside."""
    if not kept_state.is_readable(state):
        kept_state.set_aside(state)
    for is_last in (False, True):
        with standins.running(state, settings=_SAVING) as aws, _told(aws):
            try:
                variables = data.deploy(template, os.environ.get("MYTOKEN_ISSUER", ""))
                is_whole = data.is_whole(variables)
            except data.Unfinished:
                if is_last:
                    raise
                is_whole = False
            if is_whole or is_last:
                with _told({**variables, "POWERTOOLS_METRICS_DISABLED": "true"}):
                    yield {**aws, **variables}
                return
        kept_state.set_aside(state)


@contextmanager
def _told(variables: dict[str, str]) -> Iterator[None]:
    """The functions run in this process, so its environment is theirs."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except PermissionError:
            raise CannotServe(f"port {port} is not for everybody: make run PORT=3002") from None
        except OSError:
            raise CannotServe(
                f"port {port} is taken: end what listens there, or use another: make run PORT=3002"
            ) from None
        listener.listen(128)
        yield listener


def _until_interrupted(url: str) -> None:
    log_lines.make_readable()
    logging.disable()  # what the demo tries is no news
    walk = demo.prepare(url, STATE)
    logging.disable(logging.NOTSET)
    print(f"ready: {url}\n\n{walk}", flush=True)
    logging.getLogger("local").setLevel(logging.INFO)
    try:
        while settings.listens(os.environ["AWS_ENDPOINT_URL"]):
            time.sleep(1)  # signal.pause() would miss a signal that comes just before it
        raise CannotServe("the stand-ins for AWS have ended: make run starts them again")
    finally:
        for ending in _ENDINGS:  # a second Ctrl-C would lose the state
            signal.signal(ending, signal.SIG_IGN)


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    # It warns of a full connection pool whenever clients race each other.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    for ending in _ENDINGS:  # background jobs start with SIGINT ignored
        signal.signal(ending, signal.default_int_handler)
    try:
        with serving(settings.port(), settings.prepared(STATE)) as url:
            _until_interrupted(url)
    except KeyboardInterrupt:
        print("\nstopped; the state is kept (make reset forgets it)")
    except (
        CannotServe,
        RunsAlready,
        data.NotDeployed,
        settings.WrongSetting,
        standins.DidNotStart,
        OSError,  # of a file of the state that is none, or that another user owns
    ) as error:
        sys.exit(f"make run: {error}")


if __name__ == "__main__":
    main()
