"""Reads the comments in a mytoken server's own feeds: its tables have them nowhere else."""

import re
from collections.abc import Iterator

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE_END = re.compile(r"\r?\n")
_ESCAPED = re.compile(r"\\(.)")


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
    """The own properties of each VEVENT; the rest may be invalid iCalendar."""
    event: dict[str, str] = {}
    inside: list[str] = []
    for line in _LINE_END.split(_FOLD.sub("", ics)):
        name, _, value = line.partition(":")
        name = name.partition(";")[0].upper()
        if name == "BEGIN":
            inside.append(value)
        elif name == "END" and inside:
            if inside.pop() == "VEVENT":
                yield event
                event = {}
        elif inside and inside[-1] == "VEVENT":
            event.setdefault(name, _unescaped(value) if name == "DESCRIPTION" else value)


def _unescaped(text: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11), unescaped from left to right."""
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)
