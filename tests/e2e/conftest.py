"""One local server for all tests that need no other."""

from collections.abc import Iterator

import pytest

from tests.server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server.started(tmp_path_factory.mktemp("state"))
    yield running
    running.stop()
