"""What the tokeninfo endpoint tells of notifications: the calendars that mytokens are in."""

from collections.abc import Iterable
from typing import Any

from mytoken_calendars.calendars.calendar import Calendar
from mytoken_calendars.calendars.store import Store
from mytoken_calendars.tokens import tokeninfo
from mytoken_calendars.tokens.access import reachable_token
from mytoken_calendars.tokens.authority import Caller, TokenAdministration
from mytoken_calendars.tokens.mytoken import Capability

THIS, CHILDREN = "this", "children"  # what clients say for mom_ids: their own, its descendants'


def document(
    authority: TokenAdministration,
    store: Store,
    mom_ids: Iterable[str],
    caller: Caller,
    *,
    feeds_url: str,
) -> dict[str, Any]:
    """The calendars of these mytokens, each calendar once, and if there are several, those of each.

    Without any it is the caller's own. There are no mails, so their list is empty. `feeds_url` is
    where feeds are reached.

    Raises InsufficientCapabilities and InvalidGrant for a mom_id out of the caller's reach;
    LimitReached for more than an answer holds.
    """
    own = caller.record.mom_id
    below = [
        token.mom_id for token in tokeninfo.listed(authority, caller) if own in token.ancestors
    ]
    of_each = {one: _nothing() for one in _named(caller, mom_ids, below)}
    told, size = _nothing(), 0
    has_map = len(of_each) > 1  # one has no need of it
    for calendar in _shown(caller, store.all(caller.owner), {own, *below}):
        asked = [of_each[one] for one in calendar.subscribed_tokens if one in of_each]
        if not asked:
            continue
        document = calendar.document(feeds_url)
        places = [told, *asked] if has_map else [told]
        # Each place repeats all of the calendar, so the sum is known before anything is written.
        size += tokeninfo.size(document) * len(places)
        tokeninfo.check_size(size)
        for place in places:
            place["calendars"].append(document)
    return {**told, "mom_id_mapping": of_each} if has_map else told


def _named(caller: Caller, mom_ids: Iterable[str], below: Iterable[str]) -> Iterable[str]:
    """The mom_ids that are meant, each of which the caller may ask about."""
    for mom_id in mom_ids or [THIS]:
        if mom_id == CHILDREN:
            yield from below
        elif mom_id == THIS:
            yield caller.record.mom_id
        else:
            yield reachable_token(caller, mom_id, Capability.READ_NOTIFY).mom_id


def _shown(caller: Caller, calendars: Iterable[Calendar], reached: set[str]) -> list[Calendar]:
    """As much of the calendars as the caller may see: if it may not read, what it reaches."""
    if caller.mytoken.may(Capability.READ_NOTIFY):
        return list(calendars)
    return [calendar.told_to_others(reached) for calendar in calendars]


def _nothing() -> dict[str, Any]:
    return {"notifications": [], "calendars": []}
