"""Calendars, the mytokens subscribed to them, and what can be done with them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import uuid4

from mytoken_calendars.access import Caller
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import CalendarNotFound, InvalidRequest
from mytoken_calendars.identifiers import Owner, new_feed_id
from mytoken_calendars.mytoken import RegisteredToken
from mytoken_calendars.names import REPLACEMENT, calendar_name

FEEDS_PATH = "/calendars"

MAX_CALENDARS = 1_000  # of one user
MAX_SUBSCRIPTIONS = 10_000  # of one calendar
MAX_SUBSCRIPTIONS_OF_OWNER = 50_000


@dataclass(frozen=True)
class Calendar:
    """A user's named set of tokens. `id` is a UUID that stays inside, `feed_id` is its address."""

    id: str
    owner: Owner
    name: str
    feed_id: str
    subscribed_tokens: tuple[str, ...] = ()

    def ics_path(self, base_url: str) -> str:
        """The absolute URI of the feed."""
        return f"{base_url}{FEEDS_PATH}/{self.feed_id}"

    def document(self, base_url: str) -> dict[str, Any]:
        """The calendar object of the API, as in docs/openapi.yaml."""
        document = {"name": self.name, "ics_path": self.ics_path(base_url)}
        if self.subscribed_tokens:
            return {**document, "subscribed_tokens": list(self.subscribed_tokens)}
        return document


@dataclass(frozen=True)
class Subscription:
    """One token in one calendar. Times are seconds since 1970.

    `sequence` counts the changes of its event (RFC 5545, 3.8.7.4), the last of them at `changed`.
    """

    calendar_id: str
    token: RegisteredToken
    expires: int
    comment: str
    added: int
    changed: int
    sequence: int

    def renewed(
        self, token: RegisteredToken, expires: int, comment: str, at: int
    ) -> "Subscription":
        """As it is after the token was added again: equal to this one if nothing is new."""
        renewed = replace(self, token=token, expires=expires, comment=comment or self.comment)
        if renewed == self:
            return self
        return replace(renewed, changed=max(at, self.changed), sequence=self.sequence + 1)


Guards = tuple[Write, ...]
RenderOpening = Callable[[str], str]
RenderEvent = Callable[[Subscription], str]


class Store(Protocol):
    """What the operations need of the database; each of the last five is one transaction."""

    def find(self, owner: Owner, name: str) -> Calendar: ...

    def with_subscribed_tokens(self, calendar: Calendar) -> Calendar: ...

    def subscription(self, calendar: Calendar, mom_id: str) -> Subscription | None: ...

    def create(self, calendar: Calendar, opening: str, change: Change, guards: Guards) -> None: ...

    def subscribe(
        self, calendar: Calendar, new: Subscription, event: str, change: Change, guards: Guards
    ) -> None: ...

    def renew(
        self, calendar: Calendar, renewed: Subscription, event: str, change: Change, guards: Guards
    ) -> None: ...

    def confirm(
        self, calendar: Calendar, known: Subscription, change: Change, guards: Guards
    ) -> None: ...

    def delete(self, calendar: Calendar, change: Change, guards: Guards) -> None: ...


def create(store: Store, caller: Caller, name: str, *, render: RenderOpening, now: int) -> Calendar:
    """A new calendar without tokens. Raises CalendarExists or LimitReached."""
    calendar = Calendar(str(uuid4()), caller.owner, name, new_feed_id())
    store.create(calendar, render(name), Change.new(now), caller.guards)
    return calendar


def find(store: Store, owner: Owner, text: str) -> Calendar:
    """The calendar of this name, without its tokens; there is none of an impossible name.

    Raises CalendarNotFound, and InvalidRequest for a name that was not UTF-8.
    """
    if REPLACEMENT in text:
        raise InvalidRequest("The calendar's name in the path is not UTF-8.")
    try:
        name = calendar_name(text)
    except ValueError:
        raise CalendarNotFound from None
    return store.find(owner, name)


def add_token(
    store: Store,
    caller: Caller,
    name: str,
    token: RegisteredToken,
    *,
    comment: str,
    render: RenderEvent,
    now: int,
) -> Calendar:
    """The calendar with this token in it, once, however often it is added.

    Adding it again replaces its comment if there is a new one. Raises InvalidRequest for a token
    that never expires or has expired, CalendarNotFound, LimitReached, and Outdated.
    """
    expires = expiry_of(token, now)
    calendar = find(store, caller.owner, name)
    change, guards = Change.new(now), (*caller.guards, *token.guards)
    known = store.subscription(calendar, token.mom_id)
    if known is None:
        new = Subscription(calendar.id, token, expires, comment, now, now, sequence=0)
        store.subscribe(calendar, new, render(new), change, guards)
    elif (renewed := known.renewed(token, expires, comment, now)) != known:
        store.renew(calendar, renewed, render(renewed), change, guards)
    else:
        store.confirm(calendar, known, change, guards)
    return store.with_subscribed_tokens(calendar)


def delete(store: Store, caller: Caller, name: str, *, now: int) -> None:
    """Deletes the calendar, and its feed in the same instant.

    Raises CalendarNotFound, and Outdated.
    """
    store.delete(find(store, caller.owner, name), Change.new(now), caller.guards)


def expiry_of(token: RegisteredToken, now: int) -> int:
    if token.expires is None:
        raise InvalidRequest("A mytoken that never expires has no expiry to be reminded of.")
    if token.expires < now:
        raise InvalidRequest("The mytoken has already expired.")
    return token.expires
