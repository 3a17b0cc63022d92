"""Runs `make build` and `sam deploy`. Neither changes a file that git tracks."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.template import ROOT
from tools.deploy.errors import NotReady

_SAM = ROOT / ".venv-sam" / "bin" / "sam"


def build() -> Path:
    """Builds what is uploaded; returns the folder. Raises NotReady."""
    _run(["make", "--no-print-directory", "build"], "the build failed: see above")
    return ROOT / ".aws-sam" / "build"


def deploy(built: Path, stack: str, parameters: Mapping[str, str], *, ask: bool) -> None:
    """Makes a change set, shows it and, if it is confirmed, carries it out. Raises NotReady."""
    command = [str(_SAM), *options(built, stack, parameters, ask=ask)]
    _run(command, "the deployment failed: see above", {"SAM_CLI_TELEMETRY": "0"})


def options(built: Path, stack: str, parameters: Mapping[str, str], *, ask: bool) -> list[str]:
    """Those of `sam`; the others are in samconfig.toml.

    The SAM CLI sends UsePreviousValue for each parameter that is not among them
    (`DeployContext.merge_parameters`), so the stack keeps its value. Its own reader of values takes
    an empty one only in quotes.
    """
    overrides = [f'{name}="{value}"' for name, value in parameters.items()]
    return [
        *("deploy", "--config-file", str(ROOT / "samconfig.toml")),
        *("--template-file", str(built.resolve() / "template.yaml")),
        *("--stack-name", stack, "--s3-prefix", stack),
        *("--tags", "application=mytoken-calendars", f"stack={stack}"),
        "--confirm-changeset" if ask else "--no-confirm-changeset",
        *("--no-fail-on-empty-changeset", "--no-progressbar"),
        *(("--parameter-overrides", *overrides) if overrides else ()),
    ]


def _run(command: Sequence[str], failed: str, environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **(environment or {})}, check=False)
    if done.returncode:
        raise NotReady(failed)
