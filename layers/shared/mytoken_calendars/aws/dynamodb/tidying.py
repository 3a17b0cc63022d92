"""Tidying: the dead leave an owner's calendars, and after them the marks that nothing needs.

A token in a calendar is dead if it is revoked, or if it expired a month ago. It is never shown
again: whoever shows tokens reads the marks before the calendars, and a mark goes only after its
tokens. They cannot come back in between, as adding holds a token to be alive. Another issuer is
asked a moment before that, so a mark stays for longer than a request runs.
"""

import time
from collections.abc import Iterable

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, keys, revocations, updates
from mytoken_calendars.aws.dynamodb.revocations import Marks
from mytoken_calendars.aws.dynamodb.table import Item, Table
from mytoken_calendars.backoff import attempts
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import Outdated, TemporarilyUnavailable
from mytoken_calendars.identifiers import Owner


def tidy(table: Table, marks: Marks, calendars: Iterable[Item], owner: Owner, now: int) -> bool:
    """Takes the dead out of all calendars of the owner, whose marks were read before them.

    Whether it came through until `limits.TIDYING` seconds after the beginning of the request at
    `now`, and no other change came in between. What it has done stays.
    """
    end = now + limits.TIDYING
    left = [one for one in calendars if not _is_tidied(table, one, marks, now, end)]
    still_there = [one for item in left for one in entries.unpacked(item["tokens"]).values()]
    needed = {short_id for one in still_there for short_id in (one.short_id, *one.ancestors)}
    _unmark(table, owner, marks, needed, now)
    return not left


def take_out_dead(table: Table, calendar: Item, marks: Marks, now: int) -> None:
    """Takes the dead out of a calendar. Raises Outdated if it has changed since it was read."""
    found = entries.unpacked(calendar["tokens"])
    alive = {s: one for s, one in marks.alive(found).items() if not one.is_long_over(now)}
    if len(alive) == len(found):
        return
    calendar_id = calendar["pk"].removeprefix(keys.CALENDAR)
    less = sum(one.weight for short_id, one in found.items() if short_id not in alive)
    change = Change.new(now)
    table.commit(
        change,
        table.update(
            keys.calendar(calendar_id),
            "SET #tokens = :tokens, #version = :version ADD #weight :less",
            "#version = :found",
            tokens={short_id: calendar["tokens"][short_id] for short_id in alive},
            version=change.id,
            less=-less,
            found=calendar["version"],
        ),
        *updates.announced(table, calendar_id, calendar["feeds"], version=change.id),
        updates.heavier(table, calendar["owner"], -less),
    )


def _is_tidied(table: Table, calendar: Item, marks: Marks, now: int, end: float) -> bool:
    if time.time() >= end:
        return False
    try:
        take_out_dead(table, calendar, marks, now)
    except TemporarilyUnavailable:
        return False
    return True


def _unmark(table: Table, owner: Owner, marks: Marks, needed: set[str], now: int) -> None:
    """Takes the marks away that no token needs, unless they have changed since they were read.

    If others come first each time, it leaves them to the next tidying.
    """
    leaving = {
        short_id: mark
        for short_id, mark in marks.tokens.items()
        if short_id not in needed and mark[0] < now - limits.MARK_KEPT
    }
    for attempt in attempts() if leaving else ():
        found = marks if attempt == 1 else revocations.read(table, owner)
        kept = {s: mark for s, mark in found.tokens.items() if leaving.get(s) != mark}
        change = Change.new(now)
        try:
            table.commit(change, *revocations.tidied_writes(table, owner, found, kept, change))
        except Outdated:
            continue
        return
