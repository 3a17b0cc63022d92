"""What the operations on calendars need of a database."""

from typing import Protocol

from mytoken_calendars.calendars.calendar import Addition, Calendar, Contents
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.calendars.tags import Tags
from mytoken_calendars.changes import Change, Use
from mytoken_calendars.identifiers import Owner


class Store(Protocol):
    """The database of the operations. A method with a Use commits one transaction at most.

    What was read may have changed until the commit, which then raises Outdated.
    """

    def find(self, owner: Owner, name: str) -> Calendar:
        """The calendar of this name, without its tokens. Raises CalendarNotFound."""

    def find_by_id(self, owner: Owner, calendar_id: str) -> Calendar:
        """As `find`, by the id. Raises Outdated if it is renamed meanwhile."""

    def all(self, owner: Owner) -> list[Calendar]:
        """The owner's calendars with their tokens, by name; each as at one moment."""

    def contents(self, calendar: Calendar) -> Contents: ...

    def names(self, owner: Owner) -> set[str]:
        """The folded names of all calendars of the owner."""

    def tags(self, owner: Owner) -> Tags: ...

    def create(self, calendar: Calendar, all_tags: Tags, change: Change, use: Use) -> None:
        """Stores a new calendar, its feed and its tags. Raises CalendarExists and LimitReached."""

    def subscribe(
        self, calendar: Calendar, found: Contents, addition: Addition, change: Change, use: Use
    ) -> None:
        """Stores what adding a token changes. Raises OwnerFull."""

    def remove(
        self, calendar: Calendar, found: Contents, gone: Subscription, change: Change, use: Use
    ) -> None:
        """Takes a token out of the calendar."""

    def update(
        self, found: Contents, new: Calendar, all_tags: Tags, change: Change, use: Use
    ) -> None:
        """Makes what was found of a calendar `new`, but for its tokens; stores the owner's tags.

        Raises CalendarExists and OwnerFull.
        """

    def tidy_one(self, calendar: Calendar, now: int) -> None:
        """Takes the dead out of the calendar."""

    def tidy(self, owner: Owner, now: int) -> bool:
        """Takes the dead out of all calendars, for some seconds; whether it came through."""

    def confirm(self, calendar: Calendar, change: Change, use: Use) -> None:
        """Commits the use alone, if the calendar is still there."""

    def delete(self, calendar: Calendar, change: Change, use: Use) -> None:
        """Deletes the calendar and its feeds, or what a restore has left of them."""

    def commit_use(self, change: Change, use: Use) -> None:
        """Commits a use that changes no calendar, if it writes anything."""
