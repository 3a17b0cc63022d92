"""Feeds of fixed subscriptions: what golden/ holds, and what every reader has to find in a feed.

After a change of the text that is meant, raise the writer's number, write the files anew and read
the difference:

    PYTHONPATH=layers/shared:. .venv/bin/python -m tests.harness.feeds.fixed_feeds
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import product
from uuid import UUID, uuid5

from mytoken_calendars import limits
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds import reminders, writer
from mytoken_calendars.feeds.style import DEFAULT, Detail, Reminders, Style
from mytoken_calendars.feeds.writer import Writer
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.harness.feeds import raw_lines
from tests.harness.feeds.readers import Alarm, Calendar, Event
from tests.harness.stacks import ROOT

GOLDEN = ROOT / "tests" / "contract" / "golden" / f"writer_{writer.NUMBER}"
CALENDAR_ID = "2b1f8d0e-5c0f-4c3e-9a57-3f0d8f7a6c11"
CREATED = datetime(2026, 11, 22, 12, tzinfo=UTC)  # the tokens; the calendar is a day older
RENEWAL_PAGE = "https://mytoken.example/home#mt"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Told:
    """What an event says, besides what all events say."""

    uid: str
    summary: str
    description: str
    url: str
    start: datetime
    created: datetime
    changed: datetime
    sequence: int
    alarms: tuple[tuple[str, timedelta], ...]

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=15)

    def event(self) -> Event:
        """What a reader finds."""
        names = raw_lines.properties("VALARM")
        return Event(
            uid=self.uid,
            summary=self.summary,
            description=self.description,
            start=self.start,
            end=self.end,
            alarms=tuple(Alarm(text, trigger, names) for text, trigger in self.alarms),
            properties=raw_lines.properties("VEVENT", *(["URL"] if self.url else [])),
        )


@dataclass(frozen=True)
class Sample:
    """A calendar, and the style of a feed; the text of that, and what it has to say."""

    name: str
    subscriptions: tuple[Subscription, ...]
    style: Style = DEFAULT
    renewal_page: str = ""
    description: str = ""

    @property
    def writer(self) -> Writer:
        created = int((CREATED - DAY).timestamp())
        return Writer(
            CALENDAR_ID, self.name, created, self.style, self.renewal_page, self.description
        )

    @property
    def title(self) -> str:
        return "Mytokens" if self.style.detail == "minimal" else self.name

    @property
    def about(self) -> str:
        """What describes the calendar."""
        told = self.description if self.style.detail == "full" else ""
        return told or "When your mytokens expire."

    @cached_property
    def text(self) -> str:
        return "".join(self.writer.text(self.subscriptions))

    @cached_property
    def told(self) -> tuple[Told, ...]:
        return tuple(told for one in self.subscriptions for told in self._told_of(one))

    @cached_property
    def calendar(self) -> Calendar:
        events = tuple(told.event() for told in self.told)
        return Calendar(self.title, events, raw_lines.properties("VCALENDAR"))

    def _told_of(self, one: Subscription) -> Iterator[Told]:
        style, expires = self.style, datetime.fromtimestamp(one.expires, UTC)
        ahead = [
            timedelta(seconds=before)
            for before in reminders.before_expiry(
                style.days, created=one.created, added=one.added_at, expires=one.expires
            )
        ]
        title = title_of(one, style.detail)
        told = Told(
            uid=str(uuid5(UUID(CALENDAR_ID), one.mom_id)),
            summary=title,
            description=self._description(one),
            url=self.renewal_page,
            start=expires,
            created=datetime.fromtimestamp(one.added_at, UTC),
            changed=self._changed(one),
            sequence=24 * 60 * 60 + self._changes(one),
            alarms=(),
        )
        if style.reminders in ("events", "both"):
            for before in ahead:
                if before:
                    seconds = int(before.total_seconds())
                    yield Told(
                        **{
                            **vars(told),
                            "uid": str(uuid5(UUID(CALENDAR_ID), f"{one.mom_id}/{seconds}")),
                            "summary": f"{title} {when(before)}",
                            "start": expires - before,
                        }
                    )
        if style.reminders in ("alarms", "both"):
            alarms = tuple((f"{title} {when(before)}", -before) for before in ahead)
            told = Told(**{**vars(told), "alarms": alarms})
        if one.comment and style.detail == "full":
            told = Told(**{**vars(told), "description": f"{one.comment}\n\n{told.description}"})
        yield told

    def _description(self, one: Subscription) -> str:
        lines = ["What uses this mytoken stops working when it expires."]
        if self.style.detail != "minimal":
            day = datetime.fromtimestamp(one.created, UTC).date()
            lines.append(f"Its mom_id begins with {one.mom_id[:8]}. It was created on {day}.")
        if self.renewal_page:
            lines.append(f"Renew it at {self.renewal_page}")
        return "\n".join(lines)

    def _changes(self, one: Subscription) -> int:
        return one.changes + self.style.changes + writer.NUMBER

    def _changed(self, one: Subscription) -> datetime:
        latest = max(one.changed, self.style.changed, writer.SINCE)
        return datetime.fromtimestamp(latest + self._changes(one), UTC)


def subscription(
    number: int,
    name: str | None,
    comment: str = "",
    *,
    life: timedelta = 40 * DAY,
    changes: int = 0,
) -> Subscription:
    """Of the token with this number, which was added as soon as it was made.

    It has been changed `changes` times, once in each hour.
    """
    created = int(CREATED.timestamp())
    expires = created + int(life.total_seconds())
    token = TokenRecord(mom_id_of(UUID(int=number)), name, created, expires)
    known = Subscription.of(token, comment, added=created * 1000 + 250)
    return known._replace(changed=created + changes * 60 * 60, changes=changes)


def title_of(one: Subscription, detail: str = Detail.FULL) -> str:
    if detail == "minimal":
        return "A mytoken expires"
    day = datetime.fromtimestamp(one.created, UTC).date()
    return f"{shown(one.name) or f'{one.mom_id[:8]} ({day})'}: mytoken expires"


def when(before: timedelta) -> str:
    """`now`, `in 1 day`, `in 3 hours`."""
    if not before:
        return "now"
    for unit, word in (
        (DAY, "day"),
        (timedelta(hours=1), "hour"),
        (timedelta(minutes=1), "minute"),
    ):
        if before % unit == timedelta():
            return f"in {before // unit} {word}" + ("s" if before > unit else "")
    raise ValueError(before)


def shown(name: str) -> str:
    """A token's name as its event has to show it: a space for what is no visible text."""
    last_two = "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17))
    no_text = f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef{last_two}]"
    return re.sub(no_text, " ", name).strip()


_CJK = "每晚两点运行。失败时请联系发布团队，并在门户中更新此令牌。" * 8
_ARABIC = "ينتهي هذا الرمز قريبًا؛ جدِّده في البوابة، من فضلك. " * 5
_EMOJI = "👩‍💻🚀🏳️‍🌈 déploiement — " * 12
_UNBROKEN = "0123456789" * 30

_INJECTION = "BEGIN:VEVENT\nSUMMARY:injected\nEND:VEVENT\n\n END:VCALENDAR"
_PUNCTUATION = 'a,b;c:d\\e "f" \\n \\, \\; \\\\ =2C ^n &amp; %0D%0A\tend'

_TWO_TOKENS = (
    subscription(1, "nightly build", "used by the nightly build, every night", life=365 * DAY),
    subscription(2, "backup", "of the archive", life=10 * DAY, changes=1),
)
_CHANGED = {"changes": 2, "changed": int((CREATED + 30 * DAY).timestamp())}

SAMPLES = {
    "empty": Sample("CI Mytokens", ()),
    "one_token": Sample("CI Mytokens", _TWO_TOKENS[:1]),
    "many_languages": Sample(
        "期限切れ · انتهاء · Abläufe 📅",
        (
            subscription(1, "夜间构建", _CJK, life=365 * DAY),
            subscription(2, "نسخة احتياطية", _ARABIC, life=366 * DAY),
            subscription(3, "👩‍💻🚀", _EMOJI, life=367 * DAY),
            subscription(4, "x" * 100, _UNBROKEN, life=368 * DAY),
        ),
    ),
    "hostile_text": Sample(
        'a, b; c: "d" & <e> END:VCALENDAR',
        (
            subscription(1, "x\r\nATTENDEE:mailto:eve@example.com", _INJECTION),
            subscription(2, "a,b;c:d\\e\\n'f'", _PUNCTUATION, life=41 * DAY),
            subscription(3, "\x00\x07\x1b\x7f\x85\u2028\u2029\ufffe", "\n\n", life=42 * DAY),
        ),
    ),
    "short_lives": Sample(
        "CI Mytokens",
        (
            subscription(1, "a week", life=7 * DAY),
            subscription(2, "25 hours", life=timedelta(hours=25)),
            subscription(3, "an hour", life=timedelta(hours=1)),
            subscription(4, "a minute", life=timedelta(minutes=1)),
        ),
    ),
    "no_name": Sample(
        "CI Mytokens", (subscription(1, None, "a comment, changed twice", changes=2),)
    ),
    "described": Sample(
        "CI Mytokens", _TWO_TOKENS[:1], description=f"For the release team:\n{_PUNCTUATION}"
    ),
    "renewal_page": Sample("CI Mytokens", _TWO_TOKENS, renewal_page=RENEWAL_PAGE),
    "reminders_are_events": Sample(
        "CI Mytokens", _TWO_TOKENS, Style(Reminders.EVENTS, **_CHANGED), RENEWAL_PAGE
    ),
    "alarms_and_events": Sample("CI Mytokens", _TWO_TOKENS, Style(Reminders.BOTH)),
    "no_reminders": Sample("CI Mytokens", _TWO_TOKENS, Style(Reminders.NONE)),
    "own_days": Sample("CI Mytokens", _TWO_TOKENS, Style(days=(200, 60, 2), **_CHANGED)),
    "names_alone": Sample("CI Mytokens", _TWO_TOKENS, Style(detail=Detail.NAME)),
    "minimal": Sample(
        "CI Mytokens",
        _TWO_TOKENS,
        Style(Reminders.BOTH, detail=Detail.MINIMAL),
        RENEWAL_PAGE,
        "For the release team",
    ),
}

# In every style: what people write, nothing, ordinary tokens, and as long words as there may be.
STYLES = [Style(reminders, detail=detail) for reminders, detail in product(Reminders, Detail)]


def _full(number: int) -> Subscription:
    name, comment = "ü" * limits.TOKEN_NAME, "語, \\;\n" * (limits.COMMENT // 6)
    return subscription(number, name, comment, life=365 * DAY)


TOKENS = {
    "hostile": SAMPLES["hostile_text"].subscriptions,
    "empty": (),
    "ordinary": (*SAMPLES["one_token"].subscriptions, *SAMPLES["short_lives"].subscriptions),
    "full": tuple(_full(number) for number in range(40)),
}


if __name__ == "__main__":
    for file_name, sample in SAMPLES.items():
        (GOLDEN / f"{file_name}.ics").write_bytes(sample.text.encode())
