"""Installs what tests use from npm, as it is locked beside them."""

import fcntl
import shutil
import subprocess
from pathlib import Path

_PATIENCE = 60  # seconds


class NotInstalled(RuntimeError):
    """Says in one line why it is not there."""


def program(name: str) -> str:
    """Where a program of Node is. Raises NotInstalled."""
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"there is no {name} here")
    return found


def install(locked: Path, folder: Path) -> None:
    """Copies `locked` to `folder`, and installs what its lock file says. Raises NotInstalled."""
    npm, lock = program("npm"), (locked / "package-lock.json").read_text()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # tests may run side by side
        shutil.copytree(locked, folder, dirs_exist_ok=True)
        installed = folder / "installed"
        if not installed.exists() or installed.read_text() != lock:
            _npm_ci(npm, folder)
            installed.write_text(lock)


def _npm_ci(npm: str, folder: Path) -> None:
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"npm ci: nothing within {_PATIENCE} s") from error
    if done.returncode:
        raise NotInstalled(f"npm ci: {done.stderr.strip().splitlines()[:2]}")
