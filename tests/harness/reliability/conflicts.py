"""What AWS does and no stand-in: of two transactions that overlap in time on one item it cancels
the later one, whatever they write or check in it.

Source: the developer guide, "Transaction conflict handling in DynamoDB".
"""

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.harness import aws_faults
from tests.harness.reliability.calls import Call, Fault
from tests.harness.reliability.simulated import SimulatedTime

# Seconds that calls take, at least and at most.
_TRANSACTION = (0.010, 0.030)
_OTHER = (0.002, 0.008)

Item = tuple[str, str, str]  # by its table and its key


@dataclass
class Conflicts:
    """A plan by which calls take time, and transactions conflict that meet at an item."""

    time: SimulatedTime
    chance: random.Random
    cancelled: Counter[str] = field(default_factory=Counter)  # how often, by ClientRequestToken
    _at_work: dict[str, frozenset[Item]] = field(default_factory=dict)  # by ClientRequestToken

    def __call__(self, number: int, call: Call) -> Fault | None:
        if call.operation == "TransactWriteItems":
            return self._transact
        # Of other services a thread may wait for another's call, which is not the simulated time's.
        return self._take_time if call.service == "dynamodb" else None

    def _take_time(self, call: Call) -> Any:
        self.time.sleep(self.chance.uniform(*_OTHER))
        return call.proceed()

    def _transact(self, call: Call) -> Any:
        """The transaction is at work from its arrival on, and done at a moment in between."""
        request = json.loads(call.body)
        token, items = (
            request["ClientRequestToken"],
            [_item(one) for one in request["TransactItems"]],
        )
        assert token not in self._at_work, "it is sent while it is at work"
        busy = frozenset[Item]().union(*self._at_work.values())
        takes = self.chance.uniform(*_TRANSACTION)
        if not busy.isdisjoint(items):
            self.cancelled[token] += 1
            self.time.sleep(takes / 2)
            return _cancelled(call, ["TransactionConflict" if i in busy else "None" for i in items])
        self._at_work[token] = frozenset(items)
        try:
            self.time.sleep(takes / 2)
            answer = call.proceed()
            self.time.sleep(takes / 2)
        finally:
            del self._at_work[token]
        return answer


def _item(write: dict[str, Any]) -> Item:
    ((_, parameters),) = write.items()
    key = parameters.get("Key") or parameters["Item"]
    return parameters["TableName"], key["pk"]["S"], key["sk"]["S"]


def _cancelled(call: Call, codes: Sequence[str]) -> Any:
    reasons = [{"Code": code} for code in codes]
    cancelled = aws_faults.refused("TransactionCanceledException", CancellationReasons=reasons)
    return cancelled(call.client, call.request)
