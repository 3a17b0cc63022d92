"""Stand-ins for DynamoDB, S3, KMS and CloudFormation: ministack, on loopback, its state kept."""

import fcntl
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from local.template import ROOT

PYTHON = ROOT / ".venv-standins" / "bin" / "python"
CHILD = Path(__file__).with_name("ministack_child.py")
_PATIENCE = 30  # seconds

# Stand-ins accept any credentials, but the clients need some: those of the shell may be real, and
# files tell other commands what is used.
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


class DidNotStart(RuntimeError):
    """The stand-ins did not start. Says in one line where to read why."""


@contextmanager
def running(
    state: Path, child: Path = CHILD, settings: Mapping[str, str] | None = None
) -> Iterator[dict[str, str]]:
    """Runs the stand-ins; gives the environment by which AWS's clients find them.

    If AWS_ENDPOINT_URL is set already, nothing is started, and the stand-ins there serve. Raises
    DidNotStart. `settings` are further environment variables of ministack, which `child` runs.
    """
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        yield {"AWS_ENDPOINT_URL": endpoint, **_CREDENTIALS}
        return
    host, port = _free_address(os.environ.get("STANDINS_HOST") or "127.0.0.1")
    endpoint = f"http://{host}:{port}"
    state.mkdir(parents=True, exist_ok=True)
    with (
        _claimed(state) as lock,
        (state / "log").open("w") as log,
        subprocess.Popen(
            [PYTHON, child],
            pass_fds=[lock],  # so it is claimed until the stand-ins have ended
            env={**os.environ, **_settings(host, port, state), **(settings or {})},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C ends only the server, which then ends this process
        ) as process,
    ):
        try:
            _wait_for(process, endpoint, state)
            yield {"AWS_ENDPOINT_URL": endpoint, **_CREDENTIALS}
        finally:
            process.terminate()
            process.wait()  # it keeps its state; after Ctrl-C Popen itself waits only a moment


@contextmanager
def _claimed(state: Path) -> Iterator[int]:
    """The descriptor of a locked file: the stand-ins of a killed server take a while to end."""
    with (state / "lock").open("w") as lock:
        for _ in range(_PATIENCE * 20):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)
            else:
                break
        else:
            raise DidNotStart(f"other stand-ins for AWS run on the same state, {state}")
        yield lock.fileno()


def _settings(host: str, port: int, state: Path) -> dict[str, str]:
    return {
        "BIND_HOST": host,
        "GATEWAY_PORT": str(port),
        "SERVICES": "cloudformation,dynamodb,kms,s3",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
    }


def _wait_for(process: subprocess.Popen[bytes], endpoint: str, state: Path) -> None:
    for _ in range(_PATIENCE * 20):
        try:
            with urlopen(f"{endpoint}/_ministack/health", timeout=1):  # noqa: S310 - http, ours
                return
        except (URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.05)
    raise DidNotStart(f"the stand-ins for AWS did not start: see {state / 'log'}")


def _free_address(host: str) -> tuple[str, int]:
    """The IPv4 address of the host, and a port of it."""
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except (OSError, UnicodeError):
            reason = f"STANDINS_HOST={host} is no IPv4 address of this machine"
            raise DidNotStart(reason) from None
        address, port = probe.getsockname()
        return address, port
