"""Stand-ins for DynamoDB alone, beside ministack's: dynoxide from npm, DynamoDB Local from a user.

Where one is not there, the tests that want it say so and are skipped.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from local.template import ROOT, Template
from tests.harness import npm
from tests.harness.stacks import Stack

Command = Callable[[int], Sequence[str | Path]]  # that serves at a port

_DYNOXIDE = Path(__file__).with_name("dynoxide")
_PATIENCE = 60  # seconds
# What the tables are made with; the rest of their properties is for AWS alone.
_PROPERTIES = ("AttributeDefinitions", "KeySchema", "BillingMode")


class NotThere(RuntimeError):
    """Says in one line why."""


def dynoxide() -> Command:
    """Raises NotThere."""
    folder = ROOT / ".venv-dynoxide"
    try:
        npm.install(_DYNOXIDE, folder)
    except npm.NotInstalled as reason:
        raise NotThere(f"dynoxide is not installed: {reason}") from None
    program = next((folder / "node_modules" / "@dynoxide").glob("*/dynoxide"))
    return lambda port: [program, "--host", "127.0.0.1", "--port", str(port)]


def dynamodb_local() -> Command:
    """From the folder that DYNAMODB_LOCAL names: its licence is not ours to accept for others.

    It listens at every address of the machine, and cannot be told not to. Raises NotThere.
    """
    named = os.environ.get("DYNAMODB_LOCAL")
    if not named:
        raise NotThere("DYNAMODB_LOCAL names no folder")
    folder = Path(named).resolve()
    java, jar = shutil.which("java"), folder / "DynamoDBLocal.jar"
    if not jar.exists():
        raise NotThere(f"there is no {jar}")
    if java is None:
        raise NotThere("there is no java here")
    options = f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}", "-jar", str(jar)
    quiet = "-inMemory", "-disableTelemetry"
    return lambda port: [java, *options, *quiet, "-port", str(port)]


@contextmanager
def stack_on(command: Command, other: Stack) -> Iterator[Stack]:
    """The other stack with the DynamoDB that the command serves; what that holds ends with it."""
    with _served(command) as url:
        aws = {**other.environment, "AWS_ENDPOINT_URL_DYNAMODB": url}
        with Stack(aws).entered():
            variables = _deploy(Template.read())
        stack = Stack({**aws, **variables})
        assert stack.handlers  # all of them are loaded before the first of them race
        yield stack


@contextmanager
def _served(command: Command) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(_PATIENCE * 20):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not start")


def _deploy(template: Template) -> dict[str, str]:
    """Makes the template's tables there, and gives the functions' variables that name them."""
    client: Any = boto3.client("dynamodb")
    made = []
    for name, resource in template.data_stack()["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            properties = {p: resource["Properties"][p] for p in _PROPERTIES}
            client.create_table(TableName=name, **properties)
            made.append(name)
    return {
        variable: name
        for folder in template.functions
        for variable, value in template.environment(folder).items()
        for name in made
        if value == {"Ref": name}
    }
