"""Building the largest feed there can be in the style of most feeds, with the cache empty."""

from dataclasses import dataclass
from statistics import median
from typing import Literal

from tests.bench import progress
from tests.bench.figures import Figure
from tests.bench.function import Function
from tests.harness.stage import forget_feeds, poll
from tests.harness.steps import Document

FEW = 100
_RUNS = 5
_RUNS_OF_PEER = 3  # it takes ten seconds


@dataclass(frozen=True)
class Calendars:
    """Those that are built. The `other` one is what a function has built before the one of few."""

    many: Document
    few: Document
    other: Document


@dataclass(frozen=True)
class Built:
    """The CPU seconds of both feeds, and the memory of the large one: medians of all runs."""

    many: float
    few: float
    peak: float  # bytes


def figures(ours: Function, peer: Function, calendars: Calendars) -> list[Figure]:
    """The whole request is ours; of the peer's only the rendering counts."""
    built = _built(ours, calendars, _RUNS, "cpu")
    rendered = _built(peer, calendars, _RUNS_OF_PEER, "part")
    tokens = len(calendars.many["subscribed_tokens"])
    building = f"building the feed of a full calendar, {tokens:,} tokens"
    growth = (each.many / tokens / (each.few / FEW) for each in (built, rendered))
    return [
        Figure(f"{building}: CPU", built.many, rendered.many, 0.15, 0.05, unit="s", relative=True),
        Figure(f"{building}: peak memory", built.peak / 1e6, rendered.peak / 1e6, 80, unit="MB"),
        Figure(f"growth: CPU per event at {tokens:,} relative to at {FEW}", *growth, 1.2),
    ]


def _built(
    function: Function, calendars: Calendars, runs: int, time: Literal["cpu", "part"]
) -> Built:
    """Each run is a process of its own; what is built first makes the process warm."""
    many, few, peaks = [], [], []
    for count in range(runs):
        progress.report(f"building feeds, {function.name}, run {count + 1} of {runs}")
        forget_feeds(function.stack)
        cold = function.run(poll(calendars.many))
        forget_feeds(function.stack)
        warm = function.run(*map(poll, (calendars.other, calendars.many, calendars.few)))
        many.append(getattr(warm.answers[1], time))
        few.append(getattr(warm.answers[2], time))
        peaks.append(cold.peak)
    return Built(median(many), median(few), median(peaks))
