"""The cache of feeds gives back the bytes that it was given, and whatever fails is a miss."""

import gzip
import io
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from mytoken_calendars.aws.s3 import FeedCache
from mytoken_calendars.feeds.writer import CLOSING
from tests.harness.examples import CALENDAR_ID, feed

WHOLE = gzip.compress(f"{feed().writer.opening()}{CLOSING}".encode())


class NoSuchKeyError(Exception):
    """S3's word for what it does not have."""


class FakeS3:
    """One bucket; raises `error`, if there is one, whatever it is asked."""

    class exceptions:  # noqa: N801 - boto3's word
        NoSuchKey = NoSuchKeyError

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.objects: dict[tuple[str, str], bytes] = {}
        self.kinds: list[tuple[str, str]] = []

    def get_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803
        if self.error:
            raise self.error
        if (Bucket, Key) not in self.objects:
            raise NoSuchKeyError
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    def put_object(self, **parameters: Any) -> None:
        if self.error:
            raise self.error
        self.objects[parameters["Bucket"], parameters["Key"]] = parameters["Body"]
        self.kinds.append((parameters["ContentType"], parameters["ContentEncoding"]))


def cache_on(s3: FakeS3) -> FeedCache:
    cache = FeedCache("feeds")
    vars(cache)["_s3"] = s3
    return cache


def test_a_feed_is_given_back_as_it_was_put_there() -> None:
    s3 = FakeS3()
    cache = cache_on(s3)

    cache.put(feed(), WHOLE)

    assert cache.get(feed()) == WHOLE
    assert s3.objects == {("feeds", f"feeds/{CALENDAR_ID}/{feed().state}.ics.gz"): WHOLE}
    assert s3.kinds == [("text/calendar; charset=utf-8", "gzip")]


@pytest.mark.parametrize(
    "body", [b"", b"no gzip at all \xff", WHOLE[:-1]], ids=["empty", "no gzip", "cut"]
)
def test_a_feed_that_is_damaged_there_is_none(body: bytes) -> None:
    cache = cache_on(FakeS3())

    cache.put(feed(), body)

    assert cache.get(feed()) is None


def test_a_feed_that_is_not_there_is_none() -> None:
    assert cache_on(FakeS3()).get(feed()) is None


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"),
        ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"),
        ReadTimeoutError(endpoint_url="https://s3"),
    ],
    ids=str,
)
def test_a_bucket_that_fails_is_no_fault_of_the_feed(error: Exception) -> None:
    cache = cache_on(FakeS3(error))

    cache.put(feed(), WHOLE)

    assert cache.get(feed()) is None
