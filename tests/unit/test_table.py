"""One table: reads that leave something over are repeated until the time is up, and writes."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.dynamodb.keys import Key
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.backoff import shared
from mytoken_calendars.changes import NO_USE, Change, Use, Write
from mytoken_calendars.errors import InvalidToken, Outdated, TemporarilyUnavailable

pytestmark = pytest.mark.usefixtures("pauses")

CHANGE = Change("0c9a2b5e-6f0d-4c1b-9a57-2f7d3c1e8b40", 1_800_000_000)


@dataclass
class FakeClient:
    """Leaves over, in its next calls, as many of the keys as `left_over` says, and then none.

    A page of what it finds has one item.
    """

    left_over: list[int] = field(default_factory=list)
    partitions: dict[str, list[Key]] = field(default_factory=dict)
    calls: list[list[Key]] = field(default_factory=list)
    gets: list[Any] = field(default_factory=list)
    transactions: list[list[str]] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)

    def get_item(self, **parameters: Any) -> Any:
        self.gets.append(parameters)
        (key,) = keys_of([parameters["Key"]])
        found = key in self.partitions.get(key["pk"], [])
        return {"Item": parameters["Key"]} if found else {}

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803 - boto3's word
        if not RequestItems:
            raise AssertionError("DynamoDB refuses an empty request")
        ((table, request),) = RequestItems.items()
        assert request["ConsistentRead"] is True
        assert len(request["Keys"]) <= 100, "DynamoDB refuses more"
        done, left = self._split(request["Keys"])
        self.calls.append(keys_of(request["Keys"]))
        more = {table: {**request, "Keys": left}} if left else {}
        return {"Responses": {table: done}, "UnprocessedKeys": more}

    def transact_write_items(self, **parameters: Any) -> None:
        assert parameters["ClientRequestToken"] == CHANGE.id
        actions = (action for item in parameters["TransactItems"] for action in item)
        self.transactions.append([*actions])
        self.items += parameters["TransactItems"]

    def get_paginator(self, operation: str) -> "FakeClient":
        assert operation == "query"
        return self

    def paginate(self, **parameters: Any) -> list[Any]:
        pk = parameters["ExpressionAttributeValues"][":pk"]["S"]
        found = self.partitions.get(pk, [])
        return [{"Items": [{name: {"S": text} for name, text in key.items()}]} for key in found]

    def _split(self, wanted: list[Any]) -> tuple[list[Any], list[Any]]:
        done = len(wanted) - (self.left_over.pop(0) if self.left_over else 0)
        return wanted[:done], wanted[done:]


def keys_of(typed: list[Any]) -> list[Key]:
    return [{name: value["S"] for name, value in key.items()} for key in typed]


def keys(count: int) -> list[Key]:
    return [{"pk": "p", "sk": str(number)} for number in range(count)]


def table_of(client: FakeClient) -> Table:
    return Table(cast("Any", client), "calendars")


def test_all_items_are_found_in_one_call(pauses: list[float]) -> None:
    client = FakeClient()

    found = table_of(client).get_all(keys(3))

    assert found == keys(3)
    assert client.calls == [keys(3)]
    assert pauses == []


def test_of_no_items_nothing_is_asked() -> None:
    client = FakeClient()

    assert table_of(client).get_all([]) == []
    assert client.calls == []


@pytest.mark.parametrize(
    ("number", "calls"), [(99, [99]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)
def test_at_most_a_hundred_items_are_asked_for_at_once(number: int, calls: list[int]) -> None:
    client = FakeClient()

    found = table_of(client).get_all(iter(keys(number)))

    assert found == keys(number)
    assert [len(call) for call in client.calls] == calls
    assert [key for call in client.calls for key in call] == keys(number)


def test_what_was_left_over_is_asked_for_again_after_a_pause(pauses: list[float]) -> None:
    client = FakeClient(left_over=[2, 1])

    table_of(client).get_all(keys(3))

    assert client.calls == [keys(3), keys(3)[1:], keys(3)[2:]]
    assert pauses == pytest.approx([0.05, 0.1])


def test_what_is_left_over_of_a_hundred_comes_before_the_next_hundred() -> None:
    client = FakeClient(left_over=[40, 0, 1])

    found = table_of(client).get_all(keys(120))

    assert found == keys(120)
    assert [len(call) for call in client.calls] == [100, 40, 20, 1]


def test_what_was_found_in_several_calls_is_given_out_together() -> None:
    client = FakeClient(left_over=[2, 2, 1])

    found = table_of(client).get_all(keys(3))

    assert found == keys(3)


def test_each_part_that_is_left_over_is_counted_as_a_throttle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[Metric] = []
    monkeypatch.setattr(metrics, "count", counted.append)

    table_of(FakeClient(left_over=[2, 1])).get_all(keys(3))

    assert counted == [Metric.THROTTLED_BY_AWS] * 2


def test_what_is_always_left_over_is_given_up_when_the_time_is_up(pauses: list[float]) -> None:
    client = FakeClient(left_over=[1] * 99)

    with pytest.raises(TemporarilyUnavailable):
        table_of(client).get_all(keys(1))

    assert len(client.calls) == 10
    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1, 1, 1, 1])


def test_all_parts_of_a_request_share_its_time(pauses: list[float]) -> None:
    client = FakeClient(left_over=[1] * 9 + [0] + [1] * 99)

    with shared(), pytest.raises(TemporarilyUnavailable):
        table_of(client).get_all(keys(101))

    assert len(client.calls) == 10 + 1
    assert sum(pauses) < limits.RETRIED + limits.LONGEST_PAUSE


@pytest.mark.parametrize("attempts", [9, 10])
def test_an_attempt_that_leaves_nothing_over_is_enough_even_if_it_is_the_last(
    attempts: int,
) -> None:
    client = FakeClient(left_over=[1] * (attempts - 1))

    assert table_of(client).get_all(keys(1)) == keys(1)
    assert len(client.calls) == attempts


def test_the_items_of_all_pages_of_a_partition_are_found() -> None:
    client = FakeClient(partitions={"p": keys(3), "q": [{"pk": "q", "sk": "0"}]})

    assert table_of(client).query("p") == keys(3)
    assert table_of(client).query("none") == []


KEY = {"pk": "p", "sk": "s"}
READING = table_of(FakeClient())
CHECK = READING.check(KEY, "attribute_exists(#pk)")
OTHER_CHECK = READING.check({"pk": "p", "sk": "other"}, "#a = :a", a=1)
UPDATE = READING.update({"pk": "p", "sk": "updated"}, "SET #a = :a", a=1)
PUT = READING.put({"pk": "p", "sk": "put"}, {}, "attribute_not_exists(#pk)")
DELETE = READING.delete({"pk": "p", "sk": "deleted"}, "attribute_exists(#pk)")


@pytest.mark.parametrize(
    ("use", "actions"),
    [
        (NO_USE, []),
        (Use(conditions=(CHECK, OTHER_CHECK)), []),
        (Use((UPDATE,)), [["Update"]]),
        (Use((PUT,)), [["Put"]]),
        (Use((UPDATE,), (CHECK, OTHER_CHECK)), [["Update", "ConditionCheck", "ConditionCheck"]]),
    ],
)
def test_a_use_alone_is_committed_only_if_it_writes(use: Use, actions: list[list[str]]) -> None:
    client, followed = FakeClient(), []

    table_of(client).commit(CHANGE, use=replace(use, follow_up=lambda: followed.append(use)))

    assert client.transactions == actions
    assert len(followed) == len(actions)


def test_a_use_comes_before_what_it_is_for() -> None:
    client = FakeClient()

    table_of(client).commit(CHANGE, PUT, use=Use((UPDATE,), (CHECK,)))

    assert client.transactions == [["Update", "ConditionCheck", "Put"]]


def test_a_commit_of_checks_alone_is_sent_nevertheless() -> None:
    client = FakeClient()

    table_of(client).commit(CHANGE, CHECK)

    assert client.transactions == [["ConditionCheck"]]


@pytest.mark.parametrize(
    ("write", "parameters"),
    [
        (
            READING.update(KEY, "SET #a = :a", "#b = :b", a=1, b=2),
            {
                "Key": KEY,
                "UpdateExpression": "SET #a = :a",
                "ConditionExpression": "#b = :b",
                "ExpressionAttributeValues": {":a": 1, ":b": 2},
            },
        ),
        (READING.update(KEY, "REMOVE #a"), {"Key": KEY, "UpdateExpression": "REMOVE #a"}),
        (
            READING.update(KEY, "SET #a.#b = :b", "#c", names={"b": "x/y="}, b={"m": ["l"]}),
            {
                "Key": KEY,
                "UpdateExpression": "SET #a.#b = :b",
                "ConditionExpression": "#c",
                "ExpressionAttributeNames": {"#b": "x/y="},
                "ExpressionAttributeValues": {":b": {"m": ["l"]}},
            },
        ),
        (READING.delete(KEY, ""), {"Key": KEY}),
        (READING.check(KEY, "#a"), {"Key": KEY, "ConditionExpression": "#a"}),
        (READING.delete(KEY, "#a"), {"Key": KEY, "ConditionExpression": "#a"}),
        (READING.put(KEY, {"a": 1}, "#a"), {"Item": {**KEY, "a": 1}, "ConditionExpression": "#a"}),
    ],
)
def test_a_write_has_no_more_than_it_needs_and_is_outdated_if_it_fails(
    write: Write, parameters: dict[str, Any]
) -> None:
    assert write.parameters == {"TableName": "calendars", **parameters}
    assert type(write.refusal) is Outdated


def test_a_write_that_says_how_it_is_refused_is_refused_so() -> None:
    refusal = InvalidToken()

    assert READING.check(KEY, "#a", refusal).refusal is refusal
    assert READING.put(KEY, {}, "#a", refusal).refusal is refusal
    assert READING.update(KEY, "SET #a = :a", "#a", refusal, a=1).refusal is refusal


def test_a_name_that_stands_for_another_is_sent_with_the_words_of_the_expressions() -> None:
    client = FakeClient()
    write = READING.update(KEY, "SET #map.#key = :value", "#other", names={"key": "a+b"}, value=1)

    table_of(client).commit(CHANGE, write)

    (item,) = client.items
    assert item["Update"]["ExpressionAttributeNames"] == {
        "#map": "map",
        "#key": "a+b",
        "#other": "other",
    }


def test_a_name_that_stands_for_another_is_kept_when_a_check_joins_the_write() -> None:
    client = FakeClient()
    write = READING.update(KEY, "SET #map.#key = :value", names={"key": "a+b"}, value=1)

    table_of(client).commit(CHANGE, write, READING.check(KEY, "#alive = :alive", alive=2))

    (item,) = client.items
    assert item["Update"]["ExpressionAttributeNames"] == {
        "#map": "map",
        "#key": "a+b",
        "#alive": "alive",
    }


@pytest.mark.parametrize(
    ("attributes", "asked"),
    [
        ((), {}),
        (
            ("version", "feeds"),
            {
                "ProjectionExpression": "#version, #feeds",
                "ExpressionAttributeNames": {"#version": "version", "#feeds": "feeds"},
            },
        ),
    ],
)
def test_an_item_is_read_consistently_whole_or_in_part(
    attributes: tuple[str, ...], asked: dict[str, Any]
) -> None:
    client = FakeClient(partitions={"p": [KEY]})

    found = table_of(client).get(KEY, *attributes)

    assert found == KEY
    assert client.gets == [
        {
            "TableName": "calendars",
            "Key": {"pk": {"S": "p"}, "sk": {"S": "s"}},
            "ConsistentRead": True,
            **asked,
        }
    ]


def test_an_item_that_is_not_there_is_none() -> None:
    assert table_of(FakeClient()).get(KEY) is None
