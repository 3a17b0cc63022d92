"""The feed as calendar apps fetch it: its bytes and headers, conditions, codings, and spellings."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

from tests.harness.deployment import Deployment

GZIP = {"accept_encoding": "gzip"}
CALENDAR_TYPE = "text/calendar; charset=utf-8"
DAY = timedelta(days=1)


def test_a_feed_is_read_by_two_parsers(deployment: Deployment, calendar: dict[str, Any]) -> None:
    feed = deployment.feed(calendar)

    assert (feed.status, feed.headers["content-type"]) == (200, CALENDAR_TYPE)
    assert len(Calendar.from_ical(feed.text).walk("VEVENT")) == deployment.expires
    assert len(IcsCalendarStream.calendar_from_ics(feed.text).events) == deployment.expires


def test_a_feed_is_the_same_bytes_each_time(
    deployment: Deployment, calendar: dict[str, Any]
) -> None:
    first, second = (deployment.feed(calendar) for _ in range(2))

    assert (first.status, second.status, second.body) == (200, 200, first.body)
    assert second.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("spelling", ["", "/", ".ics", ".ICS", "/another%20name.ics"])
def test_a_feed_is_the_same_with_any_name_in_its_address_or_none(
    deployment: Deployment, calendar: dict[str, Any], spelling: str
) -> None:
    plain = deployment.feed(calendar)
    without, _, _ = calendar["ics_path"].rpartition("/")

    spelled = deployment.feed({"ics_path": f"{without}{spelling}"})

    assert (spelled.status, spelled.body) == (200, plain.body)


def test_who_accepts_gzip_gets_gzip_of_the_same_text(
    deployment: Deployment, calendar: dict[str, Any]
) -> None:
    plain, coded = deployment.feed(calendar), deployment.feed(calendar, **GZIP)

    assert (coded.status, coded.headers.get("content-encoding")) == (200, "gzip")
    assert gzip.decompress(coded.body) == plain.body
    assert coded.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("refusal", ["identity", "gzip;q=0", "br"])
def test_who_does_not_accept_gzip_gets_text(
    deployment: Deployment, calendar: dict[str, Any], refusal: str
) -> None:
    feed = deployment.feed(calendar, accept_encoding=refusal)

    assert feed.status == 200
    assert "content-encoding" not in feed.headers
    assert feed.body.startswith(b"BEGIN:VCALENDAR\r\n")


@pytest.mark.parametrize("coding", [{}, GZIP], ids=["text", "gzip"])
def test_head_is_get_without_the_body(
    deployment: Deployment,
    calendar: dict[str, Any],
    differs: Callable[[str], None],
    coding: dict[str, str],
) -> None:
    get, head = (deployment.feed(calendar, method, **coding) for method in ("GET", "HEAD"))

    assert (head.status, head.body) == (200, b"")
    assert head.headers.get("etag") == get.headers["etag"]
    assert head.headers["content-type"] == get.headers["content-type"]
    length = head.headers.get("content-length")
    if length not in (None, "0"):
        assert length == str(len(get.body))
    else:
        differs(f"its Content-Length is {length}")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("coding", [{}, GZIP], ids=["text", "gzip"])
def test_who_has_the_current_feed_is_told_so(
    deployment: Deployment, calendar: dict[str, Any], coding: dict[str, str], method: str
) -> None:
    etag = deployment.feed(calendar, **coding).headers["etag"]

    again = deployment.feed(calendar, method, if_none_match=f'"other", {etag}', **coding)

    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == etag
    # It renews that of the copy (RFC 9111, 3.2); a server may leave it out.
    assert again.headers.get("content-type", CALENDAR_TYPE) == CALENDAR_TYPE


def test_who_has_another_feed_gets_the_current_one(
    deployment: Deployment, calendar: dict[str, Any]
) -> None:
    feed = deployment.feed(calendar, if_none_match=f'"{"0" * 32}"')

    assert feed.status == 200


@pytest.mark.parametrize("ago", [DAY, -DAY], ids=["a day ago", "in a day"])
def test_no_date_says_whether_a_feed_is_current(
    deployment: Deployment, calendar: dict[str, Any], ago: timedelta
) -> None:
    date = format_datetime(datetime.now(UTC) - ago, usegmt=True)

    feed = deployment.feed(calendar, if_modified_since=date)

    assert feed.status == 200
    assert "last-modified" not in feed.headers


def test_a_feed_needs_no_mytoken_and_takes_no_notice_of_one(
    deployment: Deployment, calendar: dict[str, Any]
) -> None:
    without = deployment.feed(calendar)
    with_nonsense = deployment.feed(calendar, Authorization="Bearer x", Cookie="mytoken=x")

    assert (with_nonsense.status, with_nonsense.body) == (200, without.body)


@pytest.mark.parametrize(
    "secret",
    ["x" * 32, "x" * 31, "x" * 33, "x" * 31 + "-", "x" * 29 + "%2541", "x" * 32 + ".txt"],
    ids=["unknown", "too short", "too long", "a dash", "decoded twice", "another suffix"],
)
def test_an_address_that_never_was_is_not_found(deployment: Deployment, secret: str) -> None:
    answer = deployment.feed({"ics_path": f"/calendars/{secret}"})

    assert (answer.status, answer.error) == (404, "not_found")
