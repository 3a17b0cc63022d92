"""A calendar: how it is shown, and what it holds."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple, Self

from mytoken_calendars import limits
from mytoken_calendars.calendars import addresses, weight
from mytoken_calendars.calendars.subscriptions import Mark, Subscription
from mytoken_calendars.calendars.tags import Tag
from mytoken_calendars.errors import InvalidGrant, InvalidRequest
from mytoken_calendars.identifiers import Owner, new_id, new_secret, short_mom_id


class Address(NamedTuple):
    """Where a feed is: its id, which it keeps, and the secret, which a reset replaces."""

    feed_id: str
    secret: str

    @classmethod
    def new(cls) -> Self:
        return cls(new_id(), new_secret())


@dataclass(frozen=True)
class Calendar:
    """A user's named set of tokens. `id` is a UUID.

    `addresses` are those of its feeds: the first one is that of `ics_path`. A caller that may not
    read the feeds gets none. An `is_unnamed` one has its name from its description.
    `subscribed_tokens` are mom_ids in the order of adding.
    """

    id: str
    owner: Owner
    name: str
    addresses: tuple[Address, ...]
    description: str = ""
    tags: tuple[Tag, ...] = ()
    is_unnamed: bool = False
    subscribed_tokens: tuple[str, ...] = ()

    @property
    def own_weight(self) -> int:
        """What it weighs without tokens."""
        return weight.of_calendar(self.name, self.description, len(self.tags))

    def told_to_others(self, mom_ids: Container[str]) -> "Calendar":
        """As much of it as a caller is told that may not read it, but reaches these tokens."""
        reached = tuple(one for one in self.subscribed_tokens if one in mom_ids)
        return replace(self, addresses=(), description="", tags=(), subscribed_tokens=reached)

    def ics_path(self, base_url: str) -> str:
        """The absolute URI of the feed."""
        return addresses.ics_path(base_url, self.addresses[0].secret, self.name)

    def document(self, base_url: str) -> dict[str, Any]:
        """The calendar object of the API, as in docs/openapi.yaml."""
        document: dict[str, Any] = {"id": self.id, "name": self.name}
        if self.addresses:
            document["ics_path"] = self.ics_path(base_url)
            document["tags"] = [tag.document for tag in self.tags]
        if self.description:
            document["description"] = self.description
        if self.subscribed_tokens:
            document["subscribed_tokens"] = list(self.subscribed_tokens)
        return document


@dataclass(frozen=True)
class Contents:
    """What one reading of a calendar has shown: all of it as at one moment.

    `feeds` are the hashes of its feeds, `own_weight` is what it weighs without its tokens. `tags`
    are those that its owner has still, of those with the ids `tag_ids` that it was given, and
    `tags_version` is the version of all the owner's tags, or "" without any. The
    subscriptions are by short mom_id; `alive` are those whose token is not revoked. `stored` are
    the texts of all: one is replaced if it is as it was. `marks` are those of the owner's revoked
    tokens: when, and whether with the descendants.
    """

    name: str
    description: str
    feeds: tuple[str, ...]
    weight: int
    own_weight: int
    subscriptions: Mapping[str, Subscription]
    alive: Mapping[str, Subscription]
    stored: Mapping[str, str]
    marks: Mapping[str, Mark]
    tags: tuple[Tag, ...] = ()
    tag_ids: tuple[str, ...] = ()
    tags_version: str = ""
    is_unnamed: bool = False

    def shown(self, calendar: Calendar) -> Calendar:
        """The calendar as this reading has shown it, with those of its tokens that are alive."""
        ordered = sorted((one.added, one.mom_id) for one in self.alive.values())
        return replace(
            calendar,
            name=self.name,
            description=self.description,
            tags=self.tags,
            is_unnamed=self.is_unnamed,
            subscribed_tokens=tuple(mom_id for _, mom_id in ordered),
        )

    def subscription(self, mom_id: str) -> Subscription | None:
        """That of the token with this mom_id, if the calendar has it."""
        one = self.subscriptions.get(short_mom_id(mom_id))
        return one if one and one.mom_id == mom_id else None

    def has_dead(self, now: int) -> bool:
        """Whether it holds tokens that are revoked, or expired long ago."""
        some_are_over = any(one.is_long_over(now) for one in self.alive.values())
        return some_are_over or len(self.alive) < len(self.subscriptions)

    def addition(
        self, new: Subscription, now: int, *, leaving: int = limits.EXPIRED_AT_ONCE
    ) -> "Addition":
        """What adding a token changes that was found alive at the time `now`, or after it.

        At most so many leave with it that expired long ago. A mark from before that time is wrong:
        the issuer has taken the revocation back. Raises InvalidGrant if there is a later one, or
        one of an ancestor that hides its descendants, as after a restore; InvalidRequest for a
        token whose mom_id begins like that of another one in the calendar.
        """
        mark = self.marks.get(new.short_id)
        if mark and mark[0] >= now - limits.CLOCK_LEEWAY:
            raise InvalidGrant
        if any(one in self.marks and self.marks[one][1] for one in new.ancestors):
            raise InvalidGrant
        known = self.subscriptions.get(new.short_id)
        if known and known.mom_id != new.mom_id:
            raise InvalidRequest("The calendar has another mytoken whose mom_id begins alike.")
        token = known.renewed(new) if known else new
        changes_something = token != known or mark is not None
        others = (one for one in self.subscriptions.values() if one is not known)
        over = (one for one in others if one.is_long_over(now))
        gone = tuple(islice(over, leaving if changes_something else 0))
        more = token.weight - sum([one.weight for one in (known, *gone) if one])
        fits = more <= 0 or self.weight + more <= limits.CALENDAR_WEIGHT
        return Addition(
            token, known, gone, mark, changes_something=changes_something, more=more, fits=fits
        )

    def after(self, addition: "Addition") -> Self:
        """With what is alive after the addition."""
        leaving = {one.short_id for one in addition.leaving}
        staying = {s: one for s, one in self.alive.items() if s not in leaving}
        return replace(self, alive={**staying, addition.token.short_id: addition.token})


@dataclass(frozen=True)
class Addition:
    """What adding a token changes, if it `changes_something`.

    It takes the place of `known`, long expired ones leave, and a mark that it has is lifted. `more`
    is by how much the calendar is heavier after it, and `fits` whether it may be.
    """

    token: Subscription
    known: Subscription | None
    leaving: tuple[Subscription, ...]
    mark: Mark | None
    changes_something: bool
    more: int
    fits: bool
