"""dynoxide, a second stand-in for DynamoDB beside ministack's: npm has it, as a program for Linux.

Where it cannot be installed, the tests that want it say so and are skipped.
"""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from local.template import Template
from tests import npm

_LOCKED = Path(__file__).with_name("dynoxide")
_PATIENCE = 60  # seconds
# What the tables are made with; the rest of their properties is for AWS alone.
_PROPERTIES = ("AttributeDefinitions", "KeySchema", "BillingMode")


def installed(folder: Path) -> Path:
    """The program, installed into `folder` as it is locked. Raises npm.NotInstalled."""
    npm.install(_LOCKED, folder)
    return next((folder / "node_modules" / "@dynoxide").glob("*/dynoxide"))


@contextmanager
def running(program: Path) -> Iterator[str]:
    """Its URL while it runs, without a table; what it holds ends with it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [program, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def deploy(template: Template, url: str) -> dict[str, str]:
    """Makes the template's tables there, and gives the functions' variables that name them."""
    client: Any = boto3.client("dynamodb", endpoint_url=url)
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


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(_PATIENCE * 20):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError("dynoxide did not start")
