"""The settings of the local server, from the environment. A wrong one is refused in one line."""

import os
from pathlib import Path


class WrongSetting(ValueError):
    """A setting has a value that it cannot have. Says which, and what it may be."""


def port() -> int:
    """PORT; 0 is any free port. Raises WrongSetting."""
    text = os.environ.get("PORT", "3000")
    if not (text.isascii() and text.isdecimal() and int(text) < 2**16):
        raise WrongSetting(f"PORT={text} is no port: it is a number up to 65535, like 3001")
    return int(text)


def prepared(state: Path) -> Path:
    """The folder of the state, which is there and can be written to. Raises WrongSetting."""
    probe = state / "probe"
    try:
        (state / "aws").mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = f"STATE={state} is no folder to keep the state in: {error.strerror}"
        raise WrongSetting(reason) from None
    return state
