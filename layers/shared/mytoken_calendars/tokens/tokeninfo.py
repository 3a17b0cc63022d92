"""What the tokeninfo endpoint tells of mytokens: one token, its descendants, or all of a user."""

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from mytoken_calendars.errors import InvalidToken
from mytoken_calendars.tokens.access import admit, identify
from mytoken_calendars.tokens.authority import Caller, Credentials, IssuingAuthority
from mytoken_calendars.tokens.mytoken import Capability, RegisteredToken


class Action(StrEnum):
    """What can be asked for, as it stands in requests."""

    INTROSPECT = "introspect"
    LIST = "list_mytokens"
    SUBTOKENS = "subtokens"


Tree = dict[str, Any]


def document(
    authority: IssuingAuthority, credentials: Credentials, action: Action
) -> dict[str, Any]:
    """The answer to one of the actions.

    Raises InvalidToken, InsufficientCapabilities and UsageRestricted. To introspect a token is no
    use of it, and so is possible wherever it may be used.
    """
    match action:
        case Action.INTROSPECT:
            return introspection(identify(authority, credentials, Capability.INTROSPECT))
        case Action.SUBTOKENS:
            caller = admit(authority, credentials, Capability.SUBTOKENS)
            tokens = authority.tokens_of(caller)
            return {"mytokens": subtree(tokens, caller.registered.mom_id)}
        case Action.LIST:
            caller = admit(authority, credentials, Capability.LIST)
            return {"mytokens": forest(authority.tokens_of(caller))}


def introspection(caller: Caller) -> dict[str, Any]:
    """The caller's token: its claims, and in each limited clause how much of it is used up."""
    claims = dict(caller.mytoken.claims)
    if caller.mytoken.restrictions:
        claims["restrictions"] = [
            {**in_token, "usages_other_done": caller.registered.uses.get(clause.digest, 0)}
            if clause.limits_use
            else in_token
            for in_token, clause in zip(
                claims["restrictions"], caller.mytoken.restrictions, strict=False
            )
        ]
    return {
        "valid": True,
        "token_type": "token",
        "token": claims,
        "mom_id": caller.registered.mom_id,
    }


def forest(tokens: Iterable[RegisteredToken]) -> list[Tree]:
    """All tokens, oldest first, each below its nearest ancestor that is still there."""
    by_id = {token.mom_id: token for token in tokens}
    children: dict[str | None, list[RegisteredToken]] = defaultdict(list)
    for token in sorted(by_id.values(), key=lambda token: (token.created, token.mom_id)):
        parent = next((ancestor for ancestor in token.ancestors if ancestor in by_id), None)
        children[parent].append(token)
    return [_tree(token, children) for token in children[None]]


def subtree(tokens: Iterable[RegisteredToken], mom_id: str) -> Tree:
    """A token and its descendants. Raises InvalidToken if it is not there any more."""
    for tree in forest(token for token in tokens if mom_id in (token.mom_id, *token.ancestors)):
        if tree["token"]["mom_id"] == mom_id:
            return tree
    raise InvalidToken


def _tree(token: RegisteredToken, children: dict[str | None, list[RegisteredToken]]) -> Tree:
    entry = {
        "mom_id": token.mom_id,
        "name": token.name,
        "created": token.created,
        "expires_at": token.expires,
    }
    tree: Tree = {"token": {name: value for name, value in entry.items() if value is not None}}
    if token.mom_id in children:
        tree["children"] = [_tree(child, children) for child in children[token.mom_id]]
    return tree
