"""Removes the events and subscriptions of deleted calendars and of expired imports.

A sweep only frees space: the transaction that deletes a calendar already hides it. A sweep cannot
remove a live calendar: its jobs are ids of deleted calendars, and an id is never used again. The
same is true of an import (`imports.py`) that has not finished in time: one transaction ends the
import and makes the job, so the import can no longer finish.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from mytoken_calendars import limits
from mytoken_calendars.aws import metrics
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
        return cls(Table.calendars())

    def sweep(self, now: int, may_go_on: Callable[[], bool]) -> int:
        """Sweeps until `may_go_on` says no; returns the number of calendars swept.

        The next sweep does the rest. `now` is in seconds since 1970.
        """
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
        """Hands expired, unfinished imports over to the sweep."""
        for job in self.table.query(keys.IMPORTING):
            if job["until"] > now:
                continue
            key, owner = keys.importing(job["sk"]), {"owner": job["owner"]}
            with suppress(Outdated):  # the import has just finished
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
        events = self.table.query(keys.tokens_partition(calendar_id), attributes=key)
        prefix = keys.subscriptions_prefix(calendar_id)
        partition = keys.owner_partition(owner)
        return events + self.table.query(partition, sk_prefix=prefix, attributes=key)
