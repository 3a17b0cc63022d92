"""The routes that exist, for requests that API Gateway has not led to one."""

import os
import re
from dataclasses import dataclass
from typing import NamedTuple, Self

from mytoken_calendars.errors import MethodNotAllowed, Refusal, RouteNotFound

_PARAMETER = re.compile(r"\\\{(\w+)\\\}")
_REST = re.compile(r"\\\{(\w+)\\\+\\\}")


class Path(NamedTuple):
    """A path of the template, its pattern, and the methods it has, as in an Allow header."""

    template: str
    pattern: re.Pattern[str]
    methods: str


class Match(NamedTuple):
    """A path of the template that a request has, with the values of its parameters."""

    template: str
    parameters: dict[str, str]


@dataclass(frozen=True)
class Routes:
    """The paths, the most specific first."""

    paths: tuple[Path, ...]

    @classmethod
    def from_environment(cls, below: str = "") -> Self:
        """Reads ROUTES of the template: one path in a line, after its methods.

        Only paths that begin with `below`.
        """
        lines = (line.rsplit(" ", 1) for line in os.environ["ROUTES"].splitlines() if line)
        paths = [Path(p, _pattern(p), methods) for methods, p in lines if p.startswith(below)]
        return cls(tuple(sorted(paths, key=_generality)))

    def find(self, method: str, path: str) -> Match | None:
        """The route of a request: as API Gateway chooses, the most specific that fits."""
        for template, pattern, methods in self.paths:
            found = pattern.fullmatch(path)
            if found and method in methods.split(", "):
                return Match(template, found.groupdict())
        return None

    def refusal(self, method: str, path: str) -> Refusal:
        """405 for another method than the path has. With a slash at its end it may have none."""
        for _, pattern, methods in self.paths:
            if pattern.fullmatch(path) and method not in methods.split(", "):
                return MethodNotAllowed(methods)
        return RouteNotFound()


def _generality(path: Path) -> tuple[bool, int]:
    return "+}" in path.template, -path.template.count("/")


def _pattern(path: str) -> re.Pattern[str]:
    named = _REST.sub(r"(?P<\1>.*)", re.escape(path))
    return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", named), re.DOTALL)
