"""Removes what deleted calendars have left behind: their events and subscriptions.

Nothing depends on it but space: a deleted calendar is gone with the transaction that deleted it.
It acts only on calendar ids from that transaction, and a calendar's id is never used again.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from mytoken_calendars import aws, items
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.table import Table


@dataclass(frozen=True)
class Sweeper:
    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table(aws.client("dynamodb"), os.environ["CALENDARS_TABLE"]))

    def sweep(self, may_go_on: Callable[[], bool]) -> int:
        """How many calendars were swept. What it has no time for is left to the next sweep."""
        swept = 0
        for job in self.table.query(items.SWEEP):
            if not may_go_on():
                break
            calendar_id, owner = job["sk"], Owner(job["owner"])
            prefix = items.subscriptions_prefix(calendar_id)
            keys = ("pk", "sk")
            self.table.remove(
                self.table.query(items.events_partition(calendar_id), attributes=keys)
            )
            self.table.remove(
                self.table.query(items.owner_partition(owner), sk_prefix=prefix, attributes=keys)
            )
            self.table.remove([items.sweep(calendar_id)])
            swept += 1
        return swept
