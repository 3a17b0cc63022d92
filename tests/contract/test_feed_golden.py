"""Feeds stay what calendar apps accept: byte for byte, for four readers, and line by line."""

from collections.abc import Callable
from datetime import datetime

import ics as ics_py
import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

from tests.contract import judge
from tests.contract.feeds import GOLDEN, SAMPLES, Event, Sample
from tests.support import Stack

Reader = Callable[[str], list[Event]]


def by_icalendar(text: str) -> list[Event]:
    calendar = Calendar.from_ical(text)
    assert [component.errors for component in calendar.walk() if component.errors] == []
    return [
        Event(
            str(event["SUMMARY"]),
            event["DTSTART"].dt,
            str(event["DESCRIPTION"]),
            tuple(alarm["TRIGGER"].dt for alarm in event.walk("VALARM")),
        )
        for event in calendar.walk("VEVENT")
    ]


def by_home_assistant(text: str) -> list[Event]:
    calendar = IcsCalendarStream.calendar_from_ics(text)
    return [
        Event(
            event.summary or "",
            _instant(event.dtstart),
            event.description or "",
            tuple(alarm.trigger for alarm in event.alarm),
        )
        for event in calendar.events
    ]


def by_ics_py(text: str) -> list[Event]:
    """It keeps events and alarms in sets, and reads an escaped backslash and n as a line feed."""
    calendar = ics_py.Calendar(text)
    return [
        Event(
            event.name.replace("\\\n", "\\n"),
            event.begin.datetime,
            event.description.replace("\\\n", "\\n"),
            tuple(sorted(alarm.trigger for alarm in event.alarms)),
        )
        for event in sorted(calendar.events)
    ]


def by_vobject(text: str) -> list[Event]:
    calendar = vobject.readOne(text)
    return [
        Event(
            event.summary.value,
            event.dtstart.value,
            event.description.value,
            tuple(alarm.trigger.value for alarm in event.valarm_list),
        )
        for event in calendar.contents.get("vevent", [])
    ]


def _instant(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value


READERS: tuple[Reader, ...] = (by_icalendar, by_home_assistant, by_ics_py, by_vobject)

each_sample = pytest.mark.parametrize("name", SAMPLES)


def golden(name: str) -> bytes:
    return (GOLDEN / f"{name}.ics").read_bytes()


def test_every_golden_file_has_its_sample() -> None:
    files = {path.name for path in GOLDEN.iterdir()}

    assert files == {f"{name}.ics" for name in SAMPLES}


@each_sample
def test_a_feed_is_its_golden_file_byte_for_byte(name: str) -> None:
    expected = golden(name)

    text = SAMPLES[name].text

    assert text == expected


@each_sample
@pytest.mark.parametrize("read", READERS)
@pytest.mark.filterwarnings("ignore:'maxsplit' is passed:DeprecationWarning")  # ics.py on 3.13
def test_every_reader_finds_the_same_events_and_alarms(read: Reader, name: str) -> None:
    sample: Sample = SAMPLES[name]

    events = read(golden(name).decode())

    assert events == list(sample.events)


@each_sample
def test_readers_that_know_of_it_find_the_name_of_the_calendar(name: str) -> None:
    text = golden(name).decode()

    calendar = vobject.readOne(text)

    assert [line.value for line in calendar.contents["name"]] == [SAMPLES[name].name]
    assert [line.value for line in calendar.contents["x-wr-calname"]] == [SAMPLES[name].name]
    assert IcsCalendarStream.calendar_from_ics(text).name == [SAMPLES[name].name]


@each_sample
def test_the_judge_finds_no_fault_in_a_golden_file(name: str) -> None:
    feed = golden(name)

    faults = judge.faults(feed)

    assert faults == []


def test_the_judge_finds_no_fault_in_a_feed_that_is_served(stack: Stack) -> None:
    token = stack.mint(name="nightly build", user="golden")
    calendar = stack.invoke("create_calendar", token, json={"name": "Судьба 📅"}).json
    body = {"mom_id": "", "comment": "линия " * 100}
    stack.invoke("add_token", token, path={"name": calendar["name"]}, json=body)

    feed = stack.feed(calendar)

    assert judge.faults(feed.body) == []
    assert len(by_icalendar(feed.text)) == 1


# A defect: what stands in the golden file, what stands there instead, and what the judge says.
DEFECTS = {
    "a trigger in days of time": (
        b"START:-P14D",
        b"START:-PT14D",
        "the value of TRIGGER;RELATED=START in VALARM",
    ),
    "a trigger without P": (
        b"START:-P14D",
        b"START:-14D",
        "the value of TRIGGER;RELATED=START in VALARM",
    ),
    "a duration that skips minutes": (
        b"DURATION:PT15M",
        b"DURATION:PT1H5S",
        "the value of DURATION in VEVENT",
    ),
    "no DTSTAMP": (b"DTSTAMP:20261122T120000Z\r\n", b"", "0 DTSTAMP in VEVENT"),
    "no UID": (b"UID:", b"X-UID:", "0 UID in VEVENT"),
    "two DTSTART": (
        b"DTSTART:20270101T120000Z\r\n",
        b"DTSTART:20270101T120000Z\r\n" * 2,
        "2 DTSTART in VEVENT",
    ),
    "a local time": (b"T120000Z\r\nDURATION", b"T120000\r\nDURATION", "the value of DTSTART"),
    "76 octets": (b"SUMMARY:", b"SUMMARY:" + b"x" * (76 - 39), "76 octets in a line"),
    "76 octets of two each": (b"SUMMARY:", b"SUMMARY: " + "é".encode() * 18, "76 octets in a line"),
    "a long line that is not folded": (b"\r\n ", b"", "octets in a line"),
    "a folded line without its space": (b"\r\n ", b"\r\n", "in VEVENT"),
    "a character torn by a fold": (b"SUMMARY:", b"SUMMARY:\xc3\r\n \xa9", "a line is not UTF-8"),
    "bare CR": (b"'nightly build' expires\r\n", b"'nightly\rbuild' expires\r\n", r"'\r'"),
    "bare LF": (b"CALSCALE:GREGORIAN\r\n", b"CALSCALE:GREGORIAN\n", r"'\n'"),
    "NUL": (b"SUMMARY:", b"SUMMARY:\x00", r"'\x00'"),
    "NEL": (b"SUMMARY:", "SUMMARY:\x85".encode(), r"'\x85'"),
    "an empty line": (b"BEGIN:VEVENT", b"\r\nBEGIN:VEVENT", " in VCALENDAR"),
    "no CRLF at the end": (b"END:VCALENDAR\r\n", b"END:VCALENDAR", "no CRLF after"),
    "an alarm without DESCRIPTION": (
        b"DISPLAY\r\nDESCRIPTION:Mytoken 'nightly build' expires in 14 days\r\n",
        b"DISPLAY\r\n",
        "0 DESCRIPTION in VALARM",
    ),
    "an alarm with UID": (b"ACTION:", b"UID:1\r\nACTION:", "UID in VALARM"),
    "REFRESH-INTERVAL without VALUE=DURATION": (
        b";VALUE=DURATION",
        b"",
        "REFRESH-INTERVAL in VCALENDAR",
    ),
    "an injected property": (
        b"SUMMARY:",
        b"ATTENDEE:mailto:eve@example.com\r\nSUMMARY:",
        "ATTENDEE in VEVENT",
    ),
    "the secret address": (
        b"COLOR:",
        b"SOURCE:https://example.com/calendars/x\r\nCOLOR:",
        "SOURCE in VCALENDAR",
    ),
    "a METHOD": (b"COLOR:", b"METHOD:PUBLISH\r\nCOLOR:", "METHOD in VCALENDAR"),
    "DTEND equal to DTSTART": (b"DURATION:PT15M", b"DTEND:20270101T120000Z", "DTEND in VEVENT"),
    "a property after the alarms": (
        b"END:VALARM\r\nEND:VEVENT",
        b"END:VALARM\r\nPRIORITY:5\r\nEND:VEVENT",
        "a property after a component in VEVENT",
    ),
    "a comma that is not escaped": (b"\\,", b",", "the value of DESCRIPTION in VEVENT"),
    "an escape that does not exist": (b"\\,", b"\\t", "the value of DESCRIPTION in VEVENT"),
    "an event that is not ended": (b"END:VEVENT\r\n", b"", "not one VCALENDAR"),
    "an alarm outside an event": (b"BEGIN:VEVENT", b"BEGIN:VALARM", "VALARM in VCALENDAR"),
    "two calendars": (
        b"END:VCALENDAR\r\n",
        b"END:VCALENDAR\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        "not one VCALENDAR",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_judge_finds_a_defect(defect: str) -> None:
    good = golden("one_token")
    before, after, fault = DEFECTS[defect]
    assert before in good

    faults = judge.faults(good.replace(before, after, 1))

    assert any(fault in found for found in faults)


@pytest.mark.parametrize(
    "duration", ["P1W", "-P30D", "+P1D", "P1DT1H", "PT1H30M5S", "PT15M", "PT0S", "P15DT5H0M20S"]
)
def test_the_judge_accepts_the_durations_of_rfc_5545(duration: str) -> None:
    feed = golden("one_token").replace(b"START:-P14D", b"START:" + duration.encode())

    assert judge.faults(feed) == []
