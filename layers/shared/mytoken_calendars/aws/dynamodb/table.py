"""One table of DynamoDB: strongly consistent reads, and the writes that a change is made of."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from mytoken_calendars import limits
from mytoken_calendars.aws import clients, metrics
from mytoken_calendars.aws.dynamodb import transaction
from mytoken_calendars.aws.dynamodb.keys import Key
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.backoff import attempts
from mytoken_calendars.changes import NO_USE, Change, Use, Write
from mytoken_calendars.errors import Outdated, Refusal, TemporarilyUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

ABSENT = "attribute_not_exists(#pk)"
PRESENT = "attribute_exists(#pk)"


@dataclass(frozen=True)
class Table:
    """A table by its name. Its reads and commits raise TemporarilyUnavailable."""

    client: "DynamoDBClient"
    name: str

    @classmethod
    def calendars(cls) -> Self:
        return cls(clients.dynamodb(), os.environ["CALENDARS_TABLE"])

    @classmethod
    def tokens(cls) -> Self:
        return cls(clients.dynamodb(), os.environ["TOKENS_TABLE"])

    @clients.reachable()
    def get(self, key: Key, *attributes: str) -> Item | None:
        """The item, or None if there is none; with `attributes`, only these of it."""
        parameters = {"TableName": self.name, "Key": key, "ConsistentRead": True}
        if attributes:
            parameters["ProjectionExpression"] = ", ".join(f"#{name}" for name in attributes)
        answer = self.client.get_item(**clients.dynamodb_parameters(parameters))
        return clients.from_dynamodb(answer["Item"]) if "Item" in answer else None

    def get_all(self, keys: Iterable[Key]) -> list[Item]:
        """The items with these keys that exist, in no order."""
        wanted: Any = [clients.dynamodb_parameters({"Key": key})["Key"] for key in keys]
        some = range(0, len(wanted), limits.READ_AT_ONCE)
        found = [self._some(wanted[first : first + limits.READ_AT_ONCE]) for first in some]
        return [item for items in found for item in items]

    def query(self, pk: str) -> list[Item]:
        """The items of a partition, ordered by `sk`."""
        parameters: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "#pk = :pk",
            "ExpressionAttributeValues": {":pk": pk},
            "ConsistentRead": True,
        }
        pages = self.client.get_paginator("query").paginate(
            **clients.dynamodb_parameters(parameters)
        )
        with clients.reachable():
            return [clients.from_dynamodb(item) for page in pages for item in page["Items"]]

    @clients.reachable()
    def scan(self) -> list[Item]:
        """All items of the table. Only operators have the permission, not the functions."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True)
        return [clients.from_dynamodb(item) for page in pages for item in page["Items"]]

    # The next four make writes for `commit`, and change nothing themselves. If a write's condition
    # fails, the commit raises its `refusal`. The default is Outdated: what the operation has read
    # has changed. In expressions `#word` is the attribute `word`, or what `names` has for it, and
    # `:word` is the value `word=`.

    def put(
        self, key: Key, item: Item, condition: str, refusal: Refusal | None = None, **values: Any
    ) -> Write:
        return self._write("Put", condition, refusal, values, Item={**key, **item})

    def update(
        self,
        key: Key,
        expression: str,
        condition: str = "",
        refusal: Refusal | None = None,
        names: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Write:
        parameters: dict[str, Any] = {"Key": key, "UpdateExpression": expression}
        if names:
            parameters["ExpressionAttributeNames"] = {f"#{n}": name for n, name in names.items()}
        return self._write("Update", condition, refusal, values, **parameters)

    def delete(self, key: Key, condition: str, **values: Any) -> Write:
        return self._write("Delete", condition, None, values, Key=key)

    def check(
        self, key: Key, condition: str, refusal: Refusal | None = None, **values: Any
    ) -> Write:
        return self._write("ConditionCheck", condition, refusal, values, Key=key)

    def commit(self, change: Change, *writes: Write, use: Use = NO_USE) -> None:
        """Does all of `use` and `writes`, or nothing; then calls `use.follow_up`.

        The writes may belong to several tables. If several conditions fail, the first one's refusal
        is raised; those of `use` come first. A use alone that writes nothing needs no commit: its
        conditions held when the token was read.
        """
        if not (writes or use.writes):
            return
        transaction.commit(self.client, change, (*use.writes, *use.conditions, *writes))
        use.follow_up()

    @clients.reachable()
    def _some(self, keys: list[Any]) -> list[Item]:
        """The items with these keys, of which DynamoDB may leave some for another request."""
        request: Any = {self.name: {"Keys": keys, "ConsistentRead": True}}
        found: list[Item] = []
        for attempt in attempts():
            if attempt > 1:
                metrics.count(Metric.THROTTLED_BY_AWS)
            answer = self.client.batch_get_item(RequestItems=request)
            found += map(clients.from_dynamodb, answer["Responses"].get(self.name, []))
            request = answer.get("UnprocessedKeys")
            if not request:
                return found
        raise TemporarilyUnavailable

    def _write(
        self,
        action: str,
        condition: str,
        refusal: Refusal | None,
        values: Mapping[str, Any],
        **parameters: Any,
    ) -> Write:
        parameters["TableName"] = self.name
        if condition:
            parameters["ConditionExpression"] = condition
        if values:
            parameters["ExpressionAttributeValues"] = {f":{n}": v for n, v in values.items()}
        return Write(action, parameters, refusal or Outdated())
