"""A subscription: one mytoken in one calendar, as the calendar's feed shows it."""

from dataclasses import dataclass, replace

from mytoken_calendars.errors import InvalidRequest
from mytoken_calendars.tokens.mytoken import TokenRecord


@dataclass(frozen=True)
class Subscription:
    """One token in one calendar. Times are seconds since 1970.

    `sequence` counts the changes of its event (RFC 5545, 3.8.7.4), the last of them at `changed`.
    """

    calendar_id: str
    token: TokenRecord
    expires: int
    comment: str
    added: int
    changed: int
    sequence: int

    def renewed(self, token: TokenRecord, expires: int, comment: str, at: int) -> "Subscription":
        """The subscription after its token is added again; equal to this one if nothing is new.

        `changed` always rises, even for two changes in one second: some calendar apps update an
        event only if its LAST-MODIFIED is later.
        """
        renewed = replace(self, token=token, expires=expires, comment=comment or self.comment)
        if renewed == self:
            return self
        return replace(renewed, changed=max(at, self.changed + 1), sequence=self.sequence + 1)


def expiry_of(token: TokenRecord, now: int) -> int:
    """When the token expires, in seconds since 1970. Raises InvalidRequest if never, or past."""
    if token.expires is None:
        raise InvalidRequest("A mytoken that never expires has no expiry to be reminded of.")
    if token.expires < now:
        raise InvalidRequest("The mytoken has already expired.")
    return token.expires
