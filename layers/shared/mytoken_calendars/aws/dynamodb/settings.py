"""The door to DynamoDB for the settings of feeds, beside that for their calendars."""

from dataclasses import dataclass
from typing import Any

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, items, keys, updates
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.table import ABSENT, Item
from mytoken_calendars.calendars.calendar import Address, Calendar
from mytoken_calendars.changes import Change, Use, Write
from mytoken_calendars.errors import LimitReached, Outdated
from mytoken_calendars.feeds.settings import Settings


@dataclass(frozen=True)
class SettingsStore(CalendarStore):
    """Implements `feeds.settings.Store`. Every method raises Outdated if the feeds have changed."""

    def feeds(self, calendar: Calendar) -> list[Settings]:
        """The settings of all feeds, in their order."""
        found = self.table.get_all(keys.feed_head(one.secret) for one in calendar.addresses)
        heads = {head["pk"]: head for head in found}
        return [
            _settings(calendar, address, heads.get(keys.feed_head(address.secret)["pk"]))
            for address in calendar.addresses
        ]

    def feed(self, calendar: Calendar, address: Address) -> Settings:
        return _settings(calendar, address, self.table.get(keys.feed_head(address.secret)))

    def create_feed(self, calendar: Calendar, feed: Settings, change: Change, use: Use) -> None:
        """Stores a further feed. Raises LimitReached."""
        addresses = (*calendar.addresses, feed.address)
        self.table.commit(
            change,
            *updates.moved(self.table, calendar, addresses, change),
            self._new(calendar, feed, change),
            self.table.update(
                keys.owner_head(calendar.owner),
                "ADD #feeds :one",
                "#feeds < :most",
                LimitReached(f"You have {limits.FEEDS:,} feeds, which is the limit."),
                one=1,
                most=limits.FEEDS,
            ),
            use=use,
        )

    def update_feed(self, old: Settings, new: Settings, change: Change, use: Use) -> None:
        """Stores other settings, if they are as they were found."""
        write = self.table.update(
            keys.feed_head(old.address.secret),
            "SET #label = :label, #style = :style",
            "#label = :found_label AND #style = :found_style",
            label=new.label,
            style=entries.packed_style(new.style),
            **_as_found(old),
        )
        self.table.commit(change, write, use=use)

    def reset_feed(
        self, calendar: Calendar, old: Settings, new: Settings, change: Change, use: Use
    ) -> None:
        """Puts the new address in the place of the old one, which ends."""
        addresses = [new.address if one == old.address else one for one in calendar.addresses]
        self.table.commit(
            change,
            *updates.moved(self.table, calendar, addresses, change),
            self._end(old, change),
            self._new(calendar, new, change),
            use=use,
        )

    def delete_feed(self, calendar: Calendar, feed: Settings, change: Change, use: Use) -> None:
        addresses = [one for one in calendar.addresses if one != feed.address]
        self.table.commit(
            change,
            *updates.moved(self.table, calendar, addresses, change),
            self._end(feed, change),
            self.table.update(keys.owner_head(calendar.owner), "ADD #feeds :one_less", one_less=-1),
            use=use,
        )

    def _new(self, calendar: Calendar, feed: Settings, change: Change) -> Write:
        head = items.feed_head(calendar, feed, change)
        return self.table.put(keys.feed_head(feed.address.secret), head, ABSENT)

    def _end(self, feed: Settings, change: Change) -> Write:
        """The write that ends an address, if its settings are as they were found."""
        return self.table.put(
            keys.feed_head(feed.address.secret),
            items.tombstone(change),
            "#label = :found_label AND #style = :found_style",
            **_as_found(feed),
        )


def _settings(calendar: Calendar, address: Address, head: Item | None) -> Settings:
    if head is None or head.get("calendar") != calendar.id:
        raise Outdated
    return Settings(address, head["label"], entries.unpacked_style(head["style"]))


def _as_found(feed: Settings) -> dict[str, Any]:
    return {"found_label": feed.label, "found_style": entries.packed_style(feed.style)}
