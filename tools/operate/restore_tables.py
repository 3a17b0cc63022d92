"""Puts the tables of a stack back to what backups of them hold.

`make restore STACK=mytoken-calendars ARGS="--calendars TABLE --tokens TABLE"`: DynamoDB restores
into new tables only, and these are named here. Items that they do not have are removed. It can be
repeated; while it runs, no client should use the stack (docs/operations.md).
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from mytoken_calendars.aws.dynamodb import keys
from tools.operate import target_stack

_OFTEN = 10_000  # items between two lines of progress


def main() -> None:
    parser = ArgumentParser(prog="make restore ARGS=...", description=__doc__)
    parser.add_argument("--calendars", required=True, metavar="TABLE", help="calendars, restored")
    parser.add_argument("--tokens", required=True, metavar="TABLE", help="tokens, restored")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    target_stack.add_argument(parser)
    arguments = parser.parse_args()

    target_stack.select(arguments)
    backups = {"TOKENS_TABLE": arguments.tokens, "CALENDARS_TABLE": arguments.calendars}
    try:
        dynamodb: Any = boto3.resource("dynamodb")
        # Tokens first: an interruption then leaves calendars that are too new, and no tokens for
        # them.
        pairs = [(dynamodb.Table(b), dynamodb.Table(os.environ[v])) for v, b in backups.items()]
        _check(*(backup for backup, _ in pairs))
        for backup, table in pairs:
            print(f"{table.name} will hold what {backup.name} holds, and nothing else")
        if not arguments.yes and input("Go on? Type yes: ") != "yes":
            sys.exit("make restore: nothing was changed")
        for backup, table in pairs:
            put, removed = put_back(backup, table)
            print(f"{table.name}: {put:,} items put back, {removed:,} removed")
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"make restore: {error}; run it again when that is mended")
    except KeyboardInterrupt:
        sys.exit("make restore: it did not come to its end: run it again")


def _check(tokens: Any, calendars: Any) -> None:
    """Ends the program unless these are backups of the two tables, each in its own place.

    A stack beside a mytoken server has no tokens of its own.
    """
    for backup in (tokens, calendars):
        if backup.name in (os.environ["TOKENS_TABLE"], os.environ["CALENDARS_TABLE"]):
            sys.exit(f"make restore: {backup.name} is a table of the stack, and no backup of one")
    if not _has(calendars, keys.FEED) or _has(calendars, keys.TOKEN):
        sys.exit(f"make restore: {calendars.name} is no backup of a table of calendars")
    if not _has(tokens, keys.TOKEN) and _has(tokens, ""):
        sys.exit(f"make restore: {tokens.name} is no backup of a table of tokens")


def _has(backup: Any, prefix: str) -> bool:
    """Whether the table has an item in a partition of this kind."""
    return any(item["pk"].startswith(prefix) for item in _items(backup, ProjectionExpression="pk"))


def put_back(backup: Any, table: Any) -> tuple[int, int]:
    """Copies the backup into the table; returns the numbers of items put and removed."""
    kept, removed = set(), 0
    with table.batch_writer() as batch:
        for item in _items(backup):
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
