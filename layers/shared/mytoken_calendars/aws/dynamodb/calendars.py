"""The door to DynamoDB for calendars and their tokens; `keys.py` shows their layout.

A calendar with all its tokens is one item, so one reading shows it as at one moment.
"""

from dataclasses import dataclass
from typing import Any, Self

from mytoken_calendars.aws.dynamodb import items, keys, revocations, rows, tags, tidying, updates
from mytoken_calendars.aws.dynamodb.table import ABSENT, PRESENT, Item, Table
from mytoken_calendars.calendars.calendar import Addition, Calendar, Contents
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.calendars.tags import NO_TAGS, Tags
from mytoken_calendars.changes import Change, Use, Write
from mytoken_calendars.errors import Outdated
from mytoken_calendars.identifiers import Owner


@dataclass(frozen=True)
class CalendarStore:
    """The calendars of all owners. Every method raises TemporarilyUnavailable if it cannot tell."""

    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table.calendars())

    def find(self, owner: Owner, name: str) -> Calendar:
        """The calendar of this name, without its tokens. Raises CalendarNotFound."""
        return rows.find(self.table, owner, name)

    def find_by_id(self, owner: Owner, calendar_id: str) -> Calendar:
        """As `find`, by the id. Raises Outdated if it is renamed meanwhile."""
        return rows.find_by_id(self.table, owner, calendar_id)

    def all(self, owner: Owner) -> list[Calendar]:
        """The owner's calendars with their tokens, by name; each as at one moment.

        Raises Outdated if an address has changed meanwhile.
        """
        named = rows.named(self.table, owner)
        marks = revocations.read(self.table, owner)
        found = self.table.get_all(keys.calendar(calendar.id) for calendar in named)
        by_key = {item["pk"]: item for item in found}
        owners_tags = self._tags_in(owner, *found)
        shown = [
            items.contents(calendar, item, marks, owners_tags).shown(calendar)
            for calendar in named
            if (item := by_key.get(keys.calendar(calendar.id)["pk"]))
        ]
        return sorted(shown, key=lambda calendar: folded(calendar.name))

    def subscribed(self, owner: Owner) -> set[str]:
        """The short mom_ids of all tokens in the owner's calendars, revoked ones included."""
        return {short_id for item in self._items(owner) for short_id in item["tokens"]}

    def contents(self, calendar: Calendar) -> Contents:
        """What the calendar holds. Raises Outdated if it is gone, or its address has changed."""
        marks = revocations.read(self.table, calendar.owner)
        item = self.table.get(keys.calendar(calendar.id))
        if item is None:
            raise Outdated
        return items.contents(calendar, item, marks, self._tags_in(calendar.owner, item))

    def names(self, owner: Owner) -> set[str]:
        """The folded names of all calendars of the owner."""
        return rows.names(self.table, owner)

    def tags(self, owner: Owner) -> Tags:
        return tags.read(self.table, owner)

    def save_tags(self, owner: Owner, all_tags: Tags, change: Change, use: Use) -> None:
        """Stores the tags, if they are new. Raises Outdated if they have changed since."""
        self.table.commit(change, *tags.writes(self.table, owner, all_tags, change), use=use)

    def create(self, calendar: Calendar, all_tags: Tags, change: Change, use: Use) -> None:
        """Stores a new calendar, its feed and its tags. Raises CalendarExists and LimitReached."""
        self.table.commit(
            change,
            *items.new_calendar(self.table, calendar, (), change),
            *tags.writes(self.table, calendar.owner, all_tags, change),
            use=use,
        )

    def subscribe(
        self, calendar: Calendar, found: Contents, addition: Addition, change: Change, use: Use
    ) -> None:
        """Stores what adding a token changes. Raises OwnerFull, and Outdated.

        Only the entries that it changes have to be as they were found, so adds of other tokens may
        come first. The feeds have to be the same: one that is made meanwhile would not learn the
        version.
        """
        self.table.commit(
            change,
            updates.with_addition(self.table, calendar, found, addition, change),
            *updates.announced(self.table, calendar.id, found.feeds, version=change.id),
            updates.heavier(self.table, calendar.owner, addition.more),
            *self._lifted(calendar.owner, addition, change),
            use=use,
        )

    def remove(
        self, calendar: Calendar, found: Contents, gone: Subscription, change: Change, use: Use
    ) -> None:
        """Takes a token out of the calendar. Raises Outdated if it or the feeds have changed."""
        self.table.commit(
            change,
            updates.without_token(self.table, calendar, found, gone, change),
            *updates.announced(self.table, calendar.id, found.feeds, version=change.id),
            updates.heavier(self.table, calendar.owner, -gone.weight),
            use=use,
        )

    def update(
        self, found: Contents, new: Calendar, all_tags: Tags, change: Change, use: Use
    ) -> None:
        """Makes the calendar what `new` says: see `updates.described`. Stores its tags, too."""
        self.table.commit(
            change,
            *updates.described(self.table, found, new, change),
            *tags.writes(self.table, new.owner, all_tags, change),
            use=use,
        )

    def _lifted(self, owner: Owner, addition: Addition, change: Change) -> tuple[Write, ...]:
        if addition.mark is None:
            return ()
        back = {addition.token.short_id: addition.mark}
        return revocations.listing_writes(self.table, owner, (), back, change)

    def tidy_one(self, calendar: Calendar, now: int) -> None:
        """Takes the dead out of the calendar. Raises Outdated if it changes meanwhile."""
        marks = revocations.read(self.table, calendar.owner)
        item = self.table.get(keys.calendar(calendar.id))
        if item is None:
            raise Outdated
        tidying.take_out_dead(self.table, item, marks, now)

    def tidy(self, owner: Owner, now: int) -> bool:
        """Takes the dead out of all calendars, and their marks away; see `tidying.tidy`."""
        marks = revocations.read(self.table, owner)
        return tidying.tidy(self.table, marks, self._items(owner), owner, now)

    def confirm(self, calendar: Calendar, change: Change, use: Use) -> None:
        """Commits a use alone. Raises Outdated if the calendar is gone."""
        key = keys.calendar_id(calendar.owner, calendar.id)
        self.table.commit(change, self.table.check(key, PRESENT), use=use)

    def delete(self, calendar: Calendar, change: Change, use: Use) -> None:
        """Deletes the calendar and its feeds, or what a restore has left of them. Raises Outdated.

        A restore may cut a transaction in two: then some of the items are missing.
        """
        key = keys.calendar(calendar.id)
        found = self.table.get(key, "version", "feeds", "weight") or {}
        as_found, values = ABSENT, dict[str, Any]()
        if found:
            as_found, values = "#version = :version", {"version": found["version"]}
        feeds = found.get("feeds", items.hashes(calendar.addresses))
        self.table.commit(
            change,
            self.table.delete(items.name_key(calendar), "#id = :id", id=calendar.id),
            self.table.delete(keys.calendar_id(calendar.owner, calendar.id), ""),
            self.table.delete(key, as_found, **values),
            *(items.ended(self.table, calendar.id, feed, change) for feed in feeds),
            self.table.update(
                keys.owner_head(calendar.owner),
                "ADD #calendars :one_less, #feeds :feeds_less, #weight :less",
                one_less=-1,
                feeds_less=-len(feeds),
                less=-found.get("weight", 0),
            ),
            use=use,
        )

    def commit_use(self, change: Change, use: Use) -> None:
        """Commits a use that changes no calendar, if it writes anything."""
        self.table.commit(change, use=use)

    def _tags_in(self, owner: Owner, *calendars: Item) -> Tags:
        """The owner's tags, if these calendars have some; read after them, so none is missed."""
        return self.tags(owner) if any(item["tags"] for item in calendars) else NO_TAGS

    def _items(self, owner: Owner) -> list[Item]:
        """The items of the owner's calendars, in no order."""
        named = rows.named(self.table, owner)
        return self.table.get_all(keys.calendar(calendar.id) for calendar in named)
