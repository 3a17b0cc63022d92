"""Adding a token to a calendar, for which the dead make room."""

from contextlib import suppress
from dataclasses import dataclass

from mytoken_calendars import limits
from mytoken_calendars.calendars.calendar import Addition, Calendar, Contents
from mytoken_calendars.calendars.store import Store
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import LimitReached, Outdated, OwnerFull, TemporarilyUnavailable
from mytoken_calendars.tokens.authority import Caller
from mytoken_calendars.tokens.mytoken import Capability
from mytoken_calendars.tokens.token_record import TokenRecord

_DELETE = "Delete a calendar first."
_TRY_AGAIN = "Not all calendars were looked through for what can leave them: try again."


@dataclass(frozen=True)
class Adding:
    """A token that is to be added to a calendar. `now_ms` is in milliseconds since 1970."""

    store: Store
    caller: Caller
    calendar: Calendar
    token: TokenRecord
    comment: str
    now_ms: int

    def done(self) -> Contents:
        """Adds the token; gives what the calendar holds then.

        If there is no room, the dead leave: those of the calendar, or those of all the owner's.

        Raises InvalidRequest for a token that never expires or has expired; InvalidGrant for one
        that was revoked meanwhile; LimitReached; Outdated.
        """
        new, owner = Subscription.of(self.token, self.comment, added=self.now_ms), self.caller.owner
        found = self._contents()
        if len(found.marks) >= limits.MARKS_TIDIED:
            with suppress(TemporarilyUnavailable):  # it needs no room among the marks
                self.store.tidy(owner, self._now)
            found = self._contents()
        try:
            return self._added(new, found)
        except OwnerFull:
            is_tidy = self.store.tidy(owner, self._now)
        try:
            return self._added(new, self._contents())
        except OwnerFull as full:
            raise OwnerFull(f"{full} {_DELETE if is_tidy else _TRY_AGAIN}") from None

    def _added(self, new: Subscription, found: Contents) -> Contents:
        addition = found.addition(new, self._now)
        if not addition.fits and found.has_dead(self._now):
            self.store.tidy_one(self.calendar, self._now)
            found = self._contents()
            addition = found.addition(new, self._now)
        if not addition.fits:
            raise LimitReached(self._full(found, addition.more))
        try:
            self._commit(found, addition)
        except Outdated:
            if not addition.leaving:
                raise
            # Another add may have taken out the same ones: then this one does without.
            addition = found.addition(new, self._now, leaving=0)
            self._commit(found, addition)
        return found.after(addition)

    def _commit(self, found: Contents, addition: Addition) -> None:
        change = Change.new(self._now)
        use = self.caller.use(change, self.calendar.id).on(self.token.conditions)
        if addition.changes_something:
            self.store.subscribe(self.calendar, found, addition, change, use)
        else:
            self.store.confirm(self.calendar, change, use)

    def _contents(self) -> Contents:
        return self.store.contents(self.calendar)

    @property
    def _now(self) -> int:
        return self.now_ms // 1000

    def _full(self, found: Contents, more: int) -> str:
        """Why a token does not fit. How full the calendar is, those are told who may read it."""
        most = limits.CALENDAR_WEIGHT
        text = f"A calendar weighs at most {most:,}: this mytoken would add {more:,}"
        if self.caller.mytoken.may(Capability.READ_NOTIFY):
            text += f" to the {found.weight:,} of the {len(found.alive):,} mytokens in it"
        return f"{text}. Names and comments weigh most; another calendar has room."
