"""A judge of feeds that reads their raw lines, and so sees what parsers forgive (RFC 5545)."""

import re
from collections.abc import Iterator

_TIME = r"\d{8}T\d{6}Z"
_TEXT = r"([^\\,;]|\\[\\,;n])*"
_SOME_TEXT = r"([^\\,;]|\\[\\,;n])+"
_PART_OF_A_DAY = r"T(\d+H(\d+M(\d+S)?)?|\d+M(\d+S)?|\d+S)"
_DURATION = rf"[+-]?P(\d+W|\d+D({_PART_OF_A_DAY})?|{_PART_OF_A_DAY})"

# Of each component: the properties that it has, each once, with their values.
_PROPERTIES = {
    "VCALENDAR": {
        "VERSION": r"2\.0",
        "PRODID": _SOME_TEXT,
        "CALSCALE": "GREGORIAN",
        "NAME": _SOME_TEXT,
        "X-WR-CALNAME": _SOME_TEXT,
        "DESCRIPTION": _SOME_TEXT,
        "X-WR-CALDESC": _SOME_TEXT,
        "COLOR": "[a-z]+",
        "X-APPLE-CALENDAR-COLOR": "#[0-9A-F]{6}",
        "REFRESH-INTERVAL;VALUE=DURATION": _DURATION,
        "X-PUBLISHED-TTL": _DURATION,
    },
    "VEVENT": {
        "UID": "[0-9a-f-]{36}",
        "SEQUENCE": r"\d+",
        "DTSTAMP": _TIME,
        "CREATED": _TIME,
        "LAST-MODIFIED": _TIME,
        "DTSTART": _TIME,
        "DTEND": _TIME,
        "SUMMARY": _SOME_TEXT,
        "DESCRIPTION": _SOME_TEXT,
        "CATEGORIES": _TEXT,
        "URL": r"https?://[!-~]+",
        "STATUS": "CONFIRMED",
        "TRANSP": "TRANSPARENT",
    },
    "VALARM": {"ACTION": "DISPLAY", "DESCRIPTION": _SOME_TEXT, "TRIGGER;RELATED=START": _DURATION},
    # Only of a calendar without events, which has to have a component.
    "VTIMEZONE": {"TZID": "UTC"},
    "STANDARD": {
        "DTSTART": r"\d{8}T\d{6}",
        "TZNAME": "UTC",
        "TZOFFSETFROM": r"\+0000",
        "TZOFFSETTO": r"\+0000",
    },
}
_OPTIONAL = ("URL",)
_PARENTS = {
    "VCALENDAR": "a file",
    "VEVENT": "VCALENDAR",
    "VALARM": "VEVENT",
    "VTIMEZONE": "VCALENDAR",
    "STANDARD": "VTIMEZONE",
}

_LONGEST = 75  # octets
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def properties(component: str, *optional: str) -> tuple[str, ...]:
    """The names of all its properties, sorted and without parameters; some are `optional`."""
    names = {name for name in _PROPERTIES[component] if name not in _OPTIONAL} | set(optional)
    return tuple(sorted(name.partition(";")[0] for name in names))


def faults(feed: bytes) -> list[str]:
    """What is wrong with a feed, line by line; nothing if all is well."""
    *lines, rest = feed.split(b"\r\n")
    found = [f"no CRLF after {rest!r}"] if rest else []
    found += [fault for line in lines for fault in _faults_of_line(line)]
    unfolded = b"\r\n".join(lines).replace(b"\r\n ", b"").decode("utf-8", "replace")
    return [*found, *_faults_of_components(unfolded.split("\r\n"))]


def _faults_of_line(line: bytes) -> Iterator[str]:
    if len(line) > _LONGEST:
        yield f"{len(line)} octets in a line"
    try:
        text = line.decode()
    except UnicodeDecodeError:
        yield "a line is not UTF-8"
    else:
        for character in _CONTROLS.findall(text):
            yield f"the control character {character!r}"


def _faults_of_components(lines: list[str]) -> Iterator[str]:
    opened, begins = ["a file"], ""
    seen: list[list[str]] = [[]]  # names of properties, and of components in between
    for line in lines:
        name, _, value = line.partition(":")
        if name == "BEGIN":
            if _PARENTS.get(value) != opened[-1]:
                yield f"{value} in {opened[-1]}"
            seen[-1].append(value)
            opened.append(value)
            seen.append([])
        elif name == "END" and opened[-1] == value:
            yield from _faults_of_component(opened.pop(), seen.pop())
        else:
            yield from _faults_of_property(opened[-1], name, value)
            seen[-1].append(name)
            begins = value if name == "DTSTART" else begins
            if name == "DTEND" and value <= begins:
                yield "DTEND is not after DTSTART"
    if opened != ["a file"] or seen != [["VCALENDAR"]]:
        yield "not one VCALENDAR"


def _faults_of_property(component: str, name: str, value: str) -> Iterator[str]:
    pattern = _PROPERTIES.get(component, {}).get(name)
    if pattern is None:
        yield f"{name} in {component}"
    elif re.fullmatch(pattern, value) is None:
        yield f"the value of {name} in {component}"


def _faults_of_component(component: str, seen: list[str]) -> Iterator[str]:
    names = [name for name in seen if name not in _PARENTS]
    if seen[: len(names)] != names:
        yield f"a property after a component in {component}"
    if component == "VCALENDAR" and len(seen) == len(names):
        yield "a VCALENDAR without a component"
    for name in _PROPERTIES.get(component, {}):
        if names.count(name) != 1 and (name not in _OPTIONAL or name in names):
            yield f"{names.count(name)} {name} in {component}"
