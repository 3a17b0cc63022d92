"""The writer of feeds: the text of a calendar, as iCalendar (RFC 5545, RFC 7986).

The same calendar in the same style always has the same text: the clock has no part in it.
docs/feeds.md says why each line is as it is, and which calendar apps ask for it.
"""

import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID, uuid5

from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds import reminders
from mytoken_calendars.feeds.content_lines import day, escaped, folded, printable, utc
from mytoken_calendars.feeds.style import DEFAULT, Reminders, Style

# The number of this writer, and since when it writes. Whatever changes the text raises both: the
# number names the text in caches, and apps take a text only if it is later than the one they have.
NUMBER = 2
SINCE = 1_795_996_800  # 2026-11-30, in seconds since 1970

BEGINNING = "BEGIN:VCALENDAR\r\n"
CLOSING = "END:VCALENDAR\r\n"

# A calendar has a component (RFC 5545, 3.6). This one satisfies where there is no event.
_NO_EVENT = """\
BEGIN:VTIMEZONE
TZID:UTC
BEGIN:STANDARD
DTSTART:19700101T000000
TZNAME:UTC
TZOFFSETFROM:+0000
TZOFFSETTO:+0000
END:STANDARD
END:VTIMEZONE
""".replace("\n", "\r\n")

_EVENT_LENGTH = 15 * 60  # seconds: with a length of zero some apps drop an event
SHOWN_OF_MOM_ID = 8  # characters: they tell two tokens of one name apart
_CONSEQUENCE = "What uses this mytoken stops working when it expires."
_DESCRIPTION = "When your mytokens expire."


class Writer(NamedTuple):
    """Writes the feed of one calendar: all that its text depends on but for the tokens.

    `calendar_id` is a UUID, `created` is when the calendar was made, in seconds since 1970 (or,
    after a restore, before that). `renewal_page` is a URI where mytokens are renewed, or "". A
    description tells what its owner wants, so that only a style of full detail shows it.
    """

    calendar_id: str
    name: str
    created: int
    style: Style = DEFAULT
    renewal_page: str = ""
    description: str = ""

    def text(self, subscriptions: Iterable[Subscription]) -> Iterator[str]:
        """The text of the feed, piece by piece, with the events of these tokens."""
        yield self.opening()
        empty = True
        for subscription in subscriptions:
            empty = False
            yield self.events(subscription)
        if empty:
            yield _NO_EVENT
        yield CLOSING

    def opening(self) -> str:
        """The text before the events: the properties of the calendar (RFC 7986, 5)."""
        name = escaped(self.style.title(self.name))
        told = self.description if self.style.tells_comments else ""
        description = escaped(told) or _DESCRIPTION
        # Some four hours: reminders are in days. Each calendar has its own interval, as apps that
        # poll in step make peaks.
        minutes = 3 * 60 + 30 + zlib.crc32(self.calendar_id.encode()) % 60
        interval = f"PT{minutes // 60}H{minutes % 60}M"
        return (
            f"{BEGINNING}"
            "VERSION:2.0\r\n"
            "PRODID:-//mytoken-calendars//feed//EN\r\n"
            "CALSCALE:GREGORIAN\r\n"
            f"{folded(f'NAME:{name}')}"
            f"{folded(f'X-WR-CALNAME:{name}')}"
            f"{folded(f'DESCRIPTION:{description}')}"
            f"{folded(f'X-WR-CALDESC:{description}')}"
            "COLOR:tomato\r\n"
            "X-APPLE-CALENDAR-COLOR:#FF6347\r\n"
            f"REFRESH-INTERVAL;VALUE=DURATION:{interval}\r\n"
            f"X-PUBLISHED-TTL:{interval}\r\n"
        )

    def events(self, token: Subscription) -> str:
        """The VEVENT of the token's expiry, and before it those that are reminders."""
        style, title, about = self.style, _title(token, self.style), self._about(token)
        ahead = reminders.before_expiry(
            style.days, created=token.created, added=token.added_at, expires=token.expires
        )
        rest = self._what_all_events_say(token)
        alarms, early = "", ""
        if style.reminders in (Reminders.ALARMS, Reminders.BOTH):
            alarms = "".join(_alarm(title, before) for before in ahead)
        if style.reminders in (Reminders.EVENTS, Reminders.BOTH):
            told = folded(f"DESCRIPTION:{about}") + rest
            early = "".join(
                self._event(token, before, f"{title} {reminders.when(before)}", told)
                for before in ahead
                if before > 0
            )
        if token.comment and style.tells_comments:
            about = f"{escaped(token.comment)}\\n\\n{about}"
        told = folded(f"DESCRIPTION:{about}") + rest
        return early + self._event(token, 0, title, told, alarms)

    def _event(
        self, token: Subscription, before: int, title: str, told: str, alarms: str = ""
    ) -> str:
        """One VEVENT, `before` seconds ahead of the expiry (RFC 5545, 3.6.1).

        The UID is derived from the mom_id, but does not reveal it.
        """
        start = token.expires - before
        event = f"{token.mom_id}/{before}" if before else token.mom_id
        return (
            "BEGIN:VEVENT\r\n"
            f"UID:{uuid5(_namespace(self.calendar_id), event)}\r\n"
            f"DTSTART:{utc(start)}\r\n"
            f"DTEND:{utc(start + _EVENT_LENGTH)}\r\n"
            f"{folded(f'SUMMARY:{title}')}{told}{alarms}"
            "END:VEVENT\r\n"
        )

    def _what_all_events_say(self, token: Subscription) -> str:
        """The properties that all events of a token share.

        SEQUENCE and LAST-MODIFIED rise with every change of the token's entry, of the style and of
        the writer, also if clocks differ. SEQUENCE begins at the age that the calendar had when the
        token was added: one that was removed and is added again does not fall back, unless it had
        more changes than seconds have passed since.
        """
        changes = token.changes + self.style.changes + NUMBER
        changed = utc(max(token.changed, self.style.changed, SINCE) + changes)
        age = max(token.added_at - self.created, 0)
        return (
            f"{folded(f'URL:{self.renewal_page}') if self.renewal_page else ''}"
            "CATEGORIES:mytoken\r\n"
            f"DTSTAMP:{changed}\r\n"
            f"CREATED:{utc(token.added_at)}\r\n"
            f"LAST-MODIFIED:{changed}\r\n"
            f"SEQUENCE:{age + changes}\r\n"
            "STATUS:CONFIRMED\r\n"
            "TRANSP:TRANSPARENT\r\n"
        )

    def _about(self, token: Subscription) -> str:
        """What tells the token from others of its name, and where it is renewed; escaped."""
        said = [_CONSEQUENCE]
        if self.style.tells_names:
            mom_id, created = token.mom_id[:SHOWN_OF_MOM_ID], day(token.created)
            said.append(f"Its mom_id begins with {mom_id}. It was created on {created}.")
        if self.renewal_page:
            said.append(f"Renew it at {escaped(self.renewal_page)}")
        return "\\n".join(said)


def _title(token: Subscription, style: Style) -> str:
    """The title of the expiry, escaped: the token's name first, as apps cut titles off."""
    if not style.tells_names:
        return "A mytoken expires"
    return f"{escaped(name_of(token))}: mytoken expires"


def name_of(token: Subscription) -> str:
    """What the token is called where names are told, in one line; without a name by its mom_id."""
    name = printable(token.name).replace("\n", " ").replace("\t", " ").strip()
    return name or f"{token.mom_id[:SHOWN_OF_MOM_ID]} ({day(token.created)})"


def _alarm(title: str, before: int) -> str:
    """One VALARM (RFC 5545, 3.6.6). Most apps show the event's title in its place."""
    return (
        "BEGIN:VALARM\r\n"
        "ACTION:DISPLAY\r\n"
        f"{folded(f'DESCRIPTION:{title} {reminders.when(before)}')}"
        f"TRIGGER;RELATED=START:{reminders.trigger(before)}\r\n"
        "END:VALARM\r\n"
    )


@lru_cache(maxsize=1)
def _namespace(calendar_id: str) -> UUID:
    return UUID(calendar_id)
