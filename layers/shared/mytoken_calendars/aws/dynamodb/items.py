"""Calendars as items of the table: read, and made; `keys.py` shows the layout."""

from collections.abc import Iterable, Mapping, Sequence

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, keys
from mytoken_calendars.aws.dynamodb.revocations import Marks
from mytoken_calendars.aws.dynamodb.table import ABSENT, Item, Table
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Address, Calendar, Contents
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.calendars.tags import Tags
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import CalendarExists, LimitReached, Outdated, Refusal
from mytoken_calendars.feeds.settings import Settings
from mytoken_calendars.identifiers import Owner


def name_key(calendar: Calendar) -> keys.Key:
    return keys.calendar_name(calendar.owner, folded(calendar.name))


def named(owner: Owner, row: Item) -> Calendar:
    """The calendar of a row by name, without its description."""
    addresses = tuple(Address(*address) for address in row["addresses"])
    return Calendar(row["id"], owner, row["name"], addresses)


def hashes(addresses: Iterable[Address]) -> list[str]:
    """The feeds with these addresses, as a calendar's item has them."""
    return [keys.feed_hash(address.secret) for address in addresses]


def contents(calendar: Calendar, item: Item, marks: Marks, tags: Tags) -> Contents:
    """What a calendar's item holds. Raises Outdated if it has other addresses since."""
    if hashes(calendar.addresses) != item["feeds"]:
        raise Outdated
    subscriptions = entries.unpacked(item["tokens"])
    return Contents(
        item["name"],
        item["description"],
        tuple(item["feeds"]),
        item["weight"],
        item["own_weight"],
        subscriptions,
        marks.alive(subscriptions),
        item["tokens"],
        marks.tokens,
        tags.of_ids(item["tags"]),
        tuple(item["tags"]),
        tags.version,
        item["unnamed"],
    )


def feed_head(calendar: Calendar, feed: Settings, change: Change) -> Item:
    return {
        "owner": calendar.owner,
        "calendar": calendar.id,
        "name": calendar.name,
        "version": change.id,
        "label": feed.label,
        "style": entries.packed_style(feed.style),
    }


def tombstone(change: Change) -> Item:
    """What stays of a feed's head, for `limits.FEED_GONE` seconds."""
    return {"deleted": change.at, "ttl": change.at + limits.FEED_GONE}


def ended(table: Table, calendar_id: str, feed: str, change: Change) -> Write:
    """The write that ends an address, by its hash, if it is one of the calendar or of none."""
    return table.put(
        keys.feed_by_hash(feed),
        tombstone(change),
        f"{ABSENT} OR #calendar = :calendar",
        calendar=calendar_id,
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
    (feed,), (address,) = hashes(calendar.addresses), calendar.addresses
    by_id = {token.short_id: token for token in tokens}
    item = _item(calendar, by_id, change)
    head = feed_head(calendar, Settings(address), change)
    row_by_id = keys.calendar_id(calendar.owner, calendar.id)
    return [
        table.put(keys.feed_by_hash(feed), head, ABSENT, address_known),
        row_by_name(table, calendar),
        table.put(row_by_id, {"name": calendar.name}, ABSENT),
        table.put(keys.calendar(calendar.id), item, ABSENT),
        _counted(table, calendar.owner, item["weight"]),
    ]


def _item(calendar: Calendar, tokens: Mapping[str, Subscription], change: Change) -> Item:
    return {
        "owner": calendar.owner,
        "name": calendar.name,
        "unnamed": calendar.is_unnamed,
        "description": calendar.description,
        "tags": [tag.id for tag in calendar.tags],
        "created": change.at,
        "version": change.id,
        "feeds": hashes(calendar.addresses),
        "weight": calendar.own_weight + sum(token.weight for token in tokens.values()),
        "own_weight": calendar.own_weight,
        "tokens": entries.packed_all(tokens),
    }


def _counted(table: Table, owner: Owner, weighs: int) -> Write:
    """The write of the owner's head, which has one calendar and one feed more."""
    return table.update(
        keys.owner_head(owner),
        "ADD #calendars :one, #feeds :one, #weight :weight",
        f"{ABSENT} OR (#calendars < :most AND #feeds < :most_feeds AND #weight <= :room)",
        LimitReached(
            f"You have {limits.CALENDARS:,} calendars or {limits.FEEDS:,} feeds, which are the "
            f"limits, or all calendars weigh more than {limits.OWNER_WEIGHT:,}. "
            f"{weight.MAKES_ROOM}"
        ),
        one=1,
        weight=weighs,
        most=limits.CALENDARS,
        most_feeds=limits.FEEDS,
        room=limits.OWNER_WEIGHT + limits.OWNER_ROOM - weighs,
    )


def row_by_name(table: Table, calendar: Calendar) -> Write:
    """The write of the row of a calendar that gets its name; the commit raises CalendarExists."""
    row = {
        "id": calendar.id,
        "name": calendar.name,
        "addresses": [list(address) for address in calendar.addresses],
    }
    return table.put(name_key(calendar), row, ABSENT, CalendarExists())
