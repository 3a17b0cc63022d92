"""How operators issue the tokens of the embedded authority."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from mytoken_calendars import limits, strict_json
from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import InvalidRequest
from mytoken_calendars.identifiers import mom_id, subject
from mytoken_calendars.tokens import hosts
from mytoken_calendars.tokens.mytoken import Mytoken
from mytoken_calendars.tokens.token_record import TokenRecord
from mytoken_calendars.validation import first_problem

_VERSION = "0.7"
_NEVER_HOLDS = (
    "In its restrictions, {} is unknown, malformed or beyond a limit: the clause would never hold."
)


@dataclass(frozen=True)
class NewMytoken:
    """An operator's wishes for a new token. `expires_in` is in seconds; None is never."""

    user: str
    capabilities: list[str]
    expires_in: int | None
    name: str | None = None
    restrictions: list[dict[str, Any]] | None = None
    rotation: dict[str, Any] | None = None
    parent: str | None = None


def issue(
    authority: EmbeddedAuthority, issuer: str, new: NewMytoken, now: int
) -> tuple[str, Mytoken]:
    """The new token, signed and registered, and its claims.

    Its user is a user of this stack: `oidc_iss` is the issuer itself. Raises InvalidRequest for
    invalid claims, and InvalidGrant if the parent is revoked or not a token of the user.
    """
    _check_that_it_can_be_read(new)
    claims = {
        "ver": _VERSION,
        "token_type": "mytoken",
        "iss": issuer,
        "sub": subject(new.user, issuer),
        "aud": issuer,
        "exp": None if new.expires_in is None else now + new.expires_in,
        "nbf": now,
        "iat": now,
        "auth_time": now,
        "jti": str(uuid4()),
        "seq_no": 1,
        "name": new.name,
        "oidc_sub": new.user,
        "oidc_iss": issuer,
        "capabilities": new.capabilities,
        "restrictions": new.restrictions,
        "rotation": new.rotation,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    mytoken = _checked(claims)
    ancestors, conditions = _lineage(authority, mytoken, new.parent)
    record = TokenRecord(mytoken.mom_id, mytoken.name, now, mytoken.exp, ancestors)
    # The registry stores the final expiry; the token has the expiry of its lifetime, if any.
    claims |= mytoken.ending(now, mytoken.exp)
    bearer = authority.codec.encode(claims)
    if len(bearer) > limits.TOKEN - limits.ROOM_FOR_SUCCESSORS:
        raise InvalidRequest("These claims make a mytoken that is too long to be presented.")
    writes = authority.registry.registration_writes(
        mytoken.owner, record, new.user, new.capabilities
    )
    authority.registry.table.commit(Change.new(now), *conditions, *writes)
    return bearer, Mytoken.of(claims)


def _check_that_it_can_be_read(new: NewMytoken) -> None:
    """Python's JSON writes more than `strict_json` reads. Raises InvalidRequest."""
    try:
        strict_json.loads(json.dumps(vars(new)).encode())
    except strict_json.Unreadable as error:
        raise InvalidRequest(f"The mytoken could never be read, as its JSON {error}.") from None


def _checked(claims: Mapping[str, Any]) -> Mytoken:
    """The mytoken of these claims, of which all has to mean something. Raises InvalidRequest."""
    if len(claims.get("restrictions", ())) > limits.CLAUSES:
        raise InvalidRequest(f"A mytoken has at most {limits.CLAUSES} clauses in its restrictions.")
    if len(claims.get("name", "")) > limits.TOKEN_NAME:
        raise InvalidRequest(f"A mytoken's name has at most {limits.TOKEN_NAME} characters.")
    try:
        mytoken = Mytoken.of(claims)
    except ValidationError as error:
        raise InvalidRequest(f"These claims make no mytoken: {first_problem(error)}") from None
    if odd := [name for clause in mytoken.restrictions for name in clause.odd_members]:
        raise InvalidRequest(_NEVER_HOLDS.format(odd[0]))
    entries = (host for clause in mytoken.restrictions for host in clause.hosts or ())
    if odd := [host for host in entries if not hosts.can_match(host)]:
        raise InvalidRequest(
            f"In its restrictions, hosts has {odd[0]!r}: no client would match it."
        )
    if mytoken.rotation is not None and (odd := [*(mytoken.rotation.model_extra or ())]):
        raise InvalidRequest(f"Its rotation has a member that is unknown here: {odd[0]}.")
    return mytoken


def _lineage(
    authority: EmbeddedAuthority, mytoken: Mytoken, parent_id: str | None
) -> tuple[tuple[str, ...], tuple[Write, ...]]:
    if parent_id is None:
        return (), ()
    try:
        parent = authority.registry.find(mytoken.owner, mom_id(parent_id))
    except ValueError as error:
        raise InvalidRequest(f"The parent is none: {error}.") from None
    ancestors = (parent.mom_id, *parent.ancestors)
    if len(ancestors) > limits.ANCESTORS:
        raise InvalidRequest(f"A mytoken has at most {limits.ANCESTORS} ancestors.")
    return ancestors, parent.conditions
