"""What a client wants a calendar to be."""

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, count

from mytoken_calendars import limits
from mytoken_calendars.calendars import names
from mytoken_calendars.calendars.calendar import Calendar
from mytoken_calendars.calendars.store import Store
from mytoken_calendars.calendars.tags import NO_TAGS, Tags
from mytoken_calendars.errors import CalendarExists, CalendarNotFound, LimitReached, Outdated
from mytoken_calendars.identifiers import Owner


@dataclass(frozen=True)
class Wish:
    """What is to be of a calendar; what is None stays as it is.

    `tags` are all of its tags by their names, `with_tag` is one that it gets, `without_tag` one
    that it loses. What names a tag that is none makes it.
    """

    name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    with_tag: str | None = None
    without_tag: str | None = None

    def granted(self, old: Calendar, store: Store) -> tuple[Calendar, Tags]:
        """The calendar as it is wished for, and the owner's tags if some of them are new.

        Raises LimitReached; Outdated if a tag of the calendar has changed since it was read.
        """
        wanted = self._tags_after([tag.name for tag in old.tags])
        known = {tag.name: tag for tag in old.tags}
        missing = [name for name in wanted if name not in known]
        found = store.tags(old.owner) if missing else NO_TAGS
        if missing and any(found.by_id.get(tag.id) != tag for tag in old.tags):
            raise Outdated  # else one that was renamed would be there under both names
        all_tags = found.with_names(missing)
        known |= {tag.name: tag for tag in all_tags.named(missing)}
        new = replace(old, tags=tuple(known[name] for name in wanted))
        if self.name is not None:
            new = replace(new, name=self.name, is_unnamed=False)
        if self.description is not None:
            new = replace(new, description=self.description)
        return new, all_tags

    def free_name(self, store: Store, owner: Owner) -> str:
        """The name for a new calendar: its description's, with a number if need be, or the wished.

        Raises CalendarExists if the wished name is taken.
        """
        if self.name is None:
            first, taken = names.from_description(self.description or ""), store.names(owner)
            possible = chain([first], (f"{first} {number}" for number in count(2)))
            return next(name for name in possible if names.folded(name) not in taken)
        with suppress(CalendarNotFound):
            store.find(owner, self.name)
            raise CalendarExists
        return self.name

    def _tags_after(self, found: list[str]) -> list[str]:
        names = found if self.tags is None else [*self.tags]
        added = [] if self.with_tag is None else [self.with_tag]
        wanted = [name for name in dict.fromkeys([*names, *added]) if name != self.without_tag]
        if len(wanted) > limits.TAGS_OF_CALENDAR:
            raise LimitReached(f"A calendar has at most {limits.TAGS_OF_CALENDAR} tags.")
        return wanted
