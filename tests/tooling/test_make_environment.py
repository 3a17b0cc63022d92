"""Without a network, making an environment ends with one line that says so."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.harness.stacks import ROOT

SAID = "no package index was reached: is there a network?"


@pytest.mark.parametrize("environment", [".venv-uv", ".venv-nginx"])
def test_no_network_is_told_in_a_line(tmp_path: Path, environment: str) -> None:
    shutil.copytree(ROOT / "tools" / "build", tmp_path / "tools" / "build")
    if environment != ".venv-uv":
        (tmp_path / ".venv-uv").symlink_to(ROOT / ".venv-uv")
    lock = ROOT / "requirements" / f"{environment.removeprefix('.venv-')}.txt"
    with socket.socket() as nobody:  # bound, and not listening: it refuses connections
        nobody.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{nobody.getsockname()[1]}/simple"

        done = subprocess.run(
            ["tools/build/make-environment", environment, lock],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "PIP_INDEX_URL": nowhere,
                "PIP_RETRIES": "1",
                "UV_DEFAULT_INDEX": nowhere,
                "UV_HTTP_RETRIES": "0",
                "UV_CACHE_DIR": str(tmp_path / "cache"),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    installing, failed = done.stderr.splitlines()
    assert done.returncode == 1
    assert installing.startswith("installing ")
    assert failed.endswith(f": {SAID} (all of it: {environment}.log)")
