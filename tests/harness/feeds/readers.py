"""Independent readers of feeds, each as its library reads: what calendar apps find in a feed.

A reader raises what its library raises for a feed that it refuses.
"""

import json
import re
import subprocess
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ics as ics_py
import vobject
from ical.calendar_stream import IcsCalendarStream
from ical.component import ComponentModel
from icalendar import Calendar as ICalendar
from icalendar import Component
from ics.grammar.parse import Container, calendar_string_to_containers

ICAL_JS = Path(__file__).with_name("icaljs")

Names = tuple[str, ...]  # of properties, without their parameters, sorted


@dataclass(frozen=True)
class Alarm:
    text: str | None
    trigger: timedelta
    properties: Names


@dataclass(frozen=True)
class Event:
    uid: str | None
    summary: str | None
    description: str | None
    start: datetime
    end: datetime
    alarms: tuple[Alarm, ...]
    properties: Names


@dataclass(frozen=True)
class Calendar:
    name: str | None
    events: tuple[Event, ...]
    properties: Names


Reader = Callable[[str], Calendar]


def by_icalendar(text: str) -> Calendar:
    """It notes what it could not read and goes on; being strict is to take that for a refusal."""
    calendar = ICalendar.from_ical(text)
    if errors := [error for component in calendar.walk() for error in component.errors]:
        raise ValueError(errors)

    def properties(component: Component) -> Names:
        items = component.property_items(recursive=False)
        return _sorted(name for name, _ in items if name not in ("BEGIN", "END"))

    def alarm(valarm: Any) -> Alarm:
        return Alarm(valarm.get("DESCRIPTION"), valarm.TRIGGER, properties(valarm))

    def event(vevent: Any) -> Event:
        texts = (vevent.get(name) for name in ("UID", "SUMMARY", "DESCRIPTION"))
        alarms = tuple(map(alarm, vevent.walk("VALARM")))
        return Event(*texts, vevent.start, vevent.end, alarms, properties(vevent))

    events = tuple(map(event, calendar.events))
    return Calendar(unescaped(calendar.get("NAME", "")), events, properties(calendar))


def by_ical(text: str) -> Calendar:
    """Home Assistant's. What its models have no field for is in their list of extras."""
    (calendar,) = IcsCalendarStream.from_ics(text).calendars

    def properties(component: ComponentModel) -> Names:
        fields = type(component).model_fields
        filled = component.model_fields_set - {"events", "alarm", "extras", "timezones"}
        known = ((fields[name].alias or name).replace("_", "-") for name in filled)
        return _sorted((*known, *(extra.name for extra in component.extras)))

    def alarm(valarm: Any) -> Alarm:
        return Alarm(valarm.description, valarm.trigger, properties(valarm))

    def event(vevent: Any) -> Event:
        texts = (vevent.uid, vevent.summary, vevent.description)
        alarms = tuple(map(alarm, vevent.alarm))
        return Event(*texts, vevent.start, vevent.end, alarms, properties(vevent))

    events = tuple(map(event, calendar.events))
    return Calendar(next(iter(calendar.name), None), events, properties(calendar))


def by_ics_py(text: str) -> Calendar:
    """Three of its faults are made good, so that nothing of a text is lost.

    It takes a folded line of blanks for an empty one: such lines are unfolded before. It keeps
    events in a set: their order is that of the lines which they came from. It unescapes backslashes
    last, and so takes the backslash and the n of a folder's name for a line feed: texts are
    unescaped here.
    """
    (written,) = calendar_string_to_containers(_BLANK_LINE.sub(r"\1", text))
    left = written.clone()  # Calendar takes out of it what it understands
    sources = _components(left, "VEVENT")
    with warnings.catch_warnings():
        # On Python 3.13.
        warnings.filterwarnings("ignore", "'maxsplit' is passed", DeprecationWarning)
        calendar = ics_py.Calendar(left)
    found = {id(event.extra): event for event in calendar.events}

    def properties(component: Container) -> Names:
        return _sorted(line.name for line in component if not isinstance(line, Container))

    def text_of(component: Container, name: str) -> str | None:
        return next((unescaped(line.value) for line in component if line.name == name), None)

    def alarm(valarm: Container, read: Any) -> Alarm:
        return Alarm(text_of(valarm, "DESCRIPTION"), read.trigger, properties(valarm))

    def event(vevent: Container, read: Any) -> Event:
        texts = (text_of(vevent, name) for name in ("UID", "SUMMARY", "DESCRIPTION"))
        alarms = tuple(map(alarm, _components(vevent, "VALARM"), reversed(read.alarms)))
        times = (read.begin.datetime, read.end.datetime)
        return Event(*texts, *times, alarms, properties(vevent))

    events = map(event, _components(written, "VEVENT"), (found[id(source)] for source in sources))
    return Calendar(text_of(written, "NAME"), tuple(events), properties(written))


_BLANK_LINE = re.compile(r"\r\n[ \t]([^\S\r\n]*)(?=\r\n)")


def _components(container: Container, name: str) -> list[Container]:
    return [part for part in container if isinstance(part, Container) and part.name == name]


def by_vobject(text: str) -> Calendar:
    calendar = vobject.readOne(text)
    calendar.validate(raiseException=True)

    def properties(component: Any) -> Names:
        return _sorted(line.name for line in component.lines())

    def alarm(valarm: Any) -> Alarm:
        return Alarm(valarm.getChildValue("description"), valarm.trigger.value, properties(valarm))

    def event(vevent: Any) -> Event:
        texts = (vevent.getChildValue(name) for name in ("uid", "summary", "description"))
        start = vevent.dtstart.value
        end = vevent.getChildValue("dtend") or start + vevent.duration.value
        alarms = tuple(map(alarm, vevent.contents.get("valarm", ())))
        return Event(*texts, start, end, alarms, properties(vevent))

    events = tuple(map(event, calendar.contents.get("vevent", ())))
    return Calendar(calendar.getChildValue("name"), events, properties(calendar))


IN_PYTHON: dict[str, Reader] = {
    "icalendar": by_icalendar,
    "ical": by_ical,
    "ics.py": by_ics_py,
    "vobject": by_vobject,
}
NAMES = (*IN_PYTHON, "ical.js")


@contextmanager
def ical_js(node: str, folder: Path) -> Iterator[Reader]:
    """Thunderbird's, in a process of its own, out of the folder that it is installed in."""
    with subprocess.Popen(
        [node, folder / "reader.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def read(text: str) -> Calendar:
            print(json.dumps(text), file=process.stdin, flush=True)
            answer = json.loads(process.stdout.readline())
            if "refusal" in answer:
                raise ValueError(answer["refusal"])
            return _by_ical_js(answer["calendar"])

        yield read


def _by_ical_js(calendar: Mapping[str, Any]) -> Calendar:
    def alarm(valarm: Mapping[str, Any]) -> Alarm:
        trigger = timedelta(seconds=valarm["trigger"])
        return Alarm(valarm["text"], trigger, _sorted(valarm["properties"]))

    def event(vevent: Mapping[str, Any]) -> Event:
        texts = (vevent[name] for name in ("uid", "summary", "description"))
        times = (datetime.fromisoformat(vevent[name]) for name in ("start", "end"))
        alarms = tuple(map(alarm, vevent["alarms"]))
        return Event(*texts, *times, alarms, _sorted(vevent["properties"]))

    events = tuple(map(event, calendar["events"]))
    return Calendar(unescaped(calendar["name"]), events, _sorted(calendar["properties"]))


def _sorted(names: Iterable[str]) -> Names:
    return tuple(sorted(name.upper() for name in names))


def unescaped(value: str) -> str:
    """What a TEXT says (RFC 5545, 3.3.11), which a library has handed on as it is written."""
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "N": "\n"}.get(match[1], match[1]), value)
