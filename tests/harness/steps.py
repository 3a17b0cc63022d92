"""The steps that most tests begin with, what they read from a feed, and what they watch of AWS."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

from icalendar import Calendar, Event

from mytoken_calendars.aws import clients
from mytoken_calendars.aws.dynamodb import entries, keys
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.identifiers import Owner, owner_of, subject
from tests.harness.stacks import PUBLIC_URL, Answer, Stack, Token

Document = dict[str, Any]
T = TypeVar("T")


def create(stack: Stack, token: Token, name: str = "CI Mytokens", **more: Any) -> Document:
    """The calendar object of a new calendar; `more` are further fields."""
    answer = stack.invoke("create_calendar", token, json={"name": name, **more})
    assert answer.status == 201, answer.text
    document: Document = answer.json
    return document


def add(stack: Stack, token: Token, calendar: Document, mom_id: str, **more: Any) -> Document:
    """The calendar object after a token was added to the calendar; `more` are further fields."""
    answer = stack.invoke(
        "add_token", token, path={"calendar": calendar["name"]}, json={"mom_id": mom_id, **more}
    )
    assert answer.status == 200, answer.text
    document: Document = answer.json
    return document


def create_feed(stack: Stack, token: Token, calendar: Document, **wish: Any) -> Document:
    """The feed object of a further feed of the calendar."""
    answer = stack.invoke("create_feed", token, path={"calendar": calendar["id"]}, json=wish)
    assert answer.status == 201, answer.text
    document: Document = answer.json
    return document


def feeds(stack: Stack, token: Token, calendar: Document) -> list[Document]:
    """The feed objects of all feeds of the calendar."""
    answer = stack.invoke("list_feeds", token, path={"calendar": calendar["id"]})
    assert answer.status == 200, answer.text
    documents: list[Document] = answer.json["feeds"]
    return documents


def delete(stack: Stack, token: Token, calendar: Document) -> None:
    answer = stack.invoke("delete_calendar", token, path={"calendar": calendar["name"]})
    assert answer.status == 204, answer.text


def calendars(stack: Stack, token: Token) -> list[Document]:
    answer = stack.invoke("list_calendars", token)
    assert answer.status == 200, answer.text
    documents: list[Document] = answer.json["calendars"]
    return documents


def error(answer: Answer) -> tuple[int, str]:
    """The status of a refusal, and its code."""
    return answer.status, answer.json["error"]


def events(feed: Answer) -> list[Event]:
    """The events of a feed that is there."""
    assert feed.status == 200, feed.text
    return list(Calendar.from_ical(feed.text).walk("VEVENT"))


def summaries(feed: Answer) -> list[str]:
    return sorted(str(event["summary"]) for event in events(feed))


def owner(user: str, issuer: str = PUBLIC_URL) -> Owner:
    """The owner that the tables know the user by."""
    return owner_of(issuer, subject(user, issuer))


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """The results of all acts, which start in the same moment."""
    barrier = Barrier(len(acts))

    def act_with_the_others(act: Callable[[], T]) -> T:
        barrier.wait(10)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act_with_the_others, acts))


def new_user() -> str:
    return str(uuid4())


def secret_of(calendar: Document) -> str:
    """The secret of the calendar's address."""
    address: str = calendar["ics_path"]
    return address.partition("/calendars/")[2].partition("/")[0]


def internal_id(stack: Stack, calendar: Document) -> str:
    """The id of a calendar that is there, by its address."""
    head = stack.store.table.get(keys.feed_head(secret_of(calendar))) or {}
    calendar_id: str = head["calendar"]
    return calendar_id


def subscriptions(stack: Stack, calendar: Document) -> dict[str, Subscription]:
    """What the calendar holds, by mom_id."""
    item = stack.store.table.get(keys.calendar(internal_id(stack, calendar))) or {}
    return {one.mom_id: one for one in entries.unpacked(item["tokens"]).values()}


def changes_of(stack: Stack, calendar: Document, mom_id: str) -> int:
    """How often the token's entry in the calendar was changed."""
    return subscriptions(stack, calendar)[mom_id].changes


def overwrite(stack: Stack, key: Mapping[str, str], **attributes: Any) -> None:
    """Sets attributes of an item of the calendars table, as only a test may."""
    _overwrite(stack.store.table, key, attributes)


def remove(stack: Stack, key: Mapping[str, str]) -> None:
    """Removes an item of the calendars table, as only a test, a restore or DynamoDB may."""
    table = stack.store.table
    table.client.delete_item(
        TableName=table.name, **clients.dynamodb_parameters({"Key": dict(key)})
    )


def overwrite_token(stack: Stack, token: Token, **attributes: Any) -> None:
    """Sets what the registry has of a token, as only a test may."""
    registry = stack.authority.registry
    key = keys.token(registry.owner_of(token.mom_id), token.mom_id)
    _overwrite(registry.table, key, attributes)


def _overwrite(table: Table, key: Mapping[str, str], attributes: Mapping[str, Any]) -> None:
    item = {**(table.get(dict(key)) or {}), **key, **attributes}
    parameters = clients.dynamodb_parameters({"TableName": table.name, "Item": item})
    table.client.put_item(**parameters)


@dataclass
class Clock:
    """A clock that a test sets; in place of the module `time`."""

    now: float

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        self.passes(seconds)


def s3(stack: Stack) -> Any:
    """The client by which feeds are cached."""
    return stack.door("get_feed", "cache").behind._s3


@contextmanager
def watched(client: Any) -> Iterator[list[str]]:
    """The calls that a client makes meanwhile, by the names of their operations."""
    calls: list[str] = []

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    client.meta.events.register("before-call", note)
    try:
        yield calls
    finally:
        client.meta.events.unregister("before-call", note)


@contextmanager
def before_each(client: Any, operation: str, *acts: Callable[[], object]) -> Iterator[None]:
    """Meanwhile one act happens just before each such call of the client, until none is left."""
    left, event = list(acts), f"before-call.dynamodb.{operation}"

    def act(**_: Any) -> None:
        if left:
            left.pop(0)()

    client.meta.events.register(event, act)
    try:
        yield
    finally:
        client.meta.events.unregister(event, act)
