"""Stacks of which every call may meet a fault: on stand-ins that are atomic."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from local import data
from local.template import Template
from mytoken_calendars import limits
from tests.doubles import dynamodb_servers, mytoken_server
from tests.harness.reliability.calls import Calls
from tests.harness.reliability.racing import Race
from tests.harness.stacks import RemoteStack, Stack
from tests.harness.tally import Tally

# Stand-in, threads, rounds.
RACES = [("embedded", 2, 3), ("embedded", 8, 3), ("dynoxide", 8, 1)]
DEEP = [
    ("embedded", 2, 20),
    ("embedded", 8, 50),
    ("embedded", 32, 8),
    ("embedded", 64, 3),
    ("dynoxide", 16, 10),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "pool" not in metafunc.fixturenames:  # other races are in simulated time
        return
    races = DEEP if metafunc.config.getoption("--deep") else RACES
    ids = [f"{standin}-{threads}" for standin, threads, _ in races]
    metafunc.parametrize("race", races, indirect=True, ids=ids)


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(200) as pool:
        yield pool


@pytest.fixture
def race(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    calls: Calls,
    pool: ThreadPoolExecutor,
    tally: Tally,
) -> Race:
    standin, threads, rounds = request.param
    monkeypatch.setattr(limits, "RETRIED", 20)  # seconds: a busy machine needs more
    # botocore sends again at once what was lost, so that it is still a race.
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
    return Race(request.getfixturevalue(standin), calls, threads, rounds, pool, tally)


@pytest.fixture(scope="module")
def calls() -> Iterator[Calls]:
    calls = Calls()
    with calls.tapped():
        yield calls


@pytest.fixture(scope="module")
def patience() -> Iterator[None]:
    """Clients wait for the stand-ins of a busy machine.

    An answer that comes too late is a 503 of what was done, and no race is about these.
    """
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(limits, "AWS_ANSWER", 60)
        yield


@pytest.fixture(scope="module")
def embedded(racing_stack: Stack, calls: Calls, patience: None) -> Stack:
    """The racing stack with tables of its own, so that all of them can be looked at every time."""
    stack = Stack(_deployed(racing_stack, "eu-west-1"))
    assert stack.handlers  # all of them are loaded before the first of them race
    return stack


@pytest.fixture(scope="module")
def remote(
    racing_stack: Stack, calls: Calls, patience: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RemoteStack]:
    """The same, for whose mytokens a double of a mytoken server vouches."""
    with mytoken_server.running(tmp_path_factory.mktemp("issuer")) as server:
        trusted = {"SSL_CERT_FILE": str(server.trusted)}
        environment = _deployed(racing_stack, "eu-west-2", server.url)
        stack = RemoteStack({**environment, **trusted}, server=server)
        assert stack.handlers
        yield stack


@pytest.fixture(scope="module")
def dynoxide(embedded: Stack, calls: Calls) -> Iterator[Stack]:
    """The embedded stack with another DynamoDB, whose transactions are atomic, too."""
    try:
        command = dynamodb_servers.dynoxide()
    except dynamodb_servers.NotThere as reason:
        pytest.skip(str(reason))
    with dynamodb_servers.stack_on(command, embedded) as stack:
        yield stack


def _deployed(stack: Stack, region: str, mytoken_issuer: str = "") -> dict[str, str]:
    aws = {**stack.environment, "AWS_DEFAULT_REGION": region}
    with Stack(aws).entered():
        return {**aws, **data.deploy(Template.read(), mytoken_issuer)}
