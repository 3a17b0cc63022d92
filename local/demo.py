"""A demo user with mytokens and a calendar, and the lines to paste that walk through the API."""

import json
import os
import time
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from mytoken_calendars.authorities.embedded import minting
from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.authorities.embedded.minting import NewMytoken
from mytoken_calendars.tokens.mytoken import Capability

USER = "demo"
CALENDAR = "Demo"
NEW_CALENDAR = "Pipelines"

_DAY = 24 * 60 * 60
_WATCHED = {  # name: (days until it expires, comment)
    "nightly build": (40, "Runs at 2:00; the release team owns it."),
    "backup": (12, "Uploads to the archive every Sunday."),
    "data portal": (365, ""),
}
_CAPABILITIES = [  # of the calendar app's token: for all that a client of this API can do
    Capability.NOTIFY.value,
    Capability.LIST.value,
    Capability.INTROSPECT.value,
    Capability.SUBTOKENS.value,
    Capability.TAGS.value,
]


def prepare(url: str, state: Path) -> str:
    """Makes the demo, unless an earlier run has; returns the text to print.

    There is none if a mytoken server vouches for the mytokens: only that server can issue some.
    """
    if issuer := os.environ["MYTOKEN_ISSUER"]:
        return _invitation(url, issuer)
    kept = state / "demo.json"
    demo = json.loads(kept.read_text()) if kept.exists() else {}
    if demo.get("url") != url or not _works(demo):
        demo = _seeded(url)
        kept.touch(mode=0o600)
        kept.write_text(json.dumps(demo))
    header = state / "demo.header"
    header.touch(mode=0o600)
    header.write_text(f"Authorization: Bearer {demo['mytoken']}\n")
    return _walk(demo, header)


def _seeded(url: str) -> dict[str, Any]:
    authority = EmbeddedAuthority.from_environment()
    mytoken, _ = _issue(authority, url, "calendar app", 90)
    demo = {"url": url, "mytoken": mytoken}
    feed = _call(demo, "POST", "", {"name": CALENDAR})["ics_path"]
    for name, (days, comment) in _WATCHED.items():
        _, mom_id = _issue(authority, url, name, days)
        _call(demo, "POST", f"/{CALENDAR}", {"mom_id": mom_id, "comment": comment})
    events = {"label": "for Google Calendar", "reminders": "events"}
    other = _call(demo, "POST", f"/{CALENDAR}/feeds", events)["ics_path"]
    return {**demo, "feed": feed, "feed_of_events": other, "mom_id": mom_id}


def _issue(authority: EmbeddedAuthority, url: str, name: str, days: int) -> tuple[str, str]:
    capabilities = ["AT"] if name in _WATCHED else _CAPABILITIES
    new = NewMytoken(USER, capabilities, days * _DAY, name)
    bearer, mytoken = minting.issue(authority, url, new, int(time.time()))
    return bearer, mytoken.mom_id


def _works(demo: dict[str, Any]) -> bool:
    try:
        calendars = _call(demo, "GET", "")["calendars"]
    except HTTPError:
        return False
    is_there = any(calendar["ics_path"] == demo["feed"] for calendar in calendars)
    return is_there and "feed_of_events" in demo


def _call(demo: dict[str, Any], method: str, path: str, document: Any = None) -> dict[str, Any]:
    request = Request(  # noqa: S310 - our own server
        f"{demo['url']}/api/v0/notifications/calendars{path}",
        json.dumps(document).encode(),
        {"Authorization": f"Bearer {demo['mytoken']}", "Content-Type": "application/json"},
        method=method,
    )
    with urlopen(request) as response:  # noqa: S310 - our own server
        answer: dict[str, Any] = json.load(response)
        return answer


def _invitation(url: str, issuer: str) -> str:
    return f"""\
The mytoken server at {issuer} vouches for the mytokens. List the calendars
with one that has the capability {Capability.NOTIFY}:

  curl -sS -H 'Authorization: Bearer ...' {url}/api/v0/notifications/calendars

Ctrl-C stops the server."""


def _walk(demo: dict[str, Any], header: Path) -> str:
    calendars = f"{demo['url']}/api/v0/notifications/calendars"
    curl = f"curl -sS -w '\\n' -H {quote(f'@{header}')}"
    post = f"{curl} -H 'Content-Type: application/json' -d"
    new_calendar = json.dumps({"name": NEW_CALENDAR})
    new_token = json.dumps({"mom_id": demo["mom_id"], "comment": "renew it in the portal"})
    return f"""\
See what expires when, and how to subscribe: {demo["feed"]}/view

The user "{USER}" has {len(_WATCHED)} mytokens in the calendar "{CALENDAR}". Subscribe a calendar
app to its feed, in which reminders are alarms:

  {demo["feed"]}

Google, Nextcloud, Home Assistant and Apple drop alarms. They need the calendar's other feed, in
which each reminder is an event (docs/calendar-apps.md has more of it):

  {demo["feed_of_events"]}

The mytoken to call the API with (it is in the file {header}, where curl finds it):

  {demo["mytoken"]}

Paste these lines into another terminal, in order. They list the calendars, create one, add a
token, read the feed, list again, and delete the new calendar:

  {curl} {calendars}
  {post} '{new_calendar}' {calendars}
  {post} '{new_token}' {calendars}/{NEW_CALENDAR}
  {curl} -L {calendars}/{NEW_CALENDAR}
  {curl} {calendars}
  {curl} -i -X DELETE {calendars}/{NEW_CALENDAR}

Ctrl-C stops the server."""
