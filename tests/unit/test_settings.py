"""The settings of a feed: how they are shown, and what becomes of them by a wish."""

from typing import Any

import pytest

from mytoken_calendars.calendars.calendar import Address
from mytoken_calendars.feeds.settings import Settings, Wish
from mytoken_calendars.feeds.style import DEFAULT, Detail, Reminders, Style

URL = "https://calendars.example"
ADDRESS = Address("0123456789abcdef", "S" * 32)
OTHER = Style(Reminders.BOTH, (21, 2), Detail.NAME, changes=3, changed=1_800_000_000)
PHONE = Settings(ADDRESS, "Phone", OTHER)


def test_a_feed_is_shown_with_its_address_and_its_style() -> None:
    assert PHONE.document(URL, "CI Mytokens") == {
        "id": "0123456789abcdef",
        "label": "Phone",
        "ics_path": f"{URL}/calendars/{'S' * 32}/CI%20Mytokens.ics",
        "reminders": "both",
        "days": [21, 2],
        "detail": "name",
    }


def test_a_new_feed_has_the_default_style_and_no_label() -> None:
    document = Settings(ADDRESS).document(URL, "CI")

    assert document == {
        "id": "0123456789abcdef",
        "ics_path": f"{URL}/calendars/{'S' * 32}/CI.ics",
        "reminders": "alarms",
        "days": [30, 14, 7, 3, 1, 0],
        "detail": "full",
    }


@pytest.mark.parametrize(
    ("detail", "title"), [(Detail.FULL, "CI"), (Detail.NAME, "CI"), (Detail.MINIMAL, "Mytokens")]
)
def test_a_feed_of_least_detail_does_not_tell_what_the_calendar_is_called(
    detail: Detail, title: str
) -> None:
    feed = Settings(ADDRESS, style=DEFAULT._replace(detail=detail))

    assert feed.style.title("CI") == title
    assert feed.document(URL, "CI")["ics_path"].endswith(f"/{title}.ics")


@pytest.mark.parametrize("feed", [Settings(ADDRESS), PHONE], ids=["new", "changed"])
def test_who_wishes_nothing_gets_the_feed_as_it_is(feed: Settings) -> None:
    assert Wish().granted(feed) == feed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reminders", Reminders.NONE),
        ("reminders", Reminders.ALARMS),
        ("days", (9,)),
        ("days", DEFAULT.days),
        ("detail", Detail.MINIMAL),
        ("detail", Detail.FULL),
    ],
)
def test_a_wish_for_one_field_of_the_style_changes_that_alone(field: str, value: Any) -> None:
    changed = Wish(**{field: value}).granted(PHONE)

    assert changed == PHONE._replace(style=OTHER._replace(**{field: value}))


@pytest.mark.parametrize("label", ["", "Laptop"])
def test_a_wish_for_a_label_leaves_the_style(label: str) -> None:
    assert Wish(label=label).granted(PHONE) == PHONE._replace(label=label)


def test_a_wish_for_all_of_it_is_granted() -> None:
    wish = Wish("Laptop", Reminders.EVENTS, (1,), Detail.MINIMAL)

    changed = wish.granted(PHONE)

    style = Style(Reminders.EVENTS, (1,), Detail.MINIMAL, OTHER.changes, OTHER.changed)
    assert changed == Settings(ADDRESS, "Laptop", style)
