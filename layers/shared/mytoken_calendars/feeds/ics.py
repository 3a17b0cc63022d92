"""The door to icalendar: writes the VEVENT of a subscription and the opening of a VCALENDAR."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from icalendar import Alarm, Calendar, Component, Event
from icalendar.prop import vInline, vText

from mytoken_calendars.calendars import characters, reminders
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds.feed import CLOSING

_PRODUCT = "-//mytoken-calendars//feed//EN"
_DESCRIPTION = "When your mytokens expire."
_EVENT_LENGTH = timedelta(minutes=15)


class _Text(vText):
    """A TEXT value (RFC 5545, 3.3.11) of any property.

    icalendar's own escaping does not do: it turns a backslash before an N into a line feed, which
    changes the name of a Windows folder, and it has no type for NAME.
    """

    def to_ical(self) -> str:  # type: ignore[override]
        # A str: in bytes, icalendar would take a leading U+FEFF for a byte order mark.
        escaped = self.replace("\\", "\\\\").replace(";", r"\;").replace(",", r"\,")
        return escaped.replace("\n", r"\n")


def opening(name: str) -> str:
    """The text of a feed before its events: the properties of the calendar (RFC 7986, 5)."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", _PRODUCT)
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", _Text(name))
    calendar.add("x-wr-calname", _Text(name))
    calendar.add("description", _Text(_DESCRIPTION))
    calendar.add("x-wr-caldesc", _Text(_DESCRIPTION))
    calendar.add("color", "tomato")
    calendar.add("x-apple-calendar-color", "#FF6347")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    return _text(calendar).removesuffix(CLOSING)


def event(subscription: Subscription) -> str:
    """The VEVENT of one token's expiry, with its alarms (RFC 5545, 3.6.1 and 3.6.6).

    The same subscription always gives the same text; the clock has no part in it. The UID is
    derived from the mom_id, but does not reveal it.
    """
    token = subscription.token
    subject = f"Mytoken '{_one_line(token.name)}'" if token.name else "Mytoken"
    expires = _utc(subscription.expires)
    changed = _utc(subscription.changed)

    event = Event()
    event.add("uid", str(uuid5(UUID(subscription.calendar_id), token.mom_id)))
    event.add("sequence", subscription.sequence)
    event.add("dtstamp", changed)
    event.add("created", _utc(subscription.added))
    event.add("last-modified", changed)
    event.add("dtstart", expires)
    event.add("duration", _EVENT_LENGTH)
    event.add("summary", _Text(f"{subject} expires"))
    event.add("description", _Text(_description(subscription, subject, expires)))
    event.add("categories", ["mytoken"])
    event.add("class", "PRIVATE")
    event.add("status", "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    for days in reminders.days_before(
        created=token.created, added=subscription.added, expires=subscription.expires
    ):
        event.add_component(_alarm(subject, days))
    return _text(event)


def _description(subscription: Subscription, subject: str, expires: datetime) -> str:
    sentence = f"{subject} expires on {expires:%Y-%m-%d at %H:%M} UTC. Whatever uses it stops then."
    return f"{subscription.comment}\n\n{sentence}" if subscription.comment else sentence


def _alarm(subject: str, days: int) -> Alarm:
    when = {0: "now", 1: "in 1 day"}.get(days, f"in {days} days")
    # icalendar would write a zero duration as P0D, which some calendar apps do not understand.
    trigger = vInline(f"-P{days}D" if days else "PT0S")
    trigger.params["RELATED"] = "START"

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _Text(f"{subject} expires {when}"))
    alarm["trigger"] = trigger
    return alarm


def _text(component: Component) -> str:
    ics: bytes = component.to_ical()
    return ics.decode()


def _one_line(name: str) -> str:
    """The name without control characters: it comes from the issuer, so it cannot be refused."""
    return characters.in_one_line(name)


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
