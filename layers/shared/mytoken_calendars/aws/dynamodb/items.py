"""Calendars and subscriptions as items of the table, and back; `keys.py` shows the layout."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.revocations import Revocations
from mytoken_calendars.aws.dynamodb.table import Item
from mytoken_calendars.calendars.calendars import Calendar
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.tokens.mytoken import TokenRecord


def of_calendar(calendar: Calendar) -> Item:
    return {"id": calendar.id, "name": calendar.name, "feed_id": calendar.feed_id}


def of_feed(calendar: Calendar, opening: str, change: Change) -> Item:
    return {
        "owner": calendar.owner,
        "calendar": calendar.id,
        "name": calendar.name,
        "opening": opening,
        "version": change.id,
        "changed": change.at,
        "subscriptions": 0,
    }


def of_subscription(subscription: Subscription) -> Item:
    ancestors = list(subscription.token.ancestors)
    return {"ancestors": ancestors} if ancestors else {}


def of_event(subscription: Subscription, vevent: str) -> Item:
    token = subscription.token
    item = {
        "vevent": vevent,
        "name": token.name,
        "created": token.created,
        "expires": subscription.expires,
        "ancestors": list(token.ancestors),
        "comment": subscription.comment,
        "added": subscription.added,
        "changed": subscription.changed,
        "sequence": subscription.sequence,
    }
    return {name: value for name, value in item.items() if value not in (None, "", [])}


def calendar(owner: Owner, item: Item) -> Calendar:
    return Calendar(item["id"], owner, item["name"], item["feed_id"])


def subscription(calendar: Calendar, item: Item) -> Subscription:
    token = TokenRecord(
        item["sk"],
        item.get("name"),
        item["created"],
        item["expires"],
        tuple(item.get("ancestors", ())),
    )
    return Subscription(
        calendar.id,
        token,
        expires=item["expires"],
        comment=item.get("comment", ""),
        added=item["added"],
        changed=item["changed"],
        sequence=item["sequence"],
    )


def calendars(owner: Owner, partition: list[Item], revoked: Revocations) -> list[Calendar]:
    """The calendars in an owner's partition, each with its tokens."""
    subscribed = subscribed_tokens(partition, revoked)
    found = [calendar(owner, i) for i in partition if i["sk"].startswith(keys.CALENDAR)]
    return [replace(c, subscribed_tokens=tuple(subscribed[c.id])) for c in found]


def subscribed_tokens(
    partition: Iterable[Item], revoked: Revocations, below: str = ""
) -> dict[str, list[str]]:
    """The mom_ids by calendar id; those of a deleted calendar stay until they are swept.

    With `below`, only this token and its descendants.
    """
    subscribed = defaultdict(list)
    for item in partition:
        if item["sk"].startswith(keys.SUBSCRIPTION):
            _, calendar_id, mom_id = item["sk"].split("#")
            ancestors = item.get("ancestors", ())
            if below and below not in (mom_id, *ancestors):
                continue
            if not revoked.include(mom_id, ancestors):
                subscribed[calendar_id].append(mom_id)
    return subscribed
