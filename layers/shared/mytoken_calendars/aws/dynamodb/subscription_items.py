"""Subscriptions as items of the table, and back; `keys.py` shows the layout."""

from mytoken_calendars.aws.dynamodb.table import Item
from mytoken_calendars.calendars.subscriptions import Subscription


def of_listed(subscription: Subscription) -> Item:
    """The item that shows the subscription in lists of calendars."""
    ancestors = list(subscription.ancestors)
    return {"added": subscription.added, **({"ancestors": ancestors} if ancestors else {})}


def of_subscription(subscription: Subscription) -> Item:
    item = {
        "name": subscription.name,
        "created": subscription.created,
        "expires": subscription.expires,
        "ancestors": list(subscription.ancestors),
        "comment": subscription.comment,
        "added": subscription.added,
        "changed": subscription.changed,
        "changes": subscription.changes,
    }
    return {name: value for name, value in item.items() if value not in ("", [])}


def subscription(item: Item) -> Subscription:
    return Subscription(
        mom_id=item["sk"],
        name=item.get("name", ""),
        created=item["created"],
        expires=item["expires"],
        ancestors=tuple(item.get("ancestors", ())),
        comment=item.get("comment", ""),
        added=item["added"],
        changed=item["changed"],
        changes=item["changes"],
    )
