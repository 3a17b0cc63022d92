"""What is known of a token without the token itself. It is apart, as feeds start without claims."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mytoken_calendars.changes import Write


@dataclass(frozen=True)
class TokenRecord:
    """What an authority knows of a token it has issued, looked up by its mom_id.

    `ancestors` are mom_ids, the parent first. `expires` is None for a token that never expires.
    `uses` are counted by the digest of a clause. `conditions` check that the token is unchanged.
    `revoked`: it was revoked itself, with its descendants if `revoked_tree`; a living token may
    have an ancestor that was revoked alone.
    """

    mom_id: str
    name: str | None
    created: int
    expires: int | None
    ancestors: tuple[str, ...] = ()
    uses: Mapping[str, int] = field(default_factory=dict, compare=False)
    conditions: tuple[Write, ...] = field(default=(), compare=False)
    revoked: bool = False
    revoked_tree: bool = False
