"""Puts the tables of a stack back to what backups of them hold.

`make restore STACK=mytoken-calendars ARGS="--calendars TABLE --tokens TABLE"`: DynamoDB restores
into new tables only, and these are named here. Items that they do not have are removed. It can be
repeated; while it runs, no client should use the stack (docs/operations.md). What has to change is
in `restored_items.py`.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from mytoken_calendars.aws.dynamodb import keys
from tools.operate import restored_items, target_stack
from tools.operate.restored_items import RestoredCalendars

_OFTEN = 10_000  # items between two lines of progress


def main() -> None:
    parser = target_stack.parser("restore", __doc__)
    parser.add_argument("--calendars", required=True, metavar="TABLE", help="calendars, restored")
    parser.add_argument("--tokens", required=True, metavar="TABLE", help="tokens, restored")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()

    _, issuer = target_stack.select(arguments)
    backups = {"TOKENS_TABLE": arguments.tokens, "CALENDARS_TABLE": arguments.calendars}
    try:
        dynamodb: Any = boto3.resource("dynamodb")
        # Tokens first: an interruption then leaves calendars that are too new, and no tokens for
        # them.
        pairs = [(dynamodb.Table(b), dynamodb.Table(os.environ[v])) for v, b in backups.items()]
        contents = [(_contents(backup), _contents(table)) for backup, table in pairs]
        _check(pairs, [backup for backup, _ in contents], has_tokens=not issuer)
        for (backup, table), (then, now) in zip(pairs, contents, strict=True):
            print(f"{table.name} holds {_numbers(now)}")
            print(f"  and will hold, with new versions, what {backup.name} does: {_numbers(then)}")
        if not arguments.yes and input("Go on? Type yes: ") != "yes":
            sys.exit("make restore: nothing was changed")
        (tokens, _), (calendars, _) = pairs
        revoked = restored_items.revoked(_items(tokens))
        restored = RestoredCalendars(lambda: _items(calendars), revoked, int(time.time()))
        for (_, table), items in zip(pairs, (_items(tokens), restored.mended()), strict=True):
            put, removed = put_back(items, table)
            print(f"{table.name}: {put:,} items put back, {removed:,} removed")
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"make restore: {error}; run it again when that is mended")
    except (KeyboardInterrupt, EOFError):  # the latter where there is no terminal to ask at
        sys.exit("make restore: it did not come to its end: run it again")


def _check(pairs: list[tuple[Any, Any]], contents: list[Counter[str]], *, has_tokens: bool) -> None:
    """Ends the program unless these are backups of the two tables, each in its own place.

    `has_tokens` is false for a stack beside a mytoken server: it has none of its own.
    """
    (tokens, _), (calendars, _) = pairs
    of_tokens, of_calendars = contents
    for backup in (tokens, calendars):
        if backup.name in {table.name for _, table in pairs}:
            sys.exit(f"make restore: {backup.name} is a table of the stack, and no backup of one")
    if not of_calendars[keys.FEED] or of_calendars[keys.TOKEN]:
        sys.exit(f"make restore: {calendars.name} is no backup of a table of calendars")
    if not of_tokens[keys.TOKEN] and (has_tokens or of_tokens):
        sys.exit(
            f"make restore: {tokens.name} has no tokens, so it is no backup of a table of tokens: "
            "all tokens of the stack would be gone"
        )


def _contents(table: Any) -> Counter[str]:
    """How many items of each kind the table has, by how their partition keys begin."""
    items = _items(table, ProjectionExpression="pk")
    return Counter("".join(str(item.get("pk")).partition("#")[:2]) for item in items)


def _numbers(contents: Counter[str]) -> str:
    of_interest = {keys.TOKEN: "tokens", keys.FEED: "feeds"}
    parts = [f"{contents[kind]:,} {name}" for kind, name in of_interest.items() if contents[kind]]
    return ", ".join([f"{contents.total():,} items", *parts])


def put_back(items: Iterable[dict[str, Any]], table: Any) -> tuple[int, int]:
    """Makes the table hold these items; returns the numbers of items put and removed."""
    kept, removed = set(), 0
    with table.batch_writer() as batch:
        for item in items:
            batch.put_item(Item=item)
            kept.add((item["pk"], item["sk"]))
            if len(kept) % _OFTEN == 0:
                print(f"{table.name}: {len(kept):,} items ...", file=sys.stderr)
    with table.batch_writer() as batch:
        for key in _items(table, ProjectionExpression="pk, sk"):
            if (key["pk"], key["sk"]) not in kept:
                batch.delete_item(Key=key)
                removed += 1
    return len(kept), removed


def _items(table: Any, **parameters: Any) -> Iterator[dict[str, Any]]:
    pages = table.meta.client.get_paginator("scan").paginate(
        TableName=table.name, ConsistentRead=True, **parameters
    )
    for page in pages:
        yield from page["Items"]


if __name__ == "__main__":
    main()
