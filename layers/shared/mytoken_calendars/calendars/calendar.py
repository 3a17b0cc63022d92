"""A calendar: how it is shown, and what it holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mytoken_calendars import limits
from mytoken_calendars.calendars import addresses
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.identifiers import Owner


@dataclass(frozen=True)
class Calendar:
    """A user's named set of tokens. `id` is a UUID.

    `feed_id` is the secret in the feed's address, and "" for a caller that may not read the feed.
    `subscribed_tokens` are mom_ids in the order of adding.
    """

    id: str
    owner: Owner
    name: str
    feed_id: str
    subscribed_tokens: tuple[str, ...] = ()

    def with_tokens(self, subscriptions: Iterable[Subscription]) -> "Calendar":
        """The calendar with these tokens."""
        ordered = sorted((one.added, one.mom_id) for one in subscriptions)
        return replace(self, subscribed_tokens=tuple(mom_id for _, mom_id in ordered))

    def ics_path(self, base_url: str) -> str:
        """The absolute URI of the feed."""
        return addresses.ics_path(base_url, self.feed_id, self.name)

    def document(self, base_url: str) -> dict[str, Any]:
        """The calendar object of the API, as in docs/openapi.yaml."""
        document: dict[str, Any] = {"id": self.id, "name": self.name}
        if self.feed_id:
            document["ics_path"] = self.ics_path(base_url)
        if self.subscribed_tokens:
            document["subscribed_tokens"] = list(self.subscribed_tokens)
        return document


@dataclass(frozen=True)
class Contents:
    """What one reading of a calendar has shown: all of it as at one moment.

    `feeds` are the hashes of its feeds. The subscriptions are by short mom_id; `alive` are those
    whose token is not revoked. `stored` are the texts of all: one is replaced if it is as it was.
    """

    feeds: tuple[str, ...]
    weight: int
    subscriptions: Mapping[str, Subscription]
    alive: Mapping[str, Subscription]
    stored: Mapping[str, str]

    def with_token(self, token: Subscription) -> list[Subscription]:
        """What is alive, with this token."""
        return list({**self.alive, token.short_id: token}.values())

    def has_room_for(self, more: int) -> bool:
        return more <= 0 or self.weight + more <= limits.CALENDAR_WEIGHT
