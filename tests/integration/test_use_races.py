"""Uses of one mytoken that race: never more than it allows, and no honest racer is a thief."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.invariants import violations
from tests.integration.uses import REVOKED_WHEN_REPLAYED, ROTATING, Person, claims, successor
from tests.support import Answer, Stack, Token

THREADS = 16
USES = ("list_calendars", "create_calendar")  # by turns


@pytest.fixture
def stack(engine: Stack) -> Iterator[Stack]:
    """Looked through after every test."""
    yield engine
    assert violations(engine.dump()) == []


@pytest.fixture
def rounds(request: pytest.FixtureRequest, *, deep: bool) -> int:
    """How many races are run: most on the engine that all other tests are run on, too."""
    return 50 if deep or request.node.callspec.params["engine"] == "ministack" else 10


@pytest.fixture
def person(stack: Stack) -> Person:
    return Person.on(stack)


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads


def test_of_many_who_race_for_one_use_one_gets_it(
    person: Person, pool: ThreadPoolExecutor, rounds: int
) -> None:
    for _ in range(rounds):
        token = person.mint(restrictions=[{"usages_other": 1}])

        answers = _race(person, pool, token)

        assert _refused(answers) == {(403, "usage_restricted"): THREADS - 1}
        assert person.done(token) == [1]


def test_of_many_who_race_for_three_uses_three_get_them(
    person: Person, pool: ThreadPoolExecutor, rounds: int
) -> None:
    for _ in range(rounds // 5):
        token = person.mint(restrictions=[{"usages_other": 3}])

        answers = _race(person, pool, token)

        assert _refused(answers) == {(403, "usage_restricted"): THREADS - 3}
        assert person.done(token) == [3]


@pytest.mark.parametrize(
    ("more", "share"),
    [
        pytest.param({"rotation": REVOKED_WHEN_REPLAYED}, 1, id="revoked-when-replayed"),
        pytest.param({"rotation": ROTATING}, 5, id="rotating"),
        pytest.param(
            {"rotation": REVOKED_WHEN_REPLAYED, "restrictions": [{"usages_other": 1000}]},
            5,
            id="and-counted",
        ),
    ],
)
def test_of_many_who_race_with_a_rotating_token_one_gets_its_successor_which_is_alive(
    person: Person, pool: ThreadPoolExecutor, more: Mapping[str, Any], rounds: int, share: int
) -> None:
    token = person.mint(**more)

    for number in range(rounds // share):
        answers = _race(person, pool, token)

        assert _refused(answers) == {(401, "invalid_token"): THREADS - 1}
        assert not [a for a in answers if a.status == 401 and "token_update" in a.json]
        (won,) = [answer for answer in answers if answer.status < 400]
        token = successor(won)
        assert claims(token)["seq_no"] == number + 2
        assert person.introspect(token).status == 200


def _race(person: Person, pool: ThreadPoolExecutor, token: Token) -> list[Answer]:
    """The answers to all who use the token in the same moment."""
    barrier = threading.Barrier(THREADS)
    arrived = time.time()  # of all: the gateway has them before the first is done

    def use(number: int) -> Answer:
        barrier.wait(10)
        return person.use(USES[number % len(USES)], token, arrived=arrived)

    return list(pool.map(use, range(THREADS)))


def _refused(answers: Sequence[Answer]) -> dict[tuple[int, str], int]:
    """How many were refused, and how."""
    return dict(Counter((a.status, a.json["error"]) for a in answers if a.status >= 400))
