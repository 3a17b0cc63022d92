"""Reads the lock files: they pin packages by version and hashes, and name no place to get them."""

import re
from dataclasses import dataclass
from pathlib import Path

RUN_IN_LAMBDA = tuple(
    Path(f"layers/{layer}/requirements.txt") for layer in ("dependencies", "pages")
)

_LOCKED = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==(?P<version>[0-9][a-z0-9.]*)(?: ; [a-zA-Z0-9_.<>=!' ]+)?"
    r"(?: --hash=sha256:[0-9a-f]{64})+"
)


@dataclass(frozen=True)
class Locked:
    """A locked package, without the hashes of its files, which only an installation needs."""

    name: str
    version: str


def read(lock: Path) -> list[Locked]:
    """All locked packages. Raises ValueError for a line that pins none or names a place."""
    lines = lock.read_text().replace(" \\\n   ", "").splitlines()
    return [_locked(line) for line in lines]


def _locked(line: str) -> Locked:
    match = _LOCKED.fullmatch(line)
    if match is None:
        raise ValueError(f"not a version of a package, with hashes: {line[:80]}")
    return Locked(match["name"], match["version"])
