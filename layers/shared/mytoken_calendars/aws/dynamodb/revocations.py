"""The revoked tokens of one owner, which the feeds of the owner leave out."""

from collections.abc import Iterable
from dataclasses import dataclass

from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.identifiers import Owner


@dataclass(frozen=True)
class Revocations:
    """The revoked tokens of an owner, by mom_id.

    `recursive` are those of them that were revoked with their descendants. `written` counts the
    writes of all items that were read; `Feed.is_made_of` compares it with the head.
    """

    tokens: frozenset[str]
    recursive: frozenset[str]
    written: int

    def include(self, mom_id: str, ancestors: Iterable[str]) -> bool:
        return mom_id in self.tokens or not self.recursive.isdisjoint(ancestors)


NONE = Revocations(frozenset(), frozenset(), 0)


def read(table: Table, owner: Owner) -> Revocations:
    rows = table.query(keys.revocations_partition(owner))
    revoked = {row["sk"]: row["tree"] for row in rows if "tree" in row}
    recursive = frozenset(mom_id for mom_id, recursive in revoked.items() if recursive)
    written = sum(row.get("writes", 0) for row in rows if row["sk"] != keys.HEAD)
    return Revocations(frozenset(revoked), recursive, written)


def subscribed(table: Table, owner: Owner) -> set[str]:
    """The mom_ids of all tokens in the owner's calendars, revoked ones included."""
    found = table.query(keys.owner_partition(owner), sk_prefix=keys.SUBSCRIPTION)
    return {item["sk"].rpartition("#")[2] for item in found}


def mark_writes(
    table: Table, owner: Owner, mom_id: str, *, recursive: bool, change: Change
) -> tuple[Write, ...]:
    """The writes that record a revocation for all feeds of the owner: one item, and the head."""
    return _marked(table, owner, mom_id, recursive=recursive), _learnt(table, owner, 1, change)


def listing_writes(
    table: Table, owner: Owner, gone: Iterable[str], back: Iterable[str], change: Change
) -> tuple[Write, ...]:
    """The writes that record what a listing showed.

    `gone` are mom_ids that the issuer no longer lists; `back` are mom_ids that were recorded as
    revoked, but are listed.
    """
    marks = [
        *(_marked(table, owner, mom_id, recursive=False) for mom_id in gone),
        *(_unmarked(table, owner, mom_id) for mom_id in back),
    ]
    return *marks, _learnt(table, owner, len(marks), change)


def _marked(table: Table, owner: Owner, mom_id: str, *, recursive: bool) -> Write:
    mark = "SET #tree = :tree" if recursive else "SET #tree = if_not_exists(#tree, :tree)"
    key = keys.revocation(owner, mom_id)
    return table.update(key, f"{mark} ADD #writes :one", tree=recursive, one=1)


def _unmarked(table: Table, owner: Owner, mom_id: str) -> Write:
    return table.update(keys.revocation(owner, mom_id), "REMOVE #tree ADD #writes :one", one=1)


def _learnt(table: Table, owner: Owner, marks: int, change: Change) -> Write:
    return table.update(
        keys.revocations_head(owner),
        "SET #version = :version, #changed = :changed ADD #writes :marks",
        version=change.id,
        changed=change.at,
        marks=marks,
    )
