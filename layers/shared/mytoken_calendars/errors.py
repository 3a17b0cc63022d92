"""What can go wrong, in the words of the domain; `http/error_response.py` has their statuses.

It is longer than other modules because all refusals, with what clients read, stand in one place.
"""


class Refusal(Exception):
    """A request is answered with an error. Below 5xx it has changed nothing that anybody sees.

    It may still have revoked a chain (an old token with `auto_revoke`), used the token at a remote
    issuer, or taken dead tokens out of calendars.

    `description` goes to the client as `error_description`. It never repeats what the client
    sent.
    """

    description = "The request was refused."

    def __init__(self, description: str | None = None) -> None:
        super().__init__(description or self.description)
        self.description = description or self.description


class InvalidRequest(Refusal):
    description = "The request is malformed."


class IdempotencyKeyReused(InvalidRequest):
    description = "This Idempotency-Key was used for another request."


class LimitReached(InvalidRequest):
    description = "A limit has been reached."


class OwnerFull(LimitReached):
    """All calendars of the owner weigh too much for what is to be added."""


class InvalidToken(Refusal):
    """The mytoken is expired, revoked, forged, or not a mytoken at all (RFC 6750, 3.1)."""

    description = "The mytoken is not valid."


class MytokenMissing(InvalidToken):
    """No mytoken came with the request: the challenge then names no error (RFC 6750, 3.1)."""

    description = (
        "No mytoken was found in the Authorization header, the request body or the mytoken cookie."
    )


class Superseded(InvalidToken):
    """The mytoken was rotated, by `committed_ms` (in milliseconds since 1970) at the latest."""

    def __init__(self, committed_ms: int) -> None:
        super().__init__()
        self.committed_ms = committed_ms


class Expired(InvalidToken):
    description = "The mytoken has expired: a new one is needed."


class NotYetAlive(InvalidToken):
    """The mytoken is refused now, but may be taken later: it is not dead."""


class NotValidYet(NotYetAlive):
    description = "The mytoken is not valid yet: it can be used from the time of its nbf on."


class IssuedInTheFuture(NotYetAlive):
    description = "The mytoken was issued in the future: its issuer's clock, or ours, is wrong."


class AheadOfRegistry(NotYetAlive):
    """The registry does not know of this successor: the table was restored from a backup."""


class InsufficientCapabilities(Refusal):
    description = "The mytoken does not have the capability that this operation needs."


class UsageRestricted(Refusal):
    """`failing` tells the log which member of each clause does not hold, by the clause's index.

    It has no values: they may be places and times of people.
    """

    description = "The restrictions of this mytoken do not allow this use of it, here and now."
    failing: tuple[str, ...] = ()

    @classmethod
    def by(cls, *failing: str) -> "UsageRestricted":
        refusal = cls()
        refusal.failing = failing
        return refusal


class InvalidGrant(Refusal):
    """The mom_id is unknown, revoked or another user's: a caller cannot tell which."""

    description = "The mytoken cannot be used to manage a token with this mom_id."


class AlreadyRevoked(InvalidGrant):
    """A transaction would revoke what is revoked already; its other writes are still to be done."""


class NotFound(Refusal):
    description = "There is no such thing."


class CalendarNotFound(NotFound):
    description = "You have no calendar of this name or id."


class NoSuchTag(NotFound):
    description = "You have no tag of this name."


class NoSuchFeed(NotFound):
    description = "The calendar has no feed of this id."


class FirstFeed(Refusal):
    description = (
        "This feed is the one of the calendar's ics_path, which every calendar has. Reset it, so "
        "that its address ends, or delete the calendar."
    )


class CalendarExists(Refusal):
    description = "You already have a calendar of this name."


class TagExists(Refusal):
    description = "You already have a tag of this name."


class AlreadyImported(CalendarExists):
    description = "A calendar with this address exists already, or has been deleted."


class RepeatedTooLate(Refusal):
    """The repeated request was done, but since then its effect was undone, its successor used, or
    its token used up."""

    description = (
        "This request was done before. Since then, its calendar or feed was deleted, or its "
        "mytoken replaced or used up."
    )


class FeedNotFound(NotFound):
    description = "There is no feed at this address."


class FeedGone(Refusal):
    description = "This feed has been deleted, or has another address since."


class TemporarilyUnavailable(Refusal):
    """A service did not answer or is too busy; the client may repeat the request."""

    description = "The service is temporarily unavailable."


class Outdated(TemporarilyUnavailable):
    """Data that the operation has read has changed since: `http/operation.py` starts it again."""


class IssuerChanged(TemporarilyUnavailable):
    """The mytoken is this stack's own, and alive, but of another issuer than the stack is now.

    Only the stack's keys sign such a token: so the stack's address was changed.
    """

    description = (
        "The address of this service has changed since the mytoken was issued, so the mytoken is "
        "not taken. Its operators can set the address back; else a new mytoken is needed."
    )


class MarksFull(TemporarilyUnavailable):
    """The owner has revoked more mytokens than one item marks."""


class NotOffered(NotFound):
    """Clients look for it, and it is not there on purpose."""


class RouteNotFound(NotFound):
    description = "The API has no such path."


class MethodNotAllowed(Refusal):
    description = "This path has no such method: the Allow header names those it has."

    def __init__(self, allow: str) -> None:
        super().__init__()
        self.allow = allow


class PayloadTooLarge(Refusal):
    description = "The request body is larger than 64 KiB."


class UnsupportedMediaType(Refusal):
    description = (
        "Request bodies are application/json or application/x-www-form-urlencoded, "
        "in UTF-8 and without a content coding."
    )
