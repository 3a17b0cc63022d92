"""Calendars as items of the table, and back; `keys.py` shows the layout."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.revocations import Revocations
from mytoken_calendars.aws.dynamodb.table import Item
from mytoken_calendars.calendars.calendars import Calendar
from mytoken_calendars.changes import Change
from mytoken_calendars.identifiers import Owner


def of_calendar(calendar: Calendar) -> Item:
    return {
        "id": calendar.id,
        "name": calendar.name,
        "feed_id": calendar.feed_id,
        "created": calendar.created,
    }


def of_feed(calendar: Calendar, change: Change) -> Item:
    return {
        "owner": calendar.owner,
        "calendar": calendar.id,
        "name": calendar.name,
        "created": calendar.created,
        "version": change.id,
        "changed": change.at,
        "subscriptions": 0,
    }


def calendar(owner: Owner, item: Item) -> Calendar:
    return Calendar(item["id"], owner, item["name"], item["feed_id"], item["created"])


def calendars(owner: Owner, partition: list[Item], revoked: Revocations) -> list[Calendar]:
    """The calendars in an owner's partition, each with its tokens."""
    subscribed = subscribed_tokens(partition, revoked)
    found = [calendar(owner, i) for i in partition if i["sk"].startswith(keys.NAME)]
    return [replace(c, subscribed_tokens=tuple(subscribed[c.id])) for c in found]


def subscribed_tokens(
    partition: Iterable[Item], revoked: Revocations, below: str = ""
) -> dict[str, list[str]]:
    """The mom_ids by calendar id, in the order of adding.

    Those of a deleted calendar stay until they are swept. With `below`, only this token and its
    descendants.
    """
    subscribed = defaultdict(list)
    for item in partition:
        if item["sk"].startswith(keys.SUBSCRIPTION):
            _, calendar_id, mom_id = item["sk"].split("#")
            ancestors = item.get("ancestors", ())
            if below and below not in (mom_id, *ancestors):
                continue
            if not revoked.include(mom_id, ancestors):
                subscribed[calendar_id].append((item["added"], mom_id))
    return defaultdict(
        list, {of: [mom_id for _, mom_id in sorted(found)] for of, found in subscribed.items()}
    )
