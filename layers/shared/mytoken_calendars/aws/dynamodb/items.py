"""Calendars as items of the table: read, and written; `keys.py` shows the layout."""

from collections.abc import Sequence

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, keys
from mytoken_calendars.aws.dynamodb.revocations import Marks
from mytoken_calendars.aws.dynamodb.table import ABSENT, Item, Table
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Calendar, Contents
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import CalendarExists, LimitReached, Outdated, Refusal
from mytoken_calendars.identifiers import Owner


def name_key(calendar: Calendar) -> keys.Key:
    return keys.calendar_name(calendar.owner, folded(calendar.name))


def named(owner: Owner, row: Item) -> Calendar:
    """The calendar of a row by name."""
    return Calendar(row["id"], owner, row["name"], row["addresses"][0])


def contents(calendar: Calendar, item: Item, marks: Marks) -> Contents:
    """What a calendar's item holds. Raises Outdated if the address is no longer the calendar's."""
    if keys.feed_hash(calendar.feed_id) not in item["feeds"]:
        raise Outdated
    subscriptions = entries.unpacked(item["tokens"])
    return Contents(
        tuple(item["feeds"]),
        item["weight"],
        subscriptions,
        marks.alive(subscriptions),
        item["tokens"],
    )


def new_calendar(
    table: Table,
    calendar: Calendar,
    tokens: Sequence[Subscription],
    change: Change,
    address_known: Refusal | None = None,
) -> list[Write]:
    """The writes of a new calendar with these tokens.

    The commit raises `address_known` or Outdated, CalendarExists and LimitReached.
    """
    feed, own_weight = keys.feed_hash(calendar.feed_id), weight.of_calendar(calendar.name)
    by_id = {token.short_id: token for token in tokens}
    all_weight = own_weight + sum(token.weight for token in by_id.values())
    made = {"owner": calendar.owner, "name": calendar.name, "created": change.at}
    head = {**made, "calendar": calendar.id, "version": change.id}
    row = {"id": calendar.id, "name": calendar.name, "addresses": [calendar.feed_id]}
    item = {
        **made,
        "version": change.id,
        "feeds": [feed],
        "weight": all_weight,
        "own_weight": own_weight,
        "tokens": entries.packed_all(by_id),
    }
    key = keys.calendar_id(calendar.owner, calendar.id)
    return [
        table.put(keys.feed_by_hash(feed), head, ABSENT, address_known),
        table.put(name_key(calendar), row, ABSENT, CalendarExists()),
        table.put(key, {"name": calendar.name}, ABSENT),
        table.put(keys.calendar(calendar.id), item, ABSENT),
        table.update(
            keys.owner_head(calendar.owner),
            "ADD #calendars :one, #weight :weight",
            f"{ABSENT} OR (#calendars < :most AND #weight <= :room)",
            LimitReached(
                f"You have {limits.CALENDARS:,} calendars, which is the limit, or all of them "
                f"would weigh more than {limits.OWNER_WEIGHT:,}."
            ),
            one=1,
            weight=all_weight,
            most=limits.CALENDARS,
            room=limits.OWNER_WEIGHT - all_weight,
        ),
    ]


def heavier(table: Table, owner: Owner, more: int) -> Write:
    """The write by which the owner's calendars weigh `more`; it raises LimitReached."""
    return table.update(
        keys.owner_head(owner),
        "ADD #weight :more",
        "#weight <= :room",
        LimitReached(
            f"All calendars of a user weigh at most {limits.OWNER_WEIGHT:,}: this mytoken would "
            f"add {more:,}. Delete a calendar first."
        ),
        more=more,
        room=limits.OWNER_WEIGHT - max(more, 0),
    )
