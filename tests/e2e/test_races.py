"""Uses of one mytoken that race over HTTP: never more than it allows, and no honest one is lost."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from local.whereabouts import Whereabouts
from mytoken_calendars import issuing
from mytoken_calendars.issuing import NewMytoken
from tests.server import PATIENCE, Client, Server
from tests.support import DAY, Answer, Stack

THREADS = 16
TO_BE_NOTED = 0.1  # seconds in which the server notes when a request's head has arrived


@pytest.fixture
def rounds(*, deep: bool) -> range:
    """How many races are run over HTTP, which takes its time; tests/reliability runs more."""
    return range(50 if deep else 4)


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
    server: Server, operators: Stack, pool: ThreadPoolExecutor, rounds: range
) -> None:
    user = str(uuid4())
    for _ in rounds:
        token = _minted(server, operators, user, restrictions=[{"usages_other": 1}])

        answers = _race(server, pool, token)

        refused = Counter(_error(answer) for answer in answers if answer.status >= 400)
        assert refused == {(403, "usage_restricted"): THREADS - 1}


@pytest.mark.parametrize("auto_revoke", [False, True], ids=["plain", "revoked-when-replayed"])
def test_of_many_clients_who_race_with_a_rotating_token_one_gets_its_successor(
    server: Server, operators: Stack, pool: ThreadPoolExecutor, rounds: range, *, auto_revoke: bool
) -> None:
    rotation = {"on_other": True, "auto_revoke": auto_revoke}
    token = _minted(server, operators, str(uuid4()), rotation=rotation)
    for _ in rounds:
        answers = _race(server, pool, token, TO_BE_NOTED if auto_revoke else 0)

        refused = Counter(_error(answer) for answer in answers if answer.status >= 400)
        assert refused == {(401, "invalid_token"): THREADS - 1}
        (won,) = [answer for answer in answers if answer.status < 400]
        token = won.json["token_update"]["mytoken"]

    assert Client(server.calendars, token)("GET").status_code == 200


def _minted(server: Server, operators: Stack, user: str, **more: Any) -> str:
    new = NewMytoken(user, ["manage_mytokens:notify"], DAY, **more)
    return issuing.issue(operators.authority, server.url, new, int(time.time()))[0]


def _race(server: Server, pool: ThreadPoolExecutor, token: str, noted: float = 0) -> list[Answer]:
    """The answers to clients who use the token in the same moment, half of them for a calendar.

    All of their requests have arrived before the first is complete, as the gateway counts it: a
    request that came after the token was rotated would not have lost a race, but be a replay.
    """
    arrived = threading.Barrier(THREADS)

    def use(number: int) -> Answer:
        body = json.dumps({"name": str(uuid4())}).encode()
        head = (
            f"{'POST' if number % 2 else 'GET'} {urlsplit(server.calendars).path} HTTP/1.1\r\n"
            f"Host: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        )
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as client:
            client.sendall(head.encode())
            assert client.recv(100).startswith(b"HTTP/1.1 100 ")
            arrived.wait(PATIENCE)
            time.sleep(noted)
            client.sendall(body)
            return _answer(client)

    return list(pool.map(use, range(THREADS)))


def _answer(client: socket.socket) -> Answer:
    response = HTTPResponse(client)
    response.begin()
    return Answer(response.status, dict(response.headers), response.read())


def _error(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]
