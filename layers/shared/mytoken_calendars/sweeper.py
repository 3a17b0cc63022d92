"""Removes what deleted calendars have left behind: their events and subscriptions.

Nothing depends on it but space: a deleted calendar is gone with the transaction that deleted it.
It acts only on calendar ids from that transaction, and a calendar's id is never used again. What an
import lays ready (`importing.py`) it takes for left behind once the import has had its time.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from mytoken_calendars import aws, items
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.table import BATCH, Table


@dataclass(frozen=True)
class Sweeper:
    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table(aws.client("dynamodb"), os.environ["CALENDARS_TABLE"]))

    def sweep(self, now: int, may_go_on: Callable[[], bool]) -> int:
        """How many calendars were swept. What it has no time for is left to the next sweep."""
        swept = 0
        for job in self.table.query(items.SWEEP):
            if job.get("not_before", now) > now:
                continue
            leftovers = self._leftovers(Owner(job["owner"]), job["sk"])
            for first in range(0, len(leftovers), BATCH):
                if not may_go_on():
                    return swept
                self.table.remove(leftovers[first : first + BATCH])
            self.table.remove([items.sweep(job["sk"])])
            swept += 1
        return swept

    def _leftovers(self, owner: Owner, calendar_id: str) -> list[items.Key]:
        keys = ("pk", "sk")
        events = self.table.query(items.events_partition(calendar_id), attributes=keys)
        prefix = items.subscriptions_prefix(calendar_id)
        partition = items.owner_partition(owner)
        return events + self.table.query(partition, sk_prefix=prefix, attributes=keys)
