"""A month of the page: its grid of weeks, and what is on its days. All days are those of UTC."""

import time
from calendar import Calendar
from collections import defaultdict
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

_WEEKS = Calendar()  # which begin on Mondays (ISO 8601)


class Dated(Protocol):
    """What has a time, in seconds since 1970."""

    @property
    def at(self) -> int: ...


T = TypeVar("T", bound=Dated)


class Day(NamedTuple, Generic[T]):
    """A cell of the grid: `number` is 0 outside of the month."""

    number: int
    things: tuple[T, ...]


@dataclass(frozen=True)
class Month(Generic[T]):
    """A month (2026-12) with the things on its days, in their order."""

    key: str
    things: tuple[T, ...]
    has_grid: bool

    @property
    def name(self) -> str:
        """December 2026."""
        year, month = self.key.split("-")
        return f"{time.strftime('%B', (0, int(month), 1, 0, 0, 0, 0, 0, 0))} {int(year)}"

    @property
    def weeks(self) -> list[list[Day[T]]]:
        """Seven days each, from Monday on."""
        by_day: dict[int, list[T]] = defaultdict(list)
        for thing in self.things:
            by_day[time.gmtime(thing.at).tm_mday].append(thing)
        year, month = map(int, self.key.split("-"))
        return [
            [Day(number, tuple(by_day.get(number, ()))) for number in week]
            for week in _WEEKS.monthdayscalendar(year, month)
        ]
