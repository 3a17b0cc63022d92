"""The operations on calendars."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid4

from mytoken_calendars.calendars.adding import Adding
from mytoken_calendars.calendars.calendar import Calendar
from mytoken_calendars.calendars.characters import REPLACEMENT
from mytoken_calendars.calendars.names import calendar_name
from mytoken_calendars.calendars.store import Store
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import (
    CalendarExists,
    CalendarNotFound,
    InvalidRequest,
    RepeatedTooLate,
)
from mytoken_calendars.identifiers import Owner, is_calendar_id, new_feed_id, short_mom_id
from mytoken_calendars.tokens.access import manageable_token
from mytoken_calendars.tokens.authority import Caller
from mytoken_calendars.tokens.idempotency import Receipt
from mytoken_calendars.tokens.mytoken import Capability


def list_all(store: Store, caller: Caller, *, now: int) -> list[Calendar]:
    """The caller's calendars with their tokens, by name; read anew if repeated."""
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
    calendar = Calendar(str(uuid4()), caller.owner, name, new_feed_id())
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

    If there is no room for it, the dead leave first, and stay gone if that was not enough.

    Raises CalendarNotFound; the errors of `access.manageable_token`; InvalidRequest for a token
    that never expires or has expired; LimitReached; Outdated.
    """
    if caller.receipt:
        calendar = _done_before(store, caller.owner, name, caller.receipt)
        return _shown(caller, calendar, store.contents(calendar).alive.values())
    calendar = find(store, caller.owner, name)
    token = manageable_token(caller, mom_id)
    adding = Adding(store, caller, calendar, token, comment, now_ms)
    return _shown(caller, calendar, adding.done())


def delete(store: Store, caller: Caller, name: str, *, now: int) -> None:
    """Deletes the calendar and its feed in one transaction. Raises CalendarNotFound."""
    if caller.receipt:
        return
    calendar, change = find(store, caller.owner, name), Change.new(now)
    store.delete(calendar, change, caller.use(change, calendar.id))


def _shown(caller: Caller, calendar: Calendar, subscriptions: Iterable[Subscription]) -> Calendar:
    """The calendar as the caller may see it.

    A caller that may read the feed gets the address and all tokens; another caller gets its own
    token and the descendants of that, without the address.
    """
    if not caller.mytoken.may(Capability.READ_NOTIFY):
        own = short_mom_id(caller.record.mom_id)
        subscriptions = [s for s in subscriptions if own in (s.short_id, *s.ancestors)]
        calendar = replace(calendar, feed_id="")
    return calendar.with_tokens(subscriptions)


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
