"""Listing a hundred calendars: how often DynamoDB is asked for it, and how much it reads."""

from math import ceil
from typing import Any

import boto3

from mytoken_calendars.aws.dynamodb import keys
from tests.bench import capacity, progress
from tests.bench.calls import Calls, Clients
from tests.bench.figures import Figure
from tests.harness.stacks import Stack
from tests.harness.stage import Person
from tests.harness.steps import Document, calendars, internal_id

_CALENDARS = 100
_TOKENS = 10  # in each


def figures(clients: Clients, stack: Stack) -> list[Figure]:
    """The peers are the requests for a list of one calendar, and the events of the same tokens."""
    progress.report(f"listing {_CALENDARS} calendars of {_TOKENS} tokens")
    many, one, dynamodb = Person.new(stack), Person.new(stack), boto3.client("dynamodb")
    documents = [many.calendar(f"CI Mytokens {count}", _TOKENS) for count in range(_CALENDARS)]
    one.calendar("CI Mytokens", _TOKENS)
    asked, asked_of_one = _listed(clients, many, _CALENDARS), _listed(clients, one, 1)
    read = sum(sum(sizes) for sizes in asked.sizes(dynamodb))
    events = sum(_size_of_events(stack, dynamodb, document) for document in documents)
    listing = f"list of {_CALENDARS} calendars of {_TOKENS} tokens"
    return [
        Figure(
            f"{listing}: DynamoDB requests",
            asked.to("dynamodb"),
            asked_of_one.to("dynamodb"),
            limit=asked_of_one.to("dynamodb") + ceil(read / capacity.PAGE) - 1,
        ),
        Figure(
            f"{listing}: bytes read per token",
            read / (_CALENDARS * _TOKENS),
            events / (_CALENDARS * _TOKENS),
            limit=400,
        ),
    ]


def _listed(clients: Clients, person: Person, there_are: int) -> Calls:
    with clients.counted() as calls:
        listed = calendars(person.stack, person.token)
    if [len(document["subscribed_tokens"]) for document in listed] != [_TOKENS] * there_are:
        raise RuntimeError("the list is not complete")
    return calls


def _size_of_events(stack: Stack, dynamodb: Any, document: Document) -> int:
    partition = keys.tokens_partition(internal_id(stack, document))
    answer = dynamodb.query(
        TableName=stack.store.table.name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
    )
    return sum(map(capacity.size, answer["Items"]))
