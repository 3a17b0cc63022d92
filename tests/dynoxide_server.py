"""dynoxide, a stand-in for DynamoDB: npm has it, as a program for Linux."""

import shutil
import subprocess
from pathlib import Path

_LOCKED = Path(__file__).with_name("dynoxide")
_FILES = ("package.json", "package-lock.json")
_PATIENCE = 60  # seconds


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


def _same(name: str, folder: Path) -> bool:
    copy = folder / name
    return copy.exists() and copy.read_bytes() == (_LOCKED / name).read_bytes()
