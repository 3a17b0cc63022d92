"""The stack that is measured, and its calendars, as large as a figure wants them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import boto3

from local import data, standins
from local.template import Template
from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import items
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Address, Calendar
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.identifiers import Owner, mom_id_of
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.harness.stacks import DAY, PUBLIC_URL, Stack, Token, sample_event
from tests.harness.steps import Document, add, create, new_user, owner

_ROOM = 4_000  # of a full calendar: some tokens can still be added
_LIFETIME = 365 * DAY  # of the tokens: long enough for all six reminders
_JOBS = ("backup", "build", "deploy", "ingest", "monitoring", "sync", "transfer")
_PLACES = ("cluster", "gateway", "laptop", "portal", "storage", "testbed")


@contextmanager
def on_standins(state: Path) -> Iterator[Stack]:
    """The functions on ministack; clients that are made inside are clients of it."""
    with standins.running(state) as aws, Stack(aws).entered():
        stack = Stack({**aws, **data.deploy(Template.read())})
        with stack.entered():
            yield stack


@dataclass(frozen=True)
class Person:
    """Somebody with calendars, and the mytoken that they use."""

    stack: Stack
    user: str
    token: Token

    @classmethod
    def new(cls, stack: Stack) -> "Person":
        user = new_user()
        return cls(stack, user, stack.mint(user=user, name="ci-deploy", expires_in=_LIFETIME))

    def calendar(self, name: str, tokens: int) -> Document:
        """A new one of so many tokens: the others are stored with it, the last is added."""
        if not tokens:
            return create(self.stack, self.token, name)
        calendar = store_calendar(self.stack, owner(self.user), name, tokens - 1)
        document = calendar.document(PUBLIC_URL)
        return add(self.stack, self.token, document, "", comment="The CI of the main branch")

    def full_calendar(self, name: str) -> Document:
        """A new one in which there is room for a few tokens at most."""
        calendar = store_calendar(self.stack, owner(self.user), name)
        return calendar.document(PUBLIC_URL)


def store_calendar(stack: Stack, of: Owner, name: str, tokens: int | None = None) -> Calendar:
    """A calendar with so many tokens, stored as an import stores it, in one transaction.

    Without a number it has as many as it may, but for the room of a few.
    """
    calendar = Calendar(str(uuid4()), of, name, (Address.new(),))
    subscriptions, left = [], limits.CALENDAR_WEIGHT - _ROOM - weight.of_calendar(name, "", 0)
    for one in _subscriptions(calendar.id):
        left -= one.weight
        if len(subscriptions) == tokens or (tokens is None and left < 0):
            break
        subscriptions.append(one)
    change = Change.new(int(time.time()))
    table = stack.store.table
    table.commit(change, *items.new_calendar(table, calendar, subscriptions, change))
    return replace(calendar, subscribed_tokens=tuple(one.mom_id for one in subscriptions))


def _subscriptions(calendar_id: str) -> Iterator[Subscription]:
    """Tokens as people have them: no two alike in name, comment and times."""
    random, now_ms = Random(calendar_id), int(time.time() * 1000)
    for number in count():
        job, place = random.choice(_JOBS), random.choice(_PLACES)
        created = now_ms // 1000 - random.randrange(30 * DAY)
        token = TokenRecord(
            mom_id_of(uuid4()), f"{job}-{place}-{number}", created, created + _LIFETIME
        )
        comment = f"The {job} on {place}, see OPS-{random.randrange(10_000)}"
        yield Subscription.of(token, comment, added=now_ms + number)


def poll(document: Document, etag: str = "") -> dict[str, Any]:
    """The event of a poll by a calendar app that takes gzip, and perhaps has the feed already."""
    event = sample_event("get_feed")
    path = unquote(urlsplit(document["ics_path"]).path)
    _, _, secret, file = path.split("/")
    event["pathParameters"] = {"secret": secret, "file": file}
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["headers"]["accept-encoding"] = "gzip"
    if etag:
        event["headers"]["if-none-match"] = etag
    return event


def forget_feeds(stack: Stack) -> None:
    """Empties the cache of feeds."""
    bucket = boto3.resource("s3").Bucket(stack.environment["FEEDS_BUCKET"])
    bucket.objects.all().delete()
