"""The door to DynamoDB for the tokens that this stack has issued; `keys.py` shows the layout."""

from dataclasses import dataclass, replace
from typing import Any, Self

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.table import ABSENT, PRESENT, Item, Table
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import (
    AheadOfRegistry,
    AlreadyRevoked,
    InvalidGrant,
    InvalidToken,
    Refusal,
    Superseded,
)
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.tokens.mytoken import Mytoken
from mytoken_calendars.tokens.restrictions import Clause
from mytoken_calendars.tokens.token_record import TokenRecord

_ALIVE = "attribute_exists(#pk) AND attribute_not_exists(#revoked)"
_CURRENT = f"{_ALIVE} AND #seq_no = :seq_no"
_SPARES_DESCENDANTS = "attribute_not_exists(#revoked_tree)"

_USES = "uses_"  # before a clause's digest: the attribute that counts the uses of the clause
_MADE = "made_"  # before a seq_no: the latest time of this successor's commit, in milliseconds


@dataclass(frozen=True)
class TokenListing:
    """A token as operators see it. `revoked`: the token was revoked, or an ancestor recursively."""

    user: str
    token: TokenRecord
    seq_no: int
    revoked: bool
    capabilities: tuple[str, ...] = ()  # none are known of a token from an older version


@dataclass(frozen=True)
class Registry:
    """All issued tokens. Every method raises TemporarilyUnavailable if DynamoDB does not answer."""

    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table.tokens())

    def look_up(self, mytoken: Mytoken) -> TokenRecord:
        """The presented token, if it is not revoked and has no successor.

        Raises InvalidToken; its subclass Superseded for a token with a successor; its subclass
        AheadOfRegistry for a successor that the registry does not know.
        """
        refusal = InvalidToken()
        item, token = self._find(mytoken.owner, mytoken.mom_id, refusal)
        if mytoken.seq_no < item["seq_no"]:
            raise Superseded(item.get(f"{_MADE}{mytoken.seq_no + 1}", 0))
        if mytoken.seq_no > item["seq_no"]:
            raise AheadOfRegistry
        key = keys.token(mytoken.owner, mytoken.mom_id)
        current = self.table.check(key, _CURRENT, refusal, seq_no=mytoken.seq_no)
        return replace(token, conditions=(current, *token.conditions))

    def find(self, owner: Owner, mom_id: str, *, revoked: bool = False) -> TokenRecord:
        """The owner's token with this mom_id, if `revoked` even a revoked one, or InvalidGrant."""
        return self._find(owner, mom_id, InvalidGrant(), revoked=revoked)[1]

    def all(self, owner: Owner) -> list[TokenRecord]:
        """The owner's tokens that are not revoked, expired ones included."""
        found = self.table.query(keys.owner_partition(owner))
        return [issued.token for issued in _issued(found) if not issued.revoked]

    def issued(self, owner: Owner | None = None) -> list[TokenListing]:
        """For operators: all tokens that were issued, of one owner or of all."""
        if owner is not None:
            return _issued(self.table.query(keys.owner_partition(owner)))
        return _issued([item for item in self.table.scan() if item["pk"].startswith(keys.OWNER)])

    def owner_of(self, mom_id: str) -> Owner:
        """The owner of the token with this mom_id, for operators. Raises InvalidGrant."""
        item = self.table.get(keys.token_owner(mom_id))
        if item is None:
            raise InvalidGrant
        return Owner(item["owner"])

    def registration_writes(
        self, owner: Owner, token: TokenRecord, user: str, capabilities: list[str] | None = None
    ) -> tuple[Write, ...]:
        """The writes that register a new token of this user; its capabilities are for listings."""
        item = {
            "user": user,
            "name": token.name,
            "created": token.created,
            "expires": token.expires,
            "ancestors": list(token.ancestors),
            "capabilities": capabilities,
            "seq_no": 1,
        }
        present = {name: value for name, value in item.items() if value not in (None, [])}
        known = InvalidGrant("A token with this mom_id is registered already.")
        return (
            self.table.put(keys.token(owner, token.mom_id), present, ABSENT, known),
            self.table.put(keys.token_owner(token.mom_id), {"owner": owner}, ABSENT, known),
        )

    def use_writes(self, mytoken: Mytoken, clause: Clause | None, now: int) -> tuple[Write, ...]:
        """The write that rotates the token, counts the use, or does both; none if neither applies.

        Two requests cannot rotate the same token: the commit includes the conditions of `look_up`,
        by which the token is still the current one. The commit raises Outdated if other requests
        have used up the clause. `now` is in seconds since 1970.
        """
        changes, condition = "", ""
        values: dict[str, Any] = {}
        if mytoken.rotates:
            successor = mytoken.seq_no + 1
            made = f"#{_MADE}{successor}"
            forgotten = f"#{_MADE}{max(0, successor - limits.GENERATIONS)}"
            changes = f"SET #seq_no = :successor, {made} = :made REMOVE {forgotten} "
            values |= {"successor": successor, "made": now * 1000 + limits.COMMIT}
        if clause and clause.limits_use:
            counter = f"#{_USES}{clause.digest}"
            changes += f"ADD {counter} :one"
            condition = f"attribute_not_exists({counter}) OR {counter} < :most"
            values |= {"one": 1, "most": clause.usages_other}
        key = keys.token(mytoken.owner, mytoken.mom_id)
        return (self.table.update(key, changes, condition, **values),) if changes else ()

    def commit_time_write(self, mytoken: Mytoken, committed_ms: int) -> Write:
        """The write that stores when the token's successor was committed."""
        return self.table.update(
            keys.token(mytoken.owner, mytoken.mom_id),
            f"SET #{_MADE}{mytoken.seq_no + 1} = :at",
            PRESENT,
            at=committed_ms,
        )

    def revocation_write(
        self, owner: Owner, mom_id: str, *, recursive: bool, change: Change, once: bool = False
    ) -> Write:
        """The write that revokes a token, and if `recursive` all its descendants; if it was done
        before, a commit with `once` raises AlreadyRevoked."""
        marks = ["revoked", "revoked_tree"] if recursive else ["revoked"]
        changes = ", ".join(f"#{mark} = if_not_exists(#{mark}, :at)" for mark in marks)
        return self.table.update(
            keys.token(owner, mom_id),
            f"SET {changes}",
            f"attribute_not_exists(#{marks[-1]})" if once else PRESENT,
            AlreadyRevoked() if once else InvalidGrant(),
            at=change.at,
        )

    def _find(
        self, owner: Owner, mom_id: str, refusal: Refusal, *, revoked: bool = False
    ) -> tuple[Item, TokenRecord]:
        """The token and its item.

        Raises `refusal` for one that is unknown, or may not be `revoked`, by itself or recursively.
        """
        item = self.table.get(key := keys.token(owner, mom_id))
        if item is None or ("revoked" in item and not revoked):
            raise refusal
        token = _token(item)
        ancestor_keys = [keys.token(owner, ancestor) for ancestor in token.ancestors]
        if not revoked and any("revoked_tree" in one for one in self.table.get_all(ancestor_keys)):
            raise refusal
        spared = (self.table.check(one, _SPARES_DESCENDANTS, refusal) for one in ancestor_keys)
        return item, replace(token, conditions=(self.table.check(key, _ALIVE, refusal), *spared))


def _token(item: Item) -> TokenRecord:
    uses = {n.removeprefix(_USES): count for n, count in item.items() if n.startswith(_USES)}
    return TokenRecord(
        item["sk"],
        item.get("name"),
        item["created"],
        item.get("expires"),
        tuple(item.get("ancestors", ())),
        uses,
        revoked="revoked" in item,
        revoked_tree="revoked_tree" in item,
    )


def _issued(found: list[Item]) -> list[TokenListing]:
    recursive = {item["sk"] for item in found if "revoked_tree" in item}
    return [
        TokenListing(
            item.get("user", "-"),
            token := _token(item),
            item["seq_no"],
            revoked=token.revoked or not recursive.isdisjoint(token.ancestors),
            capabilities=tuple(item.get("capabilities", ())),
        )
        for item in found
    ]
