"""Removes what deleted calendars have left behind: their events and subscriptions.

Nothing depends on it but space: a deleted calendar is gone with the transaction that deleted it.
It acts only on calendar ids from that transaction, and a calendar's id is never used again. What an
import lays ready (`imports.py`) it takes for left behind once the import has had its time.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from mytoken_calendars import limits
from mytoken_calendars.aws import clients, metrics
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.table import ABSENT, Item, Table
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import Outdated
from mytoken_calendars.identifiers import Owner


@dataclass(frozen=True)
class Sweeper:
    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table(clients.client("dynamodb"), os.environ["CALENDARS_TABLE"]))

    def sweep(self, now: int, may_go_on: Callable[[], bool]) -> int:
        """How many calendars were swept. What it has no time for is left to the next sweep."""
        self._give_up_imports(now)
        jobs = self.table.query(keys.SWEEP)
        left = len(jobs)
        for job in jobs:
            if not self._is_done(job, may_go_on):
                break
            left -= 1
        metrics.count(Metric.CLEANUP_LEFT, left)
        return len(jobs) - left

    def _give_up_imports(self, now: int) -> None:
        """What was laid ready and is not there in time is now as if a deletion had left it."""
        for job in self.table.query(keys.IMPORTING):
            if job["until"] > now:
                continue
            key, owner = keys.importing(job["sk"]), {"owner": job["owner"]}
            with suppress(Outdated):  # it came to its end after all
                self.table.commit(
                    Change.new(now),
                    self.table.delete(key, "#until = :until", until=job["until"]),
                    self.table.put(keys.sweep(job["sk"]), owner, ABSENT),
                )

    def _is_done(self, job: Item, may_go_on: Callable[[], bool]) -> bool:
        leftovers = self._leftovers(Owner(job["owner"]), job["sk"])
        for first in range(0, len(leftovers), limits.REMOVED_AT_ONCE):
            if not may_go_on():
                return False
            self.table.remove(leftovers[first : first + limits.REMOVED_AT_ONCE])
        self.table.remove([keys.sweep(job["sk"])])
        return True

    def _leftovers(self, owner: Owner, calendar_id: str) -> list[keys.Key]:
        key = ("pk", "sk")
        events = self.table.query(keys.events_partition(calendar_id), attributes=key)
        prefix = keys.subscriptions_prefix(calendar_id)
        partition = keys.owner_partition(owner)
        return events + self.table.query(partition, sk_prefix=prefix, attributes=key)
