"""Requests that a client may repeat: its Idempotency-Key, and the receipt that one was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mytoken_calendars.changes import Change, Write


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's name for a request, and a digest of what the request asks for."""

    key: str
    request: str


@dataclass(frozen=True)
class Receipt:
    """What a request has done: to which calendar, and to its mytoken.

    `token_update` is the mytoken response object of the successor, if the token was rotated. A
    request that comes too late for it finds a receipt without one.
    """

    calendar_id: str
    token_update: Mapping[str, Any] | None


class Receipts(Protocol):
    """All receipts. Only who holds the very token of a request finds its receipt."""

    def find(self, key: IdempotencyKey, bearer: str, now: int) -> Receipt | None:
        """The receipt of this request, if it was done and could still be repeated at `now`.

        Raises IdempotencyKeyReused if the key was that of another request.
        """

    def receipt_write(
        self, key: IdempotencyKey, bearer: str, receipt: Receipt, change: Change
    ) -> Write:
        """The write that leaves a receipt; it raises Outdated if there is one already."""
