"""When calendar apps remind their users of a token's expiry."""

DAYS_BEFORE = (30, 14, 7, 3, 1, 0)
_DAY = 24 * 60 * 60


def days_before(*, created: int, added: int, expires: int) -> tuple[int, ...]:
    """The reminders of one token, in days before its expiry, the earliest first.

    All times are seconds since 1970. Left out are reminders that were past when the token was
    added to the calendar, and those in the first half of the token's life: a token of a week
    needs no reminder a month ahead.
    """
    midpoint = created + (expires - created) / 2
    earliest = max(added, midpoint)
    return tuple(days for days in DAYS_BEFORE if expires - days * _DAY >= earliest)
