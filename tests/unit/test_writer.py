"""The feed's text: what every event says, line by line, and that no name or comment can bend it."""

import re
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars import limits
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds import writer
from mytoken_calendars.feeds.style import Detail, Reminders, Style
from mytoken_calendars.feeds.writer import Writer
from tests.harness.examples import CALENDAR_ID, DAY, MOM_ID, NOW, OTHER_MOM_ID, subscription
from tests.harness.feeds import fixed_feeds
from tests.harness.feeds.readers import unescaped
from tests.harness.hostile_words import calendar_names, comments, token_names

EVENT = """\
BEGIN:VEVENT
UID:49e514aa-0ade-567e-8e2c-cf4381edc0f1
DTSTART:20270115T080000Z
DTEND:20270115T081500Z
SUMMARY:ci: mytoken expires
DESCRIPTION:used by the nightly build\\n\\nWhat uses this mytoken stops worki
 ng when it expires.\\nIts mom_id begins with qh3Rfzya. It was created on 20
 26-11-16.
CATEGORIES:mytoken
DTSTAMP:20261225T080004Z
CREATED:20261217T080000Z
LAST-MODIFIED:20261225T080004Z
SEQUENCE:2678404
STATUS:CONFIRMED
TRANSP:TRANSPARENT
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:ci: mytoken expires in 14 days
TRIGGER;RELATED=START:-P14D
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:ci: mytoken expires in 7 days
TRIGGER;RELATED=START:-P7D
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:ci: mytoken expires in 3 days
TRIGGER;RELATED=START:-P3D
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:ci: mytoken expires in 1 day
TRIGGER;RELATED=START:-P1D
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:ci: mytoken expires now
TRIGGER;RELATED=START:PT0S
END:VALARM
END:VEVENT
"""

OPENING = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//mytoken-calendars//feed//EN
CALSCALE:GREGORIAN
NAME:CI Mytokens
X-WR-CALNAME:CI Mytokens
DESCRIPTION:When your mytokens expire.
X-WR-CALDESC:When your mytokens expire.
COLOR:tomato
X-APPLE-CALENDAR-COLOR:#FF6347
REFRESH-INTERVAL;VALUE=DURATION:PT4H17M
X-PUBLISHED-TTL:PT4H17M
"""

EVENT_PROPERTIES = re.findall("^([A-Z-]+):", EVENT.partition("BEGIN:VALARM")[0], re.MULTILINE)
ALARM_PROPERTIES = ["BEGIN", "ACTION", "DESCRIPTION", "TRIGGER;RELATED=START", "END"]
OPENING_PROPERTIES = re.findall("^([^:]+):", OPENING, re.MULTILINE)
WRITER = Writer(CALENDAR_ID, "CI Mytokens", NOW - 60 * DAY)
STYLES = [Style(reminders, detail=detail) for reminders in Reminders for detail in Detail]


def properties(text: str) -> list[tuple[str, str]]:
    """Names (with their parameters) and values of unfolded lines; checks the rules of raw lines."""
    assert text.endswith("\r\n")
    raw = text.removesuffix("\r\n").split("\r\n")
    assert all(len(line.encode()) <= 75 for line in raw)
    unfolded = text.removesuffix("\r\n").replace("\r\n ", "").split("\r\n")
    assert not any(
        re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]", line) for line in unfolded
    )
    return [(name, value) for name, _, value in (line.partition(":") for line in unfolded)]


def values(text: str, name: str) -> list[str]:
    return [value for found, value in properties(text) if found == name]


def read_text(value: str) -> str:
    """What a TEXT value says (RFC 5545, 3.3.11); fails if it is not written as one."""
    assert re.fullmatch(r"(?:[^\\;,]|\\[\\;,n])*", value)
    return unescaped(value)


def named(name: str, text: str = "") -> Subscription:
    return subscription(name=name, comment=text)


def summary(one: Subscription, of: Writer = WRITER) -> str:
    return read_text(values(of.events(one), "SUMMARY")[-1])


def test_an_event_has_exactly_these_lines() -> None:
    known = subscription(
        created=NOW - 60 * DAY,
        comment="used by the nightly build",
        added=(NOW - 29 * DAY) * 1000 + 999,
        changed=NOW - 21 * DAY,
        changes=2,
    )

    assert WRITER.events(known) == EVENT.replace("\n", "\r\n")


def test_the_opening_has_exactly_these_lines() -> None:
    assert WRITER.opening() == OPENING.replace("\n", "\r\n")


def test_a_calendar_without_tokens_has_a_component_nevertheless() -> None:
    text = "".join(WRITER.text([]))

    assert values(text, "BEGIN") == ["VCALENDAR", "VTIMEZONE", "STANDARD"]


def test_a_calendar_with_a_token_has_its_events_alone() -> None:
    text = "".join(WRITER.text([subscription()]))

    assert text == WRITER.opening() + WRITER.events(subscription()) + writer.CLOSING


def test_two_tokens_without_a_name_are_told_apart() -> None:
    one, other = named(""), subscription(name="", mom_id=OTHER_MOM_ID)

    assert summary(one) == "qh3Rfzya (2026-10-17): mytoken expires"
    assert summary(other) == f"{OTHER_MOM_ID[:8]} (2026-10-17): mytoken expires"


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_a_style_says_what_it_is_to_say(style: Style) -> None:
    one = subscription(comment="of the archive")
    text = WRITER._replace(style=style).events(one)

    starts = values(text, "BEGIN")
    reminding = style.reminders in (Reminders.EVENTS, Reminders.BOTH)
    assert starts.count("VEVENT") == (6 if reminding else 1)
    alarming = style.reminders in (Reminders.ALARMS, Reminders.BOTH)
    assert starts.count("VALARM") == (6 if alarming else 0)
    assert text.count("of the archive") == (1 if style.detail is Detail.FULL else 0)
    assert ("ci" in summary(one, WRITER._replace(style=style))) == (style.detail != "minimal")
    assert (MOM_ID[:8] in text) == (style.detail is not Detail.MINIMAL)


def test_reminders_that_are_events_stand_at_their_days_with_a_title_that_says_it() -> None:
    style = Style(Reminders.EVENTS, days=(14, 1, 0))
    text = WRITER._replace(style=style).events(subscription(comment="a comment"))

    assert values(text, "DTSTART") == ["20270101T080000Z", "20270114T080000Z", "20270115T080000Z"]
    assert values(text, "SUMMARY") == [
        "ci: mytoken expires in 14 days",
        "ci: mytoken expires in 1 day",
        "ci: mytoken expires",
    ]
    assert ["a comment" in value for value in values(text, "DESCRIPTION")] == [False, False, True]
    assert len(set(values(text, "UID"))) == 3


def test_the_expiry_has_an_event_even_if_no_reminder_is_wanted_then() -> None:
    style = Style(Reminders.EVENTS, days=(2,))

    assert len(values(WRITER._replace(style=style).events(subscription()), "UID")) == 2


@pytest.mark.parametrize("reminders", Reminders)
def test_every_event_links_to_where_mytokens_are_renewed(reminders: Reminders) -> None:
    page = "https://mytoken.example/home?x=1#mt"
    text = WRITER._replace(style=Style(reminders), renewal_page=page).events(subscription())

    assert set(values(text, "URL")) == {page}
    assert len(values(text, "URL")) == len(values(text, "UID"))
    told = [value for value in values(text, "DESCRIPTION") if value.startswith("What")]
    assert len(told) == len(values(text, "UID"))
    assert all(value.endswith(f"Renew it at {page}") for value in told)


def test_without_such_a_page_there_is_no_link() -> None:
    assert values(WRITER.events(subscription()), "URL") == []


@pytest.mark.parametrize(
    ("days", "triggers"),
    [
        (90, ["-P30D", "-P14D", "-P7D", "-P3D", "-P1D", "PT0S"]),
        (29, ["-P14D", "-P7D", "-P3D", "-P1D", "PT0S"]),
        (4, ["-P3D", "-P1D", "PT0S"]),
        (0.5, ["-PT6H", "PT0S"]),
        (1 / 24, ["-PT30M", "PT0S"]),
        (0, ["PT0S"]),
    ],
)
def test_the_alarms_are_those_that_are_left_when_the_token_is_added(
    days: float, triggers: list[str]
) -> None:
    text = WRITER.events(subscription(added=int(NOW - days * DAY) * 1000))

    assert values(text, "TRIGGER;RELATED=START") == triggers


@given(token_names, comments)
def test_a_token_in_any_words_adds_no_property_to_its_event(name: str, text: str) -> None:
    lines = properties(WRITER.events(named(name, text)))

    assert [name for name, _ in lines] == [*EVENT_PROPERTIES, *ALARM_PROPERTIES * 6, "END"]


@given(token_names, comments, st.sampled_from(STYLES))
def test_a_token_in_any_words_is_told_in_just_these_words(
    name: str, text: str, style: Style
) -> None:
    sample = fixed_feeds.Sample("CI", (named(name, text),), style)

    lines = properties(sample.text)

    texts = [
        read_text(value)
        for name, value in lines[len(OPENING_PROPERTIES) :]
        if name in ("SUMMARY", "DESCRIPTION")
    ]
    assert texts == [
        text
        for told in sample.told
        for text in (told.summary, told.description, *(alarm for alarm, _ in told.alarms))
    ]


@pytest.mark.parametrize("text", ["C:\\New\\new", "\\N\\n\\\\N\n", "x\ufeff", "\ufeffx"], ids=ascii)
def test_a_comment_of_characters_that_icalendar_bends_is_told_as_it_is(text: str) -> None:
    description = values(WRITER.events(named("ci", text)), "DESCRIPTION")[0]

    assert read_text(description).startswith(f"{text}\n\nWhat uses this mytoken stops ")


@pytest.mark.parametrize("name", ["C:\\New", "\\N", "\ufeffx", "a;b,c\\;\\,"], ids=ascii)
def test_the_name_of_a_token_that_icalendar_bends_is_told_as_it_is(name: str) -> None:
    assert summary(named(name)) == f"{name}: mytoken expires"


def test_a_surrogate_in_the_name_of_a_token_is_shown_as_a_space() -> None:
    assert summary(named(f"x{chr(0xD800)}y")) == "x y: mytoken expires"


@given(calendar_names)
def test_a_calendar_of_any_name_has_the_properties_of_every_calendar(name: str) -> None:
    lines = properties(WRITER._replace(name=name).opening())

    assert [name for name, _ in lines] == OPENING_PROPERTIES
    assert read_text(dict(lines)["NAME"]) == name
    assert read_text(dict(lines)["X-WR-CALNAME"]) == name


def test_calendars_ask_to_be_polled_at_intervals_of_their_own_of_some_four_hours() -> None:
    openings = [WRITER._replace(calendar_id=str(UUID(int=n))).opening() for n in range(500)]

    intervals = {values(text, "X-PUBLISHED-TTL")[0] for text in openings}

    assert len(intervals) > 50
    found = [re.fullmatch(r"PT(\d)H(\d+)M", interval) for interval in intervals]
    minutes = [int(match[1]) * 60 + int(match[2]) for match in found if match]
    assert 3.5 * 60 <= min(minutes) <= max(minutes) <= 4.5 * 60


# Where a line is folded: an editor that cuts spaces off at the ends of lines would join the words.


@given(st.text(st.sampled_from("ab é語\\,\t"), max_size=300))
def test_no_line_ends_or_begins_in_a_space_where_there_is_another_place_to_fold(text: str) -> None:
    lines = WRITER.events(named("ci", text)).split("\r\n")

    for line, following in pairwise(lines):
        if following.startswith(" ") and (line[-1] in " \t\\" or following[1:2] in (" ", "\t")):
            places = range(2, len(line))
            assert not any(line[n - 1] not in " \t\\" and line[n] not in " \t" for n in places)


def test_a_text_of_spaces_alone_is_folded_nevertheless() -> None:
    text = WRITER.events(named("ci", " " * 300 + "x"))

    assert read_text(values(text, "DESCRIPTION")[0]).startswith(" " * 300 + "x")


# Apps take an event only if SEQUENCE and LAST-MODIFIED have risen.


def revision(of: Writer, one: Subscription) -> tuple[int, str]:
    lines = dict(properties(of.events(one)))
    assert lines["DTSTAMP"] == lines["LAST-MODIFIED"]
    return int(lines["SEQUENCE"]), lines["LAST-MODIFIED"]


def both_rise(before: tuple[int, str], after: tuple[int, str]) -> bool:
    return before[0] < after[0] and before[1] < after[1]


CLOCK = st.integers(-1_000, 1_000)  # seconds by which the clock of a change is off


@given(CLOCK, CLOCK)
def test_a_change_of_a_subscription_raises_its_revision_whatever_the_clocks(
    first: int, second: int
) -> None:
    one = subscription()
    again = one._replace(comment="new", added=one.added + first * 1000, changed=NOW + first)
    once = one.renewed(again)
    twice = once.renewed(again._replace(comment="newer", changed=NOW + second))

    assert both_rise(revision(WRITER, one), revision(WRITER, once))
    assert both_rise(revision(WRITER, once), revision(WRITER, twice))


def test_a_change_of_the_style_raises_the_revision_of_all_events() -> None:
    changed = WRITER._replace(style=Style(detail=Detail.NAME, changes=1, changed=NOW - 400 * DAY))

    assert both_rise(revision(WRITER, subscription()), revision(changed, subscription()))


def test_another_writer_raises_the_revision_of_all_events(monkeypatch: pytest.MonkeyPatch) -> None:
    one = subscription()
    before = revision(WRITER, one)
    monkeypatch.setattr(writer, "NUMBER", writer.NUMBER + 1)

    assert both_rise(before, revision(WRITER, one))


@given(st.integers(0, 50))
def test_a_token_that_is_added_again_does_not_fall_back(changes: int) -> None:
    removed = subscription(added=(NOW - 50 * DAY) * 1000, changes=changes)
    later = (NOW - 40 * DAY) * 1000
    again = subscription(added=later, changed=later // 1000)

    assert both_rise(revision(WRITER, removed), revision(WRITER, again))


def test_a_token_added_by_a_clock_behind_that_of_the_calendar_has_a_sequence() -> None:
    behind = subscription(added=(WRITER.created - 60) * 1000)

    assert revision(WRITER, behind)[0] == writer.NUMBER


# UIDs


def test_an_event_keeps_its_uid_whatever_changes() -> None:
    before = subscription()
    after = subscription(name="new", expires=NOW + DAY, comment="new", changed=NOW, changes=7)
    changed = WRITER._replace(name="x", style=Style(Reminders.BOTH, detail=Detail.NAME, changes=1))

    assert uid_of(WRITER, before) == uid_of(WRITER, after) == uid_of(changed, after)


def test_the_uid_of_an_event_is_a_uuid_that_does_not_show_the_mom_id() -> None:
    uid = uid_of(WRITER, subscription())

    assert UUID(uid).version == 5
    assert MOM_ID not in WRITER.events(subscription()).replace("\r\n ", "")


def test_another_calendar_or_another_token_has_another_uid() -> None:
    uid = uid_of(WRITER, subscription())

    assert uid_of(WRITER._replace(calendar_id=str(UUID(int=1))), subscription()) != uid
    assert uid_of(WRITER, subscription(mom_id=OTHER_MOM_ID)) != uid


def test_nothing_of_the_calendars_id_is_in_the_feed() -> None:
    assert CALENDAR_ID not in "".join(WRITER.text([subscription()])).replace("\r\n ", "")


def uid_of(of: Writer, one: Subscription) -> str:
    return values(of.events(one), "UID")[-1]


def test_an_event_at_the_last_time_of_all_can_be_written() -> None:
    last = subscription(expires=limits.LATEST_TIME)

    assert values(WRITER.events(last), "DTEND") == ["99991231T001500Z"]
