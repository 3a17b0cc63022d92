"""get_feed: S3 keeps each state of a feed once, and may fail or lie without anybody noticing.

A warm function keeps feeds in its memory, too; it is cold again when a test restarts it.
"""

import gzip
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from mytoken_calendars.aws.s3 import FeedCache
from mytoken_calendars.feeds.memory import FeedMemory
from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import Document, add, create, delete, internal_id, s3, summaries, watched

pytestmark = pytest.mark.usefixtures("emptied")

GZIP = {"accept-encoding": "gzip"}


@pytest.fixture
def token(stack: Stack, user: str) -> Token:
    return stack.mint(user=user, name="mine")


@pytest.fixture(autouse=True)
def cold(stack: Stack) -> None:
    stack.restart("get_feed")


@pytest.fixture
def calendar(stack: Stack, token: Token) -> Document:
    """With one token in it."""
    return add(stack, token, create(stack, token), "", comment="mind it")


def test_the_same_state_gives_the_same_bytes_with_and_without_the_cache(
    stack: Stack, calendar: Document
) -> None:
    first = stack.feed(calendar, headers=GZIP)
    remembered = stack.feed(calendar, headers=GZIP)
    stack.restart("get_feed")
    cached = stack.feed(calendar, headers=GZIP)
    stack.restart("get_feed")
    _empty_bucket(stack)
    rebuilt = stack.feed(calendar, headers=GZIP)

    assert remembered.body == cached.body == rebuilt.body == first.body
    assert remembered.headers == cached.headers == rebuilt.headers == first.headers


def test_a_feed_is_stored_once_under_its_calendars_id_and_then_served_from_there(
    stack: Stack, calendar: Document
) -> None:
    calendar_id = internal_id(stack, calendar)

    with watched(s3(stack)) as first_calls:
        first = stack.feed(calendar)
    stack.restart("get_feed")
    with watched(s3(stack)) as later_calls, watched(_dynamodb(stack)) as reads:
        later = stack.feed(calendar)

    (stored,) = _stored(stack, calendar_id)
    assert first_calls == ["GetObject", "PutObject"]
    assert later_calls == ["GetObject"]
    assert reads == ["BatchGetItem", "GetItem"]
    assert later.text == first.text
    assert stored == f"feeds/{calendar_id}/{first.headers['etag'].strip(chr(34))}.ics.gz"
    assert gzip.decompress(_object(stack, stored)) == first.body


def test_a_warm_function_serves_a_feed_from_its_memory(stack: Stack, calendar: Document) -> None:
    first = stack.feed(calendar)

    with watched(s3(stack)) as calls, watched(_dynamodb(stack)) as reads:
        later = [stack.feed(calendar), stack.feed(calendar, headers=GZIP)]

    assert calls == []
    assert reads == ["BatchGetItem"] * 2
    assert [feed.text for feed in later] == [first.text, first.text]


def test_a_warm_function_serves_no_feed_of_a_state_that_is_past(
    stack: Stack, token: Token, calendar: Document
) -> None:
    stack.feed(calendar)

    add(stack, token, calendar, "", comment="other words")
    changed = stack.feed(calendar)
    stack.revoke(token)
    revoked = stack.feed(calendar)

    assert "other words" in changed.text
    assert summaries(revoked) == []


def test_functions_that_are_polled_together_build_once_each_and_store_one_object(
    racing_stack: Stack,
) -> None:
    functions = [Stack(racing_stack.environment) for _ in range(4)]
    token = racing_stack.mint()
    for _ in range(5):
        calendar = add(racing_stack, token, create(racing_stack, token), "")
        calendar_id = internal_id(racing_stack, calendar)
        for function in functions:
            function.restart("get_feed")
        together = Barrier(len(functions))

        def poll(
            function: Stack, together: Barrier = together, calendar: Document = calendar
        ) -> tuple[Answer, list[str], list[str]]:
            with watched(s3(function)) as cached, watched(_dynamodb(function)) as reads:
                together.wait()
                return function.feed(calendar, headers=GZIP), cached, reads

        with ThreadPoolExecutor() as threads:
            polls = list(threads.map(poll, functions))

        assert {feed.status for feed, _, _ in polls} == {200}
        assert len({feed.body for feed, _, _ in polls}) == 1
        assert max(len(reads) for _, _, reads in polls) == 4
        assert max(cached.count("PutObject") for _, cached, _ in polls) == 1
        assert len(_stored(racing_stack, calendar_id)) == 1
        delete(racing_stack, token, calendar)


def test_every_state_has_an_object_of_its_own(
    stack: Stack, token: Token, calendar: Document
) -> None:
    before = stack.feed(calendar)

    add(stack, token, calendar, "", comment="other words")
    after = stack.feed(calendar)

    assert len(_stored(stack, internal_id(stack, calendar))) == 2
    assert before.text != after.text


def test_the_object_is_compressed_and_typed(stack: Stack, calendar: Document) -> None:
    stack.feed(calendar)

    (stored,) = _stored(stack, internal_id(stack, calendar))
    head = s3(stack).head_object(Bucket=_bucket(stack), Key=stored)
    assert head["ContentType"] == "text/calendar; charset=utf-8"
    assert head["ContentEncoding"] == "gzip"


def test_without_a_bucket_the_feed_is_built_from_the_table(
    stack: Stack, calendar: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stack.feed(calendar)
    handler: Any = stack.handlers["get_feed"]
    nowhere = FeedMemory(FeedCache("there-is-no-such-bucket"))
    monkeypatch.setitem(handler.__wrapped__.__globals__, "cache", nowhere)

    feed = stack.feed(calendar)

    assert (feed.status, feed.body, feed.headers) == (200, first.body, first.headers)


@pytest.mark.parametrize("failing", ["GetObject", "PutObject", "*"])
@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://s3.test"),
        ReadTimeoutError(endpoint_url="https://s3.test"),
    ],
    ids=["unreachable", "too-slow"],
)
def test_whatever_s3_does_the_feed_is_built_from_the_table(
    stack: Stack, calendar: Document, failing: str, error: Exception
) -> None:
    whole = stack.feed(calendar)
    stack.restart("get_feed")

    with _failing(s3(stack), failing, error):
        feed = stack.feed(calendar)

    assert (feed.status, feed.body, feed.headers) == (200, whole.body, whole.headers)


def test_a_cache_that_does_not_answer_is_asked_once(stack: Stack, calendar: Document) -> None:
    error = EndpointConnectionError(endpoint_url="https://s3.test")
    attempts: list[str] = []

    def note(request: Any, **_: Any) -> None:
        attempts.append(request.method)

    with _on(s3(stack), "before-send.s3.*", note), _failing(s3(stack), "*", error):
        stack.feed(calendar)

    assert attempts == ["GET", "PUT"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda whole: whole[:-9], id="truncated"),
        pytest.param(lambda whole: whole[: len(whole) // 2], id="half"),
        pytest.param(lambda whole: b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", id="not-compressed"),
        pytest.param(lambda whole: whole[:40] + b"XXXX" + whole[44:], id="altered"),
        pytest.param(lambda whole: whole + b"garbage", id="with-garbage"),
        pytest.param(lambda whole: b"", id="empty"),
        pytest.param(lambda whole: gzip.compress(b""), id="nothing-compressed"),
        pytest.param(lambda whole: gzip.compress(b"BEGIN:VCALENDAR\r\n"), id="begun"),
        pytest.param(lambda whole: gzip.compress(b"\xff" + gzip.decompress(whole)), id="no-text"),
    ],
)
def test_a_damaged_object_is_not_served_and_is_replaced(
    stack: Stack, calendar: Document, damage: Callable[[bytes], bytes]
) -> None:
    whole = stack.feed(calendar, headers=GZIP)
    (stored,) = _stored(stack, internal_id(stack, calendar))
    s3(stack).put_object(Bucket=_bucket(stack), Key=stored, Body=damage(whole.body))
    stack.restart("get_feed")

    feed = stack.feed(calendar, headers=GZIP)

    assert (feed.status, feed.body) == (200, whole.body)
    assert _object(stack, stored) == whole.body


def _dynamodb(stack: Stack) -> Any:
    return stack.door("get_feed", "store").table.client


def _s3(stack: Stack) -> Any:
    return stack.door("get_feed", "cache")._s3


def _bucket(stack: Stack) -> str:
    return stack.environment["FEEDS_BUCKET"]


def _stored(stack: Stack, calendar_id: str) -> list[str]:
    found = s3(stack).list_objects_v2(Bucket=_bucket(stack), Prefix=f"feeds/{calendar_id}/")
    return [item["Key"] for item in found.get("Contents", [])]


def _object(stack: Stack, key: str) -> bytes:
    body: bytes = s3(stack).get_object(Bucket=_bucket(stack), Key=key)["Body"].read()
    return body


def _empty_bucket(stack: Stack) -> None:
    with stack.entered():
        boto3.resource("s3").Bucket(_bucket(stack)).objects.all().delete()


@contextmanager
def _failing(client: Any, operation: str, error: Exception) -> Iterator[None]:
    def fail(**_: Any) -> None:
        raise error

    with _on(client, f"before-send.s3.{operation}", fail):
        yield


@contextmanager
def _on(client: Any, event: str, do: Callable[..., Any]) -> Iterator[None]:
    client.meta.events.register_first(event, do)
    try:
        yield
    finally:
        client.meta.events.unregister(event, do)
