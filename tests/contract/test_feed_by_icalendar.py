"""Our writer beside icalendar's objects: the same feed, property by property, in every style."""

import pytest
from icalendar import Calendar

from mytoken_calendars.feeds.style import Style
from tests.harness.feeds import by_icalendar, raw_lines
from tests.harness.feeds.fixed_feeds import RENEWAL_PAGE, SAMPLES, STYLES, TOKENS, Sample
from tests.harness.feeds.readers import by_ical


@pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style.reminders}-{style.detail}")
@pytest.mark.parametrize("kind", TOKENS)
def test_a_feed_in_any_style_has_the_properties_that_icalendar_gives_it(
    kind: str, style: Style
) -> None:
    sample = Sample('C:\\New, "a"; b', TOKENS[kind], style, RENEWAL_PAGE, "d; e,\nf")

    read = Calendar.from_ical(sample.text)

    assert raw_lines.faults(sample.text.encode()) == []
    assert [error for component in read.walk() for error in component.errors] == []
    expected = by_icalendar.properties(by_icalendar.calendar(sample))
    assert by_icalendar.properties(read) == expected
    assert by_ical(sample.text) == sample.calendar


def test_a_property_that_differs_is_seen() -> None:
    sample = SAMPLES["one_token"]
    expected = by_icalendar.properties(by_icalendar.calendar(sample))

    for before, after in (
        ("SEQUENCE:86402", "SEQUENCE:86401"),
        ("DTEND:20271122T1215", "DTEND:20271122T1216"),
        ("RELATED=START", "RELATED=END"),
        ("CATEGORIES:mytoken", "CATEGORIES:mytokens"),
        ("VALUE=DURATION:PT3H", "VALUE=DURATION:PT2H"),
    ):
        assert before in sample.text
        other = Calendar.from_ical(sample.text.replace(before, after))
        assert by_icalendar.properties(other) != expected
