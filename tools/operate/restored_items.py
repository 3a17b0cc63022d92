"""What a restore may not leave as it was: versions, revisions, marks of revocations, and halves.

Versions are new, so that no calendar app takes a feed that it got before the restore for that of a
state after it. The revisions of events rise (`feeds/writer.py`): each style counts a change of now,
and a calendar counts as older, by the time since the first of its tokens was added: one that was
removed since the backup and added again had so much more in its SEQUENCE. Two backups are of two
moments: a token that its own table calls revoked is marked in that of the calendars. And a backup
may have a part of a transaction only: a calendar is put back if it is there by name and by itself,
and then whole, as all its other items follow from these two. Its name and its addresses are those
of its row, which alone has the secrets. A feed whose style is lost tells the least: its owner may
have wanted that.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from mytoken_calendars.aws.dynamodb import entries, keys, revocations
from mytoken_calendars.calendars import weight
from mytoken_calendars.feeds.style import DEFAULT, Detail, Style
from mytoken_calendars.identifiers import Owner, short_mom_id

Item = dict[str, Any]
Marks = dict[str, list[Any]]  # by short mom_id: when, and whether with its descendants


def _new_version() -> str:
    return str(uuid4())


@dataclass
class RestoredCalendars:
    """The items of the calendars table; `revoked` are the marks that are due, by owner.

    `read` reads the backup, from its beginning each time; `now` is in seconds since 1970.
    """

    read: Callable[[], Iterable[Item]]
    revoked: dict[str, Marks]
    now: int
    _versions: defaultdict[str, str] = field(default_factory=lambda: defaultdict(_new_version))
    _whole: dict[str, Item] = field(default_factory=dict)  # rows by name of calendars, by their id
    _heads: set[str] = field(default_factory=set)  # of feeds that live, by hash
    _kept: set[str] = field(default_factory=set)  # the feeds of whole calendars, by hash
    _lost: set[str] = field(default_factory=set)  # those of others
    _calendars: Counter[str] = field(default_factory=Counter)  # by owner
    _feeds: Counter[str] = field(default_factory=Counter)
    _weights: Counter[str] = field(default_factory=Counter)
    _marks: defaultdict[str, Item] = field(default_factory=lambda: defaultdict(dict))
    _subscribed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def mended(self) -> Iterator[Item]:
        """The items as they are to be put back."""
        self._look_through()
        for item in self.read():
            yield from self._mended(*_kind(item), item)
        yield from self._counted()
        yield from self._marked()

    def _look_through(self) -> None:
        """Finds out which calendars are whole, and which feeds are theirs."""
        rows, there = defaultdict[str, list[Item]](list), dict[str, Item]()
        for item in self.read():
            kind, of = _kind(item)
            if kind == keys.CALENDAR:
                there[of] = {"name": item["name"], "feeds": item["feeds"]}
            elif item["sk"].startswith(keys.NAME):
                rows[item["id"]].append(item)
            elif kind == keys.FEED and "calendar" in item:
                self._heads.add(of)
        for calendar in rows.keys() & there.keys():
            of_the_name = [row for row in rows[calendar] if row["name"] == there[calendar]["name"]]
            self._whole[calendar] = (of_the_name or rows[calendar])[0]
        self._kept = {feed for row in self._whole.values() for feed in _feeds(row)}
        named = {feed for of_one in rows.values() for row in of_one for feed in _feeds(row)}
        known = {feed for calendar in there.values() for feed in calendar["feeds"]}
        self._lost = (named | known | self._heads) - self._kept

    def _mended(self, kind: str, of: str, item: Item) -> Iterator[Item]:
        # Of an owner's items the tags and the rows by name are kept; the others follow from the
        # calendars.
        calendars = {keys.OWNER: item.get("id", ""), keys.CALENDAR: of}
        calendar_id = calendars.get(kind, item.get("calendar") if kind == keys.FEED else None)
        if kind == keys.REVOKED:
            self._marks[of] |= item if item["sk"] == keys.MARKS else {}
        elif item["sk"] == keys.TAGS:
            yield item
        elif calendar_id is None:
            if not self._is_left_out(kind, of):
                yield item
        elif calendar_id in self._whole:
            yield from self._of_whole(kind, of, calendar_id, item)

    def _of_whole(self, kind: str, of: str, calendar_id: str, item: Item) -> Iterator[Item]:
        """The item of a calendar that is put back, and with the calendar what follows from it."""
        row, version = self._whole[calendar_id], {"version": self._versions[calendar_id]}
        if kind == keys.CALENDAR:
            calendar = {**_as_named(item, row), **version, "created": self._made_older(item)}
            yield calendar
            yield from self._of_calendar(calendar_id, calendar)
        elif kind == keys.FEED and of in self._kept:
            style = self._changed(entries.unpacked_style(item["style"]))
            yield {**item, **version, "name": row["name"], "style": style}
        elif item["sk"] == row["sk"]:
            yield item

    def _is_left_out(self, kind: str, of: str) -> bool:
        """Whether it ends a feed whose calendar is put back, or remembers an import that is not."""
        feeds = {keys.FEED: self._kept, keys.IMPORTED: self._lost}
        return of in feeds.get(kind, ())

    def _of_calendar(self, calendar_id: str, item: Item) -> Iterator[Item]:
        """The items that follow from a calendar."""
        owner, version = Owner(item["owner"]), self._versions[calendar_id]
        self._calendars[owner] += 1
        self._feeds[owner] += len(item["feeds"])
        self._weights[owner] += item["weight"]
        for short_id, token in entries.unpacked(item["tokens"]).items():
            self._subscribed[owner].update((short_id, *token.ancestors))
        yield {**keys.calendar_id(owner, calendar_id), "name": item["name"]}
        shown = {name: item[name] for name in ("owner", "name")}
        least = DEFAULT._replace(detail=Detail.MINIMAL)
        unset = {"label": "", "style": self._changed(least)}
        head = {**shown, **unset, "calendar": calendar_id, "version": version}
        yield from ({**keys.feed_by_hash(f), **head} for f in item["feeds"] if f not in self._heads)

    def _made_older(self, calendar: Item) -> int:
        """When it was made, as its events count it."""
        tokens = entries.unpacked(calendar["tokens"]).values()
        first = min((token.added_at for token in tokens), default=self.now)
        created: int = calendar["created"] - max(self.now - first, 0)
        return created

    def _changed(self, style: Style) -> str:
        changed = max(style.changed, self.now)
        return entries.packed_style(style._replace(changes=style.changes + 1, changed=changed))

    def _counted(self) -> Iterator[Item]:
        for owner, number in self._calendars.items():
            counted = {"feeds": self._feeds[owner], "weight": self._weights[owner]}
            yield {**keys.owner_head(Owner(owner)), "calendars": number, **counted}

    def _marked(self) -> Iterator[Item]:
        for owner, subscribed in self._subscribed.items():
            for short_id, mark in self.revoked.get(owner, {}).items():
                name, (_, with_descendants) = revocations.attribute(short_id), mark
                marked = name in self._marks[owner] and not with_descendants
                if short_id in subscribed and not marked:
                    self._marks[owner][name] = mark
        for owner, marks in self._marks.items():
            version = {"version": self._versions[owner]}
            number = sum(map(revocations.is_mark, marks))
            yield {**keys.revocations_head(Owner(owner)), **version, "marks": number}
            yield {**marks, **keys.revocations(Owner(owner)), **version}


def _feeds(row: Item) -> list[str]:
    """The feeds of a calendar, by its row by name."""
    return [keys.feed_hash(secret) for _, secret in row["addresses"]]


def _as_named(calendar: Item, row: Item) -> Item:
    """The calendar with the name and the feeds that its row by name has."""
    own_weight = weight.of_calendar(row["name"], calendar["description"], len(calendar["tags"]))
    return {
        **calendar,
        "name": row["name"],
        "feeds": _feeds(row),
        "own_weight": own_weight,
        "weight": calendar["weight"] - calendar["own_weight"] + own_weight,
    }


def revoked(tokens: Iterable[Item]) -> dict[str, Marks]:
    """The marks of all revoked tokens in the table of tokens, by owner."""
    marks: defaultdict[str, Marks] = defaultdict(dict)
    for token in tokens:
        kind, owner = _kind(token)
        if kind == keys.OWNER and "revoked" in token:
            mark = [token["revoked"], "revoked_tree" in token]
            marks[owner][short_mom_id(token["sk"])] = mark
    return dict(marks)


def _kind(item: Item) -> tuple[str, str]:
    """What the item's partition is of, and by what it is named."""
    kind, separator, of = item["pk"].partition("#")
    return kind + separator, of
