"""The stack of the integration tests: no file finds what another has left, nor leaves a mess."""

from collections.abc import Iterator
from typing import Any

import pytest

from mytoken_calendars.table import BATCH, Table
from tests.integration.invariants import violations
from tests.integration.steps import new_user
from tests.support import Stack, pages


@pytest.fixture(scope="module")
def stack(stack: Stack) -> Iterator[Stack]:
    """Empty at the beginning of a file."""
    yield stack
    _look_through_and_empty(stack)


@pytest.fixture
def emptied(stack: Stack) -> Iterator[None]:
    """For files in which no test finds what another has left."""
    yield
    _look_through_and_empty(stack)


@pytest.fixture
def user() -> str:
    """Somebody whom the stack does not know yet."""
    return new_user()


def _look_through_and_empty(stack: Stack) -> None:
    calendars, tokens = stack.store.table, stack.authority.registry.table
    found = [item for page in pages(calendars) for item in page["Items"]]
    _remove(calendars, found)
    _remove(tokens, [item for page in pages(tokens) for item in page["Items"]])
    assert violations({calendars.name: found}) == []


def _remove(table: Table, found: list[Any]) -> None:
    """Moto copies its tables in every transaction, so small ones are fast ones."""
    keys = [{name: item[name]["S"] for name in ("pk", "sk")} for item in found]
    for first in range(0, len(keys), BATCH):
        table.remove(keys[first : first + BATCH])
