"""The bench measures functions in processes of their own, from the start to the last answer."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bench import function
from tests.bench.function import Function
from tests.harness import lambda_runtime
from tests.harness.stacks import Stack

_APP = """
import base64, json, os

hoard = bytearray(int(os.environ["HOARD"]))

def work(rounds):
    return sum(range(rounds))

def handler(event, context):
    work(event["work"])
    sum(range(2_000_000))
    print("x" * event["writes"], end="")
    body = base64.b64encode(b"four").decode()
    headers = {"ETag": '"%s"' % event["work"]}
    return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": True}
"""

in_lambda = pytest.mark.skipif(not lambda_runtime.is_there(), reason=lambda_runtime.NOT_THERE)


@pytest.fixture
def invented(tmp_path: Path) -> Function:
    """A function that is nobody's."""
    (tmp_path / "app.py").write_text(_APP)
    return Function(Stack({"HOARD": "0"}), tmp_path, part="work")


def event(work: int = 0, writes: int = 0) -> dict[str, Any]:
    return {"work": work, "writes": writes}


def test_each_event_is_answered_and_what_it_took_is_its_own(invented: Function) -> None:
    run = invented.run(event(), event(work=8_000_000))

    first, second = run.answers
    assert (first.status, first.etag, first.length) == (200, '"0"', 4)
    assert second.etag == '"8000000"'
    assert second.part > 10 * first.part
    assert second.cpu > second.part > second.cpu / 2


@in_lambda
def test_what_is_written_in_lambda_is_that_of_each_event(invented: Function) -> None:
    assert invented.written([event(writes=7), event()]) == ["xxxxxxx", ""]


@in_lambda
def test_a_start_in_lambda_takes_more_than_its_answer(invented: Function) -> None:
    assert (
        invented.start(event(work=1_000_000)) > invented.run(event(work=1_000_000)).answers[0].cpu
    )


def test_the_effort_is_that_of_the_whole_process(
    invented: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function, "counts_instructions", lambda: False)

    run = invented.run(event(work=1_000_000))

    assert run.effort > run.answers[0].cpu


def test_the_peak_of_memory_is_that_of_the_function_and_not_that_of_who_started_it(
    invented: Function, tmp_path: Path
) -> None:
    hoard = bytearray(b"x") * 200_000_000

    small = invented.run(event()).peak
    large = Function(Stack({"HOARD": "100000000"}), tmp_path).run(event()).peak

    assert len(hoard) > 2 * small
    assert 90e6 < large - small < 110e6


def test_a_function_that_fails_is_reported_with_what_it_wrote(invented: Function) -> None:
    with pytest.raises(RuntimeError, match="KeyError: 'work'"):
        invented.run({})


# --- instructions ---------------------------------------------------------------------------------


@pytest.fixture
def perf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a perf in front of all others that counts what it is told."""

    def print_as_counted(counted: str) -> None:
        program = tmp_path / "perf"
        program.write_text(f'#!/bin/sh\necho "{counted}" >"$5"\nshift 5\nexec "$@"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    return print_as_counted


@pytest.mark.parametrize(
    ("counted", "works"),
    [("946000000,,instructions:u,17,100.00,,", True), ("<not supported>,,instructions:u,,", False)],
)
def test_they_are_counted_on_a_machine_that_can(
    perf: Callable[[str], None], counted: str, *, works: bool
) -> None:
    perf(counted)

    assert function.counts_instructions.__wrapped__() == works


def test_they_are_the_effort_then(
    invented: Function, perf: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    perf("946000000,,instructions:u,17,100.00,,")
    monkeypatch.setattr(function, "counts_instructions", lambda: True)

    assert invented.run(event()).effort == 946
