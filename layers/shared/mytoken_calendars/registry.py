"""The door to DynamoDB for the tokens that this stack has issued; `items.py` shows the layout."""

import os
from dataclasses import dataclass, replace
from typing import Self

from mytoken_calendars import aws, items
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import InvalidGrant, InvalidToken, Refusal
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.mytoken import Mytoken, RegisteredToken
from mytoken_calendars.table import ABSENT, PRESENT, Table

_ALIVE = "attribute_exists(#pk) AND attribute_not_exists(#revoked)"
_CURRENT = f"{_ALIVE} AND #seq_no = :seq_no"
_TREE_ALIVE = "attribute_not_exists(#revoked_tree)"


@dataclass(frozen=True)
class Registry:
    """All issued tokens. Every method raises TemporarilyUnavailable if it cannot tell."""

    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table(aws.client("dynamodb"), os.environ["TOKENS_TABLE"]))

    def look_up(self, mytoken: Mytoken) -> RegisteredToken:
        """The presented token, if it is not revoked and none has succeeded it.

        Raises InvalidToken.
        """
        refusal = InvalidToken()
        token, seq_no = self._find(mytoken.owner, mytoken.mom_id, refusal)
        if seq_no != mytoken.seq_no:
            raise refusal
        key = items.token(mytoken.owner, mytoken.mom_id)
        current = self.table.check(key, _CURRENT, refusal, seq_no=seq_no)
        return replace(token, guards=(current, *token.guards))

    def find(self, owner: Owner, mom_id: str) -> RegisteredToken:
        """The owner's token with this mom_id, if it is not revoked. Raises InvalidGrant."""
        return self._find(owner, mom_id, InvalidGrant())[0]

    def owner_of(self, mom_id: str) -> Owner:
        """Whose token it is, for operators: nobody else may ask. Raises InvalidGrant."""
        item = self.table.get(items.token_owner(mom_id))
        if item is None:
            raise InvalidGrant
        return Owner(item["owner"])

    def added(self, owner: Owner, token: RegisteredToken, seq_no: int) -> tuple[Write, ...]:
        """The writes that register a new token."""
        item = {
            "name": token.name,
            "created": token.created,
            "expires": token.expires,
            "ancestors": list(token.ancestors),
            "seq_no": seq_no,
        }
        present = {name: value for name, value in item.items() if value not in (None, [])}
        known = InvalidGrant("A token with this mom_id is registered already.")
        return (
            self.table.put(items.token(owner, token.mom_id), present, ABSENT, known),
            self.table.put(items.token_owner(token.mom_id), {"owner": owner}, ABSENT, known),
        )

    def revoked(self, owner: Owner, mom_id: str, *, tree: bool, change: Change) -> Write:
        """The write that revokes a token, and with `tree` all its descendants."""
        marks = ["#revoked = if_not_exists(#revoked, :at)"]
        if tree:
            marks.append("#revoked_tree = if_not_exists(#revoked_tree, :at)")
        return self.table.update(
            items.token(owner, mom_id),
            f"SET {', '.join(marks)}",
            PRESENT,
            InvalidGrant(),
            at=change.at,
        )

    def _find(self, owner: Owner, mom_id: str, refusal: Refusal) -> tuple[RegisteredToken, int]:
        """The token, unless it is revoked, or an ancestor with its descendants; and its seq_no."""
        key = items.token(owner, mom_id)
        item = self.table.get(key)
        if item is None or "revoked" in item:
            raise refusal
        ancestors = tuple(item.get("ancestors", ()))
        ancestor_keys = [items.token(owner, ancestor) for ancestor in ancestors]
        if any("revoked_tree" in ancestor for ancestor in self.table.get_all(ancestor_keys)):
            raise refusal
        guards = (
            self.table.check(key, _ALIVE, refusal),
            *(self.table.check(ancestor, _TREE_ALIVE, refusal) for ancestor in ancestor_keys),
        )
        token = RegisteredToken(
            mom_id, item.get("name"), item["created"], item.get("expires"), ancestors, guards
        )
        return token, item["seq_no"]
