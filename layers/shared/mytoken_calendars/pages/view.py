"""What the page of a feed shows: a function of the feed's state, its address and the time.

It tells no more of tokens and calendar than the feed's own text does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from mytoken_calendars import limits
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds.content_lines import printable
from mytoken_calendars.feeds.feed import Feed
from mytoken_calendars.feeds.style import Style
from mytoken_calendars.feeds.writer import SHOWN_OF_MOM_ID, name_of
from mytoken_calendars.pages import words
from mytoken_calendars.pages.links import Links
from mytoken_calendars.pages.months import Month

_DAY = 24 * 60 * 60  # seconds
_SOON, _NEAR = 7 * _DAY, 30 * _DAY


class Expiry(NamedTuple):
    """The expiry of one token, `at` seconds since 1970. `number` tells it from others of the page.

    In a feed of minimal detail `name`, `comment`, `mom_id` (its beginning) and `created` (a day)
    are "". `when` is how far away it is in words. `urgency` is soon, near, later or over.
    """

    number: int
    at: int
    name: str
    comment: str
    mom_id: str
    created: str
    when: str
    urgency: str

    @property
    def exact(self) -> str:
        return words.exact(self.at)

    @property
    def date(self) -> str:
        return words.date(self.at)

    @property
    def weekday(self) -> str:
        return words.weekday(self.at)

    @property
    def clock(self) -> str:
        return words.clock(self.at)


@dataclass(frozen=True)
class View:
    """All that a page shows.

    `ahead` are the expiries to come, the next one first, and `over` the past ones, the last one
    first. `months` have what is ahead, and the first of them a grid each. `now` is when it is
    shown, in seconds since 1970.
    """

    title: str
    description: str
    ahead: tuple[Expiry, ...]
    over: tuple[Expiry, ...]
    months: tuple[Month[Expiry], ...]
    links: Links
    style: Style
    renewal_page: str
    now: int

    @property
    def first(self) -> tuple[Expiry, ...]:
        """What expires next: all of the same minute."""
        return tuple(one for one in self.ahead if one.at // 60 == self.ahead[0].at // 60)

    @property
    def shown_at(self) -> str:
        return words.exact(self.now)

    @property
    def shown_on(self) -> str:
        return f"{words.date(self.now)} at {words.clock(self.now)}"


def of(feed: Feed, subscriptions: Iterable[Subscription], *, base_url: str, now: int) -> View:
    """The page of the feed with these tokens; `feed` is the state that they were read with."""
    ordered = sorted(subscriptions, key=lambda one: (one.expires, one.added, one.mom_id))
    expiries = [_expiry(n, one, feed.style, now) for n, one in enumerate(ordered, 1)]
    ahead = tuple(one for one in expiries if one.at > now)
    writer = feed.writer
    return View(
        title=printable(feed.style.title(writer.name)),
        description=printable(feed.description if feed.style.tells_comments else ""),
        ahead=ahead,
        over=tuple(one for one in reversed(expiries) if one.at <= now),
        months=tuple(_months(ahead)),
        links=Links.to(feed, base_url),
        style=feed.style,
        renewal_page=feed.renewal_page,
        now=now,
    )


def _expiry(number: int, token: Subscription, style: Style, now: int) -> Expiry:
    is_told = style.tells_names
    return Expiry(
        number=number,
        at=token.expires,
        name=name_of(token) if is_told else "",
        comment=printable(token.comment).strip() if style.tells_comments else "",
        mom_id=token.mom_id[:SHOWN_OF_MOM_ID] if is_told else "",
        created=words.date(token.created) if is_told else "",
        when=words.distance(token.expires, now),
        urgency=_urgency(token.expires - now),
    )


def _urgency(left: int) -> str:
    if left <= 0:
        return "over"
    if left <= _SOON:
        return "soon"
    return "near" if left <= _NEAR else "later"


def _months(ahead: Iterable[Expiry]) -> Iterator[Month[Expiry]]:
    """The months that have something, in their order."""
    for n, (key, group) in enumerate(groupby(ahead, key=lambda one: one.exact[: len("2026-12")])):
        yield Month(key, tuple(group), has_grid=n < limits.GRIDS)
