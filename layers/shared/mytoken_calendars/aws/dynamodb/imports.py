"""Imports the calendars of a mytoken server: each with all its tokens, or not at all.

A calendar is imported once: a calendar that was deleted here is not imported again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import items, keys
from mytoken_calendars.aws.dynamodb.table import ABSENT, Table
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Calendar
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import AlreadyImported, LimitReached


@dataclass(frozen=True)
class Importer:
    """Imports calendars. Its methods raise TemporarilyUnavailable if DynamoDB does not answer."""

    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table.calendars())

    def knows(self, secret: str) -> bool:
        """Whether a calendar with this address was imported, or exists, or was deleted."""
        return bool(self.table.get_all([keys.imported(secret), keys.feed_head(secret)]))

    def bring_in(self, calendar: Calendar, tokens: Sequence[Subscription], change: Change) -> None:
        """Stores a calendar with all its tokens, in one transaction.

        Tokens that were revoked since the export are shown until the issuer lists those alive.
        Raises AlreadyImported, CalendarExists and LimitReached.
        """
        check_weight(calendar.name, tokens)
        known, secret = AlreadyImported(), calendar.addresses[0].secret
        self.table.commit(
            change,
            self.table.put(keys.imported(secret), {"at": change.at}, ABSENT, known),
            *items.new_calendar(self.table, calendar, tokens, change, known),
        )


def check_weight(name: str, tokens: Sequence[Subscription]) -> None:
    """Raises LimitReached for a calendar that weighs too much."""
    weighs = weight.of_calendar(name, "", 0) + sum(token.weight for token in tokens)
    if weighs > limits.CALENDAR_WEIGHT:
        raise LimitReached(
            f"A calendar weighs at most {limits.CALENDAR_WEIGHT:,}. This one would weigh "
            f"{weighs:,} with its {len(tokens):,} tokens: names and comments weigh most."
        )
