"""A subscription: one mytoken in one calendar, and all that a feed shows of it."""

from typing import TYPE_CHECKING, NamedTuple

from mytoken_calendars import limits
from mytoken_calendars.calendars import weight
from mytoken_calendars.errors import InvalidRequest
from mytoken_calendars.identifiers import short_mom_id

if TYPE_CHECKING:
    from mytoken_calendars.tokens.token_record import TokenRecord

Mark = tuple[int, bool]  # of a revoked token: when, and whether with its descendants


class Subscription(NamedTuple):
    """One token in one calendar. Times are seconds since 1970, but `added` is in milliseconds.

    `name` is "" for a token without one. `ancestors` are short mom_ids. `changes` counts the
    changes since it was added, the last of them at `changed`. `weight` is what it was found to
    weigh then (`weight.py`).
    """

    mom_id: str
    name: str
    created: int
    expires: int
    ancestors: tuple[str, ...]
    comment: str
    added: int
    changed: int
    changes: int = 0
    weight: int = 0

    @classmethod
    def of(cls, token: "TokenRecord", comment: str, *, added: int) -> "Subscription":
        """A new subscription. Raises InvalidRequest for a token that never expires, or has."""
        now = added // 1000
        name = token.name or ""
        return cls(
            mom_id=token.mom_id,
            name=name,
            created=token.created,
            expires=_expiry_of(token, now),
            ancestors=tuple(map(short_mom_id, token.ancestors)),
            comment=comment,
            added=added,
            changed=now,
            weight=weight.of_token(name, comment, len(token.ancestors)),
        )

    @property
    def short_id(self) -> str:
        return short_mom_id(self.mom_id)

    @property
    def added_at(self) -> int:
        """When the token was added, in seconds since 1970."""
        return self.added // 1000

    def is_below(self, mom_id: str) -> bool:
        """Whether its token is the one with this mom_id, or a descendant of that."""
        return short_mom_id(mom_id) in (self.short_id, *self.ancestors)

    def is_long_over(self, now: int) -> bool:
        """Whether the token expired so long ago that nobody wants to see it any more."""
        return self.expires < now - limits.EXPIRED_KEPT

    def renewed(self, again: "Subscription") -> "Subscription":
        """The subscription after its token was added again; equal to this one if nothing is new.

        An empty comment leaves the old one.
        """
        comment = again.comment or self.comment
        new = again._replace(comment=comment, added=self.added)
        if new._replace(changed=self.changed, changes=self.changes, weight=self.weight) == self:
            return self
        return new._replace(
            # Clocks differ: the time of a change is never before that of the last one.
            changed=max(again.changed, self.changed),
            changes=self.changes + 1,
            weight=weight.of_token(again.name, comment, len(again.ancestors)),
        )


def _expiry_of(token: "TokenRecord", now: int) -> int:
    """When the token expires, in seconds since 1970. Raises InvalidRequest if never, or past."""
    if token.expires is None:
        raise InvalidRequest("A mytoken that never expires has no expiry to be reminded of.")
    if token.expires < now:
        raise InvalidRequest("The mytoken has already expired.")
    return token.expires
