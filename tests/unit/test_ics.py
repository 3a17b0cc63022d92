"""The feed's text: what every event says, line by line, and that no name or comment can bend it."""

import re
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given

from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds import ics
from mytoken_calendars.feeds.feed import CLOSING
from mytoken_calendars.tokens.mytoken import TokenRecord
from tests.harness.examples import CALENDAR_ID, DAY, MOM_ID, NOW, OTHER_MOM_ID, record, subscription
from tests.harness.feeds import fixed_feeds
from tests.harness.feeds.readers import unescaped
from tests.harness.hostile_words import calendar_names, comments, token_names

EVENT = """\
BEGIN:VEVENT
SUMMARY:Mytoken 'ci' expires
DTSTART:20270115T080000Z
DURATION:PT15M
DTSTAMP:20261225T080000Z
UID:49e514aa-0ade-567e-8e2c-cf4381edc0f1
SEQUENCE:2
CATEGORIES:mytoken
CLASS:PRIVATE
CREATED:20261217T080000Z
DESCRIPTION:used by the nightly build\\n\\nMytoken 'ci' expires on 2027-01-1
 5 at 08:00 UTC. Whatever uses it stops then.
LAST-MODIFIED:20261225T080000Z
STATUS:CONFIRMED
TRANSP:TRANSPARENT
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Mytoken 'ci' expires in 14 days
TRIGGER;RELATED=START:-P14D
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Mytoken 'ci' expires in 7 days
TRIGGER;RELATED=START:-P7D
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Mytoken 'ci' expires in 3 days
TRIGGER;RELATED=START:-P3D
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Mytoken 'ci' expires in 1 day
TRIGGER;RELATED=START:-P1D
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Mytoken 'ci' expires now
TRIGGER;RELATED=START:PT0S
END:VALARM
END:VEVENT
"""

OPENING = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//mytoken-calendars//feed//EN
CALSCALE:GREGORIAN
DESCRIPTION:When your mytokens expire.
X-WR-CALDESC:When your mytokens expire.
NAME:CI Mytokens
X-WR-CALNAME:CI Mytokens
COLOR:tomato
REFRESH-INTERVAL;VALUE=DURATION:PT1H
X-APPLE-CALENDAR-COLOR:#FF6347
X-PUBLISHED-TTL:PT1H
"""

EVENT_PROPERTIES = re.findall("^([A-Z-]+):", EVENT.partition("BEGIN:VALARM")[0], re.MULTILINE)
ALARM_PROPERTIES = ["BEGIN", "ACTION", "DESCRIPTION", "TRIGGER;RELATED=START", "END"]
OPENING_PROPERTIES = re.findall("^([^:]+):", OPENING, re.MULTILINE)


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


def read_text(value: str) -> str:
    """What a TEXT value says (RFC 5545, 3.3.11); fails if it is not written as one."""
    assert re.fullmatch(r"(?:[^\\;,]|\\[\\;,nN])*", value)
    return unescaped(value)


def named(name: str | None, text: str = "") -> Subscription:
    token = TokenRecord(MOM_ID, name, NOW - 90 * DAY, NOW)
    return subscription(token=token, comment=text)


def feed(*subscriptions: Subscription, name: str = "CI Mytokens") -> str:
    return "".join((ics.opening(name), *map(ics.event, subscriptions), CLOSING))


def test_an_event_has_exactly_these_lines() -> None:
    token = record(created=NOW - 60 * DAY, expires=NOW)
    known = subscription(
        token=token,
        comment="used by the nightly build",
        added=NOW - 29 * DAY,
        changed=NOW - 21 * DAY,
        sequence=2,
    )

    assert ics.event(known) == EVENT.replace("\n", "\r\n")


def test_the_opening_has_exactly_these_lines() -> None:
    assert ics.opening("CI Mytokens") == OPENING.replace("\n", "\r\n")


def test_a_token_without_a_name_and_a_comment_is_told_in_one_sentence() -> None:
    event = dict(properties(ics.event(named(None))))

    assert event["SUMMARY"] == "Mytoken expires"
    assert "\r\nDESCRIPTION:Mytoken expires on 2027-01-15 at 08:00 UTC." in ics.event(named(None))


@pytest.mark.parametrize(
    ("days", "triggers"),
    [
        (90, ["-P30D", "-P14D", "-P7D", "-P3D", "-P1D", "PT0S"]),
        (29, ["-P14D", "-P7D", "-P3D", "-P1D", "PT0S"]),
        (4, ["-P3D", "-P1D", "PT0S"]),
        (0, ["PT0S"]),
    ],
)
def test_the_alarms_are_those_that_are_left_when_the_token_is_added(
    days: int, triggers: list[str]
) -> None:
    lines = properties(ics.event(subscription(added=NOW - days * DAY)))

    assert [value for name, value in lines if name == "TRIGGER;RELATED=START"] == triggers


@given(token_names, comments)
def test_a_token_in_any_words_adds_no_property_to_its_event(name: str, text: str) -> None:
    lines = properties(ics.event(named(name, text)))

    assert [name for name, _ in lines] == [*EVENT_PROPERTIES, *ALARM_PROPERTIES * 6, "END"]


@given(token_names, comments)
def test_a_token_in_any_words_is_told_in_just_these_words(name: str, text: str) -> None:
    one = named(name, text)
    told = fixed_feeds.event(one)

    lines = properties(ics.event(one))

    texts = [read_text(value) for name, value in lines if name in ("SUMMARY", "DESCRIPTION")]
    assert texts == [told.summary, told.description, *(alarm.text for alarm in told.alarms)]


@pytest.mark.parametrize("text", ["C:\\New\\new", "\\N\\n\\\\N\n", "x\ufeff", "\ufeffx"], ids=ascii)
def test_a_comment_of_characters_that_icalendar_bends_is_told_as_it_is(text: str) -> None:
    lines = properties(ics.event(named("ci", text)))

    description = next(value for name, value in lines if name == "DESCRIPTION")
    assert read_text(description).startswith(f"{text}\n\nMytoken 'ci' expires on ")


@pytest.mark.parametrize("name", ["C:\\New", "\\N", "\ufeffx", "a;b,c\\;\\,"], ids=ascii)
def test_the_name_of_a_token_that_icalendar_bends_is_told_as_it_is(name: str) -> None:
    lines = properties(ics.event(named(name)))

    summary = next(value for name, value in lines if name == "SUMMARY")
    assert read_text(summary) == f"Mytoken '{name}' expires"


def test_a_surrogate_in_the_name_of_a_token_is_shown_as_a_space() -> None:
    lines = dict(properties(ics.event(named(chr(0xD800) + "x"))))

    assert lines["SUMMARY"] == "Mytoken ' x' expires"


@given(calendar_names)
def test_a_calendar_of_any_name_has_the_properties_of_every_calendar(name: str) -> None:
    lines = properties(ics.opening(name))

    assert [name for name, _ in lines] == OPENING_PROPERTIES
    assert read_text(dict(lines)["NAME"]) == name
    assert read_text(dict(lines)["X-WR-CALNAME"]) == name


@given(token_names, comments)
def test_the_same_subscription_has_the_same_text(name: str, text: str) -> None:
    assert ics.event(named(name, text)) == ics.event(replace(named(name), comment=text))


def test_an_event_keeps_its_uid_whatever_changes() -> None:
    before = subscription()
    after = subscription(
        token=record(name="new", expires=NOW + DAY),
        expires=NOW + DAY,
        comment="new",
        changed=NOW,
        sequence=7,
    )

    assert uid_of(before) == uid_of(after)


def test_the_uid_of_an_event_is_a_uuid_that_does_not_show_the_mom_id() -> None:
    uid = uid_of(subscription())

    assert UUID(uid).version == 5
    assert MOM_ID not in ics.event(subscription()).replace("\r\n ", "")


@pytest.mark.parametrize(
    "other",
    [subscription(calendar_id=str(UUID(int=1))), subscription(token=record(mom_id=OTHER_MOM_ID))],
    ids=["calendar", "token"],
)
def test_another_calendar_or_another_token_has_another_uid(other: Subscription) -> None:
    assert uid_of(other) != uid_of(subscription())


def test_nothing_of_the_calendars_inner_id_is_in_the_feed() -> None:
    assert CALENDAR_ID not in feed(subscription()).replace("\r\n ", "")


def uid_of(one: Subscription) -> str:
    return dict(properties(ics.event(one)))["UID"]
