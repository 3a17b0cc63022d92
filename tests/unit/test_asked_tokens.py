"""What is remembered of the tokens that an issuer was asked about: for how long, and how many."""

from dataclasses import dataclass

import pytest

from mytoken_calendars import limits
from mytoken_calendars.authorities.remote.asked_tokens import AskedTokens, Recent
from mytoken_calendars.errors import InvalidToken, TemporarilyUnavailable

JWT, SHORT = "a.b.c", "s" * 64


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def asked(clock: Clock) -> AskedTokens:
    return AskedTokens(Recent(3, 60, clock), Recent(2, 60, clock), Recent(3, 3600, clock))


def fill(asked: AskedTokens) -> None:
    for letter in "xy":
        asked.note_dead(letter * 64)


@pytest.mark.parametrize("bearer", [JWT, SHORT])
def test_a_dead_token_is_remembered_for_a_minute(
    asked: AskedTokens, clock: Clock, bearer: str
) -> None:
    asked.note_dead(bearer)

    for seconds in (0, 59.9):
        clock.now = 1_000 + seconds
        with pytest.raises(InvalidToken):
            asked.check(bearer)
    clock.now = 1_060
    asked.check(bearer)


def test_a_clock_that_is_set_back_makes_it_forget(asked: AskedTokens, clock: Clock) -> None:
    asked.note_dead(JWT)
    clock.now -= 1

    asked.check(JWT)


def test_of_dead_tokens_the_oldest_is_forgotten(asked: AskedTokens) -> None:
    for number in range(4):
        asked.note_dead(f"a.b.{number}")

    asked.check("a.b.0")
    for number in range(1, 4):
        with pytest.raises(InvalidToken):
            asked.check(f"a.b.{number}")


def test_after_some_unknown_short_tokens_no_further_one_is_asked_about(
    asked: AskedTokens, clock: Clock
) -> None:
    fill(asked)

    with pytest.raises(TemporarilyUnavailable, match="Too many short tokens"):
        asked.check(SHORT)
    with pytest.raises(InvalidToken):
        asked.check("x" * 64)
    asked.check(JWT)
    clock.now += 60
    asked.check(SHORT)


def test_a_known_short_token_is_asked_about_even_then(asked: AskedTokens) -> None:
    asked.note_alive(SHORT)
    fill(asked)

    asked.check(SHORT)


def test_a_known_short_token_that_dies_takes_no_room(asked: AskedTokens) -> None:
    for letter in "abc":
        asked.note_alive(letter * 64)
        asked.note_dead(letter * 64)

    asked.check(SHORT)
    with pytest.raises(InvalidToken):
        asked.check("a" * 64)


def test_the_tokens_themselves_are_not_kept(asked: AskedTokens) -> None:
    asked.note_alive(SHORT)
    asked.note_dead(JWT)

    kept = repr([vars(recent) for recent in (asked.dead, asked.unknown, asked.known)])
    assert SHORT not in kept
    assert JWT not in kept


def test_many_tokens_take_bounded_room() -> None:
    recent = Recent(limits.UNKNOWN_SHORT_TOKENS, 60)

    for number in range(100):
        recent.add(str(number))

    assert sum(str(number) in recent for number in range(100)) == limits.UNKNOWN_SHORT_TOKENS
    assert recent.is_full
