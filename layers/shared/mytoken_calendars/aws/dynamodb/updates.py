"""The writes by which a calendar changes, each on condition of what it was read to be."""

from collections.abc import Iterable
from typing import Any

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, items, keys, tags
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Addition, Address, Calendar, Contents
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import OwnerFull
from mytoken_calendars.identifiers import Owner

_IS_ITS = "#calendar = :calendar"


def with_addition(
    table: Table, calendar: Calendar, found: Contents, addition: Addition, change: Change
) -> Write:
    """The write of a calendar with what adding a token changes.

    The commit raises Outdated unless the entries that it changes are as they were found.
    """
    over = {f"over{number}": one.short_id for number, one in enumerate(addition.leaving)}
    names = {"token": addition.token.short_id, **over}
    replaced = [*over, "token"] if addition.known else [*over]
    as_found = [f"#tokens.#{name} = :found_{name}" for name in replaced]
    if not addition.known:
        as_found.append("attribute_not_exists(#tokens.#token)")
    removed = ", ".join(f"#tokens.#{name}" for name in over)
    room, values = _room(limits.CALENDAR_WEIGHT, addition.more)
    values |= {f"found_{name}": found.stored[names[name]] for name in replaced}
    return table.update(
        keys.calendar(calendar.id),
        "SET #tokens.#token = :token, #version = :version ADD #weight :more"
        + (f" REMOVE {removed}" if over else ""),
        " AND ".join([*as_found, "#feeds = :feeds", *([room] if room else [])]),
        names=names,
        token=entries.packed(addition.token),
        version=change.id,
        more=addition.more,
        feeds=list(found.feeds),
        **values,
    )


def without_token(
    table: Table, calendar: Calendar, found: Contents, gone: Subscription, change: Change
) -> Write:
    """The write of a calendar without a token; the commit raises Outdated if it has changed."""
    return table.update(
        keys.calendar(calendar.id),
        "SET #version = :version ADD #weight :less REMOVE #tokens.#token",
        "#tokens.#token = :found AND #feeds = :feeds",
        names={"token": gone.short_id},
        version=change.id,
        less=-gone.weight,
        found=found.stored[gone.short_id],
        feeds=list(found.feeds),
    )


def announced(table: Table, calendar_id: str, feeds: Iterable[str], **told: Any) -> list[Write]:
    """The writes that tell a calendar's feeds, by their hashes, its version, or its name, too."""
    sets = ", ".join(f"#{field} = :{field}" for field in told)
    return [
        table.update(keys.feed_by_hash(feed), f"SET {sets}", _IS_ITS, calendar=calendar_id, **told)
        for feed in feeds
    ]


def described(table: Table, found: Contents, new: Calendar, change: Change) -> list[Write]:
    """The writes that give a calendar another name, description or tags.

    The name in its addresses is decoration, so all of them stay. The commit raises CalendarExists
    and OwnerFull; Outdated unless all of these and the feeds are as they were found.
    Tags that were not found leave it, if they are none for sure: of a transaction that gives it a
    new one, the calendar may be seen before the tags.
    """
    more = new.own_weight - found.own_weight
    room, values = _room(limits.CALENDAR_WEIGHT, more)
    as_found = (
        "#name = :old AND #unnamed = :was_unnamed AND #description = :found AND "
        "#tags = :found_tags AND #feeds = :feeds"
    )
    heads = announced(table, new.id, found.feeds, version=change.id, name=new.name)
    has_lost_some = len(found.tags) < len(found.tag_ids)
    return [
        table.update(
            keys.calendar(new.id),
            "SET #name = :name, #unnamed = :unnamed, #description = :description, #tags = :tags, "
            "#own_weight = :own, #version = :version ADD #weight :more",
            f"{as_found} AND {room}" if room else as_found,
            old=found.name,
            was_unnamed=found.is_unnamed,
            found=found.description,
            found_tags=list(found.tag_ids),
            feeds=list(found.feeds),
            name=new.name,
            unnamed=new.is_unnamed,
            description=new.description,
            tags=[tag.id for tag in new.tags],
            own=new.own_weight,
            version=change.id,
            more=more,
            **values,
        ),
        *heads,
        *(_renamed(table, found.name, new) if new.name != found.name else ()),
        *([tags.unchanged(table, new.owner, found.tags_version)] if has_lost_some else []),
        heavier(table, new.owner, more, f" {weight.MAKES_ROOM}"),
    ]


def moved(
    table: Table, calendar: Calendar, addresses: Iterable[Address], change: Change
) -> list[Write]:
    """The writes that give a calendar other addresses, and tell those that stay of the change.

    The commit raises Outdated unless the name and the addresses are as they were read. The feeds
    that stay learn a version, though their text stays: a feed that is made beside an add would
    else have the version before it, and answer 304 for ever.
    """
    new, old = [*addresses], items.hashes(calendar.addresses)
    hashes = items.hashes(new)
    return [
        table.update(
            keys.calendar(calendar.id),
            "SET #feeds = :feeds, #version = :version",
            "#feeds = :found AND #name = :name",
            feeds=hashes,
            version=change.id,
            found=old,
            name=calendar.name,
        ),
        table.update(
            items.name_key(calendar),
            "SET #addresses = :addresses",
            "#id = :id",
            addresses=[list(address) for address in new],
            id=calendar.id,
        ),
        *announced(table, calendar.id, [feed for feed in hashes if feed in old], version=change.id),
    ]


def _renamed(table: Table, old: str, new: Calendar) -> list[Write]:
    """The writes of the rows by name and by id."""
    row, is_its = keys.calendar_name(new.owner, folded(old)), "#id = :id"
    row_by_id, set_name = keys.calendar_id(new.owner, new.id), "SET #name = :name"
    by_id = table.update(row_by_id, set_name, "#name = :old", name=new.name, old=old)
    if folded(new.name) == folded(old):
        return [table.update(row, set_name, is_its, name=new.name, id=new.id), by_id]
    return [items.row_by_name(table, new), table.delete(row, is_its, id=new.id), by_id]


def heavier(table: Table, owner: Owner, more: int, way_out: str = "") -> Write:
    """The write by which the owner's calendars weigh `more`.

    The commit raises OwnerFull, whose text ends with the `way_out`.
    """
    room, values = _room(limits.OWNER_WEIGHT, more)
    return table.update(
        keys.owner_head(owner),
        "ADD #weight :more",
        room,
        OwnerFull(
            f"All calendars of a user weigh at most {limits.OWNER_WEIGHT:,}: this would add "
            f"{more:,}.{way_out}"
        ),
        more=more,
        **values,
    )


def _room(most: int, more: int) -> tuple[str, dict[str, Any]]:
    """The condition, and its values, that a weight may grow; a smaller one is always right."""
    return ("#weight <= :room", {"room": most - more}) if more > 0 else ("", {})
