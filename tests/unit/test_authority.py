"""The use of a mytoken: with which writes it is committed, and when a successor is handed on."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from mytoken_calendars.changes import Change
from mytoken_calendars.errors import UsageRestricted
from mytoken_calendars.tokens.authority import Caller, Credentials
from mytoken_calendars.tokens.idempotency import IdempotencyKey, Receipt
from tests.doubles.fakes import FakeAuthority, FakeReceipts
from tests.harness.examples import (
    BEARER,
    CALENDAR_ID,
    NOW,
    caller,
    credentials,
    guard,
    mytoken,
    record,
)

CHANGE = Change("0c9a2b5e-6f0d-4c1b-9a57-2f7d3c1e8b40", NOW)
KEY = IdempotencyKey("k", "a-digest")
SUCCESSOR = {"mytoken": "its-successor"}


def using(
    authority: FakeAuthority,
    receipts: FakeReceipts | None = None,
    key: IdempotencyKey | None = None,
    token_update: dict[str, Any] | None = None,
) -> Caller:
    """A caller with two guards, and credentials of its own."""
    own = credentials(idempotency_key=key)
    own.state.token_update = token_update
    token = record(conditions=(guard("alive"), guard("parent")))
    return replace(caller(token, authority), credentials=own, receipts=receipts)


def keys(guards: Any) -> list[str]:
    return [(write.parameters.get("Key") or write.parameters["Item"])["pk"] for write in guards]


def update_of(somebody: Caller) -> object:
    return somebody.credentials.state.token_update


@pytest.mark.parametrize(
    ("receipts", "key", "written"),
    [
        (None, None, ["use", "count", "alive", "parent"]),
        (None, KEY, ["use", "count", "alive", "parent"]),
        (FakeReceipts(), None, ["use", "count", "alive", "parent"]),
        (FakeReceipts(), KEY, ["receipt", "use", "count", "alive", "parent"]),
    ],
)
def test_a_use_is_committed_with_its_receipt_then_its_writes_then_the_guards(
    receipts: FakeReceipts | None, key: IdempotencyKey | None, written: list[str]
) -> None:
    authority = FakeAuthority(writes=(guard("use"), guard("count")))

    use = using(authority, receipts, key).use(CHANGE, CALENDAR_ID)

    assert keys((*use.writes, *use.conditions)) == written


@pytest.mark.parametrize(
    ("claims", "clause", "receipted"),
    [
        ({}, None, False),
        ({"rotation": {"on_AT": True}}, None, False),
        ({"rotation": {"on_other": True}}, None, True),
        ({"restrictions": [{"usages_other": 1}]}, 0, True),
        ({"restrictions": [{"usages_AT": 1}, {"usages_other": 1}]}, 0, False),
    ],
    ids=str,
)
def test_a_use_that_changes_no_calendar_has_a_receipt_if_it_leaves_a_trace(
    claims: dict[str, Any], clause: int | None, *, receipted: bool
) -> None:
    receipts, used = FakeReceipts(), mytoken(**claims)
    chosen = None if clause is None else used.restrictions[clause]
    somebody = replace(using(FakeAuthority(), receipts, KEY), mytoken=used, clause=chosen)

    somebody.use(CHANGE)

    assert bool(receipts.asked) is receipted


def test_a_use_that_writes_nothing_is_committed_with_the_guards_alone() -> None:
    use = using(FakeAuthority()).use(CHANGE)

    assert (use.writes, keys(use.conditions)) == ((), ["alive", "parent"])


@pytest.mark.parametrize("successor", [None, SUCCESSOR])
def test_the_receipt_says_what_was_done_and_what_has_become_of_the_token(
    successor: dict[str, Any] | None,
) -> None:
    receipts = FakeReceipts()
    somebody = using(FakeAuthority(token_update=successor), receipts, KEY)

    somebody.use(CHANGE, CALENDAR_ID)

    receipt = Receipt(CALENDAR_ID, successor)
    assert receipts.asked == [("receipt_write", KEY, BEARER, receipt, CHANGE)]


@pytest.mark.parametrize("receipts", [None, FakeReceipts()])
def test_the_successor_is_handed_on_once_the_use_is_committed(
    receipts: FakeReceipts | None,
) -> None:
    somebody = using(FakeAuthority(token_update=SUCCESSOR), receipts, KEY)

    use = somebody.use(CHANGE)
    assert update_of(somebody) is None
    use.follow_up()

    assert update_of(somebody) is SUCCESSOR


def test_the_successor_is_handed_on_whatever_fails_after_the_commit() -> None:
    somebody = using(FakeAuthority(token_update=SUCCESSOR, fails_after_commit=True))

    with suppress(PermissionError):
        somebody.use(CHANGE).follow_up()

    assert update_of(somebody) is SUCCESSOR


def test_no_successor_is_handed_on_before_the_commit() -> None:
    authority = FakeAuthority(token_update=SUCCESSOR)
    somebody = using(authority)

    somebody.use(CHANGE)

    assert update_of(somebody) is None
    assert authority.asked == [("use", BEARER)]


def test_a_use_may_be_on_further_conditions() -> None:
    use = using(FakeAuthority()).use(CHANGE).on([guard("other")])

    assert keys(use.conditions) == ["alive", "parent", "other"]


def test_a_use_without_a_successor_leaves_the_one_that_was_handed_on_before() -> None:
    somebody = using(FakeAuthority(), token_update=SUCCESSOR)

    somebody.use(CHANGE).follow_up()

    assert update_of(somebody) is SUCCESSOR


def test_a_use_that_the_authority_refuses_does_nothing() -> None:
    receipts = FakeReceipts()
    somebody = using(FakeAuthority(refusal=UsageRestricted()), receipts, KEY)

    with pytest.raises(UsageRestricted):
        somebody.use(CHANGE)

    assert receipts.asked == []
    assert update_of(somebody) is None


def test_a_caller_is_equal_to_another_whoever_vouches_for_it() -> None:
    presented = credentials()
    one, other = (replace(caller(authority=FakeAuthority()), credentials=presented) for _ in "ab")

    assert one == other
    assert one != replace(one, receipt=Receipt(CALENDAR_ID, None))


def test_each_request_is_presented_anew() -> None:
    one, other = (Credentials(BEARER, "", "", 0, 0) for _ in "ab")

    one.state.by_cookie = True

    assert not other.state.by_cookie
