"""A demo user with mytokens and a calendar, and the lines to paste that walk through the API."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from mytoken_calendars.authorities.embedded import minting
from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.authorities.embedded.minting import NewMytoken
from mytoken_calendars.aws.dynamodb.tokens import TokenListing
from mytoken_calendars.identifiers import owner_of, subject
from mytoken_calendars.tokens.mytoken import Capability

USER = "demo"
CALENDAR = "Demo"
NEW_CALENDAR = "Pipelines"

_END = "Ctrl-C stops the server."
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
    """Makes the demo, or what of it an earlier run has not left; returns the text to print.

    There is none if a mytoken server vouches for the mytokens: only that server can issue some.
    """
    if issuer := os.environ["MYTOKEN_ISSUER"]:
        return _invitation(url, issuer)
    kept = _kept(state / "demo.json")
    try:
        demo = _made(url, kept)
    except HTTPError as refusal:
        return f"There is no demo: {json.load(refusal)['error_description']}\n\n{_END}"
    header = state / "demo.header"
    _write(state / "demo.json", json.dumps(demo))
    _write(header, f"Authorization: Bearer {demo['mytoken']}\n")
    return _other_address(kept, url) + _walk(demo, header)


def _kept(file: Path) -> dict[str, str]:
    """What an earlier run has kept there, as far as it can be read."""
    try:
        kept = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return {n: v for n, v in kept.items() if isinstance(v, str)} if isinstance(kept, dict) else {}


def _write(file: Path, text: str) -> None:
    """Only the user may read it: it holds a mytoken."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)


def _made(url: str, kept: Mapping[str, str]) -> dict[str, str]:
    """The demo, of what is there and what is not. Raises HTTPError if a limit is in the way."""
    authority, now = EmbeddedAuthority.from_environment(), int(time.time())
    demo = {"url": url, "mytoken": kept.get("mytoken", "")}
    if kept.get("url") != url or not _works(demo):
        demo["mytoken"], _ = _issue(authority, url, "calendar app", 90)
    calendars = {one["name"].casefold(): one for one in _call(demo, "GET", "")["calendars"]}
    calendar = calendars.get(CALENDAR.casefold()) or _call(demo, "POST", "", {"name": CALENDAR})
    subscribed = calendar.get("subscribed_tokens", [])
    issued = authority.registry.issued(owner_of(url, subject(USER, url)))
    living = {one.token.name: one.token.mom_id for one in issued if _lives(one, now)}
    dead = {one.token.mom_id for one in issued if one.token.name in _WATCHED} - {*living.values()}
    for mom_id in dead.intersection(subscribed):
        _call(demo, "DELETE", f"/{CALENDAR}/mytokens", {"mom_id": mom_id})
    for name, (days, comment) in _WATCHED.items():
        demo["mom_id"] = living.get(name) or _issue(authority, url, name, days)[1]
        if demo["mom_id"] not in subscribed:
            token = {"mom_id": demo["mom_id"], "comment": comment}
            _call(demo, "POST", f"/{CALENDAR}", token)
    new_names = (f"{NEW_CALENDAR}{number}" for number in ("", *range(2, 9999)))
    return {
        **demo,
        "feed": calendar["ics_path"],
        "feed_of_events": _feed_of_events(demo),
        "new_calendar": next(name for name in new_names if name.casefold() not in calendars),
    }


def _lives(issued: TokenListing, now: int) -> bool:
    expires = issued.token.expires
    return not issued.revoked and (expires is None or expires > now)


def _feed_of_events(demo: Mapping[str, str]) -> str:
    for feed in _call(demo, "GET", f"/{CALENDAR}/feeds")["feeds"]:
        if feed["reminders"] == "events":
            return str(feed["ics_path"])
    wish = {"label": "for Google Calendar", "reminders": "events"}
    return str(_call(demo, "POST", f"/{CALENDAR}/feeds", wish)["ics_path"])


def _issue(authority: EmbeddedAuthority, url: str, name: str, days: int) -> tuple[str, str]:
    capabilities = ["AT"] if name in _WATCHED else _CAPABILITIES
    new = NewMytoken(USER, capabilities, days * _DAY, name)
    bearer, mytoken = minting.issue(authority, url, new, int(time.time()))
    return bearer, mytoken.mom_id


def _works(demo: Mapping[str, str]) -> bool:
    try:
        _call(demo, "GET", "")
    except (HTTPError, ValueError):  # the latter if it cannot stand in a header
        return False
    return True


def _call(demo: Mapping[str, str], method: str, path: str, document: Any = None) -> dict[str, Any]:
    request = Request(  # noqa: S310 - our own server
        f"{demo['url']}/api/v0/notifications/calendars{path}",
        json.dumps(document).encode(),
        {"Authorization": f"Bearer {demo['mytoken']}", "Content-Type": "application/json"},
        method=method,
    )
    with urlopen(request) as response:  # noqa: S310 - our own server
        answer: dict[str, Any] = json.loads(response.read() or b"{}")
        return answer


def _invitation(url: str, issuer: str) -> str:
    return f"""\
The mytoken server at {issuer} vouches for the mytokens. List the calendars
with one that has the capability {Capability.NOTIFY}:

  curl -sS -H 'Authorization: Bearer ...' {url}/api/v0/notifications/calendars

{_END}"""


def _other_address(kept: Mapping[str, str], url: str) -> str:
    """Tokens are of their issuer, which is the URL of the stack."""
    if (before := kept.get("url", url)) == url:
        return ""
    return f"""\
The last run was at {before}. Its mytokens and calendars are kept, but serve at that address
alone, which issued them: make run PORT={before.rpartition(":")[2]}

"""


def _walk(demo: Mapping[str, str], header: Path) -> str:
    calendars, new = f"{demo['url']}/api/v0/notifications/calendars", demo["new_calendar"]
    curl = f"curl -sS -w '\\n' -H {quote(f'@{header}')}"
    post = f"{curl} -H 'Content-Type: application/json' -d"
    new_calendar = json.dumps({"name": new})
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
  {post} '{new_token}' {calendars}/{new}
  {curl} -L {calendars}/{new}
  {curl} {calendars}
  {curl} -i -X DELETE {calendars}/{new}

{_END}"""
