"""Uses of one mytoken that race over HTTP: never more than it allows, and no honest one is lost."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.harness.server import PATIENCE, ServedStack, answer_from
from tests.harness.stacks import CALENDARS, Answer

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


def test_of_many_clients_who_race_for_one_use_one_gets_it(
    served: ServedStack, pool: ThreadPoolExecutor, rounds: range
) -> None:
    user = str(uuid4())
    for _ in rounds:
        token = served.mint(user=user, restrictions=[{"usages_other": 1}]).bearer

        answers = _race(served, pool, token)

        refused = Counter(_error(answer) for answer in answers if answer.status >= 400)
        assert refused == {(403, "usage_restricted"): THREADS - 1}


@pytest.mark.parametrize("auto_revoke", [False, True], ids=["plain", "revoked-when-replayed"])
def test_of_many_clients_who_race_with_a_rotating_token_one_gets_its_successor(
    served: ServedStack, pool: ThreadPoolExecutor, rounds: range, *, auto_revoke: bool
) -> None:
    rotation = {"on_other": True, "auto_revoke": auto_revoke}
    token = served.mint(rotation=rotation).bearer
    for _ in rounds:
        answers = _race(served, pool, token, TO_BE_NOTED if auto_revoke else 0)

        refused = Counter(_error(answer) for answer in answers if answer.status >= 400)
        assert refused == {(401, "invalid_token"): THREADS - 1}
        (won,) = [answer for answer in answers if answer.status < 400]
        token = won.json["token_update"]["mytoken"]

    assert served.invoke("list_calendars", token).status == 200


def _race(
    served: ServedStack, pool: ThreadPoolExecutor, token: str, noted: float = 0
) -> list[Answer]:
    """The answers to clients who use the token in the same moment, half of them for a calendar.

    All of their requests have arrived before the first is complete, as the gateway counts it: a
    request that came after the token was rotated would not have lost a race, but be a replay.
    """
    arrived = threading.Barrier(THREADS)

    def use(number: int) -> Answer:
        body = json.dumps({"name": f"Calendar {uuid4()}"}).encode()
        head = (
            f"{'POST' if number % 2 else 'GET'} {CALENDARS} HTTP/1.1\r\n"
            f"Host: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        )
        address = urlsplit(served.url)
        with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as client:
            client.sendall(head.encode())
            assert client.recv(100).startswith(b"HTTP/1.1 100 ")
            arrived.wait(PATIENCE)
            time.sleep(noted)
            client.sendall(body)
            return answer_from(client)

    return list(pool.map(use, range(THREADS)))


def _error(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]
