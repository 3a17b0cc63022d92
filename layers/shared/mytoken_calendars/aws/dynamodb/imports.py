"""Imports the calendars of a mytoken server: each with all its tokens, or not at all.

A calendar is imported once: a calendar that was deleted here is not imported again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import items, keys
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.table import ABSENT, Table
from mytoken_calendars.calendars.calendars import Calendar
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import AlreadyImported, CalendarExists, LimitReached


@dataclass(frozen=True)
class Importer:
    """Imports calendars. Its methods raise TemporarilyUnavailable if DynamoDB does not answer."""

    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table.calendars())

    def knows(self, feed_id: str) -> bool:
        """Whether a calendar with this address was imported, or exists, or was deleted."""
        return bool(self.table.get_all([keys.imported(feed_id), keys.feed_head(feed_id)]))

    def bring_in(self, calendar: Calendar, tokens: Sequence[Subscription], change: Change) -> None:
        """Stores a calendar with all its tokens; the last transaction publishes it as a whole.

        Raises AlreadyImported, CalendarExists and LimitReached; Outdated if the import has expired.
        """
        check_number(tokens)
        ready = self._laid_ready(calendar, tokens[limits.IMPORTED_AT_ONCE :], change)
        feed = {**items.of_feed(calendar, change), "subscriptions": len(tokens)}
        self.table.commit(
            change,
            self.table.put(
                keys.imported(calendar.feed_id), {"at": change.at}, ABSENT, AlreadyImported()
            ),
            self.table.put(keys.feed_head(calendar.feed_id), feed, ABSENT, AlreadyImported()),
            self.table.put(
                keys.calendar(calendar.owner, folded(calendar.name)),
                items.of_calendar(calendar),
                ABSENT,
                CalendarExists(),
            ),
            self.table.put(
                keys.calendar_id(calendar.owner, calendar.id), {"name": calendar.name}, ABSENT
            ),
            self._count(calendar, len(tokens), change),
            *ready,
            *self._tokens(calendar, tokens[: limits.IMPORTED_AT_ONCE]),
        )

    def _laid_ready(
        self, calendar: Calendar, tokens: Sequence[Subscription], change: Change
    ) -> tuple[Write, ...]:
        """Stages tokens before their calendar exists; returns the write that publishes them.

        Raises Outdated if the import has expired and `sweep` has ended it; so does that write.
        """
        if not tokens:
            return ()
        job, until = keys.importing(calendar.id), change.at + limits.IMPORT
        kept = {"owner": calendar.owner, "until": until}
        self.table.commit(Change.new(change.at), self.table.put(job, kept, ABSENT))
        for first in range(0, len(tokens), limits.IMPORTED_AT_ONCE):
            self.table.commit(
                Change.new(change.at),
                self.table.check(job, "#until = :until", until=until),
                *self._tokens(calendar, tokens[first : first + limits.IMPORTED_AT_ONCE]),
            )
        return (self.table.delete(job, "#until = :until", until=until),)

    def _tokens(self, calendar: Calendar, tokens: Sequence[Subscription]) -> list[Write]:
        store = CalendarStore(self.table)
        return [write for one in tokens for write in store.subscription_writes(calendar, one)]

    def _count(self, calendar: Calendar, tokens: int, change: Change) -> Write:
        """The write that counts a calendar and its tokens; it raises LimitReached."""
        return self.table.update(
            keys.owner_head(calendar.owner),
            "SET #version = :version ADD #calendars :one, #subscriptions :tokens",
            "(attribute_not_exists(#calendars) OR #calendars < :most)"
            " AND (attribute_not_exists(#subscriptions) OR #subscriptions <= :room)",
            LimitReached(
                f"A user has at most {limits.CALENDARS:,} calendars and"
                f" {limits.TOKENS_OF_USER:,} subscriptions."
            ),
            version=change.id,
            one=1,
            tokens=tokens,
            most=limits.CALENDARS,
            room=limits.TOKENS_OF_USER - tokens,
        )


def check_number(tokens: Sequence[object]) -> None:
    """Raises LimitReached for more tokens than a calendar may have."""
    if len(tokens) > limits.TOKENS:
        raise LimitReached(f"A calendar has at most {limits.TOKENS:,} tokens.")
