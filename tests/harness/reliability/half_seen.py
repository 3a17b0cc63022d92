"""Changes of which readers see one item after the other, in any order, between any two reads.

DynamoDB's reads of several items are not isolated from transactions (developer guide, "Isolation
levels for DynamoDB transactions"), and no stand-in shows it. So the items of a transaction that was
done are put back, and then written one by one while a reader reads.
"""

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock

from tests.harness import aws_faults
from tests.harness.reliability.calls import Call, Calls, Fault
from tests.harness.stacks import Stack

Dump = Mapping[str, list[Any]]  # of a stack: the items of its tables
Row = dict[str, Any]  # as DynamoDB has it


@dataclass(frozen=True)
class Item:
    """An item that a change alters; None where it is not there."""

    table: str
    pk: str
    sk: str
    before: Row | None
    after: Row | None

    def __str__(self) -> str:
        return f"{self.pk.partition('#')[0]} {self.sk.partition('#')[1:]}"


def changed(before: Dump, after: Dump) -> list[Item]:
    """The items that differ."""
    then, now = _by_key(before), _by_key(after)
    keys = sorted(then.keys() | now.keys())
    return [
        Item(*key, then.get(key), now.get(key)) for key in keys if then.get(key) != now.get(key)
    ]


def write(stack: Stack, items: Iterable[Item], *, done: bool) -> None:
    """Makes the items be as before the change, or as it leaves them."""
    client = stack.store.table.client
    for item in items:
        row = item.after if done else item.before
        if row is None:
            key: Any = {"pk": {"S": item.pk}, "sk": {"S": item.sk}}
            client.delete_item(TableName=item.table, Key=key)
        else:
            client.put_item(TableName=item.table, Item=row)


@dataclass
class HalfSeen:
    """A plan by which reads see a change happen, an item at a time in this order.

    Before each item that is read, one more is shown with the likelihood `inside`. A pause is long
    enough for all of them: a transaction is half seen for some milliseconds.
    """

    stack: Stack
    order: Sequence[Item]
    chance: random.Random
    inside: float
    left: list[Item] = field(default_factory=list)

    def __post_init__(self) -> None:
        write(self.stack, self.order, done=False)
        self.left = [*self.order]

    def __call__(self, number: int, call: Call) -> Fault | None:
        match call.operation:
            case "BatchGetItem":
                return self._one_by_one
            case "GetItem" | "Query":
                while self.left and self.chance.random() < self.inside:
                    self.show_one()
        return None

    @contextmanager
    def happening(self, calls: Calls) -> Iterator[None]:
        pauses = SimpleNamespace(monotonic=time.monotonic, sleep=lambda seconds: self.show_all())
        with calls.planned(self), mock.patch("mytoken_calendars.backoff.time", pauses):
            yield

    def show_one(self) -> None:
        write(self.stack, [self.left.pop(0)], done=True)

    def show_all(self) -> None:
        while self.left:
            self.show_one()

    def _one_by_one(self, call: Call) -> Any:
        """A batch, each of whose items is read by itself."""
        found: dict[str, list[Any]] = {}
        for table, asked in json.loads(call.body)["RequestItems"].items():
            reads = [
                call.client.get_item(TableName=table, Key=key, ConsistentRead=True)
                for key in asked["Keys"]
            ]
            found[table] = [read["Item"] for read in reads if "Item" in read]
        answer = json.dumps({"Responses": found, "UnprocessedKeys": {}}).encode()
        return aws_faults.answered(call.request, 200, answer)


def _by_key(dump: Dump) -> dict[tuple[str, str, str], Row]:
    return {
        (table, row["pk"]["S"], row["sk"]["S"]): row for table, rows in dump.items() for row in rows
    }
