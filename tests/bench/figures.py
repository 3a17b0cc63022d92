"""A figure: what was measured, beside its peer of the same run, and what it may be at most."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`limit` and `aim` hold for `ours`, or for its ratio to the peer's if it is `relative`."""

    name: str
    ours: float
    peer: float
    limit: float
    aim: float | None = None
    unit: str = ""
    relative: bool = False

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.peer else None

    @property
    def is_missed(self) -> bool:
        return self._judged > self.limit

    @property
    def verdict(self) -> str:
        if self.is_missed:
            return "MISSED"
        return "ok" if self.aim is None or self._judged <= self.aim else "ok, not the aim"

    @property
    def _judged(self) -> float:
        return self.ours / self.peer if self.relative else self.ours

    def row(self) -> list[str]:
        """Its cells under `HEADER`."""
        return [
            self.name,
            self._amount(self.ours),
            self._amount(self.peer),
            "" if self.ratio is None else _times(self.ratio),
            self._bound(self.limit),
            "" if self.aim is None else self._bound(self.aim),
            self.verdict,
        ]

    def _amount(self, value: float) -> str:
        return f"{number(value)} {self.unit}".strip()

    def _bound(self, value: float) -> str:
        return _times(value) if self.relative else self._amount(value)


HEADER = ["figure", "ours", "peer", "ratio", "at most", "aim", ""]


def number(value: float) -> str:
    """With three digits that count, and never in parts of a thing that is counted."""
    whole = value == int(value) or value >= 100
    return f"{value:,.0f}" if whole else f"{value:.3g}"


def _times(ratio: float) -> str:
    return f"× {ratio:.3g}"
