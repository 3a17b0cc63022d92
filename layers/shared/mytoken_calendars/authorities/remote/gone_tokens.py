"""Which tokens in calendars an issuer no longer lists, and which it lists again."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from mytoken_calendars import limits
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.dynamodb import revocations
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.calendars.subscriptions import Mark
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import MarksFull, TemporarilyUnavailable
from mytoken_calendars.identifiers import Owner, short_mom_id


@dataclass(frozen=True)
class BeforeListing:
    """What an owner's calendars held, and what was marked, before the issuer was asked.

    If they were read after it, a token that is issued and added in between would count as revoked.
    """

    table: Table
    owner: Owner
    marks: Mapping[str, Mark]
    subscribed: set[str]

    @classmethod
    def read(cls, table: Table, owner: Owner) -> Self:
        marks = revocations.read(table, owner).tokens
        return cls(table, owner, marks, CalendarStore(table).subscribed(owner))

    def record(self, listed: set[str]) -> None:
        """Marks what is not among the mom_ids of a whole listing, and lifts marks of what is.

        Of both at most `limits.GONE_AT_ONCE`; the next listing finds the others, and all of them if
        this fails.
        """
        alive = set(map(short_mom_id, listed))
        gone = sorted(self.subscribed - self.marks.keys() - alive)[: limits.GONE_AT_ONCE]
        back = sorted(self.marks.keys() & alive)[: limits.GONE_AT_ONCE]
        if not (gone or back):
            return
        # The time of the answer, and not that of the request: what was asked before it is older.
        change = Change.new(int(time.time()))
        as_read = {short_id: self.marks[short_id] for short_id in back}
        writes = revocations.listing_writes(self.table, self.owner, gone, as_read, change)
        with suppress(TemporarilyUnavailable), metrics.counted(Metric.REVOCATION_FAILED, MarksFull):
            self.table.commit(change, *writes)
