"""The operations on calendars."""

from uuid import uuid4

from mytoken_calendars import limits
from mytoken_calendars.calendars import removing, weight
from mytoken_calendars.calendars.adding import Adding
from mytoken_calendars.calendars.calendar import Address, Calendar, Contents
from mytoken_calendars.calendars.characters import REPLACEMENT
from mytoken_calendars.calendars.names import calendar_name
from mytoken_calendars.calendars.store import Store
from mytoken_calendars.calendars.wish import Wish
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import (
    CalendarExists,
    CalendarNotFound,
    InvalidRequest,
    LimitReached,
    Outdated,
    RepeatedTooLate,
    UsageRestricted,
)
from mytoken_calendars.identifiers import Owner, is_calendar_id
from mytoken_calendars.tokens.access import allowed, manageable_token
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


def create(store: Store, caller: Caller, wish: Wish, *, now: int) -> Calendar:
    """A new calendar without tokens; one that is to have no name gets its description's.

    Raises CalendarExists, LimitReached and Outdated.
    """
    if caller.receipt:
        return _done_before(store, caller, caller.receipt)
    name = wish.free_name(store, caller.owner)
    calendar, all_tags = wish.granted(
        Calendar(str(uuid4()), caller.owner, name, (Address.new(),), is_unnamed=True), store
    )
    change = Change.new(now)
    try:
        store.create(calendar, all_tags, change, caller.use(change, calendar.id))
    except CalendarExists:
        if calendar.is_unnamed:  # another name will do
            raise Outdated from None
        raise
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
        return _done_before(store, caller, caller.receipt)
    calendar = find(store, caller.owner, name)
    token = manageable_token(caller, mom_id)
    found = Adding(store, caller, calendar, token, comment, now_ms).done()
    return _shown(caller, found.shown(calendar), found)


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


def update(store: Store, caller: Caller, text: str, wish: Wish, *, now: int) -> Calendar:
    """Gives the calendar another name, description or tags. Its addresses stay.

    `text` is the calendar's name until now, or its id.

    Raises CalendarNotFound, CalendarExists, LimitReached and Outdated.
    """
    if caller.receipt:
        return _done_before(store, caller, caller.receipt)
    calendar = find(store, caller.owner, text)
    found = store.contents(calendar)
    if found.name != calendar.name:  # the one that was asked for may be another by now
        raise Outdated
    old = found.shown(calendar)
    new, all_tags = wish.granted(old, store)
    _check_weight(new, found)
    change = Change.new(now)
    use = caller.use(change, calendar.id)
    if new == old:
        store.confirm(calendar, change, use)
    else:
        store.update(found, new, all_tags, change, use)
    return _shown(caller, new, found)


def tag(store: Store, caller: Caller, text: str, wish: Wish, *, now: int) -> None:
    """As `update`, for one tag. A repeated request needs no calendar: nothing is told of it."""
    if not caller.receipt:
        update(store, caller, text, wish, now=now)


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


def done_before(store: Store, caller: Caller, receipt: Receipt) -> Calendar:
    """The calendar of a repeated request.

    Raises RepeatedTooLate if it was deleted since, or if a minute later the caller has no use left.
    """
    try:
        if caller.credentials.arrived // 1000 >= receipt.at + limits.LIST_REPEATED:
            allowed(caller)
        return store.find_by_id(caller.owner, receipt.calendar_id)
    except (CalendarNotFound, UsageRestricted):
        raise RepeatedTooLate from None


def _done_before(store: Store, caller: Caller, receipt: Receipt) -> Calendar:
    """As `done_before`, with as much of the calendar as the caller may see."""
    calendar = done_before(store, caller, receipt)
    found = store.contents(calendar)
    return _shown(caller, found.shown(calendar), found)


def _check_weight(new: Calendar, found: Contents) -> None:
    """Raises LimitReached for words or tags that the calendar has no room for."""
    more = new.own_weight - found.own_weight
    if more > 0 and found.weight + more > limits.CALENDAR_WEIGHT:
        raise LimitReached(
            f"A calendar weighs at most {limits.CALENDAR_WEIGHT:,}: this would add {more:,} to the "
            f"{found.weight:,} of this one. {weight.MAKES_ROOM}"
        )


def _shown(caller: Caller, shown: Calendar, found: Contents) -> Calendar:
    """The calendar as the caller may see it.

    A caller that may read the feed gets all of it; another caller gets the name, and its own token
    with the descendants of that.
    """
    if caller.mytoken.may(Capability.READ_NOTIFY):
        return shown
    own, alive = caller.record.mom_id, found.alive.values()
    return shown.told_to_others({one.mom_id for one in alive if one.is_below(own)})
