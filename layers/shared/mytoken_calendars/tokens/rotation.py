"""Rotation: when a use makes a successor of a token, and which requests replay an old one.

A request that arrived before its token was rotated lost a race: it is refused, and nothing else
happens. A request that arrived after the rotation replays an old token: with `auto_revoke`, the
whole chain is revoked.

Why this holds: each rotation stores a commit time that is never too early. Before the commit, that
is an upper bound (`limits.COMMIT`); after it, for `auto_revoke`, the real time. So a request that
arrived before the commit never counts as a replay. A request that found its token alive in an
earlier attempt lost a race too, however long it then took. Commit times are kept for
`limits.GENERATIONS` rotations; a token that is older than these counts as replayed.

Source: mytoken's documentation of `rotation`; RFC 9700, 4.14.2, on refresh token rotation.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mytoken_calendars.errors import Superseded
from mytoken_calendars.tokens.request_state import RequestState


class Rotation(BaseModel):
    """When a use makes a successor of the token. `on_AT` concerns access tokens alone.

    `lifetime` is how many seconds a token is valid after it was issued or rotated, 0 for no such
    limit. With `auto_revoke`, a replayed token revokes its whole chain.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")

    on_AT: bool = False  # noqa: N815 - the wire's word
    on_other: bool = False
    lifetime: Annotated[int, Field(ge=0)] = 0
    auto_revoke: bool = False


def is_replay(superseded: Superseded, arrived: int, state: RequestState) -> bool:
    """Whether a request with an old token arrived after the rotation; `arrived` in milliseconds."""
    return arrived > superseded.at and not state.was_alive
