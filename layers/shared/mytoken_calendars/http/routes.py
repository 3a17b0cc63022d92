"""The routes that exist, for the answers to requests that have none."""

import os
import re
from dataclasses import dataclass
from typing import Self

from mytoken_calendars.errors import MethodNotAllowed, Refusal, RouteNotFound

_PARAMETER = re.compile(r"\\\{\w+\\\}")
_REST = re.compile(r"\\\{\w+\\\+\\\}")


@dataclass(frozen=True)
class Routes:
    """Pairs of a path's pattern and the methods it has, as they stand in an Allow header."""

    methods: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def from_environment(cls) -> Self:
        """Reads ROUTES of the template: one path in a line, after its methods."""
        lines = (line.rsplit(" ", 1) for line in os.environ["ROUTES"].splitlines() if line)
        return cls(tuple((_pattern(path), methods) for methods, path in lines))

    def refusal(self, method: str, path: str) -> Refusal:
        """405 for another method than the path has. With a slash at its end it may have none."""
        for pattern, methods in self.methods:
            if pattern.fullmatch(path) and method not in methods.split(", "):
                return MethodNotAllowed(methods)
        return RouteNotFound()


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub("[^/]+", _REST.sub(".*", re.escape(path))), re.DOTALL)
