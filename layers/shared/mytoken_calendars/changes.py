"""A change: what one operation writes, all of it or nothing; `transaction.py` commits it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from mytoken_calendars.errors import Refusal


@dataclass(frozen=True)
class Change:
    """One operation's doing: `id` names it (a UUID), `at` is its time in seconds since 1970.

    The id is the transaction's idempotency token, and the version of every feed that the
    transaction alters. It never repeats, not even after a table was restored from a backup, so a
    cached feed can never be mistaken for another.
    """

    id: str
    at: int

    @classmethod
    def new(cls, at: int) -> "Change":
        return cls(str(uuid4()), at)


@dataclass(frozen=True)
class Write:
    """One write or check of a transaction, and the refusal to raise if its condition fails.

    `action` is `Put`, `Update`, `Delete` or `ConditionCheck`; `parameters` are DynamoDB's for it,
    with Python values (`transaction.py` puts them into DynamoDB's types).
    """

    action: str
    parameters: Mapping[str, Any]
    refusal: Refusal
