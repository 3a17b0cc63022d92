"""What the bench is doing, on standard error."""

import sys
import time

_began = time.monotonic()


def report(doing: str) -> None:
    print(f"{time.monotonic() - _began:5.0f} s  {doing}", file=sys.stderr, flush=True)
