"""One transaction of DynamoDB for each change: it happens completely, or not at all."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mytoken_calendars import aws
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import Outdated, TemporarilyUnavailable
from mytoken_calendars.patience import pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTEMPTS = 6

# Cancelled by a condition, a conflict or a throttle; or its first sending is still under way.
_MAY_BE_REPEATED = ("TransactionCanceledException", "TransactionInProgressException")
_NEVER_SUCCEEDS = ("ValidationError", "ItemCollectionSizeLimitExceeded")


@aws.reachable()
def commit(client: "DynamoDBClient", change: Change, writes: Iterable[Write]) -> None:
    """Does all of `writes`; or none, and raises the refusal of the first whose condition fails.

    A transaction that met another one is sent again under the same idempotency token, so a lost
    answer never makes it happen twice. Raises TemporarilyUnavailable when it keeps on meeting
    others, or when DynamoDB does not answer.
    """
    writes = _one_for_each_item(writes)
    items: Any = [{write.action: aws.dynamodb_parameters(write.parameters)} for write in writes]
    for attempt in range(_ATTEMPTS):
        if attempt:
            pause(attempt)
        try:
            client.transact_write_items(TransactItems=items, ClientRequestToken=change.id)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MAY_BE_REPEATED:
                raise
            _raise_for_good(writes, error)
        else:
            return
    raise TemporarilyUnavailable


def _raise_for_good(writes: list[Write], error: ClientError) -> None:
    """Raises what no repetition can change: a failed condition, or a transaction that is wrong."""
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = [reason.get("Code") for reason in reasons]
    for write, code in zip(writes, codes, strict=False):
        if code == "ConditionalCheckFailed":
            raise write.refusal from None
    if any(code in _NEVER_SUCCEEDS for code in codes):
        raise error


def _one_for_each_item(writes: Iterable[Write]) -> list[Write]:
    """A transaction may name an item once, so a second check of it joins the first write."""
    joined: dict[tuple[str, ...], Write] = {}
    for write in writes:
        key = write.parameters.get("Key") or write.parameters["Item"]
        item = (write.parameters["TableName"], key["pk"], key["sk"])
        joined[item] = _join(joined[item], write) if item in joined else write
    return list(joined.values())


def _join(write: Write, check: Write) -> Write:
    """`write` on the further condition of `check`.

    Where the two would be refused differently, nobody could say which of them failed: Outdated.
    """
    if check.action != "ConditionCheck":
        raise ValueError("an item is written once in a transaction")
    condition, values = "ConditionExpression", "ExpressionAttributeValues"
    both = (write.parameters.get(condition), check.parameters[condition])
    parts = dict.fromkeys(part for part in both if part)
    parameters = {**write.parameters, condition: " AND ".join(f"({part})" for part in parts)}
    if joined := {**check.parameters.get(values, {}), **write.parameters.get(values, {})}:
        parameters[values] = joined
    alike = type(write.refusal) is type(check.refusal)
    return Write(write.action, parameters, write.refusal if alike else Outdated())
