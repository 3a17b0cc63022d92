"""Calendars in their table: found by their id, and their tokens kept and ordered as they came."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from mytoken_calendars.aws.clients import dynamodb_parameters
from mytoken_calendars.aws.dynamodb import items, keys, revocations, subscription_items
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.table import Item, Table
from mytoken_calendars.calendars.calendars import Calendar
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.errors import CalendarNotFound
from mytoken_calendars.identifiers import Owner
from tests.harness.examples import CALENDAR_ID, MOM_ID, NOW, OTHER_MOM_ID, subscription

OWNER = Owner("o" * 40)
CI = Calendar(CALENDAR_ID, OWNER, "CI Mytokens", "F" * 32, created=NOW)
OTHER_ID = "00000000-0000-4000-8000-000000000000"


@dataclass
class FakeClient:
    """The items of a table, by their keys."""

    items: dict[tuple[str, str], Item] = field(default_factory=dict)

    def get_item(self, **parameters: Any) -> Any:
        pk, sk = (parameters["Key"][name]["S"] for name in ("pk", "sk"))
        found = self.items.get((pk, sk))
        return dynamodb_parameters({"Item": found}) if found else {}

    def put(self, key: keys.Key, item: Item) -> None:
        self.items[key["pk"], key["sk"]] = {**item, **key}


def store(*calendars: Calendar, ids: dict[str, str] | None = None) -> CalendarStore:
    """A table with these calendars, and with these names by id or the calendars' own."""
    client = FakeClient()
    for calendar in calendars:
        client.put(keys.calendar(OWNER, folded(calendar.name)), items.of_calendar(calendar))
    for known, name in (ids or {c.id: c.name for c in calendars}).items():
        client.put(keys.calendar_id(OWNER, known), {"name": name})
    return CalendarStore(Table(cast("Any", client), "calendars"))


def test_a_calendar_is_found_by_its_id_as_by_its_name() -> None:
    assert store(CI).find_by_id(OWNER, CALENDAR_ID) == store(CI).find(OWNER, "ci mytokens") == CI


@pytest.mark.parametrize(
    ("owner", "calendar_id"), [(OWNER, OTHER_ID), (Owner("x" * 40), CALENDAR_ID)]
)
def test_an_id_that_is_unknown_or_another_owners_is_not_found(
    owner: Owner, calendar_id: str
) -> None:
    with pytest.raises(CalendarNotFound):
        store(CI).find_by_id(owner, calendar_id)


def test_a_calendar_that_is_deleted_while_it_is_looked_up_is_not_found() -> None:
    with pytest.raises(CalendarNotFound):
        store(ids={CALENDAR_ID: CI.name}).find_by_id(OWNER, CALENDAR_ID)


def test_an_id_never_leads_to_another_calendar_that_has_its_name_since() -> None:
    with pytest.raises(CalendarNotFound):
        store(CI, ids={OTHER_ID: CI.name}).find_by_id(OWNER, OTHER_ID)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"name": "", "comment": ""},
        {"ancestors": (OTHER_MOM_ID,), "comment": "nightly\n"},
        {"added": NOW * 1000 + 999, "changed": NOW, "changes": 3},
    ],
)
def test_a_subscription_is_read_as_it_was_stored(change: dict[str, object]) -> None:
    known = subscription(**change)
    key = keys.subscribed(CALENDAR_ID, known.mom_id)

    item = {**subscription_items.of_subscription(known), **key}

    assert subscription_items.subscription(item) == known


@pytest.mark.parametrize("first", [MOM_ID, OTHER_MOM_ID])
def test_tokens_are_listed_in_the_order_of_adding_also_within_a_second(first: str) -> None:
    second = OTHER_MOM_ID if first == MOM_ID else MOM_ID
    tokens = [subscription(mom_id=second, added=NOW * 1000 + 1)]
    tokens.append(subscription(mom_id=first, added=NOW * 1000))

    partition = [
        {
            **subscription_items.of_listed(token),
            **keys.subscription(OWNER, CALENDAR_ID, token.mom_id),
        }
        for token in tokens
    ]

    assert items.subscribed_tokens(partition, revocations.NONE) == {CALENDAR_ID: [first, second]}
