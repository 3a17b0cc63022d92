"""The door to DynamoDB for calendars and their tokens; `keys.py` shows their layout.

A calendar with all its tokens is one item, so one reading shows it as at one moment.
"""

from dataclasses import dataclass
from typing import Any, Self

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, items, keys, revocations
from mytoken_calendars.aws.dynamodb.table import ABSENT, PRESENT, Table
from mytoken_calendars.calendars.calendar import Calendar, Contents
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change, Use
from mytoken_calendars.errors import CalendarNotFound, Outdated
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
        item = self.table.get(keys.calendar_name(owner, folded(name)))
        if item is None:
            raise CalendarNotFound
        return items.named(owner, item)

    def find_by_id(self, owner: Owner, calendar_id: str) -> Calendar:
        """As `find`, by the id."""
        item = self.table.get(keys.calendar_id(owner, calendar_id))
        if item is None:
            raise CalendarNotFound
        if (calendar := self.find(owner, item["name"])).id == calendar_id:
            return calendar
        raise CalendarNotFound  # another one has the name since

    def all(self, owner: Owner) -> list[Calendar]:
        """The owner's calendars with their tokens, by name; each as at one moment.

        Raises Outdated if an address has changed meanwhile.
        """
        named = self._named(owner)
        marks = revocations.read(self.table, owner)
        found = self.table.get_all(keys.calendar(calendar.id) for calendar in named)
        by_key = {item["pk"]: item for item in found}
        return [
            calendar.with_tokens(items.contents(calendar, item, marks).alive.values())
            for calendar in named
            if (item := by_key.get(keys.calendar(calendar.id)["pk"]))
        ]

    def subscribed(self, owner: Owner) -> set[str]:
        """The short mom_ids of all tokens in the owner's calendars, revoked ones included."""
        found = self.table.get_all(keys.calendar(calendar.id) for calendar in self._named(owner))
        return {short_id for item in found for short_id in item["tokens"]}

    def contents(self, calendar: Calendar) -> Contents:
        """What the calendar holds. Raises Outdated if it is gone, or its address has changed."""
        marks = revocations.read(self.table, calendar.owner)
        item = self.table.get(keys.calendar(calendar.id))
        if item is None:
            raise Outdated
        return items.contents(calendar, item, marks)

    def create(self, calendar: Calendar, change: Change, use: Use) -> None:
        """Stores a new calendar and its feed. Raises CalendarExists and LimitReached."""
        self.table.commit(change, *items.new_calendar(self.table, calendar, (), change), use=use)

    def subscribe(
        self, calendar: Calendar, found: Contents, token: Subscription, change: Change, use: Use
    ) -> None:
        """Stores a subscription, in the place of the token's that was found.

        Only that one has to be as it was found, so adds of other tokens may come first. The feeds
        have to be the same: one that is made meanwhile would not learn the version. Raises
        LimitReached, and Outdated.
        """
        known = found.subscriptions.get(token.short_id)
        more = token.weight - (known.weight if known else 0)
        as_found, values = "attribute_not_exists(#tokens.#token)", dict[str, Any]()
        if known:
            as_found, values["known"] = "#tokens.#token = :known", found.stored[token.short_id]
        self.table.commit(
            change,
            self.table.update(
                keys.calendar(calendar.id),
                "SET #tokens.#token = :token, #version = :version ADD #weight :more",
                f"{as_found} AND #feeds = :feeds AND #weight <= :room",
                names={"token": token.short_id},
                token=entries.packed(token),
                version=change.id,
                more=more,
                feeds=list(found.feeds),
                room=limits.CALENDAR_WEIGHT - max(more, 0),
                **values,
            ),
            *(
                self.table.update(
                    keys.feed_by_hash(feed),
                    "SET #version = :version",
                    "#calendar = :calendar",
                    version=change.id,
                    calendar=calendar.id,
                )
                for feed in found.feeds
            ),
            items.heavier(self.table, calendar.owner, more),
            use=use,
        )

    def confirm(self, calendar: Calendar, change: Change, use: Use) -> None:
        """Commits a use alone. Raises Outdated if the calendar is gone."""
        key = keys.calendar_id(calendar.owner, calendar.id)
        self.table.commit(change, self.table.check(key, PRESENT), use=use)

    def delete(self, calendar: Calendar, change: Change, use: Use) -> None:
        """Deletes the calendar and its feeds, or what a restore has left of them. Raises Outdated.

        A restore may cut a transaction in two: then some of the items are missing.
        """
        key, address = keys.calendar(calendar.id), keys.feed_hash(calendar.feed_id)
        found = self.table.get(key, "version", "feeds", "weight") or {}
        as_found, values = ABSENT, dict[str, Any]()
        if found:
            as_found, values = "#version = :version", {"version": found["version"]}
        deleted = {"deleted": change.at, "ttl": change.at + limits.FEED_GONE}
        self.table.commit(
            change,
            self.table.delete(items.name_key(calendar), "#id = :id", id=calendar.id),
            self.table.delete(keys.calendar_id(calendar.owner, calendar.id), ""),
            self.table.delete(key, as_found, **values),
            *(
                self.table.put(
                    keys.feed_by_hash(feed),
                    deleted,
                    f"{ABSENT} OR #calendar = :calendar",
                    calendar=calendar.id,
                )
                for feed in found.get("feeds", [address])
            ),
            self.table.update(
                keys.owner_head(calendar.owner),
                "ADD #calendars :one_less, #weight :less",
                one_less=-1,
                less=-found.get("weight", 0),
            ),
            use=use,
        )

    def commit_use(self, change: Change, use: Use) -> None:
        """Commits a use that changes no calendar, if it writes anything."""
        self.table.commit_use(change, use)

    def _named(self, owner: Owner) -> list[Calendar]:
        """The owner's calendars, by name, without their tokens."""
        rows = self.table.query(keys.owner_partition(owner))
        return [items.named(owner, row) for row in rows if row["sk"].startswith(keys.NAME)]
