"""What a load has shown: how many requests, how fast, how many wrong, and the servers' memory."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import linear_regression

from tests.load.clients import Measured

MB = 1024 * 1024

_HEADER = ("requests", "p50 ms", "p90 ms", "p99 ms", "max ms", "MB")
_MEMORY = ("MB at start", "at end", "MB/h")


@dataclass
class Memory:
    """Bytes that were resident, each with the seconds since the beginning."""

    seconds: list[float] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)

    def add(self, seconds: float, resident: int) -> None:
        self.seconds.append(seconds)
        self.resident.append(resident)

    @property
    def slope(self) -> float:
        """Bytes a second, in the second half: in the first one pools and caches fill."""
        half = len(self.seconds) // 2
        if len(self.seconds) - half < 2:
            return 0
        return linear_regression(self.seconds[half:], self.resident[half:]).slope


@dataclass(frozen=True)
class Report:
    seconds: float
    seconds_of: Mapping[str, Sequence[float]]  # each request's, by what came of it, sorted
    received: Mapping[str, int]  # bytes
    errors: Mapping[str, int]  # how often each was
    memory: Mapping[str, Memory]  # of each process

    @classmethod
    def of(
        cls, seconds: float, measured: Sequence[Measured], memory: Mapping[str, Memory]
    ) -> "Report":
        came = sorted({came for one in measured for came in one.seconds})
        return cls(
            seconds,
            {c: sorted(s for one in measured for s in one.seconds.get(c, ())) for c in came},
            sum((one.received for one in measured), Counter()),
            sum((one.errors for one in measured), Counter()),
            memory,
        )

    @property
    def answered(self) -> int:
        """As they should be."""
        return sum(map(len, self.seconds_of.values()))

    @property
    def wrong(self) -> int:
        return sum(self.errors.values())

    def lines(self) -> Iterator[str]:
        everything = sorted(s for of_one in self.seconds_of.values() for s in of_one)
        yield _row(f"{self.seconds:.0f} s", _HEADER)
        for came, seconds in self.seconds_of.items():
            yield _row(came, _figures(seconds, self.received[came]))
        yield _row("all", _figures(everything, sum(self.received.values())))
        yield ""
        yield _row("memory", _MEMORY)
        for process, memory in self.memory.items():
            ends = memory.resident[0], memory.resident[-1]
            yield _row(process, [f"{b / MB:,.0f}" for b in (*ends, memory.slope * 3600)])
        yield ""
        for error, often in Counter(self.errors).most_common():
            yield f"{often:,} times: {error}"
        requests = self.answered + self.wrong
        rate = requests / self.seconds
        yield f"{requests:,} requests, {rate:,.0f} a second, {self.wrong:,} errors"


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest that is not exceeded by that share."""
    return ordered[ceil(share * len(ordered)) - 1]


def _figures(seconds: Sequence[float], received: int) -> list[str]:
    if not seconds:
        return ["0", *["-"] * 5]
    shares = [percentile(seconds, share) * 1000 for share in (0.5, 0.9, 0.99, 1)]
    return [f"{len(seconds):,}", *(f"{ms:,.1f}" for ms in shares), f"{received / MB:,.1f}"]


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:24}{''.join(f'{cell:>12}' for cell in cells)}"
