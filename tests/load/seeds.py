"""What the load finds: calendars of all sizes, written into the table as the store writes them."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit
from uuid import uuid4

from mytoken_calendars.aws.dynamodb import items, keys, subscription_items
from mytoken_calendars.aws.dynamodb.table import ABSENT, Item
from mytoken_calendars.calendars.calendars import Calendar
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.identifiers import Owner, mom_id_of, new_feed_id, owner_of, subject
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.harness.stacks import DAY, Stack
from tests.load.clients import Heavy
from tests.load.feeds import Feed, Feeds

_LIFETIME = 365 * DAY  # of the tokens: long enough for all reminders
_MOST = 10  # tokens of an ordinary calendar
_AT_ONCE = 100  # items that a transaction writes at most


@dataclass(frozen=True)
class Seeds:
    """Writes calendars of new users to the table of a stack."""

    stack: Stack
    chance: Random

    def feeds(self, number: int, tokens_of_the_large: int) -> Feeds:
        """A hot feed, a large one, and so many others, each of a user of its own."""
        hot = self._feed(_MOST, "hot feed")
        large = self._feed(tokens_of_the_large, "large feed")
        return Feeds(hot, large, [self._feed(self.chance.randint(1, _MOST)) for _ in range(number)])

    def heavy(self, number: int) -> Heavy:
        """A user with so many calendars of a token each."""
        user = str(uuid4())
        calendars = self._written(user, {f"Calendar {n}": 1 for n in range(number)})
        listed = {calendar.name: (_path(calendar), mom_ids) for calendar, mom_ids in calendars}
        return Heavy(self.stack.mint(user=user, expires_in=_LIFETIME), listed)

    def _feed(self, tokens: int, label: str = "feed") -> Feed:
        ((calendar, _),) = self._written(str(uuid4()), {"CI Mytokens": tokens})
        return Feed(_path(calendar), label, added=tokens, adding=tokens)

    def _written(self, user: str, sizes: Mapping[str, int]) -> list[tuple[Calendar, list[str]]]:
        """The calendars of a user, by name and number of tokens; each with its mom_ids."""
        issuer = self.stack.issuer
        owner, change = owner_of(issuer, subject(user, issuer)), Change.new(int(time.time()))
        new = {_calendar(owner, name): size for name, size in sizes.items()}
        filled = {c: list(_subscriptions(size, self.chance)) for c, size in new.items()}
        self._write(_items(owner, filled, change))
        return [(c, [s.mom_id for s in filled[c]]) for c in filled]

    def _write(self, new: Iterable[Item]) -> None:
        table = self.stack.store.table
        writes = [table.put({}, item, ABSENT) for item in new]
        for first in range(0, len(writes), _AT_ONCE):
            change = Change.new(int(time.time()))
            table.commit(change, *writes[first : first + _AT_ONCE])


def _items(
    owner: Owner, filled: Mapping[Calendar, list[Subscription]], change: Change
) -> Iterator[Item]:
    subscriptions = sum(map(len, filled.values()))
    counters = {"calendars": len(filled), "subscriptions": subscriptions}
    yield {**keys.owner_head(owner), "version": change.id, **counters}
    for calendar, subscribed in filled.items():
        feed = items.of_feed(calendar, change)
        yield {**keys.calendar(owner, folded(calendar.name)), **items.of_calendar(calendar)}
        yield {**keys.calendar_id(owner, calendar.id), "name": calendar.name}
        yield {**keys.feed_head(calendar.feed_id), **feed, "subscriptions": len(subscribed)}
        for one in subscribed:
            key = (calendar.id, one.mom_id)
            yield {**keys.subscribed(*key), **subscription_items.of_subscription(one)}
            yield {**keys.subscription(owner, *key), **subscription_items.of_listed(one)}


def _calendar(owner: Owner, name: str) -> Calendar:
    return Calendar(str(uuid4()), owner, name, new_feed_id(), created=int(time.time()))


def _subscriptions(tokens: int, chance: Random) -> Iterator[Subscription]:
    now = int(time.time())
    for number in range(tokens):
        created = now - chance.randrange(30 * DAY)
        token = TokenRecord(mom_id_of(uuid4()), f"token {number}", created, created + _LIFETIME)
        comment = f"See OPS-{chance.randrange(10_000)}"
        yield Subscription.of(token, comment, added=now * 1000 + number)


def _path(calendar: Calendar) -> str:
    return urlsplit(calendar.ics_path("http://x")).path
