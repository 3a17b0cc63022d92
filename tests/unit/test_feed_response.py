"""A feed as an HTTP answer: when it is sent, in which coding, and under exactly which headers."""

import base64
import gzip
import json
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars import limits
from mytoken_calendars.errors import FeedTooLarge
from mytoken_calendars.feeds.feed import Feed
from mytoken_calendars.http import feed_response
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response
from tests.harness import examples
from tests.harness.examples import NOW

FEED = examples.feed()
TEXT = "BEGIN:VCALENDAR\r\nNAME:Überwachung\r\nEND:VCALENDAR\r\n"
GZIP = {"accept-encoding": "gzip"}
CHANGED = "Fri, 15 Jan 2027 08:00:00 GMT"  # NOW
SETTLED = "Fri, 15 Jan 2027 08:01:00 GMT"

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
    shown: Feed | None = FEED
    loads: int = 0

    def __call__(self) -> tuple[Feed | None, bytes]:
        self.loads += 1
        return self.shown, gzip.compress(self.text.encode(), compresslevel=1)


def get(
    headers: dict[str, str] | None = None,
    load: Callable[[], tuple[Feed | None, bytes]] | None = None,
    *,
    now: int = NOW,
    feed: Feed = FEED,
) -> Response:
    return feed_response.answer(asked("GET", headers or {}, now), feed, load or Loader(shown=feed))


def asked(method: str, headers: dict[str, str], now: int = NOW) -> Request:
    return examples.request(method=method, path=f"/calendars/{FEED.id}", headers=headers, now=now)


def never_loaded() -> tuple[Feed | None, bytes]:
    raise AssertionError("the text is not needed for this answer")


def test_a_feed_is_answered_as_text_with_exactly_these_headers() -> None:
    response = get()

    assert response.status == 200
    assert response.body == TEXT
    assert response.headers == {
        **ALWAYS,
        **CONTENT,
        "ETag": IDENTITY_ETAG,
        "Last-Modified": CHANGED,
    }


def test_a_feed_that_is_asked_for_in_gzip_is_answered_with_exactly_these_headers() -> None:
    response = get(GZIP)

    assert response.status == 200
    assert isinstance(response.body, bytes)
    assert gzip.decompress(response.body).decode() == TEXT
    assert response.headers == {
        **ALWAYS,
        **CONTENT,
        "ETag": GZIP_ETAG,
        "Last-Modified": CHANGED,
        "Content-Encoding": "gzip",
    }


@pytest.mark.parametrize(("headers", "etag"), [({}, IDENTITY_ETAG), (GZIP, GZIP_ETAG)])
def test_an_unchanged_feed_is_answered_without_text_and_with_exactly_these_headers(
    headers: dict[str, str], etag: str
) -> None:
    request = asked("GET", {**headers, "if-none-match": etag})

    response = feed_response.answer(request, FEED, never_loaded)

    assert response.status == 304
    assert response.body == ""
    assert response.headers == {**ALWAYS, "ETag": etag, "Last-Modified": CHANGED}


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
    ("since", "now", "told"),
    [
        (NOW, NOW, "Fri, 15 Jan 2027 08:00:00 GMT"),
        (NOW, NOW + 59, "Fri, 15 Jan 2027 08:00:59 GMT"),
        (NOW, NOW + 60, "Fri, 15 Jan 2027 08:01:00 GMT"),
        (NOW, NOW + 61, "Fri, 15 Jan 2027 08:01:00 GMT"),
        (NOW, NOW + 1_000_000, "Fri, 15 Jan 2027 08:01:00 GMT"),
        (NOW + 5, NOW, "Fri, 15 Jan 2027 08:00:00 GMT"),  # clocks may differ
    ],
)
def test_a_client_is_told_when_the_change_settled_but_no_time_later_than_that_of_its_request(
    since: int, now: int, told: str
) -> None:
    feed = examples.feed(changed=since)

    sent = get(now=now, feed=feed)
    unchanged = get({"if-none-match": IDENTITY_ETAG}, never_loaded, now=now, feed=feed)

    assert sent.headers["Last-Modified"] == told
    assert unchanged.headers["Last-Modified"] == told


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


@pytest.mark.parametrize(
    "since",
    [
        SETTLED,
        "Fri, 15 Jan 2027 08:01:01 GMT",
        "Fri, 15 Jan 2027 09:01:00 +0100",
        "Fri, 15 Jan 2027 08:01:00 -0000",
        "Fri, 15 Jan 2027 08:01:00",
        "Friday, 15-Jan-27 08:01:00 GMT",
        "Sat, 01 Jan 2050 00:00:00 GMT",
    ],
)
def test_a_feed_that_had_settled_at_a_time_is_not_sent_to_who_has_it_of_then(since: str) -> None:
    assert get({"if-modified-since": since}).status == 304


@pytest.mark.parametrize(
    "since",
    [
        "Fri, 15 Jan 2027 07:59:59 GMT",
        CHANGED,
        "Fri, 15 Jan 2027 08:00:59 GMT",
        "Fri, 15 Jan 2027 08:00:59 -0000",
        "Fri, 15 Jan 2027 08:00:59",
        "Fri, 15 Jan 2027 08:01:00 +0100",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "",
        "0",
        "yesterday",
        "2027-01-15T08:00:00Z",
        "Fri, 35 Jan 2027 08:00:00 GMT",
        "Fri, 15 Jan 99999 08:00:00 GMT",
        "Fri, 15 Jan 2027 08:00:00 +9999999",
        "Fri, 15 Jan 2027 08:00:00 +99999999999999999999",
        "\ud800",
    ],
)
def test_a_feed_that_had_not_settled_at_a_time_or_at_no_time_is_sent(since: str) -> None:
    assert get({"if-modified-since": since}).body == TEXT


@pytest.fixture(params=["Asia/Tokyo", "Pacific/Honolulu"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process runs in another time zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("zone", ["", " -0000"])
def test_a_time_without_a_zone_is_utc_wherever_this_runs(zone: str) -> None:
    assert get({"if-modified-since": f"Fri, 15 Jan 2027 08:01:00{zone}"}).status == 304
    assert get({"if-modified-since": f"Fri, 15 Jan 2027 08:00:59{zone}"}).status == 200


def changed_after(fetched: Response, feed: Feed) -> Response:
    """What a client gets a day later that fetched this, and goes by the time alone."""
    since = fetched.headers["Last-Modified"]
    return get({"if-modified-since": since}, now=NOW + 24 * 60 * 60, feed=feed)


def test_a_feed_that_was_fetched_in_the_second_of_a_change_and_changed_again_in_it_is_sent() -> (
    None
):
    fetched = get(now=NOW)

    response = changed_after(fetched, examples.feed(version="version-2", changed=NOW))

    assert response.status == 200


@given(st.integers(0, 59), st.integers(0, 59))
def test_a_change_that_began_before_another_and_is_seen_after_it_is_sent(a: int, b: int) -> None:
    # What is fetched shows a change of later than NOW; after that, one of NOW comes to be seen.
    changed, fetched = sorted((a, b))
    first = examples.feed(version="version-1", changed=NOW + changed)
    second = examples.feed(version="version-2", changed=NOW)

    response = changed_after(get(now=NOW + fetched, feed=first), second)

    assert response.status == 200


@pytest.mark.parametrize("now", [NOW + 60, NOW + 1_000_000])
def test_a_feed_that_was_fetched_when_it_had_settled_is_not_sent_again(now: int) -> None:
    assert changed_after(get(now=now), FEED).status == 304


def test_a_feed_that_changed_in_the_second_in_which_the_old_one_was_fetched_is_sent() -> None:
    fetched = get(now=NOW + 1_000_000)

    response = changed_after(fetched, examples.feed(version="version-2", changed=NOW + 1_000_000))

    assert response.status == 200


def test_an_etag_decides_where_there_is_a_time_too() -> None:
    assert get({"if-none-match": '"other"', "if-modified-since": SETTLED}).status == 200
    assert get({"if-none-match": IDENTITY_ETAG, "if-modified-since": "0"}).status == 304


@given(st.text(max_size=40) | st.text("FriJan ,:-+0123456789GMT", max_size=40))
def test_no_time_that_a_client_sends_is_a_fault(since: str) -> None:
    assert get({"if-modified-since": since}).status in (200, 304)


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
    changed = examples.feed(version="version-2", changed=NOW + 60)

    response = get(load=Loader(shown=changed), now=NOW + 1_000)

    assert response.headers["ETag"] == f'"{changed.state}"'
    assert response.headers["Last-Modified"] == "Fri, 15 Jan 2027 08:02:00 GMT"


@pytest.mark.parametrize("headers", [{}, GZIP])
def test_a_feed_that_never_stands_still_is_sent_without_a_state(headers: dict[str, str]) -> None:
    response = get(headers, Loader(shown=None))

    assert response.status == 200
    assert response.headers.keys() - {"Content-Encoding"} == {*ALWAYS, *CONTENT}


# Sizes are those of the JSON that carries an answer: with its two quotes, and with its escapes.
LARGEST = limits.ANSWER

fitting = [
    pytest.param(lambda: "a" * (LARGEST - 2), id="ASCII"),
    pytest.param(lambda: "🙂" * (LARGEST // 12), id="of twelve bytes each"),
]
too_large = [
    pytest.param(lambda: "a" * (LARGEST - 1), id="ASCII"),
    pytest.param(lambda: '"' * (LARGEST // 2), id="of two bytes each"),
    pytest.param(lambda: "🙂" * (LARGEST // 12 + 1), id="of twelve bytes each"),
]


@pytest.mark.parametrize("text", fitting)
def test_the_largest_text_that_fits_an_answer_is_sent_as_it_is(text: Callable[[], str]) -> None:
    response = get(load=Loader(text()))

    assert response.body == text()
    assert 0.99 < len(json.dumps(response.as_event())) / (6 * 1024 * 1024) <= 1


@pytest.mark.parametrize("text", too_large)
def test_a_larger_text_is_sent_in_gzip_to_a_client_that_does_not_say(
    text: Callable[[], str],
) -> None:
    response = get(load=Loader(text()))

    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["ETag"] == GZIP_ETAG
    assert isinstance(response.body, bytes)
    assert gzip.decompress(response.body).decode() == text()


@pytest.mark.parametrize("accept_encoding", ["identity", "gzip;q=0", "*;q=0", ""])
def test_a_larger_text_is_not_sent_to_a_client_that_refuses_gzip(accept_encoding: str) -> None:
    load = Loader("a" * LARGEST)

    with pytest.raises(FeedTooLarge):
        get({"accept-encoding": accept_encoding}, load)


@pytest.mark.parametrize("headers", [GZIP, {"accept-encoding": "*"}])
def test_the_largest_compressed_text_that_fits_an_answer_is_sent(headers: dict[str, str]) -> None:
    compressed = b"x" * (LARGEST * 3 // 4)

    response = get(headers, lambda: (FEED, compressed))

    assert response.body == compressed
    assert 0.99 < len(json.dumps(response.as_event())) / (6 * 1024 * 1024) <= 1


def test_a_compressed_text_that_base64_makes_too_large_is_not_sent() -> None:
    compressed = b"x" * (LARGEST * 3 // 4 + 1)

    with pytest.raises(FeedTooLarge):
        get(GZIP, lambda: (FEED, compressed))


@pytest.mark.parametrize("headers", [{}, GZIP, {"accept-encoding": "identity"}])
def test_a_text_that_is_too_large_in_both_codings_is_sent_to_nobody(
    headers: dict[str, str],
) -> None:
    text = base64.b64encode(random.Random(0).randbytes(LARGEST)).decode()

    with pytest.raises(FeedTooLarge):
        get(headers, Loader(text))


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
