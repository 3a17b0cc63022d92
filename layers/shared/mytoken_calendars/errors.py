"""What can go wrong, in the words of the domain; `http/operation.py` has the status of each."""


class Refusal(Exception):
    """A request that is answered with an error; unless that is a 5xx, it has changed nothing.

    `description` goes to the client as `error_description`. It is one of a finite set of texts and
    never repeats what the client sent.
    """

    description = "The request was refused."

    def __init__(self, description: str | None = None) -> None:
        super().__init__(description or self.description)
        self.description = description or self.description


class InvalidRequest(Refusal):
    description = "The request is malformed."


class IdempotencyKeyReused(InvalidRequest):
    description = "This Idempotency-Key was that of another request."


class LimitReached(InvalidRequest):
    description = "A limit has been reached."


class InvalidToken(Refusal):
    """The mytoken is expired, revoked, forged, or not a mytoken at all (RFC 6750, 3.1)."""

    description = "The mytoken is not valid."


class MytokenMissing(InvalidToken):
    """No mytoken came with the request: the challenge then names no error (RFC 6750, 3.1)."""

    description = (
        "No mytoken was found in the Authorization header, the request body or the mytoken cookie."
    )


class Superseded(InvalidToken):
    """The mytoken was rotated: it has a successor since `at`, in milliseconds since 1970."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at


class AheadOfRegistry(InvalidToken):
    """The mytoken is a successor that the registry does not know of: it was set back."""


class InsufficientCapabilities(Refusal):
    description = "The mytoken does not have the capability that this operation needs."


class UsageRestricted(Refusal):
    description = "The restrictions of this mytoken do not allow this use of it, here and now."


class InvalidGrant(Refusal):
    """Unknown, revoked and other people's mom_ids are one and the same to a caller."""

    description = "The mytoken cannot be used to manage a token with this mom_id."


class NotFound(Refusal):
    description = "There is no such thing."


class CalendarNotFound(NotFound):
    description = "You have no calendar of this name."


class CalendarExists(Refusal):
    description = "You already have a calendar of this name."


class AlreadyImported(CalendarExists):
    description = "A calendar with this address is here already, or was."


class RepeatedTooLate(Refusal):
    """A repeated request that was done, and whose effect was undone, or successor used, since."""

    description = "This request was done before, and its calendar or its mytoken is gone since."


class FeedNotFound(NotFound):
    description = "There is no feed at this address."


class FeedGone(Refusal):
    description = "The calendar of this feed has been deleted."


class FeedTooLarge(Refusal):
    """The feed fits no answer, or only a compressed one, which the client refuses."""

    description = "This feed is too large for one answer in a content coding that you accept."


class TemporarilyUnavailable(Refusal):
    """Something that this service relies on did not answer; the request may be repeated."""

    description = "The service is temporarily unavailable."


class Outdated(TemporarilyUnavailable):
    """What an operation has read is no longer so: `http/operation.py` starts it again."""


class RouteNotFound(NotFound):
    description = "There is nothing at this path."


class MethodNotAllowed(Refusal):
    description = "This path does not have the method of the request."

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
