"""The lock files: which version of a package, in which files, and no place to get them from."""

import re
from dataclasses import dataclass
from pathlib import Path

RUNS_IN_LAMBDA = Path("layers/dependencies/requirements.txt")

_LOCKED = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==(?P<version>[0-9][a-z0-9.]*)(?: ; [a-zA-Z0-9_.<>=!' ]+)?"
    r"(?: --hash=sha256:[0-9a-f]{64})+"
)


@dataclass(frozen=True)
class Locked:
    """A package; the hashes of its files are for those who install it."""

    name: str
    version: str


def read(lock: Path) -> list[Locked]:
    """All that is locked. Raises ValueError for a line that locks nothing, or says where from."""
    lines = lock.read_text().replace(" \\\n   ", "").splitlines()
    return [_locked(line) for line in lines]


def _locked(line: str) -> Locked:
    match = _LOCKED.fullmatch(line)
    if match is None:
        raise ValueError(f"not a version of a package, with hashes: {line[:80]}")
    return Locked(match["name"], match["version"])
