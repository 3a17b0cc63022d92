"""The page of a feed: its CPU time beside that of building the feed, its size, and its cost."""

import time
from collections.abc import Callable
from typing import Any

import boto3

from local.handlers import Context
from local.template import Template
from mytoken_calendars.feeds import feed
from mytoken_calendars.pages import qr_code
from tests.bench import capacity, costs, progress
from tests.bench.calls import Clients
from tests.bench.costs import Settings
from tests.bench.figures import Figure
from tests.bench.function import Answer
from tests.bench.polls import Asked, Poll
from tests.harness.stacks import Stack, sample_event
from tests.harness.stage import Person
from tests.harness.steps import Document, secret_of
from tools.plan import prices

TOKENS = 40
_RUNS = 30  # of which the quickest counts: other work on the machine only adds to it


def figures(clients: Clients, stack: Stack) -> list[Figure]:
    """In a warm function. A QR code is made for the first view of a feed, and remembered."""
    progress.report(f"viewing a calendar of {TOKENS} tokens")
    document = Person.new(stack).calendar("Seen", TOKENS)
    handler, event = stack.handlers["view_calendar"], _event(document)

    def view() -> Any:
        return handler(event, Context())

    building, answer = _building(stack, document), view()
    first, again = _cpu(view, before=qr_code.svg.cache_clear), _cpu(view)
    size = len(answer["body"]) * 3 // 4  # of base64
    with clients.counted() as calls:
        view()
    units = [capacity.read_units(sizes) for sizes in calls.sizes(boto3.client("dynamodb"))]
    asked = Asked(len(units), sum(units), calls.to("dynamodb"), s3=0)
    sent = Poll(asked, again, Answer(200, answer["headers"], size, again, 0), logged=0)
    cost = prices.total(costs.bill(sent, Settings.of(Template.read(), "view_calendar")))
    page = f"page of {TOKENS} tokens"
    return [
        Figure(f"{page}, seen again: CPU", again, building, 15, unit="s", relative=True),
        Figure(f"{page}, seen first: CPU", first, building, 15, unit="s", relative=True),
        Figure(f"{page}: kB by gzip", size / 1000, 0, 30, unit="kB"),
        Figure(f"{page}: DynamoDB requests", asked.dynamodb, 0, 3),
        Figure(f"a million views, {page}", cost, 0, 8, unit="USD"),
    ]


def _event(document: Document) -> dict[str, Any]:
    event = sample_event("view_calendar")
    event["pathParameters"] = {"secret": secret_of(document)}
    event["headers"]["accept-encoding"] = "gzip"
    return event


def _building(stack: Stack, document: Document) -> float:
    """The CPU seconds of building the feed: reading the table, writing, compressing."""
    store, now = stack.door("view_calendar", "store"), int(time.time())

    def build() -> None:
        state, tokens = store.read(store.find(secret_of(document), now), now)
        feed._compressed(state.writer.text(tokens))

    return _cpu(build)


def _cpu(act: Callable[[], object], before: Callable[[], object] = int) -> float:
    """The seconds that it takes this thread, at least."""
    took = []
    for _ in range(_RUNS):
        before()
        began = time.thread_time()
        act()
        took.append(time.thread_time() - began)
    return min(took)
