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
    revoked = {row["sk"]: row["tree"] for row in rows if row["sk"] != items.HEAD}
    return Revocations(frozenset(revoked), frozenset(m for m, tree in revoked.items() if tree))


def recorded(
    table: Table, owner: Owner, mom_id: str, *, tree: bool, change: Change
) -> tuple[Write, ...]:
    """The writes by which all feeds of the owner learn of a revocation, however many there are."""
    return (
        table.update(
            items.revocation(owner, mom_id),
            "SET #tree = :tree" if tree else "SET #tree = if_not_exists(#tree, :tree)",
            tree=tree,
        ),
        table.update(
            items.revocations_head(owner),
            "SET #version = :version, #changed = :changed",
            version=change.id,
            changed=change.at,
        ),
    )
