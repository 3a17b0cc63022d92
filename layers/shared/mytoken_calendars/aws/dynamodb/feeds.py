"""The door to DynamoDB for feeds: reads the state of a feed and its tokens."""

import os
from dataclasses import dataclass, field
from itertools import islice
from typing import Self

from mytoken_calendars import limits, logs
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.dynamodb import entries, keys, revocations
from mytoken_calendars.aws.dynamodb.table import Item, Table
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.backoff import attempts
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.errors import FeedGone, FeedNotFound, Outdated
from mytoken_calendars.feeds.feed import Feed
from mytoken_calendars.identifiers import Owner


@dataclass(frozen=True)
class FeedStore:
    """Feeds by their secret address. Every method raises TemporarilyUnavailable.

    `renewal_page` is a URI where people renew their mytokens, or "".
    """

    table: Table
    renewal_page: str = ""
    _owners: dict[str, Owner] = field(default_factory=dict)

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table.calendars(), os.environ["RENEWAL_PAGE"])

    def find(self, secret: str, now: int) -> Feed:
        """The current state of the feed.

        Raises FeedGone for 90 days after the feed was deleted; FeedNotFound without such a feed.
        """
        head, revoked = self._heads(keys.feed_head(secret), now)
        return Feed(
            secret=secret,
            owner=head["owner"],
            calendar_id=head["calendar"],
            name=head["name"],
            version=head["version"],
            revocations=revoked.get("version", ""),
            style=entries.unpacked_style(head["style"]),
            renewal_page=self.renewal_page,
        )

    def read(self, feed: Feed, now: int) -> tuple[Feed, list[Subscription]]:
        """The tokens of the feed that are not revoked, and the state that they are.

        Its versions are those found in what was read, as DynamoDB shows the items of a transaction
        one by one (developer guide, "Isolation levels for DynamoDB transactions"). The marks are
        read first: a token that was revoked before the calendar was read is left out.

        Raises FeedGone if the calendar was deleted meanwhile, and FeedNotFound if it is not there.
        """
        with metrics.counted(Metric.FEED_BUILD_FAILED, Exception):
            marks = revocations.read(self.table, feed.owner)
            calendar = self.table.get(keys.calendar(feed.calendar_id))
        if calendar is None:
            self._look_again(feed, now)
            raise FeedNotFound
        alive = marks.alive(entries.unpacked(calendar["tokens"]))
        found = feed._replace(
            name=calendar["name"],
            is_unnamed=calendar["unnamed"],
            description=calendar["description"],
            created=calendar["created"],
            version=calendar["version"],
            revocations=marks.version,
        )
        return found, list(alive.values())

    def _look_again(self, feed: Feed, now: int) -> None:
        """Raises FeedGone after a deletion: the end of the head may be seen a moment later.

        Raises Outdated if the request has no time left to be sure that it lives on.
        """
        looks = [self.find(feed.secret, now) for _ in islice(attempts(), limits.LOOKS)]
        if len(looks) < limits.LOOKS:
            raise Outdated
        logs.logger().error("calendar missing", calendar=feed.calendar_id)
        metrics.count(Metric.FEED_BUILD_FAILED)

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
        self._remember(key, head["owner"])
        return head, self.table.get(keys.revocations_head(head["owner"])) or {}

    def _remember(self, key: keys.Key, owner: Owner) -> None:
        if len(self._owners) >= limits.REMEMBERED_OWNERS:
            self._owners.clear()
        self._owners[key["pk"]] = owner
