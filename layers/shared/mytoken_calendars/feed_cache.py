"""The door to S3: compressed feeds, each stored once under its calendar's id and its state.

It may vanish at any time: whatever goes wrong here, the feed is built from the table.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from mytoken_calendars import aws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_logger = Logger()


@dataclass(frozen=True)
class FeedCache:
    bucket: str

    @classmethod
    def from_environment(cls) -> Self:
        return cls(os.environ["FEEDS_BUCKET"])

    @cached_property
    def _s3(self) -> "S3Client":
        # Made when it is first needed: an unchanged feed never asks S3. One attempt: to build the
        # feed is cheaper than to wait.
        s3: S3Client = aws.client("s3", attempts=1)
        return s3

    def get(self, calendar_id: str, state: str) -> bytes | None:
        """The feed's gzip-compressed text, or None if it is not to be had."""
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=_key(calendar_id, state))
            return answer["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
        except (BotoCoreError, ClientError) as error:
            self._report("read", error)
            return None

    def put(self, calendar_id: str, state: str, body: bytes) -> None:
        try:
            self._s3.put_object(
                Bucket=self.bucket,
                Key=_key(calendar_id, state),
                Body=body,
                ContentType="text/calendar; charset=utf-8",
                ContentEncoding="gzip",
            )
        except (BotoCoreError, ClientError) as error:
            self._report("write", error)

    def _report(self, doing: str, error: Exception) -> None:
        _logger.warning("feed cache failed", doing=doing, error=type(error).__name__)


def _key(calendar_id: str, state: str) -> str:
    return f"feeds/{calendar_id}/{state}.ics.gz"
