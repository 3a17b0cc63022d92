"""Polls of a feed by an app that takes gzip: what they ask of AWS, and what they take of Lambda.

CPU times are the least of many: what else runs on a shared machine only adds to them.
"""

import inspect
from contextlib import redirect_stdout
from dataclasses import dataclass
from http import HTTPStatus
from io import StringIO
from statistics import median

import boto3

from local.handlers import Event, Handler
from tests.bench import capacity, progress
from tests.bench.calls import Clients
from tests.bench.figures import Figure
from tests.bench.function import Answer, Function
from tests.bench.invoked import Context
from tests.harness.stage import Person, forget_feeds, poll
from tests.harness.steps import Document

TOKENS = 37  # make a feed of 50 KB
_FEEDS = 12
_UNCHANGED = 100  # polls of the unchanged feed
_WARMING_UP = 3
STARTS = 5

PER_LINE = 26  # bytes that CloudWatch adds


@dataclass(frozen=True)
class Asked:
    """What one poll asks of AWS."""

    reads: int  # of DynamoDB
    read_units: int
    dynamodb: int  # requests
    s3: int  # requests


@dataclass(frozen=True)
class Poll:
    """What one poll of a kind takes."""

    asked: Asked
    cpu: float  # seconds, in a warm function: the least of many polls
    answer: Answer
    logged: float  # bytes that the function writes in Lambda, as CloudWatch bills them


@dataclass(frozen=True)
class Polls:
    """Of a feed that is unchanged, that is in S3, and that a warm function has in its memory.

    `first` is what a new function asks for an unchanged one, `start` what CPU time it takes until
    it has answered, in seconds. `built` is what a feed takes that nobody has, of a new function and
    of a warm one.
    """

    first: Asked
    built: tuple[Asked, Asked]
    start: float
    unchanged: Poll
    from_s3: Poll
    from_memory: Poll


def feeds(person: Person) -> list[Document]:
    progress.report(f"writing {_FEEDS} calendars of {TOKENS} tokens")
    return [person.calendar(f"CI Mytokens {count}", TOKENS) for count in range(_FEEDS)]


def measured(clients: Clients, function: Function, documents: list[Document]) -> Polls:
    """Requests are counted in this process; all else is measured in one of the function's own."""
    progress.report(f"polling {_FEEDS} feeds, {function.name}")
    forget_feeds(function.stack)
    built = function.run(*map(poll, documents))
    unchanged, cached = poll(documents[0], built.answers[0].etag), poll(documents[1])
    first, *asked = _asked(clients, function, [unchanged, unchanged, cached, cached])
    made = _made(clients, function, poll(documents[2]))

    warm = [unchanged] * (_WARMING_UP + _UNCHANGED)
    twice = [poll(document) for document in documents for _ in range(2)]
    answers = function.run(*warm, *twice).answers
    fetched = answers[len(warm) + 2 * _WARMING_UP :]
    logged = _logged(function, [unchanged] * 4, twice)
    return Polls(
        first,
        made,
        min(function.start(unchanged) for _ in range(STARTS)),
        _poll(asked[0], answers[_WARMING_UP : len(warm)], HTTPStatus.NOT_MODIFIED, logged[0]),
        _poll(asked[1], fetched[::2], HTTPStatus.OK, logged[1]),
        _poll(asked[2], fetched[1::2], HTTPStatus.OK, logged[2]),
    )


def figures(ours: Polls, peer: Polls) -> list[Figure]:
    unchanged = ours.unchanged.asked
    return [
        *_figures("feed, unchanged (304)", unchanged, peer.unchanged.asked, dynamodb=1, s3=0),
        Figure(
            "feed, unchanged (304): read units",
            unchanged.read_units,
            peer.unchanged.asked.read_units,
            limit=2,
        ),
        *_figures("feed, unchanged, of a new function", ours.first, peer.first, dynamodb=2, s3=0),
        *_figures("feed, cached", ours.from_s3.asked, peer.from_s3.asked, dynamodb=2, s3=1),
        *_figures("feed, from memory", ours.from_memory.asked, peer.from_memory.asked, 1, s3=0),
        *_figures("feed, built by a new function", ours.built[0], peer.built[0], dynamodb=4, s3=2),
        *_figures("feed, built by a warm function", ours.built[1], peer.built[1], dynamodb=3, s3=2),
    ]


def _figures(name: str, ours: Asked, peer: Asked, dynamodb: int, s3: int) -> list[Figure]:
    return [
        Figure(f"{name}: DynamoDB requests", ours.dynamodb, peer.dynamodb, limit=dynamodb),
        Figure(f"{name}: S3 requests", ours.s3, peer.s3, limit=s3),
    ]


def _made(clients: Clients, function: Function, event: Event) -> tuple[Asked, Asked]:
    """What a new function asks for a feed that is not in the cache, and what a warm one does."""
    handler, asked = function.loaded(), []
    for _ in range(2):
        forget_feeds(function.stack)
        _forget(handler)
        asked += _counted(clients, handler, [event])
    return asked[0], asked[1]


def _forget(handler: Handler) -> None:
    """Empties the memory of a warm function, if it has one."""
    memory = inspect.unwrap(handler).__globals__.get("cache")
    if memory is not None:
        memory._bodies.clear()


def _asked(clients: Clients, function: Function, events: list[Event]) -> list[Asked]:
    """What a function that has just been started asks for each of the events."""
    return _counted(clients, function.loaded(), events)


def _counted(clients: Clients, handler: Handler, events: list[Event]) -> list[Asked]:
    dynamodb, asked = boto3.client("dynamodb"), []
    for event in events:
        with clients.counted() as calls, redirect_stdout(StringIO()):
            handler(event, Context)
        units = [capacity.read_units(sizes) for sizes in calls.sizes(dynamodb)]
        asked.append(Asked(len(units), sum(units), calls.to("dynamodb"), calls.to("s3")))
    return asked


def _logged(function: Function, unchanged: list[Event], twice: list[Event]) -> list[float]:
    """Bytes of an unchanged poll, of the first for a feed and of the second, in a warm function."""
    _, *written = (billed(text) for text in function.written([*unchanged, *twice]))
    fetched = written[len(unchanged) - 1 :]
    return [median(some) for some in (written[: len(unchanged) - 1], fetched[::2], fetched[1::2])]


def billed(text: str) -> int:
    """What CloudWatch bills for the lines of a log, in bytes."""
    return len(text.encode()) + PER_LINE * len(text.splitlines())


def _poll(asked: Asked, answers: list[Answer], status: HTTPStatus, logged: float) -> Poll:
    if {answer.status for answer in answers} != {status}:
        raise RuntimeError(f"{[answer.status for answer in answers]}: all should be {status}")
    return Poll(asked, min(answer.cpu for answer in answers), answers[0], logged)
