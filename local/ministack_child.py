"""Runs ministack until its standard input closes: it never outlives the process that started it.

It runs in ministack's own environment, so it imports nothing of ours.
"""

import os
import signal
import sys
import threading

from ministack.app import main


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=_end_with_the_parent, daemon=True).start()
main()
