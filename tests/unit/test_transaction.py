"""Transactions: which refusal a failed one means, when it is sent again, and how checks join."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb.transaction import commit
from mytoken_calendars.backoff import attempts, shared
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import (
    CalendarExists,
    InvalidGrant,
    InvalidToken,
    LimitReached,
    MytokenMissing,
    Outdated,
    Refusal,
    TemporarilyUnavailable,
)

pytestmark = pytest.mark.usefixtures("pauses")

CHANGE = Change("0c9a2b5e-6f0d-4c1b-9a57-2f7d3c1e8b40", 1_800_000_000)


def cancelled(*codes: str | None) -> ClientError:
    response: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "…"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
        "CancellationReasons": [{"Code": code or "None"} for code in codes],
    }
    return ClientError(response, "TransactWriteItems")


def failed(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "TransactWriteItems")


@dataclass
class FakeClient:
    """Raises `errors`, one at a time, and then succeeds."""

    errors: list[Exception] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)

    def transact_write_items(self, **parameters: Any) -> None:
        self.sent.append(parameters)
        if self.errors:
            raise self.errors.pop(0)


def put(
    sk: str = "one", refusal: Refusal | None = None, table: str = "calendars", **values: Any
) -> Write:
    parameters: dict[str, Any] = {
        "TableName": table,
        "Item": {"pk": "p", "sk": sk},
        "ConditionExpression": "attribute_not_exists(#pk)",
    }
    if values:
        parameters["ExpressionAttributeValues"] = {f":{name}": v for name, v in values.items()}
    return Write("Put", parameters, refusal or CalendarExists())


def check(
    sk: str = "one",
    refusal: Refusal | None = None,
    table: str = "calendars",
    condition: str = "attribute_exists(#pk)",
    pk: str = "p",
    **values: Any,
) -> Write:
    parameters: dict[str, Any] = {
        "TableName": table,
        "Key": {"pk": pk, "sk": sk},
        "ConditionExpression": condition,
    }
    if values:
        parameters["ExpressionAttributeValues"] = {f":{name}": v for name, v in values.items()}
    return Write("ConditionCheck", parameters, refusal or InvalidToken())


def test_all_writes_are_sent_at_once_in_dynamodbs_types_and_named_by_the_change() -> None:
    client = FakeClient()

    commit(client, CHANGE, [put(), check("other", at=7)])

    assert client.sent == [
        {
            "ClientRequestToken": CHANGE.id,
            "TransactItems": [
                {
                    "Put": {
                        "TableName": "calendars",
                        "Item": {"pk": {"S": "p"}, "sk": {"S": "one"}},
                        "ConditionExpression": "attribute_not_exists(#pk)",
                        "ExpressionAttributeNames": {"#pk": "pk"},
                    }
                },
                {
                    "ConditionCheck": {
                        "TableName": "calendars",
                        "Key": {"pk": {"S": "p"}, "sk": {"S": "other"}},
                        "ConditionExpression": "attribute_exists(#pk)",
                        "ExpressionAttributeNames": {"#pk": "pk"},
                        "ExpressionAttributeValues": {":at": {"N": "7"}},
                    }
                },
            ],
        }
    ]


@pytest.mark.parametrize(
    "codes",
    [
        (None, "ConditionalCheckFailed", None),
        (None, "ConditionalCheckFailed", "ConditionalCheckFailed"),
        ("TransactionConflict", "ConditionalCheckFailed", "TransactionConflict"),
        ("ValidationError", "ConditionalCheckFailed", None),
    ],
)
def test_the_first_condition_that_failed_says_what_is_refused(
    codes: tuple[str | None, ...], pauses: list[float]
) -> None:
    refusals = InvalidToken(), LimitReached(), CalendarExists()
    writes = [put(str(number), refusal) for number, refusal in enumerate(refusals)]

    with pytest.raises(LimitReached) as refused:
        commit(FakeClient([cancelled(*codes)]), CHANGE, writes)

    assert refused.value is refusals[1]
    assert pauses == []


@pytest.mark.parametrize(
    "error",
    [
        cancelled("TransactionConflict", None),
        cancelled(None, "TransactionConflict"),
        cancelled("ThrottlingError", None),
        cancelled("ProvisionedThroughputExceeded", "None"),
        cancelled(),
        failed("TransactionInProgressException"),
    ],
    ids=str,
)
def test_a_transaction_that_met_another_is_sent_again_as_the_same_one(error: Exception) -> None:
    client = FakeClient([error, error])

    commit(client, CHANGE, [put(), check("other")])

    assert len(client.sent) == 3
    assert client.sent[0] == client.sent[1] == client.sent[2]


def test_a_condition_that_fails_when_the_transaction_is_sent_again_is_refused() -> None:
    client = FakeClient([cancelled("TransactionConflict"), cancelled("ConditionalCheckFailed")])

    with pytest.raises(CalendarExists):
        commit(client, CHANGE, [put()])


def test_a_transaction_that_keeps_on_meeting_others_gives_up_when_the_time_is_up(
    pauses: list[float],
) -> None:
    client = FakeClient([cancelled("TransactionConflict")] * 99)

    with pytest.raises(TemporarilyUnavailable):
        commit(client, CHANGE, [put()])

    assert len(client.sent) == 10
    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1, 1, 1, 1])


def test_a_transaction_that_succeeds_at_the_last_attempt_has_succeeded() -> None:
    client = FakeClient([cancelled("TransactionConflict")] * 9)

    commit(client, CHANGE, [put()])

    assert len(client.sent) == 10


def test_a_transaction_has_the_time_that_its_request_has_left(pauses: list[float]) -> None:
    client = FakeClient([cancelled("TransactionConflict")] * 99)

    with shared():
        for request in attempts():
            pauses.append(limits.RETRIED / 2)  # what the request does before its transaction
            if request == 2:
                break
        with pytest.raises(TemporarilyUnavailable):
            commit(client, CHANGE, [put()])

    assert len(client.sent) < 10
    assert sum(pauses[1:]) == pytest.approx(limits.RETRIED, abs=1)


def test_a_transaction_is_sent_once_even_if_its_request_has_no_time_left(
    pauses: list[float],
) -> None:
    client = FakeClient()

    with shared():
        pauses.append(60)
        commit(client, CHANGE, [put()])

    assert len(client.sent) == 1


def test_nobody_waits_for_a_transaction_that_happens_at_once(pauses: list[float]) -> None:
    commit(FakeClient(), CHANGE, [put()])

    assert pauses == []


@pytest.mark.parametrize(
    "error",
    [
        cancelled("ValidationError", None),
        cancelled(None, "ValidationError"),
        cancelled("TransactionConflict", "ItemCollectionSizeLimitExceeded"),
        failed("ValidationException"),
        failed("AccessDeniedException"),
        failed("IdempotentParameterMismatchException"),
        failed("ResourceNotFoundException"),
    ],
    ids=str,
)
def test_a_transaction_that_can_never_succeed_is_a_fault_and_not_sent_again(
    error: ClientError,
) -> None:
    client = FakeClient([error])

    with pytest.raises(ClientError) as raised:
        commit(client, CHANGE, [put(), check("other")])

    assert raised.value is error
    assert len(client.sent) == 1


@pytest.mark.parametrize(
    "error",
    [
        failed("InternalServerError", 500),
        failed("ServiceUnavailable", 503),
        failed("ThrottlingException"),
        failed("ProvisionedThroughputExceededException"),
        failed("RequestLimitExceeded"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
    ids=str,
)
def test_a_database_that_does_not_answer_is_temporarily_unavailable(error: Exception) -> None:
    client = FakeClient([error])

    with pytest.raises(TemporarilyUnavailable) as refused:
        commit(client, CHANGE, [put()])

    assert refused.value.__cause__ is error
    assert len(client.sent) == 1


def test_a_check_of_an_item_that_is_written_joins_the_write() -> None:
    client = FakeClient()
    writes = [put(a=1), check(condition="#a = :b OR #c = :c", b=2, c=3)]

    commit(client, CHANGE, writes)

    (item,) = client.sent[0]["TransactItems"]
    condition = item["Put"]["ConditionExpression"]
    assert item["Put"]["Item"] == {"pk": {"S": "p"}, "sk": {"S": "one"}}
    assert condition == "(attribute_not_exists(#pk)) AND (#a = :b OR #c = :c)"
    assert item["Put"]["ExpressionAttributeNames"] == {"#pk": "pk", "#a": "a", "#c": "c"}
    assert item["Put"]["ExpressionAttributeValues"] == {
        ":a": {"N": "1"},
        ":b": {"N": "2"},
        ":c": {"N": "3"},
    }


def test_a_check_joins_also_a_write_that_has_no_condition_and_no_values() -> None:
    client = FakeClient()
    write = Write("Put", {"TableName": "calendars", "Item": {"pk": "p", "sk": "one"}}, Outdated())

    commit(client, CHANGE, [write, check(condition="#a = :a", a=1)])

    (item,) = client.sent[0]["TransactItems"]
    assert item["Put"]["ConditionExpression"] == "#a = :a"
    assert item["Put"]["ExpressionAttributeValues"] == {":a": {"N": "1"}}


def test_two_checks_join_a_write_that_has_no_condition() -> None:
    client = FakeClient()
    write = Write("Put", {"TableName": "calendars", "Item": {"pk": "p", "sk": "one"}}, Outdated())

    commit(client, CHANGE, [write, check(condition="#a OR #b"), check(condition="#c")])

    (item,) = client.sent[0]["TransactItems"]
    assert item["Put"]["ConditionExpression"] == "(#a OR #b) AND (#c)"


@pytest.mark.parametrize("first", [put(a=1), check(a=1)])
def test_a_write_that_is_joined_is_as_it_was_for_the_next_transaction(first: Write) -> None:
    client, alone = FakeClient(), FakeClient()
    commit(alone, CHANGE, [first])

    commit(client, CHANGE, [first, check(condition="#b = :b", b=2)])
    commit(client, CHANGE, [first])

    assert client.sent[1] == alone.sent[0]


def test_equal_checks_of_an_item_are_one() -> None:
    client = FakeClient()

    commit(client, CHANGE, [check(condition="#a = :a", a=1), check(condition="#a = :a", a=1)])

    (item,) = client.sent[0]["TransactItems"]
    assert item["ConditionCheck"]["ConditionExpression"] == "#a = :a"


def test_three_checks_of_an_item_all_have_to_hold() -> None:
    client = FakeClient()

    commit(client, CHANGE, [check(condition="#a"), check(condition="#b"), check(condition="#c")])

    (item,) = client.sent[0]["TransactItems"]
    assert item["ConditionCheck"]["ConditionExpression"] == "(#a) AND (#b) AND (#c)"


@pytest.mark.parametrize("first", [put(refusal=InvalidToken()), check(refusal=InvalidToken())])
def test_what_joined_on_refusals_of_one_class_is_refused_as_the_first_of_them(first: Write) -> None:
    client = FakeClient([cancelled("ConditionalCheckFailed")])

    with pytest.raises(InvalidToken) as refused:
        commit(client, CHANGE, [first, check(refusal=InvalidToken("another"))])

    assert refused.value is first.refusal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (InvalidToken(), InvalidGrant()),
        (InvalidGrant(), InvalidToken()),
        (InvalidToken(), MytokenMissing()),
        (CalendarExists(), Outdated()),
        (Outdated(), InvalidToken()),
    ],
    ids=repr,
)
@pytest.mark.parametrize("first", [put, check])
def test_what_joined_on_refusals_of_two_classes_is_outdated(
    first: Callable[..., Write], one: Refusal, other: Refusal
) -> None:
    client = FakeClient([cancelled("ConditionalCheckFailed")])

    with pytest.raises(Outdated):
        commit(client, CHANGE, [first(refusal=one), check(refusal=other)])

    assert len(client.sent) == 1


def test_a_third_check_does_not_make_clear_again_what_was_refused() -> None:
    client = FakeClient([cancelled("ConditionalCheckFailed")])
    refusals = InvalidToken(), InvalidGrant(), InvalidToken()

    with pytest.raises(Outdated):
        commit(client, CHANGE, [check(refusal=refusal) for refusal in refusals])


def test_the_refusal_is_found_behind_items_that_were_joined() -> None:
    client = FakeClient([cancelled(None, "ConditionalCheckFailed")])
    writes = [check(), check(refusal=InvalidGrant()), put("other", CalendarExists())]

    with pytest.raises(CalendarExists):
        commit(client, CHANGE, writes)


@pytest.mark.parametrize("other", [check(table="tokens"), check(pk="q"), check("two")])
def test_items_of_another_table_or_key_are_others(other: Write) -> None:
    client = FakeClient()

    commit(client, CHANGE, [put(), other])

    assert len(client.sent[0]["TransactItems"]) == 2


@pytest.mark.parametrize("writes", [[put(), put()], [put(), check(), put()]])
def test_an_item_that_is_written_twice_is_a_fault(writes: list[Write]) -> None:
    client = FakeClient()

    with pytest.raises(ValueError, match="written once"):
        commit(client, CHANGE, writes)

    assert client.sent == []


def test_a_check_joins_the_write_of_its_item_wherever_that_stands() -> None:
    client = FakeClient()

    commit(client, CHANGE, [check(), put()])

    (item,) = client.sent[0]["TransactItems"]
    assert list(item) == ["Put"]
