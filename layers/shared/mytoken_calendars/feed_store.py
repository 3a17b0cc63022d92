"""The door to DynamoDB for feeds: it reads what a feed shows, and can read nothing else."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from mytoken_calendars import aws, items, revocations
from mytoken_calendars.errors import FeedGone, FeedNotFound
from mytoken_calendars.feed import Feed
from mytoken_calendars.identifiers import is_feed_id
from mytoken_calendars.table import Table


@dataclass(frozen=True)
class FeedStore:
    """Feeds by their address, which is the secret. Every method raises TemporarilyUnavailable."""

    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table(aws.client("dynamodb"), os.environ["CALENDARS_TABLE"]))

    def find(self, feed_id: str, now: int) -> Feed:
        """The feed's state at this moment. Raises FeedNotFound, or FeedGone for 90 days."""
        head = self.table.get(items.feed_head(feed_id)) if is_feed_id(feed_id) else None
        # DynamoDB removes an item some time after its `ttl`, so the time is compared here too.
        if head is None or head.get("ttl", now) < now:
            raise FeedNotFound
        if "deleted" in head:
            raise FeedGone
        revoked = self.table.get(items.revocations_head(head["owner"])) or {}
        return Feed(
            id=feed_id,
            owner=head["owner"],
            calendar_id=head["calendar"],
            name=head["name"],
            opening=head["opening"],
            version=head["version"],
            revocations=revoked.get("version", ""),
            changed=max(head["changed"], revoked.get("changed", 0)),
        )

    def events(self, feed: Feed) -> Iterator[str]:
        partition = items.events_partition(feed.calendar_id)
        if not feed.revocations:
            for row in self.table.stream(partition, attributes=["vevent"]):
                yield row["vevent"]
            return
        revoked = revocations.read(self.table, feed.owner)
        for row in self.table.stream(partition, attributes=["vevent", "sk", "ancestors"]):
            if not revoked.include(row["sk"], row.get("ancestors", ())):
                yield row["vevent"]
