"""Calendars and their operations."""

from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import uuid4

from mytoken_calendars.calendars import addresses
from mytoken_calendars.calendars.characters import REPLACEMENT
from mytoken_calendars.calendars.names import calendar_name
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change, Use
from mytoken_calendars.errors import (
    CalendarExists,
    CalendarNotFound,
    InvalidRequest,
    RepeatedTooLate,
)
from mytoken_calendars.identifiers import Owner, is_calendar_id, new_feed_id
from mytoken_calendars.tokens.access import manageable_token
from mytoken_calendars.tokens.authority import Caller
from mytoken_calendars.tokens.idempotency import Receipt
from mytoken_calendars.tokens.mytoken import Capability


@dataclass(frozen=True)
class Calendar:
    """A user's named set of tokens. `id` is a UUID, `created` is in seconds since 1970.

    `feed_id` is the secret in the feed's address, and "" for a caller that may not read the feed.
    `subscribed_tokens` are mom_ids in the order of adding.
    """

    id: str
    owner: Owner
    name: str
    feed_id: str
    created: int
    subscribed_tokens: tuple[str, ...] = ()

    def ics_path(self, base_url: str) -> str:
        """The absolute URI of the feed."""
        return addresses.ics_path(base_url, self.feed_id, self.name)

    def document(self, base_url: str) -> dict[str, Any]:
        """The calendar object of the API, as in docs/openapi.yaml."""
        document: dict[str, Any] = {"id": self.id, "name": self.name}
        if self.feed_id:
            document["ics_path"] = self.ics_path(base_url)
        if self.subscribed_tokens:
            document["subscribed_tokens"] = list(self.subscribed_tokens)
        return document


class Store(Protocol):
    """The database of the operations. A method with a Use commits one transaction at most."""

    def find(self, owner: Owner, name: str) -> Calendar: ...

    def find_by_id(self, owner: Owner, calendar_id: str) -> Calendar: ...

    def all(self, owner: Owner) -> list[Calendar]: ...

    def with_subscribed_tokens(self, calendar: Calendar, below: str = "") -> Calendar: ...

    def subscription(self, calendar: Calendar, mom_id: str) -> Subscription | None: ...

    def create(self, calendar: Calendar, change: Change, use: Use) -> None: ...

    def subscribe(self, calendar: Calendar, new: Subscription, change: Change, use: Use) -> None:
        """Stores a new subscription. Raises LimitReached and Outdated."""

    def renew(self, calendar: Calendar, renewed: Subscription, change: Change, use: Use) -> None:
        """Replaces a subscription. Raises Outdated."""

    def confirm(self, calendar: Calendar, known: Subscription, change: Change, use: Use) -> None:
        """Commits the use alone, if the subscription has not changed. Raises Outdated."""

    def delete(self, calendar: Calendar, change: Change, use: Use) -> None: ...

    def commit_use(self, change: Change, use: Use) -> None: ...


def list_all(store: Store, caller: Caller, *, now: int) -> list[Calendar]:
    """The caller's calendars with their tokens, by name; read anew if repeated. Raises Outdated."""
    calendars = store.all(caller.owner)
    if not caller.receipt:
        change = Change.new(now)
        store.commit_use(change, caller.use(change, only_reads=True))
    return calendars


def create(store: Store, caller: Caller, name: str, *, now: int) -> Calendar:
    """A new calendar without tokens. Raises CalendarExists or LimitReached."""
    if caller.receipt:
        return _done_before(store, caller.owner, name, caller.receipt)
    if _exists(store, caller.owner, name):
        raise CalendarExists
    calendar = Calendar(str(uuid4()), caller.owner, name, new_feed_id(), created=now)
    change = Change.new(now)
    store.create(calendar, change, caller.use(change, calendar.id))
    return calendar


def find(store: Store, owner: Owner, text: str) -> Calendar:
    """The calendar of this name or id, without its tokens.

    Raises CalendarNotFound, also for an invalid name; InvalidRequest for one that is not UTF-8.
    """
    if is_calendar_id(text):
        return store.find_by_id(owner, text.lower())
    if REPLACEMENT in text:
        raise InvalidRequest("The calendar's name in the path is not UTF-8.")
    try:
        name = calendar_name(text)
    except ValueError:
        raise CalendarNotFound from None
    return store.find(owner, name)


def add_token(
    store: Store, caller: Caller, name: str, mom_id: str, comment: str, *, now_ms: int
) -> Calendar:
    """Adds a token to the calendar; returns as much of the calendar as the caller may see.

    `name` may be its id. An empty `mom_id` is the caller's own. Adding a token again changes its
    one subscription, and replaces the comment if there is a new one. `now_ms` is in milliseconds.

    Raises CalendarNotFound; the errors of `access.manageable_token`; InvalidRequest for a token
    that never expires or has expired; LimitReached; Outdated.
    """
    if caller.receipt:
        return _shown(store, caller, _done_before(store, caller.owner, name, caller.receipt))
    calendar = find(store, caller.owner, name)
    token = manageable_token(caller, mom_id)
    new = Subscription.of(token, comment, added=now_ms)
    known = store.subscription(calendar, token.mom_id)
    change = Change.new(now_ms // 1000)
    use = caller.use(change, calendar.id).on(token.conditions)
    if known is None:
        store.subscribe(calendar, new, change, use)
    elif (renewed := known.renewed(new)) != known:
        store.renew(calendar, renewed, change, use)
    else:
        store.confirm(calendar, known, change, use)
    return _shown(store, caller, calendar)


def delete(store: Store, caller: Caller, name: str, *, now: int) -> None:
    """Deletes the calendar and its feed in one transaction.

    Raises CalendarNotFound, and Outdated.
    """
    if caller.receipt:
        return
    calendar, change = find(store, caller.owner, name), Change.new(now)
    store.delete(calendar, change, caller.use(change, calendar.id))


def _shown(store: Store, caller: Caller, calendar: Calendar) -> Calendar:
    """The calendar as the caller may see it.

    A caller that may read the feed gets the address and all tokens; another caller gets its own
    token and the descendants of that, without the address.
    """
    if caller.mytoken.may(Capability.READ_NOTIFY):
        return store.with_subscribed_tokens(calendar)
    own = caller.record.mom_id
    return replace(store.with_subscribed_tokens(calendar, below=own), feed_id="")


def _exists(store: Store, owner: Owner, name: str) -> bool:
    try:
        store.find(owner, name)
    except CalendarNotFound:
        return False
    return True


def _done_before(store: Store, owner: Owner, name: str, receipt: Receipt) -> Calendar:
    """The calendar of a repeated request. Raises RepeatedTooLate if it was deleted since."""
    try:
        calendar = find(store, owner, name)
    except CalendarNotFound:
        raise RepeatedTooLate from None
    if calendar.id != receipt.calendar_id:
        raise RepeatedTooLate
    return calendar
