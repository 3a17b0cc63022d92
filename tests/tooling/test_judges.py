"""The judges of feeds bite: each defect is noticed, and by whom."""

from typing import NamedTuple

import pytest

from tests.harness.feeds import raw_lines, readers
from tests.harness.feeds.fixed_feeds import DAY, Sample, subscription
from tests.harness.feeds.readers import Reader

# Hostile words that are written as they must be. A defect is a mistake in how they are written.
SOUND = Sample(
    "CI Mytokens",
    (
        subscription(
            1, "ci\rLOCATION:cellar", "every night, at 2; ask Zoé\nLOCATION:cellar", life=365 * DAY
        ),
    ),
)
TRANSP = b"TRANSP:TRANSPARENT\r\n"
ALARM = (
    b"BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
    b"DESCRIPTION:ci LOCATION:cellar: mytoken expires in 30 days\r\n"
    b"TRIGGER;RELATED=START:-P30D\r\nEND:VALARM\r\n"
)


class Defect(NamedTuple):
    """What stands in the sound feed, what stands there instead, and what the judge of lines says.

    Then what becomes of it, in the order of the readers: R it is refused, D something different is
    found, - it is not noticed.
    """

    before: bytes
    after: bytes
    fault: str
    #          icalendar, ical, ics.py, vobject, ical.js
    noticed: str


DEFECTS = {
    # durations
    "days in the time of a trigger": Defect(
        b"START:-P30D", b"START:-PT30D", "the value of TRIGGER;RELATED=START in VALARM", "RR---"
    ),
    "a trigger without P": Defect(
        b"START:-P30D", b"START:-30D", "the value of TRIGGER;RELATED=START in VALARM", "RRR-R"
    ),
    "a duration that skips minutes": Defect(
        b"TTL:PT3H30M", b"TTL:PT3H1800S", "the value of X-PUBLISHED-TTL in VCALENDAR", "-----"
    ),
    "REFRESH-INTERVAL without VALUE=DURATION": Defect(
        b";VALUE=DURATION", b"", "REFRESH-INTERVAL in VCALENDAR", "-----"
    ),
    # properties
    "no DTSTAMP": Defect(b"DTSTAMP:20261130T000002Z\r\n", b"", "0 DTSTAMP in VEVENT", "DDDRD"),
    "no UID": Defect(b"UID:", b"X-UID:", "0 UID in VEVENT", "DDDRD"),
    "two DTSTART": Defect(
        b"DTSTART:20271122T120000Z\r\n",
        b"DTSTART:20271122T120000Z\r\n" * 2,
        "2 DTSTART in VEVENT",
        "RRRRD",
    ),
    "a local time": Defect(
        b"T120000Z\r\nDTEND", b"T120000\r\nDTEND", "the value of DTSTART", "DR-DD"
    ),
    "DTEND equal to DTSTART": Defect(
        b"DTEND:20271122T1215", b"DTEND:20271122T1200", "DTEND is not after DTSTART", "DDDDD"
    ),
    "DURATION in the place of DTEND": Defect(
        b"DTEND:20271122T121500Z", b"DURATION:PT15M", "DURATION in VEVENT", "DDDDD"
    ),
    "a CLASS": Defect(b"STATUS:", b"CLASS:PRIVATE\r\nSTATUS:", "CLASS in VEVENT", "DDDDD"),
    "a METHOD": Defect(b"COLOR:", b"METHOD:PUBLISH\r\nCOLOR:", "METHOD in VCALENDAR", "DDDDD"),
    "the secret address": Defect(
        b"COLOR:",
        b"SOURCE:https://example.com/calendars/x\r\nCOLOR:",
        "SOURCE in VCALENDAR",
        "DDDDD",
    ),
    "a property after the alarms": Defect(
        b"END:VALARM\r\nEND:VEVENT",
        b"END:VALARM\r\nPRIORITY:5\r\nEND:VEVENT",
        "a property after a component in VEVENT",
        "DDDDD",
    ),
    "a property of ours after an alarm": Defect(
        TRANSP + ALARM, ALARM + TRANSP, "a property after a component in VEVENT", "-----"
    ),
    "an alarm without DESCRIPTION": Defect(
        b"DISPLAY\r\nDESCRIPTION:ci LOCATION:cellar: mytoken expires in 30 days\r\n",
        b"DISPLAY\r\n",
        "0 DESCRIPTION in VALARM",
        "DRRDD",
    ),
    "an alarm with UID": Defect(b"ACTION:", b"UID:1\r\nACTION:", "UID in VALARM", "DDDDD"),
    # texts
    "a comma that is not escaped": Defect(
        rb"\,", b",", "the value of DESCRIPTION in VEVENT", "---D-"
    ),
    "a semicolon that is not escaped": Defect(
        rb"\;", b";", "the value of DESCRIPTION in VEVENT", "-----"
    ),
    "an escape that does not exist": Defect(
        b"SUMMARY:ci ", rb"SUMMARY:\ci ", "the value of SUMMARY in VEVENT", "DD-DD"
    ),
    "CRLF, and a property": Defect(rb"\nLOCATION", b"\r\nLOCATION", "LOCATION in VEVENT", "DDDDD"),
    "CRLF, an alarm, and a property": Defect(
        rb"\nLOCATION",
        b"\r\n" + ALARM + b"LOCATION",
        "a property after a component in VEVENT",
        "DDDDD",
    ),
    "bare LF, and a property": Defect(rb"\nLOCATION", b"\nLOCATION", r"'\n'", "DDDDD"),
    "bare CR, and a property": Defect(b"ci LOCATION", b"ci\rLOCATION", r"'\r'", "DRRDD"),
    "NUL": Defect(b"ci LOCATION", b"ci\x00LOCATION", r"'\x00'", "DRRDD"),
    "NEL": Defect(b"ci LOCATION", "ci\x85LOCATION".encode(), r"'\x85'", "DDDDD"),
    # lines
    "a line of 76 octets": Defect(
        b"thi\r\n s mytoken", b"this\r\n  mytoken", "76 octets in a line", "-----"
    ),
    "a long line that is not folded": Defect(b"\r\n ", b"", "octets in a line", "-----"),
    "a folded line without its space": Defect(
        b"\r\n s mytoken", b"\r\ns mytoken", "in VEVENT", "RRRRR"
    ),
    "a character torn by a fold": Defect(
        "Zoé".encode(), b"Zo\xc3\r\n \xa9", "a line is not UTF-8", "RRRRR"
    ),
    "a line that ends with LF": Defect(
        b"CALSCALE:GREGORIAN\r\n", b"CALSCALE:GREGORIAN\n", r"'\n'", "-----"
    ),
    "an empty line": Defect(b"BEGIN:VEVENT", b"\r\nBEGIN:VEVENT", " in VCALENDAR", "-----"),
    "no CRLF at the end": Defect(b"END:VCALENDAR\r\n", b"END:VCALENDAR", "no CRLF after", "-----"),
    # components
    "an event that is not ended": Defect(b"END:VEVENT\r\n", b"", "not one VCALENDAR", "RRRRR"),
    "an alarm outside an event": Defect(
        b"BEGIN:VEVENT", b"BEGIN:VALARM", "VALARM in VCALENDAR", "DRRRD"
    ),
    "two calendars": Defect(
        b"END:VCALENDAR\r\n",
        b"END:VCALENDAR\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        "not one VCALENDAR",
        "RRR-R",
    ),
}


# What is written as it must be, but is not what was to be said: it is the readers' to notice.
UNTRUTHS = {
    "an alarm less": (ALARM, b""),
    "an alarm more": (ALARM, ALARM + ALARM),
    "another time of an alarm": (b"START:-P30D", b"START:-P31D"),
    "another text of an alarm": (b"in 30 days", b"in 31 days"),
    "another summary": (b"expires\r\n", b"expired\r\n"),
    "another description": (b"every night", b"each night"),
    "another time": (b"DTSTART:20271122T12", b"DTSTART:20271122T11"),
    "another length": (b"DTEND:20271122T1215", b"DTEND:20271122T1205"),
    "another UID": (b"UID:3", b"UID:4"),
    "another name": (b"NAME:CI", b"NAME:CD"),
}


def seeded(before: bytes, after: bytes) -> bytes:
    sound = SOUND.text.encode()
    assert before in sound
    return sound.replace(before, after, 1)


def verdict(read: Reader, feed: bytes) -> str:
    try:
        calendar = read(feed.decode())
    except Exception:  # noqa: BLE001 - each library has its own
        return "R"
    return "-" if calendar == SOUND.calendar else "D"


def test_no_reader_notices_anything_in_a_sound_feed(read: Reader) -> None:
    assert verdict(read, SOUND.text.encode()) == "-"


@pytest.mark.parametrize("name", DEFECTS)
def test_the_judge_of_lines_finds_a_defect(name: str) -> None:
    defect = DEFECTS[name]

    faults = raw_lines.faults(seeded(defect.before, defect.after))

    assert any(defect.fault in fault for fault in faults)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_noticed_by_just_the_readers_that_know_of_it(
    read: Reader, reader_name: str, name: str
) -> None:
    defect = DEFECTS[name]

    found = verdict(read, seeded(defect.before, defect.after))

    assert found == defect.noticed[readers.NAMES.index(reader_name)]


@pytest.mark.parametrize("name", UNTRUTHS)
def test_an_untruth_is_noticed_by_every_reader(read: Reader, name: str) -> None:
    feed = seeded(*UNTRUTHS[name])

    found = verdict(read, feed)

    assert raw_lines.faults(feed) == []
    assert found == "D"


def test_an_event_less_is_noticed_by_every_reader(read: Reader) -> None:
    feed = Sample(SOUND.name, ()).text.encode()

    found = verdict(read, feed)

    assert raw_lines.faults(feed) == []
    assert found == "D"


@pytest.mark.parametrize(
    "duration", ["P1W", "-P30D", "+P1D", "P1DT1H", "PT1H30M5S", "PT15M", "PT0S", "P15DT5H0M20S"]
)
def test_the_judge_of_lines_accepts_the_durations_of_rfc_5545(duration: str) -> None:
    feed = seeded(b"START:-P30D", b"START:" + duration.encode())

    assert raw_lines.faults(feed) == []
