"""Functions in processes of their own, and what these cost."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local.handlers import Handler, load_handler
from local.template import Template
from tests.harness import lambda_runtime
from tests.harness.lambda_runtime import Runtime
from tests.harness.stacks import ROOT, Stack

_CHILD = Path(__file__).with_name("invoked.py")
_PERF = ("perf", "stat", "--field-separator=,", "--event=instructions:u")


@dataclass(frozen=True)
class Answer:
    """What one invocation answered; `cpu` and `part` are in seconds, the rest in bytes."""

    status: int
    headers: Mapping[str, str]
    length: int
    cpu: float
    part: float

    @property
    def etag(self) -> str:
        return self.headers["ETag"]


@dataclass(frozen=True)
class Run:
    """A process from its start to its last answer; `effort` is in `unit_of_effort()`."""

    answers: list[Answer]
    effort: float
    peak: int  # bytes of memory


@dataclass(frozen=True)
class Function:
    """A function by its folder; `part` names a function of its module that is timed apart.

    `config` is its LoggingConfig.
    """

    stack: Stack
    folder: Path
    part: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def ours(cls, stack: Stack) -> "Function":
        folder = ROOT / "functions" / "get_feed"
        return cls(stack, folder, config=Template.read().logging(folder.name))

    @classmethod
    def peer(cls, stack: Stack) -> "Function":
        return cls(stack, Path(__file__).with_name("straightforward"), part="rendered")

    @property
    def name(self) -> str:
        return self.folder.name

    def loaded(self) -> Handler:
        """Its handler in this process, as after a cold start."""
        return load_handler(str(self.folder))

    def run(self, *events: dict[str, Any]) -> Run:
        """Starts it, and lets it answer the events one after the other."""
        with TemporaryDirectory() as scratch:
            report, counted, log = (Path(scratch) / name for name in ("report", "perf", "log"))
            python = [sys.executable, "-P", _CHILD, self.folder, report, *filter(None, [self.part])]
            perf = [*_PERF, "--output", counted] if counts_instructions() else []
            before = _cpu_of_children()
            with log.open("w") as output:
                done = subprocess.run(
                    [*perf, *python],
                    input=json.dumps(events).encode(),
                    stdout=output,
                    stderr=output,
                    env=self._environment(),
                    check=False,
                )
            if done.returncode:
                raise RuntimeError(f"{self.name} failed:\n{log.read_text()}")
            effort = _instructions(counted) if perf else _cpu_of_children() - before
            document = json.loads(report.read_text())
            answers = [Answer(**answer) for answer in document["answers"]]
            return Run(answers, effort, document["peak"])

    def written(self, events: Sequence[dict[str, Any]]) -> list[str]:
        """What it writes in Lambda while it answers each of the events."""
        with self._in_lambda() as function:
            return [function.writes(event) for event in events]

    def start(self, event: dict[str, Any]) -> float:
        """The CPU time that it takes in Lambda from its start until it has answered, in seconds."""
        before = _cpu_of_children()
        with self._in_lambda() as function:
            function(event)
        return _cpu_of_children() - before

    @contextmanager
    def _in_lambda(self) -> Iterator[Runtime]:
        told = {
            **self.stack.environment,
            **lambda_runtime.logging_environment(self.config),
            "POWERTOOLS_TRACE_DISABLED": "true",  # there is no daemon of X-Ray
        }
        with (
            TemporaryDirectory() as scratch,
            Runtime.running(self.folder, told, Path(scratch) / "log") as function,
        ):
            yield function

    def _environment(self) -> dict[str, str]:
        environment = {**os.environ, **self.stack.environment}
        # Lambda's layers come compiled, so what is imported is to be, after the first time.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return {**environment, "PYTHONPATH": str(ROOT / "layers" / "shared")}


@cache
def counts_instructions() -> bool:
    """Whether this machine counts them; CPU time depends on what else it does."""
    with TemporaryDirectory() as scratch:
        counted = Path(scratch) / "perf"
        try:
            subprocess.run([*_PERF, "--output", counted, "true"], check=True, capture_output=True)
            return _instructions(counted) > 0
        except (OSError, ValueError, subprocess.CalledProcessError):
            return False


def _instructions(counted: Path) -> float:
    """In millions."""
    line = next(line for line in counted.read_text().splitlines() if "instructions" in line)
    return int(line.partition(",")[0]) / 1e6


def _cpu_of_children() -> float:
    """In seconds, of all processes that have been started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
