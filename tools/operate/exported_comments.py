"""Reads the comments in a mytoken server's own feeds: its tables have them nowhere else."""

from collections.abc import Iterator

from icalendar.parser import Contentline, Contentlines


def comments(ics: str) -> dict[str, str]:
    """The comment of each event that has one, by its UID, which is the token's mom_id.

    A description of the server is the comment, an empty line, and sentences with links that act
    for the user; the first link is the event's URL. A description of any other form counts as one
    without a comment, since its text may hold such a link.
    """
    return {
        event["UID"]: comment
        for event in _events(ics)
        if "UID" in event and (comment := _comment(event.get("DESCRIPTION", ""), event.get("URL")))
    }


def _comment(description: str, url: str | None) -> str:
    if not url:
        return ""
    before, _, _ = description.partition(url)
    comment, found, _ = before.rpartition("\n\n")
    return comment.replace("\r\n", "\n") if found and before != description else ""


def _events(ics: str) -> Iterator[dict[str, str]]:
    """The own properties of each VEVENT.

    Line by line: a feed of the server is no valid calendar (its triggers are `-PT30D`).
    """
    event: dict[str, str] = {}
    inside: list[str] = []
    for line in Contentlines.from_ical(ics):  # type: ignore[no-untyped-call]
        name, value = _parts(Contentline(line))  # type: ignore[no-untyped-call]
        if name == "BEGIN":
            inside.append(value)
        elif name == "END" and inside:
            if inside.pop() == "VEVENT":
                yield event
                event = {}
        elif name and inside and inside[-1] == "VEVENT":
            event.setdefault(name, value)


def _parts(line: Contentline) -> tuple[str, str]:
    """The name of a property and its value, unescaped; two empty texts if the line has none."""
    try:
        name, _, value = line.parts()
    except ValueError:
        return "", ""
    return name.upper(), value
