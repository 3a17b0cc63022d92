"""A change: what one operation writes, all of it or nothing; `transaction.py` commits it.

A use of a mytoken is a part of the change that it is used for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from uuid import uuid4

from mytoken_calendars.errors import Refusal


@dataclass(frozen=True)
class Change:
    """One change: `id` is a UUID, `at` is its time in seconds since 1970.

    The id is the idempotency token of the transaction and the new version of every feed that the
    transaction alters. A version never repeats, even after a table is restored from a backup. So a
    cached feed is never taken for another state.
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


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Use:
    """A use of a mytoken, which the commit of an operation takes.

    `writes` store the receipt, count the use and rotate the token. `conditions` check that the
    tokens are still alive. `token_update` is the mytoken response object of the successor, if the
    use rotates the token. `follow_up` is called after a commit that succeeded.
    """

    writes: tuple[Write, ...] = ()
    conditions: tuple[Write, ...] = ()
    token_update: Mapping[str, Any] | None = None
    follow_up: Callable[[], None] = field(default=_nothing, compare=False)

    def on(self, conditions: Iterable[Write]) -> Self:
        """This use with further conditions."""
        return replace(self, conditions=(*self.conditions, *conditions))


NO_USE = Use()
