"""Listing calendars: how often DynamoDB is asked for it, how much it reads, and the CPU of it."""

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import boto3
from botocore import parsers

from mytoken_calendars.aws.dynamodb import keys
from tests.bench import capacity, progress
from tests.bench.calls import Calls, Clients
from tests.bench.figures import Figure
from tests.harness.stacks import Stack
from tests.harness.stage import Person, store_calendar
from tests.harness.steps import Document, calendars, internal_id, owner

_CALENDARS, _TOKENS = 100, 10
_MOST_CALENDARS = 1_000
_RUNS = 9


def figures(clients: Clients, stack: Stack) -> list[Figure]:
    """The peers are the requests for a list of one calendar, and the bytes of the mom_ids."""
    progress.report(f"listing {_CALENDARS} calendars of {_TOKENS} tokens")
    many, one = _listed(clients, stack, _CALENDARS, _TOKENS), _listed(clients, stack, 1, _TOKENS)
    progress.report(f"listing {_MOST_CALENDARS:,} calendars of a token")
    most = _listed(clients, stack, _MOST_CALENDARS, 1)
    units = sum(map(capacity.read_units, many.sizes(boto3.client("dynamodb"))))
    listing = f"list of {_CALENDARS} calendars of {_TOKENS} tokens"
    requests_if_one = one.to("dynamodb")
    return [
        Figure(f"{listing}: DynamoDB requests", many.to("dynamodb"), requests_if_one, limit=4),
        Figure(f"{listing}: read units", units, _CALENDARS * _TOKENS * 88 / 4096, limit=230),
        Figure(
            f"list of {_MOST_CALENDARS:,} calendars of a token: DynamoDB requests",
            most.to("dynamodb"),
            requests_if_one,
            limit=13,
        ),
    ]


def of_full(person: Person, full: Document) -> Figure:
    """The CPU of the handler, beside botocore's parsing of the item and `json.dumps` of the answer.

    The person has this one calendar.
    """
    progress.report("listing a full calendar")
    answer = calendars(person.stack, person.token)
    parse, item = _parser(), _answered(person.stack, full)
    return Figure(
        f"list of one full calendar, {len(full['subscribed_tokens']):,} tokens: CPU",
        milliseconds(lambda: calendars(person.stack, person.token)),
        milliseconds(lambda: (parse(item), json.dumps(answer))),
        limit=7,
        aim=1.5,
        unit="ms",
        relative=True,
    )


def milliseconds(act: Callable[[], object]) -> float:
    """The CPU time that this thread takes for it: the median of several times."""
    took = []
    for _ in range(_RUNS):
        began = time.thread_time()
        act()
        took.append((time.thread_time() - began) * 1000)
    return median(took)


def _listed(clients: Clients, stack: Stack, there_are: int, tokens: int) -> Calls:
    person = Person.new(stack)
    for number in range(there_are):
        store_calendar(stack, owner(person.user), f"CI Mytokens {number}", tokens)
    with clients.counted() as calls:
        listed = calendars(person.stack, person.token)
    if [len(document["subscribed_tokens"]) for document in listed] != [tokens] * there_are:
        raise RuntimeError("the list is not complete")
    return calls


def _answered(stack: Stack, document: Document) -> bytes:
    """The body of DynamoDB's answer to a GetItem of the calendar."""
    key = keys.calendar(internal_id(stack, document))
    typed = {name: {"S": value} for name, value in key.items()}
    found = boto3.client("dynamodb").get_item(TableName=stack.store.table.name, Key=typed)
    return json.dumps({"Item": found["Item"]}).encode()


def _parser() -> Callable[[bytes], Any]:
    client = boto3.client("dynamodb")
    shape = client.meta.service_model.operation_model("GetItem").output_shape
    parser = parsers.create_parser("json")
    return lambda body: parser.parse({"body": body, "headers": {}, "status_code": 200}, shape)
