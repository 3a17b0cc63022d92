"""A built function in the emulator of Lambda that the SAM CLI brings, without a container."""

import os
import platform
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import requests

from local.template import ROOT
from tests.harness.built.artefacts import PYTHON

PATIENCE = 60  # seconds

_PROGRAM = f"aws-lambda-rie-{platform.machine().replace('aarch64', 'arm64')}"
# The last line of an invocation has a duration, too, in which the emulator's own waiting is.
_STARTED = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")
_OF_EMULATOR = re.compile(r"^\d\d \w{3} \d{4} [\d:,]+ \[\w+\] .*\n", re.MULTILINE)


class NotThere(RuntimeError):
    """Says in one line why nothing can be emulated."""


@dataclass(frozen=True)
class Emulator:
    """One function, called as a handler is, with one event after the other."""

    url: str
    log: Path

    @classmethod
    @contextmanager
    def running(
        cls, code: Path, layers: list[Path], environment: Mapping[str, str], log: Path
    ) -> Iterator[Self]:
        """It knows nothing of this machine but what Lambda would tell it."""
        address, runtime = (f"127.0.0.1:{_free_port()}" for _ in range(2))
        folders = [code, *(layer / "python" for layer in layers)]
        command = [
            *(program(), "--log-level", "info"),
            *("--runtime-interface-emulator-address", address, "--runtime-api-address", runtime),
            *(PYTHON, "-m", "awslambdaric", "app.handler"),
        ]
        told = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, folders)),
            "LAMBDA_TASK_ROOT": str(code),
            "AWS_LAMBDA_FUNCTION_NAME": code.name,
            **environment,
        }
        with (
            log.open("w") as out,
            subprocess.Popen(
                command, cwd=code, env=told, stdout=out, stderr=out, start_new_session=True
            ) as process,
        ):
            try:
                _wait_for(address, process, log)
                yield cls(f"http://{address}/2015-03-31/functions/function/invocations", log)
            finally:
                os.killpg(process.pid, signal.SIGKILL)  # the function, too

    def __call__(self, event: Mapping[str, Any], context: object = None) -> Any:
        answer = requests.post(self.url, json=event, timeout=PATIENCE).json()
        if "errorMessage" in answer:
            raise AssertionError(f"{answer}\n{self.log.read_text()}")
        return answer

    @property
    def written(self) -> str:
        """What the function has written; the emulator's own lines may have its environment."""
        return _OF_EMULATOR.sub("", self.log.read_text())

    @property
    def start(self) -> float:
        """How long the function took to start, in milliseconds."""
        match = _STARTED.search(self.log.read_text())
        assert match is not None, self.log.read_text()
        return float(match[1])


def program() -> Path:
    """Raises NotThere."""
    packages = (ROOT / ".venv-sam" / "lib").glob("python*/site-packages")
    found = [path for p in packages if (path := p / "samcli/local/rapid" / _PROGRAM).exists()]
    if platform.system() != "Linux" or not found:
        raise NotThere(f"the SAM CLI has no emulator of Lambda for this machine: {_PROGRAM}")
    return found[0]


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = address.partition(":")
    for _ in range(PATIENCE * 20):
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the emulator does not start:\n{log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
