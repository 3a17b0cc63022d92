"""The answers of a mytoken server's tokeninfo endpoint, parsed and checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mytoken_calendars import identifiers, limits, strict_json
from mytoken_calendars.errors import InvalidToken, TemporarilyUnavailable
from mytoken_calendars.tokens.mytoken import Mytoken, TokenRecord
from mytoken_calendars.tokens.restrictions import Time

_USAGES_DONE = ("usages_AT_done", "usages_other_done")


def _text(text: str) -> str:
    text.encode()  # raises ValueError for half a surrogate pair, which JSON can express
    return text


@dataclass(frozen=True)
class Introspection:
    """A token as its issuer knows it, and how often each of its clauses has been used.

    `usages_other_done` has one count for each clause of the restrictions, in their order.
    """

    mytoken: Mytoken
    usages_other_done: tuple[int, ...]


class _Clause(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")

    usages_other_done: Annotated[int, Field(ge=0)] | None = None


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")

    restrictions: list[_Clause] | None = None


class _Introspected(BaseModel):
    """An answer to `introspect`. A transfer code is resolved like a token, and yet none."""

    model_config = ConfigDict(strict=True)

    valid: bool
    token_type: Literal["token", "short_token"]
    token: _Claims
    mom_id: str


class _Entry(BaseModel):
    model_config = ConfigDict(strict=True)

    mom_id: Annotated[str, AfterValidator(identifiers.mom_id)]
    name: Annotated[str, AfterValidator(_text)] | None = None
    created: Time
    expires_at: Time | None = None


class _Tree(BaseModel):
    """A token and its children, which are parsed later: parsing is not recursive."""

    model_config = ConfigDict(strict=True)

    token: _Entry
    children: list[Any] | None = None


def document(body: bytes) -> dict[str, Any]:
    """The JSON object that an answer is; raises TemporarilyUnavailable if it is none."""
    try:
        value = strict_json.loads(body)
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
    counted = claims.pop("restrictions", None) or []
    # The server adds its counts to the clauses. They are removed: a clause with an unknown member
    # would not hold.
    bare = [{n: v for n, v in clause.items() if n not in _USAGES_DONE} for clause in counted]
    mytoken = Mytoken.issued_by(issuer, {**claims, "restrictions": bare})
    if not introspected.valid or mytoken.mom_id != introspected.mom_id:
        raise InvalidToken
    clauses = introspected.token.restrictions or []
    return Introspection(mytoken, tuple(clause.usages_other_done or 0 for clause in clauses))


def token_records(answer: Mapping[str, Any]) -> dict[str, TokenRecord]:
    """The tokens in an answer to `list_mytokens` or `subtokens`, by mom_id.

    Their ancestors are those that the answer shows: for `subtokens` none above the presented token.

    Raises TemporarilyUnavailable for what is no such answer.
    """
    trees = answer.get("mytokens")
    try:
        tokens = list(
            islice(_tokens(trees if isinstance(trees, list) else [trees]), limits.LISTED_TOKENS + 1)
        )
    except ValueError as error:
        raise TemporarilyUnavailable from error
    found = {token.mom_id: token for token in tokens}
    if len(found) < len(tokens) or len(tokens) > limits.LISTED_TOKENS:
        raise TemporarilyUnavailable
    return found


def _tokens(trees: list[Any]) -> Iterator[TokenRecord]:
    """All tokens of these trees, parents before their children; raises ValueError."""
    waiting: list[tuple[Any, tuple[str, ...]]] = [(tree, ()) for tree in trees]
    while waiting:
        unread, ancestors = waiting.pop()
        tree = _Tree.model_validate(unread)
        if len(ancestors) > limits.LISTED_ANCESTORS:
            raise ValueError("a token has too many ancestors")
        yield _record(tree.token, ancestors)
        own_and_ancestors = (tree.token.mom_id, *ancestors)
        waiting += [(child, own_and_ancestors) for child in tree.children or []]


def _record(entry: _Entry, ancestors: tuple[str, ...]) -> TokenRecord:
    # A name is a label: one that is longer than ours may be says enough when it is cut off.
    name = entry.name[: limits.TOKEN_NAME] if entry.name else None
    return TokenRecord(entry.mom_id, name, entry.created, entry.expires_at or None, ancestors)
