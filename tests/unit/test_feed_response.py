"""A feed as an HTTP answer: when it is sent, in which coding, and under exactly which headers."""

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars import limits
from mytoken_calendars.feeds.feed import Feed
from mytoken_calendars.feeds.style import Reminders, Style
from mytoken_calendars.http import feed_response
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response
from tests.harness import examples
from tests.harness.examples import ISSUER

FEED = examples.feed()
TEXT = "BEGIN:VCALENDAR\r\nNAME:Überwachung\r\nEND:VCALENDAR\r\n"
GZIP = {"accept-encoding": "gzip"}

IDENTITY_ETAG = f'"{FEED.state}"'
GZIP_ETAG = f'"{FEED.state}-gzip"'

ALWAYS = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
CONTENT = {
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Type": "text/calendar; charset=utf-8",
    "Content-Disposition": (
        "inline; filename=\"CI Mytokens.ics\"; filename*=UTF-8''CI%20Mytokens.ics"
    ),
}


@dataclass
class Loader:
    """Loads this text, shown in this state, and counts how often."""

    text: str = TEXT
    shown: Feed = FEED
    loads: int = 0

    def __call__(self) -> tuple[Feed, bytes]:
        self.loads += 1
        return self.shown, gzip.compress(self.text.encode(), compresslevel=1)


def get(
    headers: dict[str, str] | None = None,
    load: Callable[[], tuple[Feed, bytes]] | None = None,
    *,
    feed: Feed = FEED,
) -> Response:
    return feed_response.answer(asked("GET", headers or {}), feed, load or Loader(shown=feed))


def asked(method: str, headers: dict[str, str]) -> Request:
    return examples.request(method=method, path=f"/calendars/{FEED.secret}", headers=headers)


def never_loaded() -> tuple[Feed, bytes]:
    raise AssertionError("the text is not needed for this answer")


def test_a_feed_is_answered_as_text_with_exactly_these_headers() -> None:
    response = get()

    assert response.status == 200
    assert response.body == TEXT
    assert response.headers == {**ALWAYS, **CONTENT, "ETag": IDENTITY_ETAG}


def test_a_feed_that_is_asked_for_in_gzip_is_answered_with_exactly_these_headers() -> None:
    response = get(GZIP)

    assert response.status == 200
    assert isinstance(response.body, bytes)
    assert gzip.decompress(response.body).decode() == TEXT
    assert response.headers == {**ALWAYS, **CONTENT, "ETag": GZIP_ETAG, "Content-Encoding": "gzip"}


@pytest.mark.parametrize(("headers", "etag"), [({}, IDENTITY_ETAG), (GZIP, GZIP_ETAG)])
def test_an_unchanged_feed_is_answered_without_text_and_with_exactly_these_headers(
    headers: dict[str, str], etag: str
) -> None:
    request = asked("GET", {**headers, "if-none-match": etag})

    response = feed_response.answer(request, FEED, never_loaded)

    assert response.status == 304
    assert response.body == ""
    assert response.headers == {**ALWAYS, "Content-Type": CONTENT["Content-Type"], "ETag": etag}


@pytest.mark.parametrize("headers", [{}, GZIP, {"if-none-match": '"other"'}])
def test_head_is_answered_as_get_and_leaves_it_to_the_gateway_to_drop_the_text(
    headers: dict[str, str],
) -> None:
    response = feed_response.answer(asked("HEAD", headers), FEED, Loader())

    assert response.status == 200
    assert response == get(headers)


def test_head_of_an_unchanged_feed_says_so() -> None:
    request = asked("HEAD", {"if-none-match": IDENTITY_ETAG})

    response = feed_response.answer(request, FEED, never_loaded)

    assert response.status == 304
    assert response == get({"if-none-match": IDENTITY_ETAG})


@pytest.mark.parametrize(
    "if_none_match",
    [
        IDENTITY_ETAG,
        f"W/{IDENTITY_ETAG}",
        f'"other", {IDENTITY_ETAG}',
        f'"other",{IDENTITY_ETAG},"another"',
        f'W/"other" , W/{IDENTITY_ETAG}',
        f'"with, comma", {IDENTITY_ETAG}',
        f"{GZIP_ETAG}, {IDENTITY_ETAG}",
        f", ,{IDENTITY_ETAG},",
        "*",
        " * ",
    ],
)
def test_a_client_that_has_this_state_is_told_so(if_none_match: str) -> None:
    assert get({"if-none-match": if_none_match}).status == 304


@pytest.mark.parametrize(
    "if_none_match",
    [
        "",
        '"other"',
        f'"{FEED.state}-br"',
        FEED.state,
        f'"{FEED.state}',
        f'"{FEED.state.upper()}x"',
        f'"x{FEED.state}"',
        f'"{FEED.state[:-1]}"',
        '"*"',
        "**",
        '""',
    ],
)
def test_a_client_that_has_another_state_gets_this_one(if_none_match: str) -> None:
    assert get({"if-none-match": if_none_match}).body == TEXT


def test_the_state_of_one_coding_is_not_the_state_of_the_other() -> None:
    assert get({**GZIP, "if-none-match": IDENTITY_ETAG}).status == 200
    assert get({"accept-encoding": "identity", "if-none-match": GZIP_ETAG}).status == 200


@pytest.mark.parametrize(
    ("if_none_match", "matched"),
    [
        (IDENTITY_ETAG, IDENTITY_ETAG),
        (GZIP_ETAG, GZIP_ETAG),
        (f'"other", W/{GZIP_ETAG}', GZIP_ETAG),
        (f"{GZIP_ETAG}, {IDENTITY_ETAG}", IDENTITY_ETAG),
        ("*", IDENTITY_ETAG),
    ],
)
def test_a_client_that_does_not_speak_of_gzip_may_have_either_coding(
    if_none_match: str, matched: str
) -> None:
    response = get({"if-none-match": if_none_match}, never_loaded)

    assert response.status == 304
    assert response.headers["ETag"] == matched


SINCE = [
    "Fri, 15 Jan 2027 08:00:00 GMT",  # NOW, when the feed changed last
    "Fri, 15 Jan 2027 08:01:00 GMT",
    "Sat, 01 Jan 2050 00:00:00 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "yesterday",
    "",
    "\ud800",
]


@pytest.mark.parametrize("since", SINCE, ids=ascii)
def test_a_time_alone_never_keeps_a_feed_from_who_asks_for_it(since: str) -> None:
    assert get({"if-modified-since": since}) == get()


@pytest.mark.parametrize("since", SINCE, ids=ascii)
def test_an_etag_decides_where_there_is_a_time_too(since: str) -> None:
    assert get({"if-none-match": '"other"', "if-modified-since": since}).status == 200
    assert get({"if-none-match": IDENTITY_ETAG, "if-modified-since": since}).status == 304


@pytest.mark.parametrize(
    "accept_encoding",
    [
        "gzip",
        "GZIP",
        "gzip, deflate, br",
        "br,gzip",
        "gzip;q=0.5",
        "gzip ; q=1.0",
        "gzip;q=0.001, identity",
        "br;q=1.0, gzip;q=0.8, *;q=0.1",
        "*",
        "*;q=0.1",
        "identity;q=0, *",
        "*;q=0, gzip",
    ],
)
def test_gzip_is_sent_to_a_client_that_asks_for_it(accept_encoding: str) -> None:
    response = get({"accept-encoding": accept_encoding})

    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["ETag"] == GZIP_ETAG


@pytest.mark.parametrize(
    "accept_encoding",
    [
        "",
        " ",
        "identity",
        "br, deflate",
        "gzip;q=0",
        "gzip; q=0.000",
        "gzip;q=0, *",
        "*, gzip;q=0",
        "*;q=0",
        "identity, *;q=0",
        "gzip;q=x",
        "gzip;q=-1",
        "gzip;q=nan",
        "gzip;level=9",
        "gzipped",
        "x-gzip;q=0",
    ],
)
def test_plain_text_is_sent_to_a_client_that_does_not_ask_for_gzip(accept_encoding: str) -> None:
    response = get({"accept-encoding": accept_encoding})

    assert response.body == TEXT
    assert "Content-Encoding" not in response.headers


def test_a_feed_that_changed_while_it_was_loaded_is_sent_under_its_new_state() -> None:
    changed = examples.feed(version="version-2")

    response = get(load=Loader(shown=changed))

    assert response.headers["ETag"] == f'"{changed.state}"'


@pytest.mark.parametrize(
    "change", [{"renewal_page": ISSUER}, {"style": Style(Reminders.EVENTS)}], ids=str
)
def test_a_feed_in_another_style_or_with_another_link_is_sent_to_who_has_the_old_one(
    change: dict[str, object],
) -> None:
    response = get({"if-none-match": IDENTITY_ETAG}, feed=examples.feed(**change))

    assert response.status == 200


def test_the_largest_text_is_sent_as_it_is_to_a_client_that_does_not_ask_for_gzip() -> None:
    text = "a" * (30 * limits.CALENDAR_WEIGHT)

    response = get(load=Loader(text))

    assert response.body == text
    assert len(json.dumps(response.as_event())) < 6 * 1024 * 1024


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_name_of_the_file_is_ascii_and_leads_back_to_the_calendars(name: str) -> None:
    feed = examples.feed(name=name)

    headers = get(feed=feed).headers

    parts = re.fullmatch(
        r'inline; filename="[ !#$&-.0-\[\]-~]+\.ics"; '
        r"filename\*=UTF-8''([A-Za-z0-9._~-]|%[0-9A-F]{2})+",
        headers["Content-Disposition"],
        re.ASCII,
    )
    assert parts
    assert unquote(headers["Content-Disposition"].split("''")[1], errors="strict") == f"{name}.ics"


@pytest.mark.found("A39")
@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("CI Mytokens", "CI Mytokens"),
        ("Überwachung, Café", "Uberwachung, Cafe"),
        ("ﬁle ½", "file 12"),
        ("日本語", "calendar"),
        ("CI 日本 🚀 x", "CI x"),
        ('a "b" c', "a b c"),
        ("ａ／ｂ％＂c", "a b c"),
        ("a\\b", "a b"),
        ("; x=y", "; x=y"),
        ("", "calendar"),
    ],
)
def test_clients_without_rfc_8187_get_the_nearest_name_in_ascii(name: str, plain: str) -> None:
    disposition = get(feed=examples.feed(name=name)).headers["Content-Disposition"]

    assert disposition.startswith(f'inline; filename="{plain}.ics"; filename*=')


def test_a_feed_is_loaded_once() -> None:
    load = Loader()

    get(load=load)

    assert load.loads == 1
