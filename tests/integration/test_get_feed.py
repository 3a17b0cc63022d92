"""get_feed: what a feed's address answers, to whom, in which coding, and under which condition."""

import gzip

import pytest

from mytoken_calendars.aws.dynamodb import keys
from tests.harness.stacks import CORS, PUBLIC_URL, Stack, Token
from tests.harness.steps import (
    Document,
    add,
    create,
    events,
    internal_id,
    new_user,
    s3,
    secret_of,
    summaries,
    watched,
)

GZIP = {"accept-encoding": "gzip"}
COMMON = {**CORS, "cache-control": "private, no-cache", "vary": "Accept-Encoding"}
OF_THE_TEXT = {
    "x-robots-tag": "noindex, nofollow",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
}


@pytest.fixture(scope="module")
def token(stack: Stack) -> Token:
    return stack.mint(user=new_user(), name="mine")


@pytest.fixture(scope="module")
def calendar(stack: Stack, token: Token) -> Document:
    """With one token in it, for some time. No test changes it."""
    return add(stack, token, create(stack, token), "", comment="mind it")


# --- what it answers ------------------------------------------------------------------------------


def test_the_feed_is_a_calendar_with_an_event_for_each_token(
    stack: Stack, calendar: Document
) -> None:
    feed = stack.feed(calendar)

    assert feed.status == 200
    assert feed.undated == {
        **COMMON,
        **OF_THE_TEXT,
        "content-type": "text/calendar; charset=utf-8",
        "content-disposition": (
            "inline; filename=\"CI Mytokens.ics\"; filename*=UTF-8''CI%20Mytokens.ics"
        ),
        "etag": feed.headers["etag"],
    }
    assert feed.text.startswith("BEGIN:VCALENDAR\r\n")
    assert feed.text.endswith("END:VCALENDAR\r\n")
    assert summaries(feed) == ["mine: mytoken expires"]


@pytest.mark.parametrize("name", ["Ünïcode 🚀", "a;b,c:d", "quo\"ted'", "x" * 128])
def test_the_name_of_the_calendar_is_in_the_feed_and_its_headers_stay_ascii(
    stack: Stack, token: Token, name: str
) -> None:
    calendar = create(stack, token, name)

    feed = stack.feed(calendar)

    unfolded = feed.text.replace("\r\n ", "").replace("\\", "")
    assert f"\r\nNAME:{name}\r\n" in unfolded
    assert f"\r\nX-WR-CALNAME:{name}\r\n" in unfolded
    assert all(value.isascii() and value.isprintable() for value in feed.headers.values())


@pytest.mark.parametrize(
    "spelling", ["", "/", ".ics", ".ICS", ".ics/", "/.ics", "/other%20name.ics", "/x.Ics/"]
)
def test_the_name_in_the_address_is_any_or_none(
    stack: Stack, calendar: Document, spelling: str
) -> None:
    plain = stack.feed(calendar)
    secret = f"{PUBLIC_URL}/calendars/{secret_of(calendar)}"

    spelled = stack.feed({"ics_path": f"{secret}{spelling}"})

    assert calendar["ics_path"] == f"{secret}/CI%20Mytokens.ics"
    assert (spelled.status, spelled.body) == (200, plain.body)
    assert spelled.undated == plain.undated


@pytest.mark.parametrize("file", ["x", "view", "x.ics/view", "x.icsx", "ics"])
def test_a_file_of_another_type_is_no_path(stack: Stack, calendar: Document, file: str) -> None:
    answer = stack.feed({"ics_path": f"{PUBLIC_URL}/calendars/{secret_of(calendar)}/{file}"})

    assert (answer.status, answer.json["error_description"]) == (404, "The API has no such path.")


def test_no_mytoken_is_asked_for_and_none_is_looked_at(stack: Stack, calendar: Document) -> None:
    headers = {"authorization": "Bearer nonsense"}

    feed = stack.feed(calendar, headers=headers, cookies=["mytoken=nonsense"])

    assert feed.status == 200


def test_web_applications_of_any_origin_may_read_a_feed(stack: Stack, calendar: Document) -> None:
    feed = stack.feed(calendar, headers={"origin": "https://app.example"})

    assert CORS.items() <= feed.headers.items()


@pytest.mark.parametrize("headers", [{}, GZIP], ids=["identity", "gzip"])
def test_head_answers_the_headers_of_get_without_the_body(
    stack: Stack, calendar: Document, headers: dict[str, str]
) -> None:
    got = stack.feed(calendar, headers=headers)

    head = stack.feed(calendar, headers=headers, method="HEAD")

    assert (head.status, head.body) == (200, b"")
    assert head.headers == got.headers


# --- content coding -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accepted",
    ["gzip", "GZIP", "deflate, gzip;q=0.5", "br, *", "*;q=0.1", "identity;q=0.5, gzip;q=1.0"],
)
def test_a_client_that_accepts_gzip_gets_gzip(
    stack: Stack, calendar: Document, accepted: str
) -> None:
    plain = stack.feed(calendar)

    feed = stack.feed(calendar, headers={"accept-encoding": accepted})

    assert feed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(feed.body) == plain.body
    assert feed.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize(
    "accepted", [None, "", "identity", "deflate, br", "gzip;q=0", "*;q=0", "gzip;q=0, *", "x-gzip"]
)
def test_a_client_that_does_not_gets_the_text_as_it_is(
    stack: Stack, calendar: Document, accepted: str | None
) -> None:
    feed = stack.feed(calendar, headers={"accept-encoding": accepted})

    assert feed.status == 200
    assert "content-encoding" not in feed.headers
    assert feed.body.startswith(b"BEGIN:VCALENDAR\r\n")


# --- conditional requests -------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, GZIP], ids=["identity", "gzip"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_current_etag_is_answered_304_without_a_body(
    stack: Stack, calendar: Document, headers: dict[str, str], method: str
) -> None:
    known = stack.feed(calendar, headers=headers)

    feed = stack.feed(
        calendar, method=method, headers={**headers, "if-none-match": known.headers["etag"]}
    )

    assert (feed.status, feed.body) == (304, b"")
    readable = {"access-control-expose-headers"}  # which browsers keep from the first answer
    renewed = {name: value for name, value in COMMON.items() if name not in readable}
    kept = {name: known.headers[name] for name in ("content-type", "etag")}
    assert feed.undated == {**renewed, **kept}


@pytest.mark.parametrize("form", ["W/{}", '"other", {}', '{}, W/"other"', "*"])
def test_the_etag_is_recognised_in_every_form_of_if_none_match(
    stack: Stack, calendar: Document, form: str
) -> None:
    etag = stack.feed(calendar).headers["etag"]

    feed = stack.feed(calendar, headers={"if-none-match": form.format(etag)})

    assert feed.status == 304


@pytest.mark.parametrize("etag", ['"other"', '""', "nonsense", 'W/"other"', ""])
def test_another_etag_is_answered_with_the_feed(
    stack: Stack, calendar: Document, etag: str
) -> None:
    feed = stack.feed(calendar, headers={"if-none-match": etag})

    assert feed.status == 200
    assert len(events(feed)) == 1


def test_the_etag_of_one_coding_is_none_of_the_other(stack: Stack, calendar: Document) -> None:
    plain, compressed = stack.feed(calendar), stack.feed(calendar, headers=GZIP)
    of_the_plain = {"if-none-match": plain.headers["etag"]}
    of_the_compressed = {"if-none-match": compressed.headers["etag"]}

    answers = [
        stack.feed(calendar, headers={"accept-encoding": "identity", **of_the_compressed}),
        stack.feed(calendar, headers={"accept-encoding": "gzip", **of_the_plain}),
        stack.feed(calendar, headers={"accept-encoding": None, **of_the_compressed}),
    ]

    # A client that does not speak of codings may have got either.
    assert [answer.status for answer in answers] == [200, 200, 304]
    assert answers[2].headers["etag"] == compressed.headers["etag"]


@pytest.mark.found("A17")
@pytest.mark.parametrize(
    "since", ["", "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"]
)
def test_no_date_is_a_validator(stack: Stack, calendar: Document, since: str) -> None:
    feed = stack.feed(calendar, headers={"if-modified-since": since})

    assert feed.status == 200
    assert "last-modified" not in feed.headers


def test_an_unchanged_feed_asks_neither_events_nor_s3(stack: Stack, calendar: Document) -> None:
    etag = stack.feed(calendar).headers["etag"]

    with (
        watched(stack.door("get_feed", "store").table.client) as reads,
        watched(s3(stack)) as cached,
    ):
        unchanged = [
            stack.feed(calendar, headers={"if-none-match": etag}, method=method)
            for method in ("GET", "HEAD")
        ]

    assert [feed.status for feed in unchanged] == [304, 304]
    assert reads == ["BatchGetItem", "BatchGetItem"]
    assert cached == []


def test_a_function_that_has_not_seen_a_feed_asks_whose_it_is_first(
    stack: Stack, calendar: Document
) -> None:
    etag = stack.feed(calendar).headers["etag"]
    stack.restart("get_feed")

    with watched(stack.door("get_feed", "store").table.client) as reads:
        unchanged = stack.feed(calendar, headers={"if-none-match": etag})

    assert unchanged.status == 304
    assert reads == ["BatchGetItem", "GetItem"]


# --- addresses that lead nowhere ------------------------------------------------------------------


def test_every_unknown_address_is_answered_alike_and_the_malformed_ones_without_a_read(
    stack: Stack, calendar: Document
) -> None:
    known = secret_of(calendar)
    malformed = [known[:-1], known + "x", known[:-1] + "-", f"{known}.ics.ics", "", f"{known}\n"]

    with watched(stack.door("get_feed", "store").table.client) as reads:
        answers = [stack.invoke("get_feed", path={"secret": one}) for one in malformed]
    unknown = stack.invoke("get_feed", path={"secret": known.swapcase()})

    assert reads == []
    assert unknown.status == 404
    assert {(answer.status, answer.body) for answer in answers} == {(404, unknown.body)}


def test_the_id_of_the_calendar_and_the_hash_of_the_address_are_no_addresses(
    stack: Stack, calendar: Document
) -> None:
    hashed = keys.feed_head(secret_of(calendar))["pk"].removeprefix("FEED#")
    calendar_id = internal_id(stack, calendar)
    inner = [calendar_id, calendar_id.replace("-", ""), hashed, hashed[:32]]

    answers = [stack.invoke("get_feed", path={"secret": one}) for one in inner]

    assert {answer.status for answer in answers} == {404}
