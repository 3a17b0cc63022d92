"""Where the buttons of a page lead: the feed's addresses, and the services that subscribe to it."""

from typing import NamedTuple, Self
from urllib.parse import quote

from mytoken_calendars.calendars import addresses
from mytoken_calendars.feeds.feed import Feed

_GOOGLE = "https://calendar.google.com/calendar/r"
_OUTLOOK = "https://outlook.{kind}.com/calendar/0/addfromweb"


class Links(NamedTuple):
    """Absolute URIs of one feed.

    `short` is its address without the calendar's name, for QR codes. `webcal` opens the calendar
    app of the reader's machine. The last three hand the address over to a service.
    """

    feed: str
    short: str
    webcal: str
    google: str
    outlook: str
    outlook_at_work: str

    @classmethod
    def to(cls, feed: Feed, base_url: str) -> Self:
        _, _, place = base_url.partition("://")
        address = addresses.ics_path(base_url, feed.secret, feed.title)
        webcal = addresses.ics_path(f"webcal://{place}", feed.secret, feed.title)
        query = f"url={quote(address, safe='')}&name={quote(feed.title, safe='')}"
        return cls(
            feed=address,
            short=addresses.short(base_url, feed.secret),
            webcal=webcal,
            google=f"{_GOOGLE}?cid={quote(webcal, safe='')}",
            outlook=f"{_OUTLOOK.format(kind='live')}?{query}",
            outlook_at_work=f"{_OUTLOOK.format(kind='office')}?{query}",
        )
