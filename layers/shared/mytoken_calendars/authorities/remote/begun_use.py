"""A rotation that was begun at the issuer, noted for whoever sends the same request again.

The issuer takes an old token for a stolen one, and may revoke its chain. So before it is asked to
rotate a token, the receipt of the request says so, and after that it has the successor: both for as
long as a successor is handed out. The commit of the request puts the final receipt in its place.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import Refusal, TemporarilyUnavailable
from mytoken_calendars.tokens.authority import Caller
from mytoken_calendars.tokens.idempotency import Receipt


@contextmanager
def noted(calendars: Table, caller: Caller) -> Iterator[None]:
    """Inside of it the issuer is asked, and `caller`'s state gets the successor.

    Only what rotates and has an Idempotency-Key is noted. Raises Outdated if the same request has
    begun already, and TemporarilyUnavailable.
    """
    if not caller.mytoken.rotates:
        yield
        return
    _note(calendars, caller, lasts=limits.LIST_REPEATED)
    try:
        yield
    except TemporarilyUnavailable:  # the issuer may have rotated it
        raise
    except Refusal:
        with suppress(TemporarilyUnavailable):
            _note(calendars, caller, lasts=0)
        raise
    successor = caller.credentials.state.token_update
    _note(calendars, caller, successor, lasts=limits.LIST_REPEATED if successor else 0)


def _note(
    calendars: Table, caller: Caller, successor: Mapping[str, Any] | None = None, *, lasts: int
) -> None:
    state, change = caller.credentials.state, Change.new(caller.credentials.now)
    state.begun = state.begun or change.id
    receipt = Receipt("", successor, lasts, begun=state.begun)
    calendars.commit(change, *caller.receipt_writes(receipt, change))
