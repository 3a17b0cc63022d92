"""From the start of a function's process to its first answer, which is a 304."""

from statistics import median
from typing import Any

from tests.bench import progress
from tests.bench.figures import Figure
from tests.bench.function import Function, counts_instructions
from tests.harness.stage import poll
from tests.harness.steps import Document

RUNS = 11


def figure(ours: Function, peer: Function, document: Document) -> Figure:
    """Of runs by turns. What is imported was compiled in the run before them, for both alike."""
    known, known_of_peer = _unchanged(ours, document), _unchanged(peer, document)
    efforts, efforts_of_peer = [], []
    for count in range(RUNS):
        progress.report(f"process start to first 304, run {count + 1} of {RUNS}")
        efforts.append(_effort(ours, known))
        efforts_of_peer.append(_effort(peer, known_of_peer))
    return Figure(
        "feed function, process start to first 304",
        median(efforts),
        median(efforts_of_peer),
        limit=0.40,
        aim=0.33,
        unit="M instructions" if counts_instructions() else "s CPU",
        relative=True,
    )


def _unchanged(function: Function, document: Document) -> dict[str, Any]:
    return poll(document, function.run(poll(document)).answers[0].etag)


def _effort(function: Function, event: dict[str, Any]) -> float:
    run = function.run(event)
    if run.answers[0].status != 304:
        raise RuntimeError(f"{function.name} answered {run.answers[0].status} instead of 304")
    return run.effort
