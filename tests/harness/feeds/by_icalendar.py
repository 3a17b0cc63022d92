"""The same feed, made of icalendar's objects: what ours is compared with, and measured beside."""

from datetime import timedelta
from typing import Any

from icalendar import Alarm, Calendar, Component, Event, Timezone, TimezoneStandard
from icalendar.prop import vDDDTypes, vText, vUnknown

from tests.harness.feeds.fixed_feeds import Sample, Told
from tests.harness.feeds.readers import unescaped

Property = tuple[str, dict[str, str], str]  # its name, its parameters, and what it says


def calendar(sample: Sample) -> Calendar:
    """The calendar of a sample, with one component for each that the sample tells of."""
    made = Calendar()
    interval = sample.writer.opening().rpartition("X-PUBLISHED-TTL:")[2].strip()
    made.add("version", "2.0")
    made.add("prodid", "-//mytoken-calendars//feed//EN")
    made.add("calscale", "GREGORIAN")
    made.add("name", vText(sample.title))
    made.add("x-wr-calname", vText(sample.title))
    made.add("description", sample.about)
    made.add("x-wr-caldesc", vText(sample.about))
    made.add("color", "tomato")
    made.add("x-apple-calendar-color", "#FF6347")
    made.add("refresh-interval", _duration(interval), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", interval)
    for told in sample.told:
        made.add_component(_event(told))
    if not sample.told:
        made.add_component(_utc())
    return made


def properties(component: Component) -> list[tuple[str, list[Property]]]:
    """All components in their order, each with its properties by name."""
    return [(each.name or "", sorted(_properties(each), key=repr)) for each in component.walk()]


def _event(told: Told) -> Event:
    made = Event()
    made.add("uid", told.uid)
    made.add("dtstamp", told.changed)
    made.add("dtstart", told.start)
    made.add("dtend", told.end)
    made.add("summary", told.summary)
    made.add("description", told.description)
    if told.url:
        made.add("url", told.url)
    made.add("categories", ["mytoken"])
    made.add("created", told.created)
    made.add("last-modified", told.changed)
    made.add("sequence", told.sequence)
    made.add("status", "CONFIRMED")
    made.add("transp", "TRANSPARENT")
    for text, trigger in told.alarms:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", text)
        alarm.add("trigger", trigger, parameters={"RELATED": "START"})
        made.add_component(alarm)
    return made


def _utc() -> Timezone:
    made, standard = Timezone(), TimezoneStandard()
    made.add("tzid", "UTC")
    standard.add("dtstart", vDDDTypes.from_ical("19700101T000000"))
    standard.add("tzname", "UTC")
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    made.add_component(standard)
    return made


def _duration(text: str) -> timedelta:
    duration: timedelta = vDDDTypes.from_ical(text)
    return duration


def _properties(component: Component) -> list[Property]:
    items = component.property_items(recursive=False)
    return [
        (name, dict(getattr(value, "params", {})), _said(value))
        for name, value in items
        if name not in ("BEGIN", "END")
    ]


def _said(value: Any) -> str:
    """The value, free of how it is written."""
    if isinstance(value, vUnknown):  # it has no type for NAME, and hands the text on as it stands
        return unescaped(value)
    for attribute in ("dt", "td", "cats"):
        if hasattr(value, attribute):
            return str(getattr(value, attribute))
    return str(value)
