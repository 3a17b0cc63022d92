"""Converts a mytoken server's rows to calendars of a stack, with their owners and tokens.

It reports each row that it cannot convert in one line, which holds no secret.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from mytoken_calendars import limits
from mytoken_calendars.calendars import names
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.errors import InvalidRequest
from mytoken_calendars.identifiers import Owner, owner_of, subject
from mytoken_calendars.tokens.token_record import TokenRecord
from tools.operate import exported_comments, exported_rows
from tools.operate.exported_rows import Export

_NAMELESS = "Calendar"

ByCalendar = Mapping[str, Mapping[str, str]]  # mom_ids, and where they stand, by calendar id


@dataclass(frozen=True)
class ConvertedCalendar:
    """A calendar as it will be here. Servers since 0.11 have no names; `hint` describes it."""

    where: str
    owner: Owner
    secret: str
    name: str | None
    hint: str
    tokens: tuple[Subscription, ...]

    def allowed_name(self) -> str:
        """Its name. Raises ValueError with the reason if it has none that is allowed here."""
        if not self.name:
            raise ValueError("it has no name")
        try:
            return names.calendar_name(self.name)
        except ValueError as rule:
            raise ValueError(f"{self.name!r}: {rule}") from None

    def mended_name(self) -> str:
        """An allowed name that is close to the calendar's name, or else to its hint."""
        text = (self.name or self.hint)[: limits.NAME_TO_NORMALISE]
        text = unicodedata.normalize("NFC", text)
        kept = "".join(character if _is_allowed(f"a{character}a") else " " for character in text)
        name = " ".join(kept.split())[: limits.NAME].rstrip()
        return name if _is_allowed(name) else _NAMELESS


@dataclass
class Conversion:
    """The calendars to import; and one line for each thing that is not imported."""

    calendars: list[ConvertedCalendar] = field(default_factory=list)
    no_calendars: list[str] = field(default_factory=list)
    no_tokens: list[str] = field(default_factory=list)
    no_comments: list[str] = field(default_factory=list)


def convert(export: Export, issuer: str, now: int) -> Conversion:
    """The conversion for a stack that serves the mytokens of `issuer`, the exported server."""
    made = Conversion()
    users = {user.id: user for user in export.users}
    tokens = {token.id: token for token in export.tokens}
    added, hints = _added(export, made), _hints(export)
    for calendar in export.calendars:
        user = users.get(calendar.uid)
        if user is None:
            made.no_calendars.append(f"{calendar.where}: its user is not in Users")
            continue
        subscribed = added.get(calendar.id, {})
        converted = ConvertedCalendar(
            calendar.where,
            owner_of(issuer, subject(user.sub, user.iss)),
            calendar.id,
            calendar.name,
            hints.get(calendar.id) or calendar.description or "",
            tuple(_taken_over(calendar, subscribed, tokens, made, now)),
        )
        made.calendars.append(converted)
    return made


def _added(export: Export, made: Conversion) -> ByCalendar:
    """The tokens of each calendar: those added to it, and those that share a tag with it."""
    added: dict[str, dict[str, str]] = defaultdict(dict)
    calendars = {calendar.id for calendar in export.calendars}
    for row in export.subscriptions:
        if row.calendar_id in calendars:
            added[row.calendar_id].setdefault(row.MT_id, row.where)
        else:
            made.no_tokens.append(f"{row.where}: its calendar is not in Calendars")
    tagged = defaultdict(list)
    for tag in export.token_tags:
        tagged[tag.tag_id].append(tag)
    for of_calendar in export.calendar_tags:
        for of_token in tagged[of_calendar.tag_id]:
            added[of_calendar.calendar_id].setdefault(of_token.MT_id, of_token.where)
    return added


def _hints(export: Export) -> Mapping[str, str]:
    """The tags of each calendar: since 0.11, a server stores its former name as a tag."""
    tags = {tag.id: tag.tag for tag in export.tags}
    hints: dict[str, list[str]] = defaultdict(list)
    for row in export.calendar_tags:
        hints[row.calendar_id] += [tags[row.tag_id]] if row.tag_id in tags else []
    return {calendar: ", ".join(sorted(found)) for calendar, found in hints.items()}


def _taken_over(
    calendar: exported_rows.Calendar,
    subscribed: Mapping[str, str],
    tokens: Mapping[str, exported_rows.Token],
    made: Conversion,
    now: int,
) -> Iterator[Subscription]:
    comments = exported_comments.comments(calendar.ics or "")
    for mom_id, where in subscribed.items():
        row = tokens.get(mom_id)
        if row is None:
            made.no_tokens.append(
                f"{where}: its token is not in MTokens: it was revoked, or its row left out"
            )
        elif row.user_id != calendar.uid:
            made.no_tokens.append(f"{where}: its token is not of the calendar's user")
        else:
            lineage = tuple(islice(_ancestors(row, tokens), limits.LISTED_ANCESTORS + 1))
            if len(lineage) > limits.LISTED_ANCESTORS:
                most = f"its token has more than {limits.LISTED_ANCESTORS} ancestors"
                made.no_tokens.append(f"{where}: {most}")
                continue
            token = TokenRecord(mom_id, row.label, row.created, row.expires_at, lineage)
            try:
                Subscription.of(token, "", added=now * 1000)
            except InvalidRequest as refusal:
                made.no_tokens.append(f"{where}: {refusal}")
                continue
            comment = _comment(comments.get(mom_id, ""), where, made)
            yield Subscription.of(token, comment, added=now * 1000)


def _comment(text: str, where: str, made: Conversion) -> str:
    try:
        return names.comment(text)
    except ValueError as rule:
        made.no_comments.append(f"{where}: without its comment: {rule}")
        return ""


def _ancestors(
    token: exported_rows.Token, tokens: Mapping[str, exported_rows.Token]
) -> Iterable[str]:
    """The parent first, as far as they are known."""
    seen = {token.id}
    while (parent := tokens.get(token.parent_id or "")) and parent.id not in seen:
        yield parent.id
        seen.add(parent.id)
        token = parent


def _is_allowed(name: str) -> bool:
    try:
        return bool(names.calendar_name(name))
    except ValueError:
        return False
