"""What the stand-ins have kept from an earlier run: whether it can be used, and where it goes else.

A process that is killed, a full disk or an editor may leave a file of it broken, or missing.
"""

import json
import shutil
from pathlib import Path

_TABLES = "dynamodb.json"
_INDEX = "cloudformation.json"  # says which tables and keys are the stack's, and is kept last


def is_readable(folder: Path) -> bool:
    """Whether each file of the stand-ins' state is an object of JSON, and the index is there."""
    files = {path.name: path for path in folder.glob("*.json")}
    try:
        kept = [json.loads(path.read_bytes()) for path in files.values()]
    except (OSError, ValueError, RecursionError):
        return False
    are_whole = all(isinstance(each, dict) and each for each in kept)  # none is ever empty
    return not files or (_INDEX in files and are_whole)


def set_aside(folder: Path) -> None:
    """Moves the state beside what earlier calls have moved. Says so in one line.

    What a start has left that was stopped before it made a table is deleted: it holds nothing.
    """
    if not (folder / _TABLES).exists():
        shutil.rmtree(folder)
        return
    names = (f"{folder.name}.unreadable{number}" for number in ("", *range(2, 9999)))
    aside = next(path for path in map(folder.with_name, names) if not path.exists())
    folder.rename(aside)
    print(
        f"make run: the state of the last run is broken, and now in {aside}: "
        "this run begins with none",
        flush=True,
    )
