"""The answers of a mytoken server's tokeninfo endpoint, parsed and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from mytoken_calendars import identifiers, limits, strict_json
from mytoken_calendars.errors import InvalidToken, TemporarilyUnavailable
from mytoken_calendars.tokens.claim_types import Label, Time
from mytoken_calendars.tokens.mytoken import Mytoken
from mytoken_calendars.tokens.token_record import TokenRecord

_USAGES_DONE = ("usages_AT_done", "usages_other_done")


@dataclass(frozen=True)
class Introspection:
    """A token as its issuer knows it, and how often each of its clauses has been used.

    `usages_other_done` has one count for each clause of the restrictions, in their order.
    """

    mytoken: Mytoken
    usages_other_done: tuple[int, ...]


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")

    restrictions: list[Any] | None = None


@dataclass
class ListedTokens:
    """The tokens that an issuer lists.

    `records` are those of the entries that make sense, by mom_id. `odd` are the mom_ids of entries
    that make none: these tokens are alive, and nothing else is known of them. Unless the listing
    `is_whole`, some entry does not even name its token.
    """

    records: dict[str, TokenRecord] = field(default_factory=dict)
    odd: set[str] = field(default_factory=set)
    is_whole: bool = True

    @property
    def alive(self) -> set[str]:
        """The mom_ids of all tokens that the listing names."""
        return self.odd | self.records.keys()


class _Introspected(BaseModel):
    """An answer to `introspect`. A transfer code is resolved like a token, and yet none."""

    model_config = ConfigDict(strict=True)

    valid: bool
    token_type: Literal["token", "short_token"]
    token: _Claims
    mom_id: str


class _Entry(BaseModel):
    model_config = ConfigDict(strict=True)

    name: Label | None = None
    created: Time
    expires_at: Time | None = None


def document(body: bytes) -> dict[str, Any]:
    """The JSON object that an answer is; raises TemporarilyUnavailable if it is none.

    A tree has two levels for each generation, of which a user can make any number. What is too deep
    is left out: it reads as an entry that makes no sense.
    """
    try:
        try:
            value = strict_json.loads(body)
        except strict_json.TooDeep:
            value = strict_json.loads(strict_json.cut_off(body))
    except ValueError as error:
        raise TemporarilyUnavailable from error
    if not isinstance(value, dict):
        raise TemporarilyUnavailable
    return value


def introspection(answer: Mapping[str, Any], issuer: str) -> Introspection:
    """What `introspect` answered for a token of `issuer`.

    Raises InvalidToken if the answer is of no valid mytoken of this issuer, and
    TemporarilyUnavailable for a malformed answer.
    """
    try:
        introspected = _Introspected.model_validate(answer)
    except ValueError as error:
        raise TemporarilyUnavailable from error
    claims = dict(answer["token"])
    clauses = introspected.token.restrictions or []
    bare = [_without_counts(clause) for clause in clauses]
    mytoken = Mytoken.issued_by(issuer, {**claims, "restrictions": bare})
    if not introspected.valid or mytoken.mom_id != introspected.mom_id:
        raise InvalidToken
    return Introspection(mytoken, tuple(_usages_other_done(clause) for clause in clauses))


def _without_counts(clause: Any) -> Any:
    """The clause as it stands in the token: with the issuer's counts it would never hold."""
    if not isinstance(clause, dict):
        return clause
    return {name: value for name, value in clause.items() if name not in _USAGES_DONE}


def _usages_other_done(clause: Any) -> int:
    """How often the clause was used. If the issuer does not say how often, no use is left."""
    count = (clause.get("usages_other_done") if isinstance(clause, dict) else None) or 0
    return count if type(count) is int and count >= 0 else limits.USES


def listed_tokens(answer: Mapping[str, Any]) -> ListedTokens:
    """The tokens in an answer to `list_mytokens` or `subtokens`.

    Their ancestors are those that the answer shows: for `subtokens` none above the presented token.
    An entry that makes no sense is left out, and so is the second entry of a token. The entries
    below it stay, with the ancestors that are known.

    Raises TemporarilyUnavailable for what is no such answer.
    """
    trees = answer.get("mytokens")
    if not isinstance(trees, list | dict):
        raise TemporarilyUnavailable
    listed = ListedTokens()
    # Each tree waits with the ancestors of its token, the parent first; the next tree is the last.
    waiting: list[tuple[Any, tuple[str, ...]]]
    waiting = [(tree, ()) for tree in (trees[::-1] if isinstance(trees, list) else [trees])]
    for _ in range(limits.LISTED_TOKENS + 1):
        if not waiting:
            return listed
        tree, ancestors = waiting.pop()
        members = tree if isinstance(tree, dict) else {}
        below = _listed(listed, members.get("token"), ancestors)
        match members.get("children"):
            case None:
                pass
            case list() as children:
                waiting += [(child, below) for child in children[::-1]]
            case _:
                listed.is_whole = False
    raise TemporarilyUnavailable


def _listed(listed: ListedTokens, token: Any, ancestors: tuple[str, ...]) -> tuple[str, ...]:
    """Adds the token to the listed ones. Returns the ancestors of its children."""
    mom_id = _mom_id(token)
    if mom_id is None:
        listed.is_whole = False
        return ancestors
    record = _record(mom_id, token, ancestors)
    if record is None:
        listed.odd.add(mom_id)
    else:
        listed.records.setdefault(mom_id, record)
    # One ancestor more than a token may have is enough to leave out all tokens below.
    is_known = mom_id in ancestors or len(ancestors) > limits.LISTED_ANCESTORS
    return ancestors if is_known else (mom_id, *ancestors)


def _mom_id(token: Any) -> str | None:
    try:
        return identifiers.mom_id(token["mom_id"])
    except (TypeError, KeyError, ValueError):
        return None


def _record(mom_id: str, token: Any, ancestors: tuple[str, ...]) -> TokenRecord | None:
    """The record that an entry makes; None if it makes no sense."""
    if len(ancestors) > limits.LISTED_ANCESTORS:
        return None
    try:
        entry = _Entry.model_validate(token)
    except ValueError:
        return None
    name = entry.name or None
    return TokenRecord(mom_id, name, entry.created, entry.expires_at or None, ancestors)
