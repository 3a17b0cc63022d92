"""Uses of one mytoken that race over HTTP: never more than it allows, and no honest one is lost."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from local.whereabouts import Whereabouts
from mytoken_calendars import issuing
from mytoken_calendars.issuing import NewMytoken
from tests.server import Client, Server
from tests.support import DAY, Stack

THREADS = 16
ROUNDS = 50


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads


@pytest.fixture(scope="module")
def operators(server: Server) -> Stack:
    """The stack that the server serves, as its operators have it."""
    assert server.url
    whereabouts = Whereabouts.read(Path(server.environment["STATE"]))
    assert whereabouts is not None
    return Stack(whereabouts.environment)


def test_of_many_clients_who_race_for_one_use_one_gets_it(
    server: Server, operators: Stack, pool: ThreadPoolExecutor
) -> None:
    user = str(uuid4())
    for _ in range(ROUNDS):
        token = _minted(server, operators, user, restrictions=[{"usages_other": 1}])

        answers = _race(server, pool, token)

        refused = Counter(_error(answer) for answer in answers if answer.status_code >= 400)
        assert refused == {(403, "usage_restricted"): THREADS - 1}


@pytest.mark.parametrize("auto_revoke", [False, True], ids=["plain", "revoked-when-replayed"])
def test_of_many_clients_who_race_with_a_rotating_token_one_gets_its_successor(
    server: Server, operators: Stack, pool: ThreadPoolExecutor, *, auto_revoke: bool
) -> None:
    rotation = {"on_other": True, "auto_revoke": auto_revoke}
    token = _minted(server, operators, str(uuid4()), rotation=rotation)
    for _ in range(ROUNDS):
        answers = _race(server, pool, token)

        refused = Counter(_error(answer) for answer in answers if answer.status_code >= 400)
        assert refused == {(401, "invalid_token"): THREADS - 1}
        (won,) = [answer for answer in answers if answer.status_code < 400]
        token = won.json()["token_update"]["mytoken"]

    assert Client(server.calendars, token)("GET").status_code == 200


def _minted(server: Server, operators: Stack, user: str, **more: Any) -> str:
    new = NewMytoken(user, ["manage_mytokens:notify"], DAY, **more)
    return issuing.issue(operators.authority, server.url, new, int(time.time()))[0]


def _race(server: Server, pool: ThreadPoolExecutor, token: str) -> list[requests.Response]:
    """The answers to clients who use the token in the same moment, half of them for a calendar."""
    barrier, client = threading.Barrier(THREADS), Client(server.calendars, token)

    def use(number: int) -> requests.Response:
        barrier.wait(10)
        return client("POST", json={"name": str(uuid4())}) if number % 2 else client("GET")

    return list(pool.map(use, range(THREADS)))


def _error(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]
