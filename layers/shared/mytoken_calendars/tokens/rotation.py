"""Rotation: when a use makes a successor of a token, and which requests replay an old one.

A request that arrived before its token was rotated has lost a race: it is refused, and nothing else
happens. One that arrived later shows a copy, or a thief does: with `auto_revoke` the whole chain is
revoked.

Why this is safe: the time of a rotation is stored with it, first as a bound that no commit reaches
(`limits.COMMIT`), then, for `auto_revoke`, as the real time after the commit. So no request that
was on its way is taken for a late one. A request that found its token alive in an earlier attempt
has lost a race too, however long it then took. Times are kept for `limits.GENERATIONS` rotations; a
token that is older than that is late in any case.

Source: mytoken's documentation of `rotation`; RFC 9700, 4.14.2, on refresh token rotation.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mytoken_calendars.errors import Superseded
from mytoken_calendars.tokens.request_state import RequestState


class Rotation(BaseModel):
    """When a use makes a successor of the token. `on_AT` concerns access tokens alone.

    `lifetime` is how many seconds a token is valid after it was made or made anew, 0 for no such
    limit. With `auto_revoke`, presenting a token that has a successor revokes them all.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")

    on_AT: bool = False  # noqa: N815 - the wire's word
    on_other: bool = False
    lifetime: Annotated[int, Field(ge=0)] = 0
    auto_revoke: bool = False


def is_replay(superseded: Superseded, arrived: int, state: RequestState) -> bool:
    """Whether a request with an old token came after the rotation; `arrived` is in milliseconds."""
    return arrived > superseded.at and not state.was_alive
