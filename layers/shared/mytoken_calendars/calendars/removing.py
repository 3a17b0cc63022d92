"""Taking a token out of a calendar."""

from mytoken_calendars.calendars.calendar import Calendar
from mytoken_calendars.calendars.store import Store
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import InsufficientCapabilities
from mytoken_calendars.tokens.access import manageable_token
from mytoken_calendars.tokens.authority import Caller
from mytoken_calendars.tokens.mytoken import Capability


def remove(store: Store, caller: Caller, calendar: Calendar, mom_id: str, *, now: int) -> None:
    """Takes a token out; what is not in the calendar is no error. `mom_id` may be empty: its own.

    Raises InsufficientCapabilities for a token that the caller does not manage; Outdated.
    """
    found = store.contents(calendar)
    gone = found.subscription(mom_id or caller.record.mom_id)
    if not caller.mytoken.may(Capability.NOTIFY):
        _check_managed(caller, gone, mom_id)
    change = Change.new(now)
    use = caller.use(change, calendar.id)
    if gone:
        store.remove(calendar, found, gone, change, use)
    else:
        store.confirm(calendar, change, use)


def _check_managed(caller: Caller, gone: Subscription | None, mom_id: str) -> None:
    """Raises InsufficientCapabilities unless it is the caller's own token or a descendant.

    What is in the calendar says so itself, also of a token that was revoked.
    """
    if gone is None:
        manageable_token(caller, mom_id)
    elif not gone.is_below(caller.record.mom_id):
        raise InsufficientCapabilities
