"""Calendars as items of the table: read, and written; `keys.py` shows the layout."""

from collections.abc import Iterable, Sequence
from typing import Any

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, keys
from mytoken_calendars.aws.dynamodb.revocations import Marks
from mytoken_calendars.aws.dynamodb.table import ABSENT, Item, Table
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Addition, Calendar, Contents
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import CalendarExists, LimitReached, Outdated, OwnerFull, Refusal
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
        marks.tokens,
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
                f"weigh more than {limits.OWNER_WEIGHT:,}: then add a mytoken to one. Even in vain "
                "that takes out those that are revoked or expired long ago."
            ),
            one=1,
            weight=all_weight,
            most=limits.CALENDARS,
            room=limits.OWNER_WEIGHT + limits.OWNER_ROOM - all_weight,
        ),
    ]


def with_addition(
    table: Table, calendar: Calendar, found: Contents, addition: Addition, change: Change
) -> Write:
    """The write of a calendar with what adding a token changes.

    The commit raises Outdated unless the entries that it changes are as they were found.
    """
    over = {f"over{number}": one.short_id for number, one in enumerate(addition.leaving)}
    names = {"token": addition.token.short_id, **over}
    replaced = [*over, "token"] if addition.known else [*over]
    as_found = [f"#tokens.#{name} = :found_{name}" for name in replaced]
    if not addition.known:
        as_found.append("attribute_not_exists(#tokens.#token)")
    removed = ", ".join(f"#tokens.#{name}" for name in over)
    room, values = _room(limits.CALENDAR_WEIGHT, addition.more)
    values |= {f"found_{name}": found.stored[names[name]] for name in replaced}
    return table.update(
        keys.calendar(calendar.id),
        "SET #tokens.#token = :token, #version = :version ADD #weight :more"
        + (f" REMOVE {removed}" if over else ""),
        " AND ".join([*as_found, "#feeds = :feeds", *([room] if room else [])]),
        names=names,
        token=entries.packed(addition.token),
        version=change.id,
        more=addition.more,
        feeds=list(found.feeds),
        **values,
    )


def announced(table: Table, calendar_id: str, feeds: Iterable[str], change: Change) -> list[Write]:
    """The writes that tell a calendar's feeds, by their hashes, of a change of it."""
    return [
        table.update(
            keys.feed_by_hash(feed),
            "SET #version = :version",
            "#calendar = :calendar",
            version=change.id,
            calendar=calendar_id,
        )
        for feed in feeds
    ]


def heavier(table: Table, owner: Owner, more: int) -> Write:
    """The write by which the owner's calendars weigh `more`; the commit raises OwnerFull."""
    room, values = _room(limits.OWNER_WEIGHT, more)
    return table.update(
        keys.owner_head(owner),
        "ADD #weight :more",
        room,
        OwnerFull(
            f"All calendars of a user weigh at most {limits.OWNER_WEIGHT:,}: this mytoken would "
            f"add {more:,}."
        ),
        more=more,
        **values,
    )


def _room(most: int, more: int) -> tuple[str, dict[str, Any]]:
    """The condition, and its values, that a weight may grow; a smaller one is always right."""
    return ("#weight <= :room", {"room": most - more}) if more > 0 else ("", {})
