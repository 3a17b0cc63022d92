"""What a stack holds at a moment: looked at, put back, and compared whatever its new ids are."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mytoken_calendars.aws.dynamodb import keys
from tests.doubles.mytoken_ledger import Entry
from tests.harness.stacks import RemoteStack, Stack

_Items = dict[tuple[str, str], Any]  # by key
_AT_ONCE = 25  # items, DynamoDB's limit for one BatchWriteItem

# What is new in each run: UUIDs, the ids and secrets of feeds, the digests of keys, sealed
# successors; and the time at which a successor was committed, which may be the first that was
# written or the second.
_NEW = re.compile(
    r"gAAAA[\w=-]+"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?<=FEED#)[\w-]{43}|(?<=RECEIPT#)[\w-]{43}"
    r'|(?<=")[\w-]{43}(?=")'
    r"|(?<![0-9A-Za-z])[0-9A-Za-z]{32}(?![0-9A-Za-z])"
    r'|(?<=")[0-9a-f]{16}(?=")'
)
_MADE = re.compile(r'("made_\d+": \{"N": )"\d+"')


class Row(NamedTuple):
    """An item, as text."""

    partition: str
    text: str


@dataclass(frozen=True)
class State:
    """All items of both tables, all objects of the bucket, and what an issuer has of its tokens."""

    dump: Mapping[str, list[Any]]
    objects: Mapping[str, bytes] = field(default_factory=dict)
    ledger: Mapping[str, Entry] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: Stack, *, with_objects: bool) -> "State":
        """Without objects for whoever knows that none is touched: it saves time."""
        ledger = stack.server.ledger.entries if isinstance(stack, RemoteStack) else {}
        return cls(stack.dump(), objects(stack) if with_objects else {}, dict(ledger))

    @property
    def uses(self) -> dict[str, tuple[int, tuple[int, ...]]]:
        """How often each token was used at the issuer: rotated, and counted."""
        return {mom_id: (entry.seq_no, entry.done) for mom_id, entry in self.ledger.items()}


def empty(stack: Stack) -> None:
    client = stack.store.table.client
    for table, rows in stack.dump().items():
        writes = _writes([], rows)
        for first in range(0, len(writes), _AT_ONCE):
            client.batch_write_item(RequestItems={table: writes[first : first + _AT_ONCE]})
    remove_objects(stack)


def remove_objects(stack: Stack) -> None:
    _put_back_objects(stack, {}, objects(stack))


def put_back(stack: Stack, state: State, found: State) -> None:
    """Makes the stack, which is as it was found, be in a state again."""
    writes = {table: _writes(rows, found.dump[table]) for table, rows in state.dump.items()}
    if writes := {table: requests for table, requests in writes.items() if requests}:
        stack.store.table.client.batch_write_item(RequestItems=writes)
    if state.objects != found.objects:
        _put_back_objects(stack, state.objects, found.objects)
    if isinstance(stack, RemoteStack):
        stack.server.ledger.entries = dict(state.ledger)


@dataclass(frozen=True)
class Names:
    """The ids that there were before a run; others are as good as each other."""

    known: frozenset[str]

    @classmethod
    def of(cls, state: State) -> "Names":
        return cls(frozenset(_NEW.findall(json.dumps(state.dump))))

    def normal(self, text: str) -> str:
        text = _NEW.sub(lambda match: match[0] if match[0] in self.known else "new", text)
        return _MADE.sub(r'\1"then"', text)

    def rows(self, state: State) -> Iterator[Row]:
        """All items, in an order that does not depend on new ids either."""
        new_tags = self._new_tags(state)
        for rows in state.dump.values():
            named = _renamed(rows, new_tags)
            texts = (Row(row["pk"]["S"], json.dumps(row, sort_keys=True)) for row in named)
            yield from sorted(
                Row(self.normal(row.partition), self.normal(row.text)) for row in texts
            )

    def _new_tags(self, state: State) -> dict[str, str]:
        """The names of new tags, by their ids."""
        rows = (row for rows in state.dump.values() for row in rows)
        maps = (row["tags"]["M"] for row in rows if row["sk"]["S"] == keys.TAGS)
        tags = (tag for tags_of_one in maps for tag in tags_of_one.items())
        return {of: tag["L"][0]["S"] for of, tag in tags if of not in self.known}


def _renamed(rows: list[Any], names: Mapping[str, str]) -> list[Any]:
    """The rows with the names of tags in the place of their ids, which are in no order."""
    if not names:
        return rows
    text = json.dumps(rows)
    for of, name in names.items():
        text = text.replace(f'"{of}"', json.dumps(f"tag {name}"))
    renamed: list[Any] = json.loads(text)
    return renamed


def _writes(wanted: list[Any], found: list[Any]) -> list[Any]:
    """What makes a table that holds these items hold those: a batch, as they differ in few."""
    there, kept = _by_key(found), _by_key(wanted)
    puts = [{"PutRequest": {"Item": row}} for key, row in kept.items() if there.get(key) != row]
    gone = [
        {name: row[name] for name in ("pk", "sk")} for key, row in there.items() if key not in kept
    ]
    return [*puts, *({"DeleteRequest": {"Key": key}} for key in gone)]


def _by_key(rows: list[Any]) -> _Items:
    return {(row["pk"]["S"], row["sk"]["S"]): row for row in rows}


def objects(stack: Stack) -> dict[str, bytes]:
    """The bucket's, by key."""
    s3, bucket = _s3(stack)
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {o["Key"]: s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read() for o in listed}


def _put_back_objects(
    stack: Stack, wanted: Mapping[str, bytes], found: Mapping[str, bytes]
) -> None:
    s3, bucket = _s3(stack)
    for key in found.keys() - wanted.keys():
        s3.delete_object(Bucket=bucket, Key=key)
    for key, body in wanted.items():
        if found.get(key) != body:
            s3.put_object(Bucket=bucket, Key=key, Body=body)


def _s3(stack: Stack) -> tuple[Any, str]:
    return stack.door("get_feed", "cache").behind._s3, stack.environment["FEEDS_BUCKET"]
