"""Tags: words with a colour, of one user, that calendars can have. They are labels, and no more.

A calendar holds the ids of its tags. So a tag has its name and colour in one place, and one write
renames or deletes it: an id that is no tag any more is not shown, and goes with the next change of
the calendar's tags.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from mytoken_calendars import limits
from mytoken_calendars.changes import Change, Use
from mytoken_calendars.errors import LimitReached, NoSuchTag, TagExists
from mytoken_calendars.identifiers import Owner, new_id
from mytoken_calendars.tokens.authority import Caller


class Tag(NamedTuple):
    """`color` has six hexadecimal digits, RRGGBB."""

    id: str
    name: str
    color: str

    @property
    def document(self) -> dict[str, str]:
        """The tag object of the API, as in docs/openapi.yaml."""
        return {"tag": self.name, "color": self.color}


@dataclass(frozen=True)
class Tags:
    """All tags of a user, by their ids. `version` is that which was read, or "" for none yet.

    `are_new` says that they are not as they were read.
    """

    version: str = ""
    by_id: Mapping[str, Tag] = field(default_factory=dict)
    are_new: bool = False

    def of_ids(self, ids: Iterable[str]) -> tuple[Tag, ...]:
        """Those of these ids that there still are, in this order."""
        return tuple(self.by_id[one] for one in ids if one in self.by_id)

    def named(self, names: Iterable[str]) -> tuple[Tag, ...]:
        """Those of these names that there are, in this order, each once."""
        by_name = {tag.name: tag for tag in self.by_id.values()}
        return tuple(by_name[name] for name in dict.fromkeys(names) if name in by_name)

    def with_names(self, names: Iterable[str], color: str = "") -> "Tags":
        """With a new tag for each name that is none yet. Raises LimitReached."""
        known = {tag.name for tag in self.by_id.values()}
        missing = [name for name in dict.fromkeys(names) if name not in known]
        new = (Tag(new_id(), name, color or _color_of(name)) for name in missing)
        return self._with(*new) if missing else self

    def changed(self, name: str, new_name: str | None, color: str | None) -> "Tags":
        """With another name or colour of a tag; an empty colour is the first one again.

        Raises NoSuchTag, and TagExists if another tag has the new name.
        """
        old = self._one(name)
        wanted = old.name if new_name is None else new_name
        if wanted != old.name and self.named([wanted]):
            raise TagExists
        painted = old.color if color is None else color or _color_of(wanted)
        new = Tag(old.id, wanted, painted)
        return self if new == old else self._with(new)

    def without(self, name: str) -> "Tags":
        """Raises NoSuchTag."""
        gone = self._one(name)
        left = {one: tag for one, tag in self.by_id.items() if tag != gone}
        return replace(self, by_id=left, are_new=True)

    def _one(self, name: str) -> Tag:
        for tag in self.named([name]):
            return tag
        raise NoSuchTag

    def _with(self, *tags: Tag) -> "Tags":
        by_id = {**self.by_id, **{tag.id: tag for tag in tags}}
        if len(by_id) > limits.TAGS:
            raise LimitReached(f"You have at most {limits.TAGS} tags: delete one first.")
        return replace(self, by_id=by_id, are_new=True)


NO_TAGS = Tags()


class Store(Protocol):
    """The database of these operations."""

    def tags(self, owner: Owner) -> Tags: ...

    def save_tags(self, owner: Owner, tags: Tags, change: Change, use: Use) -> None:
        """Stores the tags, if they are new. Raises Outdated if they have changed since."""


def list_all(store: Store, caller: Caller) -> list[Tag]:
    """The caller's tags, by name."""
    return sorted(store.tags(caller.owner).by_id.values(), key=lambda tag: tag.name)


def create(store: Store, caller: Caller, name: str, color: str | None, *, now: int) -> None:
    """A new tag; one that exists stays as it is. Raises LimitReached and Outdated."""
    if not caller.receipt:
        tags = store.tags(caller.owner).with_names([name], color or "")
        _save(store, caller, tags, now)


def update(
    store: Store, caller: Caller, name: str, new_name: str | None, color: str | None, *, now: int
) -> None:
    """Another name or colour, in all calendars. Raises NoSuchTag, TagExists and Outdated."""
    if not caller.receipt:
        _save(store, caller, store.tags(caller.owner).changed(name, new_name, color), now)


def delete(store: Store, caller: Caller, name: str, *, now: int) -> None:
    """Deletes a tag, in all calendars. Raises NoSuchTag and Outdated."""
    if not caller.receipt:
        _save(store, caller, store.tags(caller.owner).without(name), now)


def _save(store: Store, caller: Caller, tags: Tags, now: int) -> None:
    change = Change.new(now)
    store.save_tags(caller.owner, tags, change, caller.no_use(change))


def _color_of(name: str) -> str:
    """The colour that the original server gives a tag of this name."""
    return f"{zlib.crc32(name.encode()):08X}"[:6]
