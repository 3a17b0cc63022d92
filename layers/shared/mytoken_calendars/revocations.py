"""The revoked tokens of one owner, as the feeds of the owner's calendars must know them."""

from collections.abc import Iterable
from dataclasses import dataclass

from mytoken_calendars import items
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.table import Table


@dataclass(frozen=True)
class Revocations:
    """Tokens that were revoked, by mom_id: all of them, and those whose descendants were too."""

    tokens: frozenset[str]
    trees: frozenset[str]

    def include(self, mom_id: str, ancestors: Iterable[str]) -> bool:
        return mom_id in self.tokens or not self.trees.isdisjoint(ancestors)


def read(table: Table, owner: Owner) -> Revocations:
    rows = table.query(items.revocations_partition(owner))
    revoked = {row["sk"]: row["tree"] for row in rows if "tree" in row}
    return Revocations(frozenset(revoked), frozenset(m for m, tree in revoked.items() if tree))


def subscribed(table: Table, owner: Owner) -> set[str]:
    """The mom_ids of all tokens in the owner's calendars, whether they are revoked or not."""
    found = table.query(items.owner_partition(owner), sk_prefix=items.SUBSCRIPTION)
    return {item["sk"].rpartition("#")[2] for item in found}


def recorded(
    table: Table, owner: Owner, mom_id: str, *, tree: bool, change: Change
) -> tuple[Write, ...]:
    """The writes by which all feeds of the owner learn of a revocation, however many there are."""
    return _marked(table, owner, mom_id, tree=tree), _learnt(table, owner, change)


def seen(
    table: Table, owner: Owner, gone: Iterable[str], back: Iterable[str], change: Change
) -> tuple[Write, ...]:
    """The writes by which they learn which tokens are gone, and which are there after all."""
    return (
        *(_marked(table, owner, mom_id, tree=False) for mom_id in gone),
        *(table.update(items.revocation(owner, mom_id), "REMOVE #tree") for mom_id in back),
        _learnt(table, owner, change),
    )


def _marked(table: Table, owner: Owner, mom_id: str, *, tree: bool) -> Write:
    mark = "SET #tree = :tree" if tree else "SET #tree = if_not_exists(#tree, :tree)"
    return table.update(items.revocation(owner, mom_id), mark, tree=tree)


def _learnt(table: Table, owner: Owner, change: Change) -> Write:
    return table.update(
        items.revocations_head(owner),
        "SET #version = :version, #changed = :changed",
        version=change.id,
        changed=change.at,
    )
