"""Feeds of fixed subscriptions: what golden/ holds, and what every reader has to find in a feed.

After a change of the format that is meant, write the files anew and read the difference:

    PYTHONPATH=layers/shared:. .venv/bin/python -m tests.harness.feeds.fixed_feeds
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from uuid import UUID, uuid5

from mytoken_calendars.calendars import reminders
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds import feed, ics
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.tokens.mytoken import TokenRecord
from tests.harness.feeds import raw_lines
from tests.harness.feeds.readers import Alarm, Calendar, Event
from tests.harness.stacks import ROOT

GOLDEN = ROOT / "tests" / "contract" / "golden"
CALENDAR_ID = "2b1f8d0e-5c0f-4c3e-9a57-3f0d8f7a6c11"
CREATED = datetime(2026, 11, 22, 12, tzinfo=UTC)
vevent = cache(ics.event)  # of 10,000 it takes seconds


@dataclass(frozen=True)
class Sample:
    """A calendar: its name and its subscriptions, the text of its feed, and what it has to say."""

    name: str
    subscriptions: tuple[Subscription, ...]

    @cached_property
    def text(self) -> str:
        return "".join((ics.opening(self.name), *map(vevent, self.subscriptions), feed.CLOSING))

    @cached_property
    def calendar(self) -> Calendar:
        events = tuple(map(event, self.subscriptions))
        return Calendar(self.name, events, raw_lines.properties("VCALENDAR"))


def subscription(
    number: int, name: str | None, comment: str = "", *, days: int = 40, changes: int = 0
) -> Subscription:
    """Of the token with this number, which lives for `days` and was added as soon as it was made.

    It has been changed `changes` times, once in each hour.
    """
    created = int(CREATED.timestamp())
    expires = created + days * 24 * 60 * 60
    token = TokenRecord(mom_id_of(UUID(int=number)), name, created, expires)
    changed = created + changes * 60 * 60
    return Subscription(CALENDAR_ID, token, expires, comment, created, changed, changes)


def event(subscription: Subscription) -> Event:
    """What every reader has to find of a subscription."""
    token, expires = subscription.token, datetime.fromtimestamp(subscription.expires, UTC)
    subject = f"Mytoken '{shown(token.name)}'" if token.name else "Mytoken"
    sentence = f"{subject} expires on {expires:%Y-%m-%d at %H:%M} UTC. Whatever uses it stops then."
    days_before = reminders.days_before(
        created=token.created, added=subscription.added, expires=subscription.expires
    )
    return Event(
        uid=str(uuid5(UUID(subscription.calendar_id), token.mom_id)),
        summary=f"{subject} expires",
        description=f"{subscription.comment}\n\n{sentence}" if subscription.comment else sentence,
        start=expires,
        end=expires + timedelta(minutes=15),
        alarms=tuple(alarm(subject, days) for days in days_before),
        properties=raw_lines.properties("VEVENT"),
    )


def alarm(subject: str, days: int) -> Alarm:
    when = {0: "now", 1: "in 1 day"}.get(days, f"in {days} days")
    text = f"{subject} expires {when}"
    return Alarm(text, timedelta(days=-days), raw_lines.properties("VALARM"))


def shown(name: str) -> str:
    """A token's name as its event has to show it: a space for what is no visible text."""
    last_two = "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17))
    no_text = f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef{last_two}]"
    return re.sub(no_text, " ", name)


_CJK = "每晚两点运行。失败时请联系发布团队，并在门户中更新此令牌。" * 8
_ARABIC = "ينتهي هذا الرمز قريبًا؛ جدِّده في البوابة، من فضلك. " * 5
_EMOJI = "👩‍💻🚀🏳️‍🌈 déploiement — " * 12
_UNBROKEN = "0123456789" * 30

_INJECTION = "BEGIN:VEVENT\nSUMMARY:injected\nEND:VEVENT\n\n END:VCALENDAR"
_PUNCTUATION = 'a,b;c:d\\e "f" \\n \\, \\; \\\\ =2C ^n &amp; %0D%0A\tend'

SAMPLES = {
    "empty": Sample("CI Mytokens", ()),
    "one_token": Sample(
        "CI Mytokens", (subscription(1, "nightly build", "used by the nightly build, every night"),)
    ),
    "many_languages": Sample(
        "期限切れ · انتهاء · Abläufe 📅",
        (
            subscription(1, "夜间构建", _CJK, days=365),
            subscription(2, "نسخة احتياطية", _ARABIC, days=366),
            subscription(3, "👩‍💻🚀", _EMOJI, days=367),
            subscription(4, "x" * 100, _UNBROKEN, days=368),
        ),
    ),
    "hostile_text": Sample(
        'a, b; c: "d" & <e> END:VCALENDAR',
        (
            subscription(1, "x\r\nATTENDEE:mailto:eve@example.com", _INJECTION),
            subscription(2, "a,b;c:d\\e\\n'f'", _PUNCTUATION, days=41),
            subscription(3, "\x00\x07\x1b\x7f\x85\u2028\u2029\ufffe", "\n\n", days=42),
        ),
    ),
    "young_token": Sample("CI Mytokens", (subscription(1, "demo", days=7),)),
    "no_name": Sample(
        "CI Mytokens", (subscription(1, None, "a comment, changed twice", changes=2),)
    ),
}

if __name__ == "__main__":
    for file_name, sample in SAMPLES.items():
        (GOLDEN / f"{file_name}.ics").write_bytes(sample.text.encode())
