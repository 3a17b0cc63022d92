"""A feed in every style: what each reader has to find in it, and what nobody may."""

import pytest

from mytoken_calendars.feeds.style import Detail, Reminders, Style
from tests.harness.feeds import raw_lines
from tests.harness.feeds.fixed_feeds import (
    CALENDAR_ID,
    RENEWAL_PAGE,
    STYLES,
    TOKENS,
    Sample,
    subscription,
)
from tests.harness.feeds.readers import Reader

DESCRIPTION = "for the release team"
TOLD_OF = {  # the details in which a feed may have a word
    "calendar-canary": {Detail.FULL, Detail.NAME},
    "described-canary": {Detail.FULL},
    "token-canary": {Detail.FULL, Detail.NAME},
    "comment-canary": {Detail.FULL},
}

each_style = pytest.mark.parametrize(
    "style", STYLES, ids=lambda style: f"{style.reminders}-{style.detail}"
)


@each_style
@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=pytest.mark.slow if kind == "full" else ()) for kind in TOKENS],
)
def test_every_reader_finds_what_a_style_tells(read: Reader, kind: str, style: Style) -> None:
    sample = Sample("CI Mytokens", TOKENS[kind], style, RENEWAL_PAGE, DESCRIPTION)

    calendar = read(sample.text)

    assert calendar == sample.calendar
    assert raw_lines.faults(sample.text.encode()) == []


@each_style
def test_a_style_tells_no_more_than_its_detail(style: Style) -> None:
    one = subscription(1, "token-canary", "comment-canary")
    text = Sample("calendar-canary", (one,), style, "", "described-canary").text
    unfolded = text.replace("\r\n ", "")

    found = {word for word in TOLD_OF if word in unfolded}

    assert found == {word for word, details in TOLD_OF.items() if style.detail in details}
    assert (one.mom_id[:8] in unfolded) == (style.detail != Detail.MINIMAL)
    assert one.mom_id[:12] not in unfolded
    assert CALENDAR_ID not in unfolded


@pytest.mark.parametrize("reminders", Reminders)
def test_two_tokens_are_alike_in_a_minimal_feed_but_for_their_times_and_uids(
    reminders: Reminders,
) -> None:
    style = Style(reminders, detail=Detail.MINIMAL)
    one, other = subscription(1, "one", "a comment"), subscription(2, "other")

    lines = [
        [line for line in Sample("CI", (each,), style).text.split("\r\n") if line[:3] != "UID"]
        for each in (one, other)
    ]

    assert lines[0] == lines[1]
