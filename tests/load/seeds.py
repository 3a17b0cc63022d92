"""What the load finds: calendars of all sizes, written into the table as the store writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit
from uuid import uuid4

from mytoken_calendars.calendars.calendar import Calendar
from mytoken_calendars.identifiers import Owner
from tests.harness.stacks import DAY, Stack
from tests.harness.stage import store_calendar
from tests.harness.steps import owner
from tests.load.clients import Heavy
from tests.load.feeds import Feed, Feeds
from tools.operate.progress import Progress

_LIFETIME = 365 * DAY  # of the tokens: long enough for all reminders
_MOST = 10  # tokens of an ordinary calendar


@dataclass(frozen=True)
class Seeds:
    """Writes calendars of new users to the table of a stack."""

    stack: Stack
    chance: Random
    progress: Progress

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
        of = owner(user, self.stack.issuer)
        return [self._stored(of, name, size) for name, size in sizes.items()]

    def _stored(self, of: Owner, name: str, size: int) -> tuple[Calendar, list[str]]:
        calendar = store_calendar(self.stack, of, name, size)
        self.progress.count()
        return calendar, list(calendar.subscribed_tokens)


def _path(calendar: Calendar) -> str:
    return urlsplit(calendar.ics_path("http://x")).path
