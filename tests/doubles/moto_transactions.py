"""moto's transactions, which copy what they may have to put back, and not whole tables.

moto deep-copies the whole table once for each item of a transaction. So each test that ran made the
next one slower: of the time of all tests on moto, that was the larger part.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_TransactWriteItems = Callable[[DynamoDBBackend, list[dict[str, Any]]], None]


@contextmanager
def restoring_items() -> Iterator[None]:
    """Inside, a transaction that fails puts back the items that it names."""
    original: _TransactWriteItems = DynamoDBBackend.transact_write_items

    def transact_write_items(backend: DynamoDBBackend, items: list[dict[str, Any]]) -> None:
        writes = [write for item in items for write in item.values()]
        keys = [write.get("Key") or write.get("Item", {}) for write in writes]

        def snapshot(table: Table, memo: dict[int, Any]) -> Table:
            """A table that shares all items with this one but those of the transaction."""
            kept = copy.copy(table)
            kept.items = copy.copy(table.items)
            for key in keys:
                partition = DynamoType(key[table.hash_key_attr])
                if partition in table.items:
                    sort = DynamoType(key[table.range_key_attr])
                    kept.items[partition] = rows = dict(kept.items[partition])
                    if sort in rows:
                        rows[sort] = copy.deepcopy(rows[sort])
            return kept

        with mock.patch.object(Table, "__deepcopy__", snapshot, create=True):
            original(backend, items)

    with mock.patch.object(DynamoDBBackend, "transact_write_items", transact_write_items):
        yield
