"""Ctrl-C ends what runs long with one line, and soon."""

import os
import subprocess
import sys
import threading
import time

import pytest

from tests.harness.stacks import ROOT
from tests.load.run import Plan, _moments


@pytest.mark.parametrize(
    "module",
    [
        "local.server",
        "tests.bench.__main__",
        "tests.deep.__main__",
        "tests.load.__main__",
        "tests.mutants.__main__",
        "tools.operate.import_calendars",
    ],
)
def test_ctrl_c_is_told_in_one_line(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}\nraise KeyboardInterrupt"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "layers/shared"), str(ROOT)))},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("", "\nstopped\n")


def test_other_exceptions_keep_their_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import local\nraise ValueError"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr.startswith("Traceback")


def test_a_load_that_is_ended_sends_nothing_more() -> None:
    ended, began = threading.Event(), time.monotonic()
    moments = _moments(began, 0, Plan(seconds=60, rate=0.1, connections=1), ended)
    next(moments)

    threading.Timer(0.1, ended.set).start()

    assert list(moments) == []
    assert time.monotonic() - began < 5
