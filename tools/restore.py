"""Puts the tables of a stack back to what backups of them hold.

`make restore STACK=mytoken-calendars ARGS="--calendars TABLE --tokens TABLE"`: DynamoDB restores
into new tables only, and these are named here. What is not in them is removed. It can be repeated;
while it runs, nobody should use the stack (docs/operations.md).
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools import stack

_OFTEN = 10_000  # items, after which it says how far it is


def main() -> None:
    parser = ArgumentParser(prog="make restore ARGS=...", description=__doc__)
    parser.add_argument("--calendars", required=True, metavar="TABLE", help="calendars, restored")
    parser.add_argument("--tokens", required=True, metavar="TABLE", help="tokens, restored")
    stack.add_argument(parser)
    arguments = parser.parse_args()

    stack.found(arguments)
    backups = {"CALENDARS_TABLE": arguments.calendars, "TOKENS_TABLE": arguments.tokens}
    try:
        # Tokens first: whoever is cut short has calendars that are too new, and no token for them.
        for variable in ("TOKENS_TABLE", "CALENDARS_TABLE"):
            put, removed = put_back(backups[variable], os.environ[variable])
            print(f"{os.environ[variable]}: {put:,} items put back, {removed:,} removed")
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"make restore: {error}; run it again when that is mended")


def put_back(backup_name: str, table_name: str) -> tuple[int, int]:
    """How many items of the backup are in the table now, and how many others are not any more."""
    if backup_name == table_name:
        sys.exit(f"make restore: {table_name} is the table of the stack, and no backup of it")
    dynamodb: Any = boto3.resource("dynamodb")
    backup, table = dynamodb.Table(backup_name), dynamodb.Table(table_name)
    kept, removed = set(), 0
    with table.batch_writer() as batch:
        for item in _items(backup):
            batch.put_item(Item=item)
            kept.add((item["pk"], item["sk"]))
            if len(kept) % _OFTEN == 0:
                print(f"{table_name}: {len(kept):,} items ...", file=sys.stderr)
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
