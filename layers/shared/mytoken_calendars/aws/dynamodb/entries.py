"""The tokens of a calendar, as the map `tokens` of its item; the style of a feed; and back.

A token is one short text, so that it is written, compared and read as a whole: a JSON array of the
fields of `Subscription`, with the rest of the mom_id in the place of the mom_id. A thousand of them
are read in some milliseconds, a tenth of what a thousand maps take.
"""

import json
from collections.abc import Mapping
from functools import lru_cache

from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds.style import Detail, Reminders, Style


def packed(subscription: Subscription) -> str:
    rest = subscription.mom_id.removeprefix(subscription.short_id)
    return _text((rest, *subscription[1:]))


def packed_all(subscriptions: Mapping[str, Subscription]) -> dict[str, str]:
    return {short_id: packed(one) for short_id, one in subscriptions.items()}


def unpacked(tokens: Mapping[str, str]) -> dict[str, Subscription]:
    """The subscriptions by short mom_id, in the order of adding."""
    # As one text, since a call of the parser for each token takes as long as what it parses.
    rows = json.loads(f"[{','.join(tokens.values())}]")
    found = [
        (row[6], short_id + row[0], short_id, row)
        for short_id, row in zip(tokens, rows, strict=True)
    ]
    found.sort()  # by when it was added, then by mom_id
    return {
        short_id: Subscription(
            mom_id, row[1], row[2], row[3], tuple(row[4]), row[5], added, row[7], row[8], row[9]
        )
        for added, mom_id, short_id, row in found
    }


def packed_style(style: Style) -> str:
    return _text(style)


@lru_cache(maxsize=1024)  # few styles differ, and each poll reads one
def unpacked_style(text: str) -> Style:
    reminders, days, detail, changes, changed = json.loads(text)
    return Style(Reminders(reminders), tuple(days), Detail(detail), changes, changed)


def _text(fields: tuple[object, ...]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
