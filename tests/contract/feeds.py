"""Feeds of fixed subscriptions: what golden/ holds, and what every reader has to find in it.

After a change of the format that is meant, write the files anew and read the difference:

    PYTHONPATH=layers/shared:. .venv/bin/python -m tests.contract.feeds
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from mytoken_calendars import feed, ics
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.mytoken import RegisteredToken
from mytoken_calendars.subscriptions import Subscription

GOLDEN = Path(__file__).with_name("golden")
CALENDAR_ID = "2b1f8d0e-5c0f-4c3e-9a57-3f0d8f7a6c11"
CREATED = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """What a reader finds: an event, and how many days before it its alarms ring."""

    summary: str
    start: datetime
    description: str
    triggers: tuple[timedelta, ...]


@dataclass(frozen=True)
class Sample:
    """A calendar: its name, its subscriptions, and the events that its feed has to show."""

    name: str
    subscriptions: tuple[Subscription, ...]
    events: tuple[Event, ...]

    @property
    def text(self) -> bytes:
        events = (ics.event(subscription) for subscription in self.subscriptions)
        return "".join((ics.opening(self.name), *events, feed.CLOSING)).encode()


def subscription(
    number: int, name: str | None, comment: str = "", *, days: int = 40, changes: int = 0
) -> Subscription:
    """Of the token with this number, which lives for `days` and was added as soon as it was made.

    It has been changed `changes` times, once in each hour.
    """
    created = int(CREATED.timestamp())
    expires = created + days * 24 * 60 * 60
    token = RegisteredToken(mom_id_of(UUID(int=number)), name, created, expires)
    changed = created + changes * 60 * 60
    return Subscription(CALENDAR_ID, token, expires, comment, created, changed, changes)


def event(summary: str, start: str, description: str, *days_before: int) -> Event:
    return Event(
        summary,
        datetime.fromisoformat(start),
        description,
        tuple(timedelta(days=-days) for days in days_before),
    )


_CJK = "每晚两点运行。失败时请联系发布团队，并在门户中更新此令牌。" * 8
_ARABIC = "ينتهي هذا الرمز قريبًا؛ جدِّده في البوابة، من فضلك. " * 5
_EMOJI = "👩‍💻🚀🏳️‍🌈 déploiement — " * 12
_UNBROKEN = "0123456789" * 30

_INJECTION = "BEGIN:VEVENT\nSUMMARY:injected\nEND:VEVENT\n\n END:VCALENDAR"
_PUNCTUATION = 'a,b;c:d\\e "f" \\n \\, \\; \\\\ =2C ^n &amp; %0D%0A\tend'

SAMPLES = {
    "empty": Sample("CI Mytokens", (), ()),
    "one_token": Sample(
        "CI Mytokens",
        (subscription(1, "nightly build", "used by the nightly build, every night"),),
        (
            event(
                "Mytoken 'nightly build' expires",
                "2027-01-01T12:00:00Z",
                "used by the nightly build, every night\n\n"
                "Mytoken 'nightly build' expires on 2027-01-01 at 12:00 UTC."
                " Whatever uses it stops then.",
                *(14, 7, 3, 1, 0),
            ),
        ),
    ),
    "many_languages": Sample(
        "期限切れ · انتهاء · Abläufe 📅",
        (
            subscription(1, "夜间构建", _CJK, days=365),
            subscription(2, "نسخة احتياطية", _ARABIC, days=366),
            subscription(3, "👩‍💻🚀", _EMOJI, days=367),
            subscription(4, "x" * 100, _UNBROKEN, days=368),
        ),
        (
            event(
                "Mytoken '夜间构建' expires",
                "2027-11-22T12:00:00Z",
                f"{_CJK}\n\nMytoken '夜间构建' expires on 2027-11-22 at 12:00 UTC."
                " Whatever uses it stops then.",
                *(30, 14, 7, 3, 1, 0),
            ),
            event(
                "Mytoken 'نسخة احتياطية' expires",
                "2027-11-23T12:00:00Z",
                f"{_ARABIC}\n\nMytoken 'نسخة احتياطية' expires on 2027-11-23 at 12:00 UTC."
                " Whatever uses it stops then.",
                *(30, 14, 7, 3, 1, 0),
            ),
            event(
                "Mytoken '👩‍💻🚀' expires",
                "2027-11-24T12:00:00Z",
                f"{_EMOJI}\n\nMytoken '👩‍💻🚀' expires on 2027-11-24 at 12:00 UTC."
                " Whatever uses it stops then.",
                *(30, 14, 7, 3, 1, 0),
            ),
            event(
                f"Mytoken '{'x' * 100}' expires",
                "2027-11-25T12:00:00Z",
                f"{_UNBROKEN}\n\nMytoken '{'x' * 100}' expires on 2027-11-25 at 12:00 UTC."
                " Whatever uses it stops then.",
                *(30, 14, 7, 3, 1, 0),
            ),
        ),
    ),
    "hostile_text": Sample(
        'a, b; c: "d" & <e> END:VCALENDAR',
        (
            subscription(1, "x\r\nATTENDEE:mailto:eve@example.com", _INJECTION),
            subscription(2, "a,b;c:d\\e\\n'f'", _PUNCTUATION, days=41),
            subscription(3, "\x00\x07\x1b\x7f\x85\u2028\u2029\ufffe", "\n\n", days=42),
        ),
        (
            event(
                "Mytoken 'x  ATTENDEE:mailto:eve@example.com' expires",
                "2027-01-01T12:00:00Z",
                f"{_INJECTION}\n\n"
                "Mytoken 'x  ATTENDEE:mailto:eve@example.com' expires on 2027-01-01 at 12:00 UTC."
                " Whatever uses it stops then.",
                *(14, 7, 3, 1, 0),
            ),
            event(
                "Mytoken 'a,b;c:d\\e\\n'f'' expires",
                "2027-01-02T12:00:00Z",
                f"{_PUNCTUATION}\n\n"
                "Mytoken 'a,b;c:d\\e\\n'f'' expires on 2027-01-02 at 12:00 UTC."
                " Whatever uses it stops then.",
                *(14, 7, 3, 1, 0),
            ),
            event(
                "Mytoken '        ' expires",
                "2027-01-03T12:00:00Z",
                "\n\n\n\nMytoken '        ' expires on 2027-01-03 at 12:00 UTC."
                " Whatever uses it stops then.",
                *(14, 7, 3, 1, 0),
            ),
        ),
    ),
    "young_token": Sample(
        "CI Mytokens",
        (subscription(1, "demo", days=7),),
        (
            event(
                "Mytoken 'demo' expires",
                "2026-11-29T12:00:00Z",
                "Mytoken 'demo' expires on 2026-11-29 at 12:00 UTC. Whatever uses it stops then.",
                *(3, 1, 0),
            ),
        ),
    ),
    "no_name": Sample(
        "CI Mytokens",
        (subscription(1, None, "a comment, changed twice", changes=2),),
        (
            event(
                "Mytoken expires",
                "2027-01-01T12:00:00Z",
                "a comment, changed twice\n\n"
                "Mytoken expires on 2027-01-01 at 12:00 UTC. Whatever uses it stops then.",
                *(14, 7, 3, 1, 0),
            ),
        ),
    ),
}

if __name__ == "__main__":
    for file_name, sample in SAMPLES.items():
        (GOLDEN / f"{file_name}.ics").write_bytes(sample.text)
