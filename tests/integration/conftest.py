"""The stack of the integration tests: no file finds what another has left, nor leaves a mess."""

from collections.abc import Callable, Iterator

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from tests.harness.invariants import violations
from tests.harness.stacks import RemoteStack, Stack, pages


@pytest.fixture(scope="module")
def stack(stack: Stack) -> Iterator[Stack]:
    """Empty at the beginning of a file."""
    yield stack
    _look_through_and_empty(stack)


@pytest.fixture(scope="module")
def remote_stack(remote_stack: RemoteStack) -> Iterator[RemoteStack]:
    """Empty at the beginning of a file, in which no function remembers tokens of another file."""
    remote_stack.warm(*remote_stack.handlers)
    yield remote_stack
    _look_through_and_empty(remote_stack)


@pytest.fixture
def emptied(stack: Stack) -> Iterator[None]:
    """For files in which no test finds what another has left."""
    yield
    _look_through_and_empty(stack)


@pytest.fixture(scope="session")
def empty() -> Callable[[Stack], None]:
    """Empties the tables of a stack on moto, in which everything has to be in order."""
    return _look_through_and_empty


def _look_through_and_empty(stack: Stack) -> None:
    table = stack.store.table
    found = [item for page in pages(table) for item in page["Items"]]
    # Moto copies its tables in every transaction, so small ones are fast ones.
    region = stack.environment["AWS_DEFAULT_REGION"]
    for emptied in get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][region].tables.values():
        emptied.items.clear()
    assert violations({table.name: found}) == []
