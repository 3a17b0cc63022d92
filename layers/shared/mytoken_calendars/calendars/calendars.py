"""The operations on calendars."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid4

from mytoken_calendars import limits
from mytoken_calendars.calendars import removing, weight
from mytoken_calendars.calendars.adding import Adding
from mytoken_calendars.calendars.calendar import Address, Calendar, Contents
from mytoken_calendars.calendars.characters import REPLACEMENT
from mytoken_calendars.calendars.names import calendar_name
from mytoken_calendars.calendars.store import Store
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import (
    CalendarExists,
    CalendarNotFound,
    InvalidRequest,
    LimitReached,
    RepeatedTooLate,
)
from mytoken_calendars.identifiers import Owner, is_calendar_id
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


def create(store: Store, caller: Caller, name: str, description: str = "", *, now: int) -> Calendar:
    """A new calendar without tokens. Raises CalendarExists or LimitReached."""
    if caller.receipt:
        return done_before(store, caller.owner, caller.receipt)
    if _exists(store, caller.owner, name):
        raise CalendarExists
    calendar = Calendar(str(uuid4()), caller.owner, name, (Address.new(),), description)
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
        calendar = done_before(store, caller.owner, caller.receipt)
        return _shown(caller, calendar, store.contents(calendar))
    calendar = find(store, caller.owner, name)
    token = manageable_token(caller, mom_id)
    adding = Adding(store, caller, calendar, token, comment, now_ms)
    return _shown(caller, calendar, adding.done())


def remove_token(store: Store, caller: Caller, name: str, mom_id: str, *, now: int) -> None:
    """Takes a token out of the calendar; one that is not in it is no error.

    `name` may be the calendar's id. An empty `mom_id` is the caller's own.

    Raises CalendarNotFound; InsufficientCapabilities for a token that the caller does not manage;
    Outdated.
    """
    if caller.receipt:
        return
    calendar = find(store, caller.owner, name)
    removing.remove(store, caller, calendar, mom_id, now=now)


def update(
    store: Store, caller: Caller, text: str, name: str | None, description: str | None, *, now: int
) -> Calendar:
    """Renames the calendar or describes it anew; what is None stays. Its addresses stay, too.

    `text` is the calendar's name until now, or its id.

    Raises CalendarNotFound, CalendarExists, LimitReached and Outdated.
    """
    if caller.receipt:
        calendar = done_before(store, caller.owner, caller.receipt)
        return _shown(caller, calendar, store.contents(calendar))
    calendar = find(store, caller.owner, text)
    found = store.contents(calendar)
    old = replace(calendar, description=found.description)
    new = replace(old, name=name or old.name)
    if description is not None:
        new = replace(new, description=description)
    _check_weight(new, found)
    change = Change.new(now)
    use = caller.use(change, calendar.id)
    if new == old:
        store.confirm(calendar, change, use)
    else:
        store.update(old, found, new, change, use)
    return _shown(caller, new, replace(found, description=new.description))


def delete_or_remove(
    store: Store, caller: Caller, name: str, mom_id: str | None, *, now: int
) -> None:
    """Takes the token out of the calendar; deletes the calendar if none is named."""
    if mom_id is None:
        delete(store, caller, name, now=now)
    else:
        remove_token(store, caller, name, mom_id, now=now)


def delete(store: Store, caller: Caller, name: str, *, now: int) -> None:
    """Deletes the calendar and its feeds in one transaction. Raises CalendarNotFound."""
    if caller.receipt:
        return
    calendar, change = find(store, caller.owner, name), Change.new(now)
    store.delete(calendar, change, caller.use(change, calendar.id))


def done_before(store: Store, owner: Owner, receipt: Receipt) -> Calendar:
    """The calendar of a repeated request. Raises RepeatedTooLate if it was deleted since."""
    try:
        return store.find_by_id(owner, receipt.calendar_id)
    except CalendarNotFound:
        raise RepeatedTooLate from None


def _check_weight(new: Calendar, found: Contents) -> None:
    """Raises LimitReached for a name or a description that the calendar has no room for."""
    more = weight.of_calendar(new.name, new.description) - found.own_weight
    if more > 0 and found.weight + more > limits.CALENDAR_WEIGHT:
        raise LimitReached(
            f"A calendar weighs at most {limits.CALENDAR_WEIGHT:,}: this would add {more:,} to the "
            f"{found.weight:,} of this one."
        )


def _shown(caller: Caller, calendar: Calendar, found: Contents) -> Calendar:
    """The calendar as the caller may see it.

    A caller that may read the feed gets all of it; another caller gets the name, and its own token
    with the descendants of that.
    """
    tokens: Iterable[Subscription] = found.alive.values()
    if caller.mytoken.may(Capability.READ_NOTIFY):
        return replace(calendar, description=found.description).with_tokens(tokens)
    managed = [one for one in tokens if one.is_below(caller.record.mom_id)]
    return replace(calendar, addresses=(), description="").with_tokens(managed)


def _exists(store: Store, owner: Owner, name: str) -> bool:
    try:
        store.find(owner, name)
    except CalendarNotFound:
        return False
    return True
