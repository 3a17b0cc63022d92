"""The stack that is measured, and its calendars, as large as a figure wants them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import boto3

from local import data, standins
from local.template import Template
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.table import Item, Table
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import NO_USE, Change, Use, Write
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.harness.stacks import DAY, Stack, Token, sample_event
from tests.harness.steps import Document, add, create, feed_id, new_user, overwrite, owner

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
        """A new one of so many tokens: the first is added, the others are written as it was."""
        document = create(self.stack, self.token, name)
        if tokens:
            add(self.stack, self.token, document, "", comment="The CI of the main branch")
        if tokens > 1:
            self._write(document, tokens - 1)
        return document

    @cached_property
    def _table(self) -> Any:
        return boto3.resource("dynamodb").Table(self.stack.store.table.name)

    def _write(self, document: Document, tokens: int) -> None:
        """What the store puts when tokens are added, in batches and not in transactions."""
        table = self.stack.store.table
        calendar = self.stack.store.find(owner(self.user), document["name"])
        collected = _Collected(table.client, table.name)
        for new in _subscriptions(calendar.id, tokens):
            CalendarStore(collected).subscribe(calendar, new, Change.new(new.changed), NO_USE)
        with self._table.batch_writer() as batch:
            for item in collected.items:
                batch.put_item(Item=item)
        for head in (keys.feed_head(feed_id(document)), keys.owner_head(calendar.owner)):
            counted = (table.get(head) or {})["subscriptions"]
            overwrite(self.stack, head, subscriptions=counted + tokens)


@dataclass(frozen=True)
class _Collected(Table):
    """A table that only collects the items that are put into it."""

    items: list[Item] = field(default_factory=list)

    def commit(self, change: Change, *writes: Write, use: Use = NO_USE) -> None:
        self.items.extend(w.parameters["Item"] for w in writes if w.action == "Put")


def _subscriptions(calendar_id: str, tokens: int) -> Iterator[Subscription]:
    """Tokens as people have them: no two alike in name, comment and times."""
    random, now_ms = Random(calendar_id), int(time.time() * 1000)
    for count in range(tokens):
        job, place = random.choice(_JOBS), random.choice(_PLACES)
        created = now_ms // 1000 - random.randrange(30 * DAY)
        token = TokenRecord(
            mom_id_of(uuid4()), f"{job}-{place}-{count}", created, created + _LIFETIME
        )
        comment = f"The {job} on {place}, see OPS-{random.randrange(10_000)}"
        yield Subscription.of(token, comment, added=now_ms)


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
