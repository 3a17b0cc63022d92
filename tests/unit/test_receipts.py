"""Receipts: who gets one, for how long, and that no one reads a successor out of the table."""

import json
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from mytoken_calendars.aws.dynamodb import receipts as door
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import IdempotencyKeyReused, Outdated
from mytoken_calendars.tokens.idempotency import IdempotencyKey, Receipt
from tests.harness.examples import BEARER, CALENDAR_ID, DAY, NOW

KEY = IdempotencyKey("k", "a-digest")
CHANGE = Change("0c9a2b5e-6f0d-4c1b-9a57-2f7d3c1e8b40", NOW)
SUCCESSOR = {"mytoken": "eyJ.successor.jwt", "mytoken_type": "token", "name": "é"}

LAST_SECOND_OF_A_RECEIPT = NOW + DAY - 1
LAST_SECOND_OF_A_SUCCESSOR = NOW + 60


@dataclass(frozen=True)
class FakeTable(Table):
    """The items of a table by their keys; nothing but a Put is known to it."""

    items: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def get(self, key: Any) -> Any:
        return self.items.get((key["pk"], key["sk"]))

    def written(self, write: Write) -> None:
        item = dict(write.parameters["Item"])
        self.items[item["pk"], item["sk"]] = item


@pytest.fixture
def table() -> FakeTable:
    return FakeTable(cast("Any", None), "calendars")


def leave(
    table: FakeTable, successor: dict[str, Any] | None = None, key: IdempotencyKey = KEY
) -> Write:
    """The write that leaves a receipt, as it was committed."""
    receipt = Receipt(CALENDAR_ID, successor)
    write = ReceiptStore(table).receipt_write(key, BEARER, receipt, CHANGE, begun="")
    table.written(write)
    return write


def find(
    table: FakeTable, key: IdempotencyKey = KEY, bearer: str = BEARER, now: int = NOW
) -> Receipt | None:
    return ReceiptStore(table).find(key, bearer, arrived=now)


@pytest.mark.parametrize("successor", [None, SUCCESSOR])
def test_a_receipt_that_was_left_is_found_as_it_was(
    table: FakeTable, successor: dict[str, Any] | None
) -> None:
    leave(table, successor)

    assert find(table) == Receipt(CALENDAR_ID, successor)


def test_a_request_that_was_not_done_has_no_receipt(table: FakeTable) -> None:
    assert find(table) is None


@pytest.mark.parametrize(
    ("key", "bearer"),
    [
        (IdempotencyKey("K", KEY.request_digest), BEARER),
        (IdempotencyKey("kk", KEY.request_digest), BEARER),
        (IdempotencyKey(f"{KEY.text} {BEARER}", KEY.request_digest), ""),
        (KEY, BEARER + " "),
        (KEY, "another-bearer"),
        (KEY, SUCCESSOR["mytoken"]),
        (KEY, ""),
    ],
)
def test_another_key_or_another_token_finds_no_receipt(
    table: FakeTable, key: IdempotencyKey, bearer: str
) -> None:
    leave(table, SUCCESSOR)

    assert find(table, key, bearer) is None


@pytest.mark.parametrize("successor", [None, SUCCESSOR])
def test_the_key_of_another_request_is_refused(
    table: FakeTable, successor: dict[str, Any] | None
) -> None:
    leave(table, successor)

    with pytest.raises(IdempotencyKeyReused):
        find(table, IdempotencyKey(KEY.text, "another-digest"))


@pytest.mark.parametrize("key", [KEY, IdempotencyKey(KEY.text, "another-digest")])
def test_a_receipt_is_found_for_a_day_and_then_its_key_may_be_that_of_another_request(
    table: FakeTable, key: IdempotencyKey
) -> None:
    leave(table)

    assert find(table, now=LAST_SECOND_OF_A_RECEIPT) == Receipt(CALENDAR_ID, None)
    assert find(table, key, now=LAST_SECOND_OF_A_RECEIPT + 1) is None


def test_a_successor_is_found_with_its_receipt_for_a_minute(table: FakeTable) -> None:
    leave(table, SUCCESSOR)

    assert find(table, now=LAST_SECOND_OF_A_SUCCESSOR) == Receipt(CALENDAR_ID, SUCCESSOR)
    assert find(table, now=LAST_SECOND_OF_A_SUCCESSOR + 1) == Receipt(CALENDAR_ID, None)


def test_a_successor_that_was_tampered_with_is_not_handed_out(table: FakeTable) -> None:
    leave(table, SUCCESSOR)
    (item,) = table.items.values()
    encrypted = item["successor"]
    item["successor"] = encrypted[:40] + ("A" if encrypted[40] != "A" else "B") + encrypted[41:]

    assert find(table) == Receipt(CALENDAR_ID, None)


def test_the_item_of_a_receipt_names_neither_the_key_nor_a_token(table: FakeTable) -> None:
    key = IdempotencyKey("the-key-of-a-client", "a-digest")

    written = json.dumps(leave(table, SUCCESSOR, key).parameters)

    for secret in (SUCCESSOR["mytoken"], "successor.jwt", BEARER, key.text):
        assert secret not in written
    assert "a-digest" in written


def test_two_receipts_of_one_successor_have_nothing_in_common_that_shows_it(
    table: FakeTable,
) -> None:
    one, other = (leave(table, SUCCESSOR).parameters["Item"]["successor"] for _ in "ab")

    assert one != other


@pytest.mark.parametrize("successor", [None, SUCCESSOR])
def test_a_receipt_is_left_where_there_is_none_that_counts(
    table: FakeTable, successor: dict[str, Any] | None
) -> None:
    write = leave(table, successor)

    assert write.action == "Put"
    assert write.parameters["TableName"] == "calendars"
    condition = "attribute_not_exists(#pk) OR #ttl <= :now OR #begun = :begun"
    assert write.parameters["ConditionExpression"] == condition
    assert write.parameters["ExpressionAttributeValues"] == {":now": NOW, ":begun": ""}
    assert type(write.refusal) is Outdated


@pytest.mark.parametrize(
    ("successor", "members"),
    [
        (None, {"pk", "sk", "request", "calendar", "ttl"}),
        (SUCCESSOR, {"pk", "sk", "request", "calendar", "ttl", "successor"}),
    ],
)
def test_a_receipt_holds_no_more_than_is_documented(
    table: FakeTable, successor: dict[str, Any] | None, members: set[str]
) -> None:
    item = leave(table, successor).parameters["Item"]

    assert {*item} == members
    assert item["pk"].startswith("RECEIPT#")
    assert item["ttl"] == NOW + DAY


def test_the_seal_depends_on_every_character_of_the_token() -> None:
    encrypted = door._encrypted(SUCCESSOR, "abc", NOW)

    assert door._decrypted(encrypted, "abc", NOW) == SUCCESSOR
    assert all(door._decrypted(encrypted, other, NOW) is None for other in ("abd", "ab", "Abc"))
