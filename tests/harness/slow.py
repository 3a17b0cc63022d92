"""Marks tests as slow: `make test` leaves them to `make test-slow`. tests/README.md says which.

A test is slow if its folder is one of `FOLDERS`, if it runs on another engine than moto, or if it
has the mark `slow` itself. Of a test that combines several lists of parameters, a case is slow if
each of its values was in an earlier case: `make test` tries each value, not each combination.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from local.template import ROOT
from tests.harness.engines import STACKS

FOLDERS = {"reliability", "local_server", "e2e", "migration", "tooling"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: left to `make test-slow`")


@pytest.hookimpl(tryfirst=True)  # before `-m "not slow"` leaves out what is marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    seen: dict[Any, set[Any]] = defaultdict(set)
    for item in items:
        if _folder(item) in FOLDERS or set(_engines(item)) - {"moto"}:
            item.add_marker("slow")
        elif values := _combined(item):
            earlier = seen[item.path, item.originalname]  # type: ignore[attr-defined]
            if values <= earlier:
                item.add_marker("slow")
            earlier |= values


def _combined(item: Any) -> set[Any]:
    """Which value of each list of parameters a case has; none if there is one list alone."""
    values = item.callspec._idlist if hasattr(item, "callspec") else ()
    return set(enumerate(values)) if len(values) > 1 else set()


def _folder(item: pytest.Item) -> str:
    inside = item.path.is_relative_to(ROOT / "tests")
    return item.path.relative_to(ROOT / "tests").parts[0] if inside else ""


def _engines(item: Any) -> Iterator[str]:
    """The engines of a test's fixtures, and of those that its parameters name."""
    fixtures = dict(item._fixtureinfo.name2fixturedefs)
    for value in item.callspec.params.values() if hasattr(item, "callspec") else ():
        if isinstance(value, str):
            name = STACKS.get(value, value)
            fixtures[name] = item.session._fixturemanager.getfixturedefs(name, item) or ()
    for definitions in fixtures.values():
        yield from (d.func.engine for d in definitions if hasattr(d.func, "engine"))
