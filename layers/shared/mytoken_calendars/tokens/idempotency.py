"""Idempotent requests: a client may repeat a request under its Idempotency-Key.

For 24 hours (`limits.REPEATABLE`) a request with a key changes things once, however often it is
sent with the same token: the commit of a change also writes a receipt, and a commit that finds a
receipt fails. A repeated request finds the receipt and is answered from it. The receipt of a
request that only lists has nothing but the successor of its token: the list is made anew, for a
minute (`limits.LIST_REPEATED`), so that no key makes one counted use a day of lists. After that
minute nobody is told anew what a change has led to whose token has no use left.

Source: the IETF draft on the Idempotency-Key header field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mytoken_calendars import limits
from mytoken_calendars.changes import Change, Write


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's name for a request, and a digest of what the request asks for."""

    text: str
    request_digest: str


@dataclass(frozen=True)
class Receipt:
    """What a finished request has done.

    `calendar_id` is the calendar that it changed, if any, and `feed_id` the feed that it made.
    `token_update` is the mytoken response object of the successor. It is None if the token was not
    rotated, and also once the successor is too old to be handed out again. `at` is when a change
    was done, and `lasts` for how many seconds the receipt is to be kept.

    With `begun`, which is an id, the request is not finished: another issuer was asked to rotate
    its token, and has done so if there is a `token_update`.
    """

    calendar_id: str
    token_update: Mapping[str, Any] | None
    lasts: int = field(default=limits.REPEATABLE, compare=False)
    feed_id: str = ""
    begun: str = ""
    at: int = field(default=0, compare=False)


class Receipts(Protocol):
    """All receipts. A receipt is found only with the token that its request was sent with."""

    def find(self, key: IdempotencyKey, bearer: str, *, arrived: int) -> Receipt | None:
        """The receipt of this request, if there is one and the request arrived before its end.

        `arrived` is in seconds. Raises IdempotencyKeyReused if another request has used the key.
        """

    def receipt_write(
        self, key: IdempotencyKey, bearer: str, receipt: Receipt, change: Change, *, begun: str
    ) -> Write:
        """The write that stores a receipt; its commit raises Outdated if there is one already.

        But for that of `begun`, which it takes the place of.
        """
