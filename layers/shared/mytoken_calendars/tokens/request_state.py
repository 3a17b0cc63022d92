"""The scratchpad of a request: what its attempts must know of each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mytoken_calendars.errors import Refusal


@dataclass
class RequestState:
    """The state of one request, kept through all attempts to answer it.

    `token_update` is the mytoken response object of the successor, if the token was rotated. Every
    response carries it, since the client has no other token left.
    `alive` are the tokens that an attempt has found alive. `memory` is the authority's, by bearer.
    `fields` are the parsed fields of the body, or the refusal that parsing has raised.
    `by_cookie`: the token came in a cookie, so its successor is sent in one, too. `ended` is the
    token that the request has revoked, or wanted to revoke and found dead: a cookie that holds it
    is expired. `repeated`: the request was done before, and is answered from its receipt.
    `replayed`: an attempt has ended the chain of the token that is shown, as it was a replay.
    `begun` is the id by which the receipt names the request while another issuer is asked.
    """

    token_update: Mapping[str, Any] | None = None
    alive: set[str] = field(default_factory=set, repr=False)
    memory: dict[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] | Refusal | None = field(default=None, compare=False, repr=False)
    by_cookie: bool = False
    ended: str = field(default="", repr=False)
    repeated: bool = False
    replayed: bool = False
    begun: str = ""
