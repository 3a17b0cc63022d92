"""The mytoken that a request presents, and what has become of it by the time of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mytoken_calendars.errors import Refusal


@dataclass
class RequestState:
    """One for each request, kept through all attempts to answer it.

    `token_update` is the mytoken response object of the successor, if the token was rotated: it
    goes out with every answer, since without it the client has no token left.
    `was_alive`: an attempt has found it so. `memory` is an authority's own, by bearer.
    `fields` are those of the request's body, once they have been read, or what is wrong with it.
    `by_cookie`: the token came in a cookie, so its successor leaves in one. `repeated`: the request
    was done before, and is answered once more.
    """

    token_update: Mapping[str, Any] | None = None
    was_alive: bool = False
    memory: dict[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] | Refusal | None = field(default=None, compare=False, repr=False)
    by_cookie: bool = False
    repeated: bool = False
