"""What a page shows: what is ahead, by months, and no more than the feed's detail tells."""

import unicodedata
from dataclasses import asdict
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars import limits
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds.style import Detail, Style
from mytoken_calendars.pages import view
from mytoken_calendars.pages.view import View
from tests.harness.examples import DAY, NOW, feed, subscription

URL = "https://calendars.example.org"
# What the owner wrote, and what only names tell.
COMMENT, DESCRIPTION = "of the night shift", "What the builds use."
NAME, TITLE = "nightly build", "CI Mytokens"


def token(*, left: int, **changes: object) -> Subscription:
    """One that expires so many seconds from now."""
    return subscription(**{"expires": NOW + left, "created": NOW - DAY, **changes})


def shown(*tokens: Subscription, **of_the_feed: object) -> View:
    return view.of(feed(**of_the_feed), tokens, base_url=URL, now=NOW)


def test_what_expires_first_comes_first() -> None:
    page = shown(token(left=9 * DAY, name="b"), token(left=2 * DAY, name="a"))

    assert [one.name for one in page.ahead] == ["a", "b"]
    assert [one.name for one in page.first] == ["a"]
    assert page.ahead[0].when == "in 2 days"


def test_all_that_expire_in_one_minute_are_next() -> None:
    page = shown(*(token(left=left, name=str(left)) for left in (0 * DAY + 61, 119, 121)))

    assert [one.name for one in page.first] == ["61", "119"]


def test_what_has_expired_is_apart_the_last_one_first() -> None:
    page = shown(token(left=0, name="now"), token(left=-9, name="before"), token(left=1))

    assert [one.name for one in page.over] == ["now", "before"]
    assert len(page.ahead) == 1
    assert sum(len(month.things) for month in page.months) == 1


def test_an_empty_calendar_has_no_months() -> None:
    page = shown()

    assert (page.ahead, page.over, page.months, page.first) == ((), (), (), ())


@pytest.mark.parametrize(
    ("days", "urgency"),
    [(-1, "over"), (0, "over"), (7, "soon"), (8, "near"), (30, "near"), (31, "later")],
)
def test_the_nearer_the_more_urgent(days: int, urgency: str) -> None:
    page = shown(token(left=days * DAY))

    (one,) = (*page.ahead, *page.over)
    assert one.urgency == urgency


# --- months ---------------------------------------------------------------------------------------


def test_only_months_with_something_are_shown() -> None:
    page = shown(token(left=DAY), token(left=90 * DAY), token(left=91 * DAY))

    assert [(month.name, len(month.things)) for month in page.months] == [
        ("January 2027", 1),
        ("April 2027", 2),
    ]


def test_a_grid_has_whole_weeks_from_monday_on() -> None:
    page = shown(token(left=DAY))

    weeks = page.months[0].weeks

    assert [day.number for day in weeks[0]] == [0, 0, 0, 0, 1, 2, 3]
    assert {len(week) for week in weeks} == {7}
    assert [day.number for week in weeks for day in week if day.things] == [16]


@given(st.lists(st.integers(min_value=1, max_value=9 * 365 * DAY), max_size=40))
def test_each_expiry_is_in_one_cell_of_its_month(lefts: list[int]) -> None:
    page = shown(*(token(left=left) for left in lefts))

    in_cells = [
        (month.key, day.number, one)
        for month in page.months
        for week in month.weeks
        for day in week
        for one in day.things
    ]

    assert sorted(one.number for _, _, one in in_cells) == [one.number for one in page.ahead]
    assert all(one.exact.startswith(f"{key}-{day:02}T") for key, day, one in in_cells)


def test_the_thirteenth_month_is_a_list() -> None:
    page = shown(*(token(left=n * 31 * DAY) for n in range(1, 16)))

    assert [month.has_grid for month in page.months] == [True] * limits.GRIDS + [False] * 3
    assert limits.GRIDS == 12


# --- detail ---------------------------------------------------------------------------------------


def told(detail: Detail) -> str:
    page = shown(
        token(left=DAY, name=NAME, comment=COMMENT),
        name=TITLE,
        description=DESCRIPTION,
        style=Style(detail=detail),
    )
    return repr(asdict(page))


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        (Detail.FULL, {NAME, TITLE, COMMENT, DESCRIPTION}),
        (Detail.NAME, {NAME, TITLE}),
        (Detail.MINIMAL, set()),
    ],
)
def test_a_page_tells_what_the_detail_of_its_feed_tells(detail: Detail, words: set[str]) -> None:
    text = told(detail)

    assert {word for word in (NAME, TITLE, COMMENT, DESCRIPTION) if word in text} == words


def test_a_minimal_page_has_no_mom_id_and_no_day_of_creation() -> None:
    text = told(Detail.MINIMAL)

    assert subscription().mom_id[:8] not in text
    assert "14 January 2027" not in text
    assert "Mytokens" in text


def test_a_token_without_a_name_is_called_by_its_mom_id() -> None:
    page = shown(token(left=DAY, name=" \t\n"))

    assert page.ahead[0].name == f"{subscription().mom_id[:8]} (2027-01-14)"


def test_a_calendar_without_a_name_is_called_by_its_description() -> None:
    page = shown(name="Mytokens 7", description="What builds use\nand more", is_unnamed=True)

    assert page.title == "What builds use"


@given(st.text(st.characters() | st.characters(categories=["Cs", "Cc"]), max_size=20))
def test_whatever_a_name_holds_can_be_sent(name: str) -> None:
    page = shown(token(left=DAY, name=name, comment=name))

    sent = f"{page.ahead[0].name} {page.ahead[0].comment}"

    assert not [c for c in sent if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]


# --- links ----------------------------------------------------------------------------------------


def test_the_buttons_lead_to_the_address_of_the_feed() -> None:
    links = shown(name="Ünïcode & more").links
    address = f"{URL}/calendars/{'F' * 32}/%C3%9Cn%C3%AFcode%20%26%20more.ics"

    assert links.feed == address
    assert links.webcal == address.replace("https:", "webcal:")
    assert parse_qs(urlsplit(links.google).query) == {"cid": [links.webcal]}
    for link, host in (
        (links.outlook, "outlook.live.com"),
        (links.outlook_at_work, "outlook.office.com"),
    ):
        assert urlsplit(link).hostname == host
        assert parse_qs(urlsplit(link).query) == {"url": [address], "name": ["Ünïcode & more"]}


def test_the_short_address_has_no_name() -> None:
    assert shown().links.short == f"{URL}/calendars/{'F' * 32}"
