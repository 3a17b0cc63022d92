"""Commits a change as one DynamoDB transaction: completely, or not at all."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mytoken_calendars.aws import clients, metrics
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.backoff import attempts
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import Outdated, TemporarilyUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


# Codes of the call. A condition, a conflict or a throttle cancelled it (`_raise_if_final` sorts out
# which of these cannot be repeated), or an earlier attempt is still at work.
_MAY_BE_REPEATED = ("TransactionCanceledException", "TransactionInProgressException")
# Reasons of a cancellation, one for each write. They are not spelled like the codes of a call.
_NEVER_SUCCEEDS = ("ValidationError", "ItemCollectionSizeLimitExceeded")
_THROTTLED = ("ThrottlingError", "ProvisionedThroughputExceeded")


@clients.reachable()
def commit(client: "DynamoDBClient", change: Change, writes: Iterable[Write]) -> None:
    """Does all of `writes`, or does none and raises the refusal of the first whose condition fails.

    A change happens once, even if an answer is lost and the transaction is sent again. Every
    attempt has the same ClientRequestToken, and for ten minutes DynamoDB does a transaction with
    the same token only once. Source: the API reference of TransactWriteItems.

    A conflict is no refusal: two transactions that write one item conflict, whatever they write, so
    it is tried again while the request has time.

    Raises TemporarilyUnavailable if each attempt meets a conflict, a throttle or an unfinished
    earlier attempt, or if DynamoDB does not answer.
    """
    writes = _one_for_each_item(writes)
    items: Any = [{write.action: clients.dynamodb_parameters(write.parameters)} for write in writes]
    for _ in attempts():
        try:
            client.transact_write_items(TransactItems=items, ClientRequestToken=change.id)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MAY_BE_REPEATED:
                raise
            _raise_if_final(writes, error)
        else:
            return
    raise TemporarilyUnavailable


def _raise_if_final(writes: list[Write], error: ClientError) -> None:
    """Raises if another attempt cannot help: for a failed condition or an invalid transaction."""
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = [reason.get("Code") for reason in reasons]
    for write, code in zip(writes, codes, strict=False):
        if code == "ConditionalCheckFailed":
            raise write.refusal from None
    if any(code in _NEVER_SUCCEEDS for code in codes):
        raise error
    if any(code in _THROTTLED for code in codes):
        metrics.count(Metric.THROTTLED_BY_AWS)


def _one_for_each_item(writes: Iterable[Write]) -> list[Write]:
    """Joins all writes and checks of an item: a transaction may name each item only once."""
    of_items: dict[tuple[str, ...], list[Write]] = {}
    for write in writes:
        key = write.parameters.get("Key") or write.parameters["Item"]
        item = (write.parameters["TableName"], key["pk"], key["sk"])
        of_items.setdefault(item, []).append(write)
    # The write of an item, if there is one, comes before its checks: False sorts before True.
    return [_joined(*sorted(of_item, key=_is_check)) for of_item in of_items.values()]


def _is_check(write: Write) -> bool:
    return write.action == "ConditionCheck"


def _joined(write: Write, *checks: Write) -> Write:
    """`write` with the conditions of `checks` added to its own.

    If the refusals are of different classes, the joined write raises Outdated, so that the request
    starts again and reads what has changed. DynamoDB reports that the joined condition failed, but
    not which part.
    """
    if not checks:
        return write
    if not all(map(_is_check, checks)):
        raise ValueError("an item is written once in a transaction")
    condition, values = "ConditionExpression", "ExpressionAttributeValues"
    parameters = dict(write.parameters)
    all_of_them = [each.parameters for each in (write, *checks)]
    parts = list(dict.fromkeys(p[condition] for p in all_of_them if condition in p))
    parameters[condition] = " AND ".join(f"({part})" for part in parts) if parts[1:] else parts[0]
    if joined := {name: v for p in all_of_them for name, v in p.get(values, {}).items()}:
        parameters[values] = joined
    alike = len({type(each.refusal) for each in (write, *checks)}) == 1
    return Write(write.action, parameters, write.refusal if alike else Outdated())
