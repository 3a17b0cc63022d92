"""The door to DynamoDB for feeds: reads the state of a feed and its tokens.

A feed never shows a part of a change: `subscriptions` counts the writes that it sees, and raises
Outdated if the head of the feed counts more (`Feed.is_made_of` says why that happens).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from mytoken_calendars import limits
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.dynamodb import keys, revocations, subscription_items
from mytoken_calendars.aws.dynamodb.table import Item, Table
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.errors import FeedGone, FeedNotFound, Outdated
from mytoken_calendars.feeds.feed import Feed
from mytoken_calendars.identifiers import Owner


@dataclass(frozen=True)
class FeedStore:
    """Feeds by their secret address. Every method raises TemporarilyUnavailable."""

    table: Table
    _owners: dict[str, Owner] = field(default_factory=dict)

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table.calendars())

    def find(self, feed_id: str, renewal_page: str, now: int) -> Feed:
        """The current state of the feed.

        Raises FeedGone for 90 days after the feed was deleted; FeedNotFound without such a feed.
        """
        head, revoked = self._heads(keys.feed_head(feed_id), now)
        return Feed(
            id=feed_id,
            owner=head["owner"],
            calendar_id=head["calendar"],
            name=head["name"],
            created=head["created"],
            version=head["version"],
            revocations=revoked.get("version", ""),
            changed=max(head["changed"], revoked.get("changed", 0)),
            events_written=head["subscriptions"] + head.get("renewals", 0),
            revocations_written=revoked.get("writes", 0),
            renewal_page=renewal_page,
        )

    def subscriptions(self, feed: Feed, now: int) -> Iterator[Subscription]:
        revoked, written = revocations.NONE, 0
        with metrics.counted(Metric.FEED_BUILD_FAILED, Exception):
            if feed.revocations:
                revoked = revocations.read(self.table, feed.owner)
            for item in self.table.stream(keys.tokens_partition(feed.calendar_id)):
                token = subscription_items.subscription(item)
                written += 1 + token.changes
                if not (revoked.tokens and revoked.include(token.mom_id, token.ancestors)):
                    yield token
        if not feed.is_made_of(events=written, revocations=revoked.written, now=now):
            raise Outdated
        metrics.count(Metric.FEED_BUILT)

    def _heads(self, key: keys.Key, now: int) -> tuple[Item, Item]:
        """The head of the feed, and the head of its owner's revocations; {} before the first.

        One request reads both if the owner is known. The owner of a feed never changes, so it may
        be remembered; nothing else of a feed may.
        """
        owner = self._owners.get(key["pk"])
        wanted = [key, keys.revocations_head(owner)] if owner else [key]
        found = {item["pk"]: item for item in self.table.get_all(wanted)}
        head = found.pop(key["pk"], None)
        # DynamoDB removes an item some time after its `ttl` (up to days), so this compares it too.
        if head is None or head.get("ttl", now) < now:
            raise FeedNotFound
        if "deleted" in head:
            raise FeedGone
        if owner:
            return head, next(iter(found.values()), {})
        if len(self._owners) >= limits.REMEMBERED_OWNERS:
            self._owners.clear()
        self._owners[key["pk"]] = head["owner"]
        return head, self.table.get(keys.revocations_head(head["owner"])) or {}
