"""The door to DynamoDB for calendars and subscriptions; `keys.py` shows their layout."""

from dataclasses import dataclass, replace
from typing import Self

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import items, keys, revocations, subscription_items
from mytoken_calendars.aws.dynamodb.table import ABSENT, PRESENT, Table
from mytoken_calendars.calendars.calendars import Calendar
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change, Use, Write
from mytoken_calendars.errors import CalendarExists, CalendarNotFound, LimitReached, Outdated
from mytoken_calendars.identifiers import Owner

_FULL = "{} {:,} {}, which is the limit."


@dataclass(frozen=True)
class CalendarStore:
    """The calendars of all owners. Every method raises TemporarilyUnavailable if it cannot tell."""

    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table.calendars())

    def find(self, owner: Owner, name: str) -> Calendar:
        """The calendar of this name, without its tokens. Raises CalendarNotFound."""
        item = self.table.get(keys.calendar(owner, folded(name)))
        if item is None:
            raise CalendarNotFound
        return items.calendar(owner, item)

    def find_by_id(self, owner: Owner, calendar_id: str) -> Calendar:
        """As `find`, by the id."""
        item = self.table.get(keys.calendar_id(owner, calendar_id))
        if item is None:
            raise CalendarNotFound
        if (calendar := self.find(owner, item["name"])).id == calendar_id:
            return calendar
        raise CalendarNotFound  # another one has the name since

    def all(self, owner: Owner) -> list[Calendar]:
        """The owner's calendars with their tokens, by name.

        They are read in pages; raises Outdated if anything has changed meanwhile.
        """
        found = self.table.query(keys.owner_partition(owner))
        revoked = revocations.read(self.table, owner)
        # Without a head there are no calendars, though an import may have staged subscriptions.
        head = next((item for item in found if item["sk"] == keys.HEAD), None)
        if head != self.table.get(keys.owner_head(owner)):
            raise Outdated
        return items.calendars(owner, found, revoked)

    def with_subscribed_tokens(self, calendar: Calendar, below: str = "") -> Calendar:
        """The calendar with its tokens; with `below`, only that token and its descendants."""
        prefix = keys.subscriptions_prefix(calendar.id)
        found = self.table.query(keys.owner_partition(calendar.owner), sk_prefix=prefix)
        revoked = revocations.read(self.table, calendar.owner)
        subscribed = items.subscribed_tokens(found, revoked, below)
        return replace(calendar, subscribed_tokens=tuple(subscribed[calendar.id]))

    def subscription(self, calendar: Calendar, mom_id: str) -> Subscription | None:
        item = self.table.get(keys.subscribed(calendar.id, mom_id))
        return None if item is None else subscription_items.subscription(item)

    def create(self, calendar: Calendar, change: Change, use: Use) -> None:
        """Stores a new calendar and its feed. Raises CalendarExists and LimitReached."""
        feed = items.of_feed(calendar, change)
        self.table.commit(
            change,
            self.table.put(_named(calendar), items.of_calendar(calendar), ABSENT, CalendarExists()),
            self.table.put(_id(calendar), {"name": calendar.name}, ABSENT),
            self.table.put(keys.feed_head(calendar.feed_id), feed, ABSENT),
            self._count(calendar.owner, "calendars", limits.CALENDARS, change),
            use=use,
        )

    def subscribe(self, calendar: Calendar, new: Subscription, change: Change, use: Use) -> None:
        """Stores a new subscription. Raises LimitReached, and Outdated."""
        self.table.commit(
            change,
            self._exists(calendar),
            *self.subscription_writes(calendar, new),
            self.table.update(
                keys.feed_head(calendar.feed_id),
                "SET #version = :version, #changed = :changed ADD #subscriptions :one",
                "#subscriptions < :most",
                LimitReached(_FULL.format("The calendar has", limits.TOKENS, "tokens")),
                version=change.id,
                changed=change.at,
                one=1,
                most=limits.TOKENS,
            ),
            self._count(calendar.owner, "subscriptions", limits.TOKENS_OF_USER, change),
            use=use,
        )

    def renew(self, calendar: Calendar, renewed: Subscription, change: Change, use: Use) -> None:
        """Stores a changed subscription. Raises Outdated if another change came first."""
        self.table.commit(
            change,
            self._exists(calendar),
            self.table.put(
                keys.subscribed(calendar.id, renewed.mom_id),
                subscription_items.of_subscription(renewed),
                "#changes = :before",
                before=renewed.changes - 1,
            ),
            self.table.update(
                keys.feed_head(calendar.feed_id),
                "SET #version = :version, #changed = :changed ADD #renewals :one",
                PRESENT,
                version=change.id,
                changed=change.at,
                one=1,
            ),
            use=use,
        )

    def confirm(self, calendar: Calendar, known: Subscription, change: Change, use: Use) -> None:
        """Commits a use if the subscription has not changed. Raises Outdated if it has."""
        self.table.commit(
            change,
            self._exists(calendar),
            self.table.check(
                keys.subscribed(calendar.id, known.mom_id),
                "#changes = :changes",
                changes=known.changes,
            ),
            use=use,
        )

    def delete(self, calendar: Calendar, change: Change, use: Use) -> None:
        """Deletes the calendar and its feed; `sweep` removes the rest. Raises Outdated."""
        feed_head = self.table.get(keys.feed_head(calendar.feed_id)) or {}
        subscriptions = feed_head.get("subscriptions")
        if subscriptions is None:
            raise Outdated
        deleted = {"deleted": change.at, "ttl": change.at + limits.FEED_GONE}
        self.table.commit(
            change,
            self.table.delete(_named(calendar), "#id = :id", id=calendar.id),
            self.table.delete(_id(calendar), PRESENT),
            self.table.put(
                keys.feed_head(calendar.feed_id),
                deleted,
                "#subscriptions = :subscriptions",
                subscriptions=subscriptions,
            ),
            self.table.update(
                keys.owner_head(calendar.owner),
                "SET #version = :version ADD #calendars :one_less, #subscriptions :fewer",
                PRESENT,
                version=change.id,
                one_less=-1,
                fewer=-subscriptions,
            ),
            self.table.put(keys.sweep(calendar.id), {"owner": calendar.owner}, ABSENT),
            use=use,
        )

    def commit_use(self, change: Change, use: Use) -> None:
        """Commits a use that changes no calendar, if it writes anything."""
        self.table.commit_use(change, use)

    def subscription_writes(self, calendar: Calendar, new: Subscription) -> tuple[Write, ...]:
        """The writes that store a new subscription, for the calendar's feed and for lists."""
        in_feed = keys.subscribed(calendar.id, new.mom_id)
        in_list = keys.subscription(calendar.owner, calendar.id, new.mom_id)
        return (
            self.table.put(in_feed, subscription_items.of_subscription(new), ABSENT),
            self.table.put(in_list, subscription_items.of_listed(new), ABSENT),
        )

    def _exists(self, calendar: Calendar) -> Write:
        return self.table.check(_named(calendar), "#id = :id", id=calendar.id)

    def _count(self, owner: Owner, what: str, most: int, change: Change) -> Write:
        """The write that counts one more of `what` for the owner, up to `most`."""
        return self.table.update(
            keys.owner_head(owner),
            f"SET #version = :version ADD #{what} :one",
            f"attribute_not_exists(#{what}) OR #{what} < :most",
            LimitReached(_FULL.format("You have", most, what)),
            version=change.id,
            one=1,
            most=most,
        )


def _named(calendar: Calendar) -> keys.Key:
    return keys.calendar(calendar.owner, folded(calendar.name))


def _id(calendar: Calendar) -> keys.Key:
    return keys.calendar_id(calendar.owner, calendar.id)
