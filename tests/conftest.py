"""The stacks that tests run on: moto in this process, ministack where requests race, and as the
local server serves it."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from local import data, standins
from local.template import Template
from tests.doubles import dynamodb_servers, mytoken_server
from tests.harness import engines, moto_stack, permissions
from tests.harness.deployment import Deployment
from tests.harness.moto_stack import Deploy
from tests.harness.server import ServedStack, Server
from tests.harness.stacks import RemoteStack, Stack
from tests.harness.steps import Clock, new_user
from tests.harness.tally import Tally
from tests.harness.token_uses import EVERYTHING

pytest_plugins = ["tests.harness.feeds.fixtures"]

# What a job in the background starts would ignore Ctrl-C, and so would the servers that tests end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite("tests.harness.built.walk")  # it asserts, and is no file of tests


@pytest.fixture(scope="session", autouse=True)
def routes() -> Iterator[None]:
    """Functions read them from their environment with each request behind a slash."""
    shared = Template.read().document["Globals"]["Function"]["Environment"]["Variables"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROUTES", shared["ROUTES"])
        yield


@pytest.fixture(scope="session", autouse=True)
def policies(tally: Tally) -> Iterator[None]:
    """In every test a handler may ask AWS for what its function may, and for nothing else."""
    with permissions.enforced() as record:
        yield
    if record.calls:
        tally.add("calls of AWS that the function's policies allow", record.calls)


@pytest.fixture(scope="session")
@engines.runs("moto")
def moto() -> Iterator[Deploy]:
    """Deploys to moto, once in each region; gives the environment of the functions."""
    with moto_stack.running() as deploy:
        yield deploy


@pytest.fixture(scope="session")
def stack(moto: Deploy) -> Stack:
    """The stack on moto: for one request after the other, as its transactions are not atomic."""
    return Stack(moto("eu-central-1"))


@pytest.fixture(scope="session")
def remote_stack(moto: Deploy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteStack]:
    """A stack on moto for whose mytokens a double of a mytoken server vouches."""
    with mytoken_server.running(tmp_path_factory.mktemp("issuer")) as server:
        trusted = {"SSL_CERT_FILE": str(server.trusted)}
        environment = {**moto("eu-west-1", server.url), **trusted}
        stack = RemoteStack(environment, server=server)
        # Else the first test of a function may be the one in which the issuer is down.
        stack.warm(*stack.handlers)
        yield stack


@pytest.fixture(scope="session")
@engines.runs("ministack")
def racing_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack on ministack, whose transactions are atomic: for requests side by side."""
    state: Path = tmp_path_factory.mktemp("standins")
    with standins.running(state) as aws:
        with Stack(aws).entered():
            variables = data.deploy(Template.read())
        racing = Stack({**aws, **variables})
        assert racing.handlers  # all of them are loaded before the first of them race
        yield racing


@pytest.fixture(scope="session")
@engines.runs("ministack")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One local server for all tests that need no other."""
    with Server.running(tmp_path_factory.mktemp("state")) as server:
        yield server


@pytest.fixture(scope="session")
def served(server: Server) -> ServedStack:
    """The stack that it serves."""
    return ServedStack.of(server)


@pytest.fixture(scope="session")
def deployment(served: ServedStack) -> Iterator[Deployment]:
    """It, in the place of a deployed one for the checks of `make e2e`."""
    deployment = Deployment(served.url, served.mint(*EVERYTHING).bearer)
    yield deployment
    assert deployment.clean_up() == []


@pytest.fixture(scope="session")
@engines.runs("dynoxide")
def dynoxide_stack(racing_stack: Stack) -> Iterator[Stack]:
    """The racing stack with another DynamoDB, if npm is there to install it."""
    with _if_there(dynamodb_servers.dynoxide, racing_stack) as stack:
        yield stack


@pytest.fixture(scope="session")
@engines.runs("DynamoDB Local")
def dynamodb_local_stack(racing_stack: Stack) -> Iterator[Stack]:
    """The racing stack with the DynamoDB that AWS gives out, if a user has it."""
    with _if_there(dynamodb_servers.dynamodb_local, racing_stack) as stack:
        yield stack


@pytest.fixture(params=engines.STACKS)
def engine(request: pytest.FixtureRequest) -> Stack:
    """The stack on each engine whose transactions are atomic, for the same test on all of them."""
    stack: Stack = request.getfixturevalue(engines.STACKS[request.param])
    return stack


@contextmanager
def _if_there(found: Callable[[], dynamodb_servers.Command], other: Stack) -> Iterator[Stack]:
    try:
        command = found()
    except dynamodb_servers.NotThere as reason:
        pytest.skip(str(reason))
    with dynamodb_servers.stack_on(command, other) as stack:
        yield stack


@pytest.fixture
def user() -> str:
    """Somebody whom the stack does not know yet."""
    return new_user()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pauses before trying again, but time passes for whoever would have."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr("mytoken_calendars.backoff.time", Clock(time.time()))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of everybody: gateway, handlers and authority. It stands still until it is told."""
    stopped = Clock(int(time.time()))
    for module in (
        "mytoken_calendars.authorities.embedded.authority",
        "mytoken_calendars.authorities.remote.gone_tokens",
        "mytoken_calendars.aws.dynamodb.tidying",
        "mytoken_calendars.http.request",
        "tests.harness.stacks",
    ):
        monkeypatch.setattr(f"{module}.time", stopped)
    return stopped
