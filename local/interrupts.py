"""Importing it makes Ctrl-C end the program with one line, also while it imports what is below.

The package does so first. Other programs that people interrupt import it first, too.
"""

import sys
from types import TracebackType


def _in_one_line(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("\nstopped", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, traceback)


sys.excepthook = _in_one_line
