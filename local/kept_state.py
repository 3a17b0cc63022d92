"""What the stand-ins have kept from an earlier run: whether it can be used, and where it goes else.

A process that is killed, a full disk or an editor may leave a file of it broken, or missing.
"""

import json
import shutil
from pathlib import Path

_INDEX = "cloudformation.json"  # says which tables and keys are the stack's, and is kept last


def is_readable(folder: Path) -> bool:
    """Whether each file of the stand-ins' state is a JSON object, and the first is there."""
    files = {path.name: path for path in folder.glob("*.json")}
    try:
        are_whole = [isinstance(json.loads(path.read_bytes()), dict) for path in files.values()]
    except (OSError, ValueError, RecursionError):
        return False
    return not files or (_INDEX in files and all(are_whole))


def aside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.unreadable")


def set_aside(folder: Path) -> None:
    """Moves the state there, in place of what an earlier call has moved. Says so in one line."""
    shutil.rmtree(aside(folder), ignore_errors=True)
    folder.rename(aside(folder))
    print(
        f"make run: the state of the last run is broken, and now in {aside(folder)}: "
        "this run begins with none",
        flush=True,
    )
