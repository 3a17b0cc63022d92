"""What the tokeninfo endpoint tells of mytokens: one token, its descendants, or all of a user."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from mytoken_calendars import limits
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import InvalidToken, LimitReached
from mytoken_calendars.tokens.access import admit, identify
from mytoken_calendars.tokens.authority import Caller, Credentials, TokenAdministration
from mytoken_calendars.tokens.idempotency import Receipts
from mytoken_calendars.tokens.mytoken import Capability
from mytoken_calendars.tokens.token_record import TokenRecord


class Action(StrEnum):
    """What can be asked for, as it stands in requests."""

    INTROSPECT = "introspect"
    LIST = "list_mytokens"
    SUBTOKENS = "subtokens"
    NOTIFICATIONS = "notifications"


Tree = dict[str, Any]

_TOO_MANY = (
    "These are more than one answer holds. Ask about fewer mytokens, or for the subtokens of one; "
    "revoke those that you do not need."
)


def document(
    authority: TokenAdministration,
    credentials: Credentials,
    action: Action,
    receipts: Receipts,
    notifications: Callable[[Caller], dict[str, Any]],
) -> dict[str, Any]:
    """The answer to one of the actions; a repeated request is answered anew.

    `notifications` is the answer to that about calendars. Introspection is no use of the token.
    Raises the errors of `access.admit`; LimitReached, before the token is used, for more than an
    answer holds.
    """
    match action:
        case Action.INTROSPECT:
            return introspection(identify(authority, credentials, Capability.INTROSPECT))
        case Action.SUBTOKENS:
            caller = admit(authority, credentials, Capability.SUBTOKENS, receipts=receipts)
            told: dict[str, Any] = {
                "mytokens": subtree(listed(authority, caller), caller.record.mom_id)
            }
        case Action.LIST:
            caller = admit(authority, credentials, Capability.LIST, receipts=receipts)
            told = {"mytokens": forest(listed(authority, caller))}
        case Action.NOTIFICATIONS:
            needed = (Capability.TOKENINFO_NOTIFY, Capability.READ_NOTIFY)
            caller = admit(authority, credentials, *needed, receipts=receipts)
            told = notifications(caller)
    check_size(size(told))
    if not caller.receipt:
        change = Change.new(credentials.now)
        authority.commit(change, caller.use(change, only_reads=True))
    return told


def size(told: Any) -> int:
    """The bytes of what is told in Lambda's answer, where the body is a text within JSON."""
    return len(json.dumps(json.dumps(told)))


def check_size(sent: int) -> None:
    """Raises LimitReached for more bytes than Lambda sends."""
    if sent > limits.ANSWER:
        raise LimitReached(_TOO_MANY)


def listed(authority: TokenAdministration, caller: Caller) -> list[TokenRecord]:
    """The owner's tokens, but for those that expired a month ago."""
    since = caller.credentials.now - limits.EXPIRED_KEPT
    every = authority.tokens_of(caller)
    return [token for token in every if token.expires is None or token.expires >= since]


def introspection(caller: Caller) -> dict[str, Any]:
    """The caller's token: its claims, with the number of uses in each limited clause."""
    claims = dict(caller.mytoken.claims)
    if caller.mytoken.restrictions:
        claims["restrictions"] = [
            {**in_token, "usages_other_done": caller.record.uses.get(clause.digest, 0)}
            if clause.limits_use
            else in_token
            for in_token, clause in zip(
                claims["restrictions"], caller.mytoken.restrictions, strict=False
            )
        ]
    return {"valid": True, "token_type": "token", "token": claims, "mom_id": caller.record.mom_id}


def forest(tokens: Iterable[TokenRecord]) -> list[Tree]:
    """All tokens, oldest first, each below its nearest ancestor among them."""
    by_id = {token.mom_id: token for token in tokens}
    children: dict[str | None, list[TokenRecord]] = defaultdict(list)
    for token in sorted(by_id.values(), key=lambda token: (token.created, token.mom_id)):
        parent = next((ancestor for ancestor in token.ancestors if ancestor in by_id), None)
        children[parent].append(token)
    return [_tree(token, children) for token in children[None]]


def subtree(tokens: Iterable[TokenRecord], mom_id: str) -> Tree:
    """A token and its descendants. Raises InvalidToken if the token is no longer listed."""
    for tree in forest(token for token in tokens if mom_id in (token.mom_id, *token.ancestors)):
        if tree["token"]["mom_id"] == mom_id:
            return tree
    raise InvalidToken


def _tree(token: TokenRecord, children: dict[str | None, list[TokenRecord]]) -> Tree:
    entry = {
        "mom_id": token.mom_id,
        "name": token.name or "",
        "created": token.created,
        "expires_at": token.expires,
    }
    tree: Tree = {"token": {name: value for name, value in entry.items() if value is not None}}
    if token.mom_id in children:
        tree["children"] = [_tree(child, children) for child in children[token.mom_id]]
    return tree
