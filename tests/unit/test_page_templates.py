"""Pages as HTML: all that people wrote is text, and what is missing fails."""

import gzip
import re
from html.parser import HTMLParser
from http import HTTPStatus
from uuid import UUID

import pytest
from hypothesis import given
from jinja2 import UndefinedError

from mytoken_calendars.feeds.style import Detail, Reminders, Style
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.pages import assets, qr_code, templates, view
from tests.harness.examples import DAY, NOW, feed, subscription
from tests.harness.hostile_words import comments, token_names

URL = "https://calendars.example.org"
MARKUP = "</p><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\"'"


class Outline(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str) -> list[str]:
        return [value or "" for _, a in self.tags for name, value in a.items() if name == attribute]


def html(*, name: str = "ci", comment: str = "", **of_the_feed: object) -> str:
    token = subscription(expires=NOW + DAY, name=name, comment=comment)
    return templates.of_feed(view.of(feed(**of_the_feed), [token], base_url=URL, now=NOW))


def test_markup_in_names_and_comments_is_text() -> None:
    plain = Outline(html(comment="x", description="x"))

    page = Outline(html(name=MARKUP, comment=MARKUP, description=MARKUP))

    assert page.text.count(MARKUP) >= 5
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]


@given(token_names, comments)
def test_no_word_adds_a_tag(name: str, comment: str) -> None:
    known = Outline(html(name="x", comment="x" if comment.strip() else ""))

    page = Outline(html(name=name, comment=comment))

    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in known.tags} | {"p"}
    assert not [n for _, attributes in page.tags for n in attributes if n.startswith("on")]


@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("reminders", Reminders)
@pytest.mark.parametrize("days", [(), (0,), (1,), (30, 1, 0)])
def test_every_style_has_a_page(
    detail: Detail, reminders: Reminders, days: tuple[int, ...]
) -> None:
    page = Outline(html(style=Style(reminders, days, detail)))

    assert "Which apps remind you" in page.text


def test_a_page_has_neither_inline_script_nor_style() -> None:
    page = Outline(html())

    assert page.values("style") == []
    assert [a for tag, a in page.tags if tag == "script" and "src" not in a] == []
    assert "style" not in {tag for tag, _ in page.tags}


def test_a_page_leads_to_nobody_but_google_and_outlook() -> None:
    addresses = re.findall(r'(?:href|src)="(?:https?|webcal)://([^/"]+)', html())

    assert set(addresses) == {
        "calendars.example.org",
        "calendar.google.com",
        "outlook.live.com",
        "outlook.office.com",
    }


def test_search_engines_are_told_to_stay_out() -> None:
    assert '<meta name="robots" content="noindex, nofollow">' in html()


def test_no_two_things_of_a_page_have_one_id() -> None:
    ids = Outline(html()).values("id")

    assert len(ids) == len(set(ids))


def test_every_reference_of_a_page_leads_somewhere() -> None:
    page = Outline(html())

    wanted = {link[1:] for link in page.values("href") if link.startswith("#")}
    wanted |= {name for names in page.values("aria-labelledby") for name in names.split()}

    assert wanted <= set(page.values("id"))


def test_a_link_to_renew_is_there_if_the_operator_names_one() -> None:
    assert "Renew mytokens" not in html()
    assert 'href="https://mytoken.example/home"' in html(
        renewal_page="https://mytoken.example/home"
    )


@pytest.mark.parametrize(
    ("status", "heading"),
    [
        (HTTPStatus.NOT_FOUND, "No calendar is here"),
        (HTTPStatus.GONE, "This calendar is gone from here"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "Not just now"),
        (HTTPStatus.METHOD_NOT_ALLOWED, "Something is wrong"),
    ],
)
def test_a_refusal_says_what_to_do(status: HTTPStatus, heading: str) -> None:
    page = templates.of_refusal(status)

    assert f"<h1>{heading}</h1>" in page
    assert "What to do:" in page


def test_what_no_page_gives_fails() -> None:
    with pytest.raises(UndefinedError):
        templates._environment().from_string("{{ missing }}").render()


def test_a_qr_code_is_drawn_once_for_an_address() -> None:
    first = qr_code.svg(f"{URL}/calendars/x")

    assert qr_code.svg(f"{URL}/calendars/x") is first
    assert qr_code.svg(f"{URL}/calendars/y") != first


def test_an_asset_is_named_by_its_content() -> None:
    names = {file: assets.url(file) for file in ("page.css", "page.js", "icon.svg")}

    assert all(re.fullmatch(r"/calendars/assets/\w+\.[0-9a-f]{16}\.\w+", n) for n in names.values())
    assert {asset.url for asset in assets.BY_NAME.values()} == set(names.values())


def test_a_page_of_forty_tokens_is_small() -> None:
    tokens = [
        subscription(mom_id=mom_id_of(UUID(int=n)), name=f"pipeline {n}", expires=NOW + n * 9 * DAY)
        for n in range(40)
    ]

    page = templates.of_feed(view.of(feed(), tokens, base_url=URL, now=NOW))

    files = "".join(asset.text for asset in assets.BY_NAME.values())
    assert len(gzip.compress(f"{page}{files}".encode())) < 30_000


def test_no_asset_leads_elsewhere() -> None:
    texts = [
        asset.text.replace("http://www.w3.org/2000/svg", "") for asset in assets.BY_NAME.values()
    ]

    assert not [text for text in texts if "://" in text or "@import" in text]
