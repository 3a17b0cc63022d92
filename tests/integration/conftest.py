"""The stack of the integration tests: no file finds what another has left, nor leaves a mess."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from local.template import ROOT, Template
from tests import dynoxide_server, npm
from tests.integration.invariants import violations
from tests.integration.steps import Clock, new_user
from tests.support import RemoteStack, Stack, pages


@pytest.fixture(scope="module")
def stack(stack: Stack) -> Iterator[Stack]:
    """Empty at the beginning of a file."""
    yield stack
    _look_through_and_empty(stack)


@pytest.fixture(scope="module")
def remote_stack(remote_stack: RemoteStack) -> Iterator[RemoteStack]:
    """Empty at the beginning of a file."""
    yield remote_stack
    _look_through_and_empty(remote_stack)


@pytest.fixture
def emptied(stack: Stack) -> Iterator[None]:
    """For files in which no test finds what another has left."""
    yield
    _look_through_and_empty(stack)


@pytest.fixture
def user() -> str:
    """Somebody whom the stack does not know yet."""
    return new_user()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pauses before trying again."""
    for module in ("botocore.endpoint", "mytoken_calendars.patience"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(sleep=lambda seconds: None))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of everybody: gateway, handlers and authority. It stands still until it is told."""
    stopped = Clock(int(time.time()))
    for module in (
        "mytoken_calendars.embedded_authority",
        "mytoken_calendars.messages",
        "tests.support",
    ):
        monkeypatch.setattr(f"{module}.time", stopped)
    return stopped


@pytest.fixture(scope="session")
def dynoxide_stack(racing_stack: Stack) -> Iterator[Stack]:
    """The racing stack with another DynamoDB, whose transactions are atomic, too."""
    try:
        program = dynoxide_server.installed(ROOT / ".venv-dynoxide")
    except npm.NotInstalled as reason:
        pytest.skip(f"dynoxide is not installed: {reason}")
    with dynoxide_server.running(program) as url:
        aws = {**racing_stack.environment, "AWS_ENDPOINT_URL_DYNAMODB": url}
        with Stack(aws).entered():
            variables = dynoxide_server.deploy(Template.read(), url)
        racing = Stack({**aws, **variables})
        assert racing.handlers  # all of them are loaded before the first of them race
        yield racing


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
