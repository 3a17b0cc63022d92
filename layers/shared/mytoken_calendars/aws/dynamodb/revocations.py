"""The revoked tokens of one owner, which lists and feeds leave out.

Each is a mark in one item. A head beside it has the version of the marks, for polls: these read it
and not the marks. What shows tokens reads the marks first and the calendars after them: so no token
shows that was revoked before its calendar was read.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.calendars.subscriptions import Mark, Subscription
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import MarksFull
from mytoken_calendars.identifiers import Owner, short_mom_id

_MARK = "mark_"  # before a short mom_id: the attribute that is its mark


class Marks(NamedTuple):
    """The marks as they were read; `version` is "" before the first.

    `tokens` are of short mom_ids: when each was revoked (in seconds since 1970), and whether with
    its descendants.
    """

    version: str
    tokens: Mapping[str, Mark]

    def alive(self, subscriptions: Mapping[str, Subscription]) -> dict[str, Subscription]:
        """Those of the subscriptions, by short mom_id, whose token is not revoked."""
        revoked = self.tokens.keys()
        recursive = frozenset(short_id for short_id, mark in self.tokens.items() if mark[1])
        return {
            short_id: one
            for short_id, one in subscriptions.items()
            if short_id not in revoked and recursive.isdisjoint(one.ancestors)
        }


def attribute(short_id: str) -> str:
    """The name of the attribute that marks this token."""
    return _MARK + short_id


def is_mark(attribute: str) -> bool:
    return attribute.startswith(_MARK)


def read(table: Table, owner: Owner) -> Marks:
    item = table.get(keys.revocations(owner)) or {}
    marks = {n.removeprefix(_MARK): tuple(mark) for n, mark in item.items() if is_mark(n)}
    return Marks(item.get("version", ""), marks)


def mark_writes(
    table: Table, owner: Owner, mom_id: str, *, recursive: bool, change: Change, most: int
) -> tuple[Write, ...]:
    """The writes that revoke a token in its owner's lists and feeds; a mark only ever grows.

    The commit raises MarksFull if the owner would have more than `most`.
    """
    mark = "#mark = :mark" if recursive else "#mark = if_not_exists(#mark, :mark)"
    return (
        table.update(
            keys.revocations(owner),
            f"SET {mark}, #version = :version",
            names={"mark": attribute(short_mom_id(mom_id))},
            mark=[change.at, recursive],
            version=change.id,
        ),
        _announced(table, owner, change, 1, most),
    )


def listing_writes(
    table: Table, owner: Owner, gone: Iterable[str], back: Mapping[str, Mark], change: Change
) -> tuple[Write, ...]:
    """The writes that record what a listing showed.

    `gone` are short mom_ids that the issuer no longer lists; `back` are marks, as they were read
    before the listing, of tokens that it lists. If one of either has a mark since, or another one,
    the commit raises Outdated. It raises MarksFull if there would be too many.
    """
    new = {f"new{number}": attribute(short_id) for number, short_id in enumerate(gone)}
    old = {f"old{number}": attribute(short_id) for number, short_id in enumerate(back)}
    sets = ["#version = :version", *(f"#{n} = :mark" for n in new)]
    unmarked = [f"attribute_not_exists(#{n})" for n in new]
    expression = f"SET {', '.join(sets)}"
    if old:
        expression += f" REMOVE {', '.join(f'#{n}' for n in old)}"
    values: dict[str, Any] = {
        name: list(mark) for name, mark in zip(old, back.values(), strict=True)
    }
    if new:
        values["mark"] = [change.at, False]
    return (
        table.update(
            keys.revocations(owner),
            expression,
            " AND ".join([*unmarked, *(f"#{n} = :{n}" for n in old)]),
            names={**new, **old},
            version=change.id,
            **values,
        ),
        _announced(table, owner, change, len(new) - len(old), limits.MARKS),
    )


def tidied_writes(
    table: Table, owner: Owner, found: Marks, kept: Mapping[str, Mark], change: Change
) -> tuple[Write, ...]:
    """The writes that leave only these of the marks; the commit raises Outdated if others came."""
    marks = {attribute(short_id): list(mark) for short_id, mark in kept.items()}
    item = {"version": change.id, **marks}
    as_found = "#version = :found"
    return (
        table.put(keys.revocations(owner), item, as_found, found=found.version),
        table.update(
            keys.revocations_head(owner),
            "SET #version = :version, #marks = :marks",
            as_found,
            version=change.id,
            marks=len(kept),
            found=found.version,
        ),
    )


def _announced(table: Table, owner: Owner, change: Change, more: int, most: int) -> Write:
    """The write of the head. It counts marks that are set anew, too, and so never too few."""
    return table.update(
        keys.revocations_head(owner),
        "SET #version = :version ADD #marks :more",
        "attribute_not_exists(#marks) OR #marks <= :room",
        MarksFull(),
        version=change.id,
        more=more,
        room=most - max(more, 0),
    )
