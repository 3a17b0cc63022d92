"""view_calendar: what the page of a feed answers, at which addresses, and with which headers."""

import gzip
import re
import time

import pytest

from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.pages import assets
from tests.harness.stacks import CORS, DAY, Answer, Stack, Token
from tests.harness.steps import Document, add, create, create_feed, new_user, secret_of, watched

SAFE = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "content-type": "text/html; charset=utf-8",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), clipboard-write=(self)",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}


@pytest.fixture(scope="module")
def token(stack: Stack) -> Token:
    return stack.mint(user=new_user(), name="mine")


@pytest.fixture(scope="module")
def calendar(stack: Stack, token: Token) -> Document:
    """With one token in it, for some time. No test changes it."""
    return add(stack, token, create(stack, token), "", comment="mind it")


def asset(stack: Stack, name: str, **more: object) -> Answer:
    return stack.invoke("view_calendar", path={"asset": name}, **more)  # type: ignore[arg-type]


# --- the page -------------------------------------------------------------------------------------


def test_a_page_shows_the_calendar_and_its_tokens(stack: Stack, calendar: Document) -> None:
    page = stack.page(calendar)

    assert page.status == 200
    assert '<h1 dir="auto">CI Mytokens</h1>' in page.text
    assert "<bdi>mine</bdi>" in page.text
    assert "mind it" in page.text
    assert calendar["ics_path"] in page.text


def test_a_page_has_exactly_the_headers_that_keep_it_safe(stack: Stack, calendar: Document) -> None:
    assert stack.page(calendar).undated == {**CORS, **SAFE}


def test_a_page_is_compressed_if_the_browser_asks(stack: Stack, calendar: Document) -> None:
    page = stack.page(calendar, headers={"accept-encoding": "gzip, deflate, br, zstd"})

    assert page.headers["content-encoding"] == "gzip"
    assert gzip.decompress(page.body).startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    "path", [{}, {"file": "CI Mytokens.ics"}, {"file": "any other.ICS"}], ids=lambda p: str(len(p))
)
def test_each_address_of_a_feed_has_its_page(
    stack: Stack, calendar: Document, path: dict[str, str]
) -> None:
    page = stack.invoke("view_calendar", path={"secret": secret_of(calendar), **path})

    assert page.status == 200


def test_a_secret_with_ics_behind_it_has_its_page(stack: Stack, calendar: Document) -> None:
    page = stack.invoke("view_calendar", path={"secret": f"{secret_of(calendar)}.ics"})

    assert page.status == 200


def test_a_file_of_another_type_has_no_page(stack: Stack, calendar: Document) -> None:
    path = {"secret": secret_of(calendar), "file": "x.html"}

    page = stack.invoke("view_calendar", path=path)

    assert (page.status, page.headers["content-type"]) == (404, SAFE["content-type"])


def test_head_of_a_page_has_the_headers_of_get(stack: Stack, calendar: Document) -> None:
    head, got = (stack.page(calendar, method=method) for method in ("HEAD", "GET"))

    assert (head.status, head.body, head.undated) == (200, b"", got.undated)


def test_a_feed_is_its_file_whatever_a_browser_prefers(stack: Stack, calendar: Document) -> None:
    feed = stack.feed(calendar, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert feed.headers["content-type"] == "text/calendar; charset=utf-8"


# --- its state ------------------------------------------------------------------------------------


def test_a_page_shows_no_more_than_its_feed(stack: Stack) -> None:
    token = stack.mint(user=new_user(), name="of the portal")
    calendar = add(stack, token, create(stack, token, "Secret plans"), "", comment="mind it")
    feed = create_feed(stack, token, calendar, detail="minimal")

    page = stack.page(feed)

    assert page.status == 200
    told = ("of the portal", "Secret plans", "mind it", token.mom_id[:8], "%20")
    assert [word for word in told if word in page.text] == []


def test_a_revoked_token_is_on_no_page_from_the_next_request_on(stack: Stack) -> None:
    user = new_user()
    owner, other = stack.mint(user=user), stack.mint("AT", user=user, name="to be revoked")
    calendar = add(stack, owner, create(stack, owner), other.mom_id)
    before = stack.page(calendar).text

    stack.revoke(other)

    assert "to be revoked" in before
    assert "to be revoked" not in stack.page(calendar).text


def test_an_expired_token_is_among_those_that_expired(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = stack.mint(user=new_user(), name="old", expires_in=DAY)
    calendar = add(stack, token, create(stack, token), "")
    later = time.time() + 2 * DAY
    monkeypatch.setattr("mytoken_calendars.http.request.time.time", lambda: later)

    page = stack.page(calendar)

    assert "1 mytoken has expired" in page.text
    assert "All mytokens of this calendar have expired." in page.text


def test_a_deleted_calendar_is_a_page_that_is_gone(stack: Stack) -> None:
    token = stack.mint(user=new_user())
    calendar = create(stack, token)
    stack.invoke("delete_calendar", token)

    page = stack.page(calendar)

    assert page.status == 410
    assert page.undated == {**CORS, **SAFE}
    assert "This calendar is gone from here" in page.text


@pytest.mark.parametrize(
    "secret", ["x", "x" * 33, "é" * 32, "..", "%2e%2e", "<script>", "\x00" * 32, "view", "assets"]
)
def test_no_address_of_another_form_is_looked_up(stack: Stack, secret: str) -> None:
    with watched(stack.door("view_calendar", "store").table.client) as calls:
        page = stack.invoke("view_calendar", path={"secret": secret}, raw_path="/calendars/x/view")

    assert (page.status, calls) == (404, [])
    assert secret not in page.text.replace("view", "").replace("assets", "") or secret == "x"


def test_an_unknown_address_is_a_page_that_says_so(stack: Stack) -> None:
    page = stack.invoke("view_calendar", path={"secret": "x" * 32})

    assert page.status == 404
    assert page.undated == {**CORS, **SAFE}
    assert "What to do:" in page.text


def test_a_page_asks_dynamodb_as_often_as_a_feed_that_is_built(
    stack: Stack, calendar: Document
) -> None:
    stack.page(calendar)

    with watched(stack.door("view_calendar", "store").table.client) as calls:
        stack.page(calendar)

    assert calls == ["BatchGetItem", "GetItem", "GetItem"]


def test_a_view_is_counted_as_no_feed_that_was_built(
    stack: Stack, calendar: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Metric] = []
    monkeypatch.setattr("mytoken_calendars.aws.metrics.count", counted.append)

    stack.page(calendar)

    assert counted == []


# --- beside it ------------------------------------------------------------------------------------


def test_all_that_a_page_needs_is_below_calendars(stack: Stack, calendar: Document) -> None:
    page = stack.page(calendar).text

    names = re.findall(r'(?:href|src)="/calendars/assets/([^"]+)"', page)

    assert sorted(names) == sorted(assets.BY_NAME)
    assert [asset(stack, name).status for name in names] == [200] * 3
    assert not re.findall(r'(?:href|src)="/(?!calendars/)', page)


@pytest.mark.parametrize("file", ["page.css", "page.js", "icon.svg"])
@pytest.mark.parametrize("coding", [None, "gzip"])
def test_a_file_is_kept_for_a_year(stack: Stack, file: str, coding: str | None) -> None:
    name = assets.url(file).rpartition("/")[2]

    answer = asset(stack, name, headers={"accept-encoding": coding})

    assert answer.text == assets.BY_NAME[name].text
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers.get("content-encoding") == coding


@pytest.mark.parametrize("name", ["page.css", "page.0000000000000000.css", "../view.py", "", "x"])
def test_no_other_file_is_there(stack: Stack, name: str) -> None:
    answer = asset(stack, name)

    assert (answer.status, answer.headers["cache-control"]) == (404, "no-store")
