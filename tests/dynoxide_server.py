"""dynoxide, a second stand-in for DynamoDB beside ministack's: npm has it, as a program for Linux.

Where it cannot be installed, the tests that want it say so and are skipped.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from local.template import Template

_LOCKED = Path(__file__).with_name("dynoxide")
_FILES = ("package.json", "package-lock.json")
_PATIENCE = 60  # seconds
# What the tables are made with; the rest of their properties is for AWS alone.
_PROPERTIES = ("AttributeDefinitions", "KeySchema", "BillingMode")


class NotInstalled(RuntimeError):
    """Says in one line why it is not there."""


def installed(folder: Path) -> Path:
    """The program, installed into `folder` as it is locked. Raises NotInstalled."""
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalled("there is no npm here")
    folder.mkdir(parents=True, exist_ok=True)
    if any(not _same(name, folder) for name in _FILES):
        for name in _FILES:
            shutil.copy(_LOCKED / name, folder)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            done = subprocess.CompletedProcess(command, 1, "", f"nothing within {_PATIENCE} s")
        if done.returncode:
            shutil.rmtree(folder)
            raise NotInstalled(f"npm ci: {done.stderr.strip().splitlines()[:2]}")
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


def _same(name: str, folder: Path) -> bool:
    copy = folder / name
    return copy.exists() and copy.read_bytes() == (_LOCKED / name).read_bytes()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(_PATIENCE * 20):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError("dynoxide did not start")
