"""The feeds of a calendar: what can be set of each, and the operations on them."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from mytoken_calendars import limits
from mytoken_calendars.calendars import addresses, calendars
from mytoken_calendars.calendars import store as calendars_store
from mytoken_calendars.calendars.calendar import Address, Calendar
from mytoken_calendars.changes import Change, Use
from mytoken_calendars.errors import FirstFeed, LimitReached, NoSuchFeed, RepeatedTooLate
from mytoken_calendars.feeds.style import DEFAULT, Detail, Reminders, Style
from mytoken_calendars.identifiers import new_secret
from mytoken_calendars.tokens.authority import Caller
from mytoken_calendars.tokens.idempotency import Receipt


class Settings(NamedTuple):
    """What can be set of one feed. `label` is the owner's word for it, or ""."""

    address: Address
    label: str = ""
    style: Style = DEFAULT

    def document(self, base_url: str, calendar: str) -> dict[str, Any]:
        """The feed object of the API, as in docs/openapi.yaml; `calendar` is its name."""
        feed_id, secret = self.address
        document: dict[str, Any] = {"id": feed_id}
        if self.label:
            document["label"] = self.label
        return {
            **document,
            "ics_path": addresses.ics_path(base_url, secret, self.style.title(calendar)),
            "reminders": self.style.reminders,
            "days": list(self.style.days),
            "detail": self.style.detail,
        }


@dataclass(frozen=True)
class Wish:
    """What a client wants to be set; what is None stays as it is."""

    label: str | None = None
    reminders: Reminders | None = None
    days: tuple[int, ...] | None = None
    detail: Detail | None = None

    def granted(self, feed: Settings) -> Settings:
        """The feed as it is wished for; its style does not yet say that it was changed."""
        old = feed.style
        style = old._replace(
            reminders=old.reminders if self.reminders is None else self.reminders,
            days=old.days if self.days is None else self.days,
            detail=old.detail if self.detail is None else self.detail,
        )
        return feed._replace(label=feed.label if self.label is None else self.label, style=style)


class Store(calendars_store.Store, Protocol):
    """The database of these operations, for which the same holds as for that of calendars."""

    def feeds(self, calendar: Calendar) -> list[Settings]:
        """The settings of all feeds, in their order."""

    def feed(self, calendar: Calendar, address: Address) -> Settings: ...

    def create_feed(self, calendar: Calendar, feed: Settings, change: Change, use: Use) -> None:
        """Stores a further feed. Raises LimitReached."""

    def update_feed(self, old: Settings, new: Settings, change: Change, use: Use) -> None: ...

    def reset_feed(
        self, calendar: Calendar, old: Settings, new: Settings, change: Change, use: Use
    ) -> None:
        """Puts the new address in the place of the old one, which ends."""

    def delete_feed(self, calendar: Calendar, feed: Settings, change: Change, use: Use) -> None: ...


def list_all(
    store: Store, caller: Caller, text: str, *, now: int
) -> tuple[Calendar, list[Settings]]:
    """The calendar of this name or id, and its feeds; read anew if repeated.

    Raises CalendarNotFound and Outdated, as all these operations do.
    """
    calendar = calendars.find(store, caller.owner, text)
    found = store.feeds(calendar)
    if not caller.receipt:
        change = Change.new(now)
        store.commit_use(change, caller.use(change, only_reads=True))
    return calendar, found


def create(
    store: Store, caller: Caller, text: str, wish: Wish, *, now: int
) -> tuple[Calendar, Settings]:
    """A further feed of the calendar, with an address of its own. Raises LimitReached."""
    if caller.receipt:
        return _done_before(store, caller, caller.receipt, caller.receipt.feed_id)
    calendar = calendars.find(store, caller.owner, text)
    if len(calendar.addresses) >= limits.FEEDS_OF_CALENDAR:
        raise LimitReached(
            f"A calendar has at most {limits.FEEDS_OF_CALENDAR} feeds: delete one first."
        )
    feed, change = wish.granted(Settings(Address.new())), Change.new(now)
    use = caller.use(change, calendar.id, feed_id=feed.address.feed_id)
    store.create_feed(calendar, feed, change, use)
    return calendar, feed


def update(
    store: Store, caller: Caller, text: str, feed_id: str, wish: Wish, *, now: int
) -> tuple[Calendar, Settings]:
    """Changes the label and the style of a feed, which keeps its address. Raises NoSuchFeed."""
    if caller.receipt:
        return _done_before(store, caller, caller.receipt, feed_id)
    calendar, old = _found(store, caller, text, feed_id)
    new, change = wish.granted(old), Change.new(now)
    if new.style != old.style:
        # Clocks differ: the time of a change is never before that of the last one.
        changed = max(now, old.style.changed)
        new = new._replace(style=new.style._replace(changes=old.style.changes + 1, changed=changed))
    use = caller.use(change, calendar.id)
    if new == old:
        store.confirm(calendar, change, use)
    else:
        store.update_feed(old, new, change, use)
    return calendar, new


def reset(
    store: Store, caller: Caller, text: str, feed_id: str, *, now: int
) -> tuple[Calendar, Settings]:
    """Gives a feed a new address; the old one ends at once. Raises NoSuchFeed."""
    if caller.receipt:
        return _done_before(store, caller, caller.receipt, feed_id)
    calendar, old = _found(store, caller, text, feed_id)
    new = old._replace(address=Address(feed_id, new_secret()))
    change = Change.new(now)
    store.reset_feed(calendar, old, new, change, caller.use(change, calendar.id))
    return calendar, new


def delete(store: Store, caller: Caller, text: str, feed_id: str, *, now: int) -> None:
    """Deletes a feed, whose address ends at once. Raises NoSuchFeed and FirstFeed."""
    if caller.receipt:
        return
    calendar, feed = _found(store, caller, text, feed_id)
    if feed.address == calendar.addresses[0]:
        raise FirstFeed
    change = Change.new(now)
    store.delete_feed(calendar, feed, change, caller.use(change, calendar.id))


def _found(store: Store, caller: Caller, text: str, feed_id: str) -> tuple[Calendar, Settings]:
    calendar = calendars.find(store, caller.owner, text)
    return calendar, store.feed(calendar, _address(calendar, feed_id))


def _address(calendar: Calendar, feed_id: str) -> Address:
    for address in calendar.addresses:
        if address.feed_id == feed_id:
            return address
    raise NoSuchFeed


def _done_before(
    store: Store, caller: Caller, receipt: Receipt, feed_id: str
) -> tuple[Calendar, Settings]:
    """The feed of a repeated request. Raises RepeatedTooLate if it was deleted since."""
    calendar = calendars.done_before(store, caller, receipt)
    try:
        return calendar, store.feed(calendar, _address(calendar, feed_id))
    except NoSuchFeed:
        raise RepeatedTooLate from None
