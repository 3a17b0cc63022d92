"""What functions ask of AWS, counted where they ask: by the events of botocore's clients.

No figure of a stand-in is believed. What DynamoDB would count of a read is computed from the items.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from botocore.session import Session

from tests.bench import capacity

_WRITES = ("TransactWriteItems", "UpdateItem")


@dataclass
class Calls:
    """The requests that were sent, and the reads of DynamoDB with their parameters.

    A request is sent again if it fails, and a batch of keys is as many reads.
    """

    requests: list[tuple[str, str]] = field(default_factory=list)  # service and operation
    reads: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def to(self, service: str) -> int:
        """How many requests went to `service`."""
        return sum(1 for asked, _ in self.requests if asked == service)

    def note_request(self, event_name: str, **_: Any) -> None:
        _, service, operation = event_name.split(".")
        self.requests.append((service, operation))

    def note_reads(self, event_name: str, params: Any, **_: Any) -> None:
        operation, asked = event_name.rpartition(".")[2], json.loads(params["body"])
        match operation:
            case "GetItem" | "Query":
                self.reads.append((operation, asked))
            case "BatchGetItem":
                self.reads += [("GetItem", each) for each in _one_by_one(asked["RequestItems"])]
            case _ if operation not in _WRITES:
                raise ValueError(f"nobody knows what {operation} reads")

    def sizes(self, dynamodb: Any) -> list[list[int]]:
        """For each read the sizes of the items that it read; they are read again for that."""
        return [_sizes(dynamodb, operation, asked) for operation, asked in self.reads]


@dataclass
class Clients:
    """All clients of this process, whoever makes them."""

    counting: Calls | None = None

    @classmethod
    @contextmanager
    def watched(cls) -> Iterator["Clients"]:
        """Those that are made from now on."""
        clients, make = cls(), Session.create_client

        def made(session: Session, *args: Any, **more: Any) -> Any:
            client = make(session, *args, **more)
            client.meta.events.register_first("before-send", clients._sent)
            client.meta.events.register_first("before-call.dynamodb", clients._called)
            return client

        with mock.patch.object(Session, "create_client", made):
            yield clients

    @contextmanager
    def counted(self) -> Iterator[Calls]:
        """What they send meanwhile."""
        self.counting = calls = Calls()
        try:
            yield calls
        finally:
            self.counting = None

    def _sent(self, **event: Any) -> None:
        if self.counting:
            self.counting.note_request(**event)

    def _called(self, **event: Any) -> None:
        if self.counting:
            self.counting.note_reads(**event)


def _one_by_one(batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for table, asked in batch.items():
        for key in asked["Keys"]:
            yield {"TableName": table, "Key": key}


def _sizes(dynamodb: Any, operation: str, asked: dict[str, Any]) -> list[int]:
    if operation == "Query":
        return [capacity.size(item) for item in dynamodb.query(**asked)["Items"]]
    key = {name: asked[name] for name in ("TableName", "Key")}
    answer = dynamodb.get_item(**key)
    return [capacity.size(answer["Item"])] if "Item" in answer else []
