"""A subscription: one mytoken in one calendar, and all that a feed shows of it."""

from typing import TYPE_CHECKING, NamedTuple

from mytoken_calendars.errors import InvalidRequest

if TYPE_CHECKING:
    from mytoken_calendars.tokens.token_record import TokenRecord


class Subscription(NamedTuple):
    """One token in one calendar. Times are seconds since 1970, but `added` is in milliseconds.

    `name` is "" for a token without one. `changes` counts the changes since it was added, the last
    of them at `changed`.
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

    @classmethod
    def of(cls, token: "TokenRecord", comment: str, *, added: int) -> "Subscription":
        """A new subscription. Raises InvalidRequest for a token that never expires, or has."""
        now = added // 1000
        return cls(
            mom_id=token.mom_id,
            name=token.name or "",
            created=token.created,
            expires=_expiry_of(token, now),
            ancestors=token.ancestors,
            comment=comment,
            added=added,
            changed=now,
        )

    @property
    def added_at(self) -> int:
        """When the token was added, in seconds since 1970."""
        return self.added // 1000

    def renewed(self, again: "Subscription") -> "Subscription":
        """The subscription after its token was added again; equal to this one if nothing is new.

        An empty comment leaves the old one.
        """
        renewed = again._replace(
            comment=again.comment or self.comment,
            added=self.added,
            changed=self.changed,
            changes=self.changes,
        )
        if renewed == self:
            return self
        # Clocks differ: the time of a change is never before that of the last one.
        changed = max(again.changed, self.changed)
        return renewed._replace(changed=changed, changes=self.changes + 1)


def _expiry_of(token: "TokenRecord", now: int) -> int:
    """When the token expires, in seconds since 1970. Raises InvalidRequest if never, or past."""
    if token.expires is None:
        raise InvalidRequest("A mytoken that never expires has no expiry to be reminded of.")
    if token.expires < now:
        raise InvalidRequest("The mytoken has already expired.")
    return token.expires
