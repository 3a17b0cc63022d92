"""Rotation: when a use makes a successor of a token, and which requests replay an old one.

A request that arrived before its token was rotated lost a race: it is refused, and nothing else
happens. A request that arrived after the rotation replays an old token: with `auto_revoke`, the
whole chain is revoked.

Why this holds: the registry keeps a time for each rotation that is not before its commit. The
transaction stores an upper bound, `limits.COMMIT` after the request began. With `auto_revoke`, a
second write then replaces it by the time at which the commit was known. So a request that arrived
before the commit is no replay. This compares API Gateway's clock (`arrived`) with Lambda's (the
stored time); docs/reliability.md says that their skew is not known. A request that found its token
alive in an earlier attempt lost a race, too, however long it then took. The last
`limits.GENERATIONS` times are kept; a token that is older than these counts as replayed.

Source: mytoken's documentation of `rotation`; RFC 9700, 4.14.2, on refresh token rotation.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mytoken_calendars.errors import Superseded


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

    def end(self, made: int) -> int | None:
        """The last second of a token that was issued or rotated at `made`; None without a limit."""
        return made + self.lifetime if self.lifetime else None


def is_replay(superseded: Superseded, arrived: int) -> bool:
    """Whether a request shows an old token, if none of its attempts has found the token alive.

    `arrived` is in milliseconds since 1970.
    """
    return arrived > superseded.committed_ms
