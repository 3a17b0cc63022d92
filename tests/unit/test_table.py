"""One table: calls that leave something over are repeated, a few times and not at once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from mytoken_calendars.aws.dynamodb.keys import SWEEP, Key
from mytoken_calendars.aws.dynamodb.sweeper import Sweeper
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.changes import NO_USE, Change, Use, Write
from mytoken_calendars.errors import InvalidToken, Outdated, TemporarilyUnavailable
from mytoken_calendars.identifiers import Owner
from tests.harness.examples import CALENDAR_ID

pytestmark = pytest.mark.usefixtures("pauses")

OWNER = Owner("o" * 40)
CHANGE = Change("0c9a2b5e-6f0d-4c1b-9a57-2f7d3c1e8b40", 1_800_000_000)


@dataclass
class FakeClient:
    """Leaves over, in its next calls, as many of the keys as `left_over` says, and then none.

    A page of what it finds has one item.
    """

    left_over: list[int] = field(default_factory=list)
    partitions: dict[str, list[Key]] = field(default_factory=dict)
    calls: list[list[Key]] = field(default_factory=list)
    transactions: list[list[str]] = field(default_factory=list)

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803 - boto3's word
        if not RequestItems:
            raise AssertionError("DynamoDB refuses an empty request")
        ((table, request),) = RequestItems.items()
        assert request["ConsistentRead"] is True
        done, left = self._split(request["Keys"])
        self.calls.append(keys_of(request["Keys"]))
        more = {table: {**request, "Keys": left}} if left else {}
        return {"Responses": {table: done}, "UnprocessedKeys": more}

    def batch_write_item(self, *, RequestItems: Any) -> Any:  # noqa: N803 - boto3's word
        if not RequestItems:
            raise AssertionError("DynamoDB refuses an empty request")
        ((table, requests),) = RequestItems.items()
        _, left = self._split(requests)
        self.calls.append(keys_of([request["DeleteRequest"]["Key"] for request in requests]))
        return {"UnprocessedItems": {table: left} if left else {}}

    def transact_write_items(self, **parameters: Any) -> None:
        assert parameters["ClientRequestToken"] == CHANGE.id
        actions = (action for item in parameters["TransactItems"] for action in item)
        self.transactions.append([*actions])

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


calls = pytest.mark.parametrize("call", [Table.get_all, Table.remove])


def test_all_items_are_found_in_one_call(pauses: list[float]) -> None:
    client = FakeClient()

    found = table_of(client).get_all(keys(3))

    assert found == keys(3)
    assert client.calls == [keys(3)]
    assert pauses == []


@calls
def test_of_no_items_nothing_is_asked(call: Callable[[Table, list[Key]], object]) -> None:
    client = FakeClient()

    call(table_of(client), [])

    assert client.calls == []


@calls
def test_what_was_left_over_is_asked_for_again_after_a_pause(
    call: Callable[[Table, list[Key]], object], pauses: list[float]
) -> None:
    client = FakeClient(left_over=[2, 1])

    call(table_of(client), keys(3))

    assert client.calls == [keys(3), keys(3)[1:], keys(3)[2:]]
    assert pauses == pytest.approx([0.05, 0.1])


def test_what_was_found_in_several_calls_is_given_out_together() -> None:
    client = FakeClient(left_over=[2, 2, 1])

    found = table_of(client).get_all(keys(3))

    assert found == keys(3)


@calls
def test_what_is_always_left_over_is_given_up_after_six_attempts(
    call: Callable[[Table, list[Key]], object], pauses: list[float]
) -> None:
    client = FakeClient(left_over=[1] * 99)

    with pytest.raises(TemporarilyUnavailable):
        call(table_of(client), keys(1))

    assert len(client.calls) == 6
    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8])


@pytest.mark.parametrize("attempts", [5, 6])
@calls
def test_an_attempt_that_leaves_nothing_over_is_enough_even_if_it_is_the_last(
    call: Callable[[Table, list[Key]], object], attempts: int
) -> None:
    client = FakeClient(left_over=[1] * (attempts - 1))

    call(table_of(client), keys(1))

    assert len(client.calls) == attempts


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

    table_of(client).commit_use(CHANGE, replace(use, follow_up=lambda: followed.append(use)))

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


def test_a_sweep_removes_at_most_25_items_at_once_and_its_own_job_at_the_end() -> None:
    job = {"pk": SWEEP, "sk": CALENDAR_ID, "owner": OWNER}
    events = [{"pk": f"CALENDAR#{CALENDAR_ID}", "sk": str(number)} for number in range(30)]
    subscriptions = [{"pk": f"OWNER#{OWNER}", "sk": str(number)} for number in range(25)]
    client = FakeClient(
        partitions={
            SWEEP: [job],
            f"CALENDAR#{CALENDAR_ID}": events,
            f"OWNER#{OWNER}": subscriptions,
        }
    )

    swept = Sweeper(table_of(client)).sweep(CHANGE.at, lambda: True)

    assert swept == 1
    assert [len(call) for call in client.calls] == [25, 25, 5, 1]
    assert [key for call in client.calls[:3] for key in call] == events + subscriptions
    assert client.calls[3] == [{"pk": SWEEP, "sk": CALENDAR_ID}]


def test_a_sweep_without_time_leaves_the_job_to_the_next() -> None:
    events = [{"pk": f"CALENDAR#{CALENDAR_ID}", "sk": str(number)} for number in range(30)]
    job = {"pk": SWEEP, "sk": CALENDAR_ID, "owner": OWNER}
    client = FakeClient(partitions={SWEEP: [job], f"CALENDAR#{CALENDAR_ID}": events})
    time_left = iter([True, False])

    swept = Sweeper(table_of(client)).sweep(CHANGE.at, lambda: next(time_left))

    assert swept == 0
    assert client.calls == [events[:25]]
