"""Runs `make build` and `sam deploy`. Neither changes a file that git tracks."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from local.template import ROOT
from tools.deploy.errors import NotReady

_SAM = ROOT / ".venv-sam" / "bin" / "sam"


def build() -> None:
    """Builds what is uploaded. Raises NotReady."""
    _run(["make", "--no-print-directory", "build"], "the build failed: see above")


def deploy(stack: str, parameters: Mapping[str, str], *, ask: bool) -> None:
    """Makes a change set, shows it and, if it is confirmed, carries it out. Raises NotReady."""
    environment = {"SAM_CLI_TELEMETRY": "0"}
    command = [str(_SAM), *options(stack, parameters, ask=ask)]
    _run(command, "the deployment failed: see above", environment)


def options(stack: str, parameters: Mapping[str, str], *, ask: bool) -> list[str]:
    """Those of `sam`; the others are in samconfig.toml.

    The SAM CLI sends UsePreviousValue for each parameter that is not among them
    (`DeployContext.merge_parameters`), so the stack keeps its value. Its own reader of values takes
    an empty one only in quotes.
    """
    overrides = [f'{name}="{value}"' for name, value in parameters.items()]
    return [
        *("deploy", "--stack-name", stack, "--s3-prefix", stack),
        *("--tags", "application=mytoken-calendars", f"stack={stack}"),
        "--confirm-changeset" if ask else "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
        *(("--parameter-overrides", *overrides) if overrides else ()),
    ]


def _run(command: Sequence[str], failed: str, environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **(environment or {})}, check=False)
    if done.returncode:
        raise NotReady(failed)
