"""The rows by which an owner's calendars are found: one by the name, one by the id."""

from contextlib import suppress
from itertools import islice

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import items, keys
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.backoff import attempts
from mytoken_calendars.calendars.calendar import Calendar
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.errors import CalendarNotFound, Outdated
from mytoken_calendars.identifiers import Owner


def find(table: Table, owner: Owner, name: str) -> Calendar:
    """The calendar of this name, without its tokens. Raises CalendarNotFound."""
    row = table.get(keys.calendar_name(owner, folded(name)))
    if row is None:
        raise CalendarNotFound
    return items.named(owner, row)


def find_by_id(table: Table, owner: Owner, calendar_id: str) -> Calendar:
    """As `find`, by the id. Raises Outdated if renames come between the two rows at each look.

    Under a name that stays at all looks there is no calendar: it was deleted, or a restore has left
    a row. A request whose time for attempts is over does not look often enough to be sure.
    """
    names = list[str]()
    for _ in islice(attempts(), limits.LOOKS):
        if (row := table.get(keys.calendar_id(owner, calendar_id))) is None:
            raise CalendarNotFound
        with suppress(CalendarNotFound):
            if (calendar := find(table, owner, row["name"])).id == calendar_id:
                return calendar
        names.append(row["name"])
    is_sure = len(names) == limits.LOOKS and len({*names}) == 1
    raise CalendarNotFound if is_sure else Outdated


def names(table: Table, owner: Owner) -> set[str]:
    """The folded names of all calendars of the owner."""
    sort_keys = (row["sk"] for row in table.query(keys.owner_partition(owner)))
    return {key.removeprefix(keys.NAME) for key in sort_keys if key.startswith(keys.NAME)}


def named(table: Table, owner: Owner) -> list[Calendar]:
    """All calendars of the owner, without their tokens, in no order. Raises Outdated.

    A query is not isolated from transactions, so it may miss a row by name that a rename moves.
    A row by id stays where it is: the calendars that only have this are looked for.
    """
    rows = table.query(keys.owner_partition(owner))
    by_name = (items.named(owner, row) for row in rows if row["sk"].startswith(keys.NAME))
    found = {calendar.id: calendar for calendar in by_name}
    for row in rows:
        calendar_id = row["sk"].removeprefix(keys.ID)
        if row["sk"].startswith(keys.ID) and calendar_id not in found:
            with suppress(CalendarNotFound):
                found[calendar_id] = find_by_id(table, owner, calendar_id)
    return list(found.values())
