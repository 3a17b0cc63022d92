"""The door to S3: compressed feeds, each stored once under its calendar's id and its state.

A stored feed may vanish at any time: if S3 fails, the feed is built from the table.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError

from mytoken_calendars import logs
from mytoken_calendars.aws import clients, metrics
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.feeds.feed import Feed, is_whole

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class FeedCache:
    bucket: str

    @classmethod
    def from_environment(cls) -> Self:
        return cls(os.environ["FEEDS_BUCKET"])

    @cached_property
    def _s3(self) -> "S3Client":
        # Lazy, as an unchanged feed never asks S3. One attempt only (on a connection that is not
        # closed), as building the feed is cheaper than waiting.
        s3: S3Client = clients.client("s3", attempts=1)
        return s3

    def get(self, feed: Feed) -> bytes | None:
        """The feed's gzip-compressed text; None if it is missing, damaged or S3 fails."""
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=_key(feed))
            body = answer["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
        except (BotoCoreError, ClientError) as error:
            _report("read", type(error).__name__)
            return None
        if is_whole(body):
            metrics.count(Metric.FEED_FETCHED)
            return body
        _report("read", "damaged")
        return None

    def put(self, feed: Feed, body: bytes) -> None:
        """Stores a text that was just built."""
        metrics.count(Metric.FEED_BUILT)
        try:
            self._s3.put_object(
                Bucket=self.bucket,
                Key=_key(feed),
                Body=body,
                ContentType="text/calendar; charset=utf-8",
                ContentEncoding="gzip",
            )
        except (BotoCoreError, ClientError) as error:
            _report("write", type(error).__name__)


def _report(doing: str, error: str) -> None:
    logs.logger().warning("feed cache failed", doing=doing, error=error)
    metrics.count(Metric.FEED_CACHE_FAILED)


def _key(feed: Feed) -> str:
    return f"feeds/{feed.calendar_id}/{feed.state}.ics.gz"
