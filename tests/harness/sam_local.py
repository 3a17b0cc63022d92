"""`sam local start-api`, by the SAM CLI's own code but for the containers: functions run beside it.

The SAM CLI reads the template and samconfig.toml, makes the environments and the events, and turns
answers into responses. What a container would do is done here, by Lambda's runtime client.
"""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local import sam
from local.template import ROOT, TEMPLATE, Template
from local.whereabouts import Whereabouts
from tests.harness.lambda_runtime import Failed, Runtime

PYTHON = ROOT / ".venv-sam" / "bin" / "python"
_ENGINE = ROOT / "tests" / "doubles" / "container_engine.py"
_PATIENCE = 60  # seconds
# The shell of a developer who works on AWS, too: none of it is for functions on the stand-ins.
SHELL = {"AWS_DEFAULT_REGION": "us-west-2", "CALENDARS_TABLE": "of-the-shell"}


@dataclass
class SamLocal:
    """Where it serves; and what it has told of each container, by the function's name."""

    url: str
    folder: Path
    containers: ExitStack
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    runtimes: dict[str, Runtime] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def running(cls, server: Whereabouts, folder: Path) -> Iterator["SamLocal"]:
        sam.write(server, TEMPLATE, folder)
        port = _free_port()
        options = {
            "--config-file": ROOT / "samconfig.toml",
            "--template": folder / "local.yaml",
            "--env-vars": folder / "environment.json",
            "--port": port,
        }
        words = [str(word) for option in options.items() for word in option]
        with (
            (folder / "log").open("w") as log,
            subprocess.Popen(
                [PYTHON, _ENGINE, "local", "start-api", *words],
                env={**_quiet(folder), **SHELL},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ) as process,
            ExitStack() as containers,
        ):
            served = cls(f"http://127.0.0.1:{port}", folder, containers)
            threading.Thread(target=served._serve, args=(process,), daemon=True).start()
            try:
                _wait_for(port, process, folder / "log")
                yield served
            finally:
                process.kill()

    def _serve(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        for line in process.stdout:
            told = json.loads(line)
            self.told.setdefault(told["name"], told)
            answer = self._invoked(told) if "event" in told else ""
            print(answer, file=process.stdin, flush=True)

    def _invoked(self, told: dict[str, Any]) -> str:
        name = told["name"]
        if name not in self.runtimes:
            self.runtimes[name] = self._started(name)
        try:
            return json.dumps(self.runtimes[name](told["event"]))
        except Failed as failed:
            return str(failed)  # as Lambda's emulator in a container says it

    def _started(self, name: str) -> Runtime:
        """In a container, the names of its hosts lead to this machine."""
        told = self.told[name]
        assert told["hosts"] == {"host.docker.internal": "host-gateway"}
        environment = dict(told["environment"])
        for host in told["hosts"]:
            environment["AWS_ENDPOINT_URL"] = environment["AWS_ENDPOINT_URL"].replace(
                host, "127.0.0.1"
            )
        code = Path(Template.read().document["Resources"][name]["Properties"]["CodeUri"])
        runtime = Runtime.running(ROOT / code, environment, self.folder / f"{name}.log")
        return self.containers.enter_context(runtime)


def _quiet(home: Path) -> dict[str, str]:
    """It asks AWS for nothing, and tells AWS nothing."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
    }


def _wait_for(port: int, process: subprocess.Popen[str], log: Path) -> None:
    for _ in range(_PATIENCE * 20):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"sam local does not start:\n{log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
