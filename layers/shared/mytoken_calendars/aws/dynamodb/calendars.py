"""The door to DynamoDB for calendars and subscriptions; `keys.py` shows their layout."""

from dataclasses import dataclass, replace
from typing import Self

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import items, keys, revocations
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
        item = self.table.get(keys.event(calendar.id, mom_id))
        return None if item is None else items.subscription(calendar, item)

    def create(self, calendar: Calendar, opening: str, change: Change, use: Use) -> None:
        """Stores a new calendar and its feed. Raises CalendarExists and LimitReached."""
        self.table.commit(
            change,
            self.table.put(_named(calendar), items.of_calendar(calendar), ABSENT, CalendarExists()),
            self.table.put(
                keys.feed_head(calendar.feed_id), items.of_feed(calendar, opening, change), ABSENT
            ),
            self._count(calendar.owner, "calendars", limits.CALENDARS, change),
            use=use,
        )

    def subscribe(
        self, calendar: Calendar, new: Subscription, event: str, change: Change, use: Use
    ) -> None:
        """Stores a new subscription and its event. Raises LimitReached, and Outdated."""
        mom_id = new.token.mom_id
        self.table.commit(
            change,
            self._exists(calendar),
            self.table.put(keys.event(calendar.id, mom_id), items.of_event(new, event), ABSENT),
            self.table.put(
                keys.subscription(calendar.owner, calendar.id, mom_id),
                items.of_subscription(new),
                ABSENT,
            ),
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

    def renew(
        self, calendar: Calendar, renewed: Subscription, event: str, change: Change, use: Use
    ) -> None:
        """Stores a changed subscription. Raises Outdated if another change came first."""
        self.table.commit(
            change,
            self._exists(calendar),
            self.table.put(
                keys.event(calendar.id, renewed.token.mom_id),
                items.of_event(renewed, event),
                "#sequence = :before",
                before=renewed.sequence - 1,
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
                keys.event(calendar.id, known.token.mom_id),
                "#sequence = :sequence",
                sequence=known.sequence,
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
