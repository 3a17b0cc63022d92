"""Asks an issuer's tokeninfo endpoint about mytokens."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from mytoken_calendars.authorities.remote import tokeninfo_answers
from mytoken_calendars.authorities.remote.asked_tokens import AskedTokens
from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.authorities.remote.issuer import Issuer
from mytoken_calendars.authorities.remote.tokeninfo_answers import Introspection, ListedTokens
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.errors import (
    InsufficientCapabilities,
    InvalidToken,
    TemporarilyUnavailable,
    UsageRestricted,
)
from mytoken_calendars.tokens.tokeninfo import Action

_NOT_FROM_HERE = "The issuer does not allow this use of the mytoken, or not from this service."

_TOKEN = re.compile(r"[A-Za-z0-9._-]+")  # and so what may stand in a cookie, too


@dataclass(frozen=True)
class Listing:
    """The answer to a listing; and the presented token's successor, if that was rotated for it."""

    answer: Mapping[str, Any]
    token_update: Mapping[str, Any] | None

    @property
    def tokens(self) -> ListedTokens:
        """The tokens that the presented token may see. Raises TemporarilyUnavailable.

        They are parsed on demand, so that the client gets the successor even if they are invalid.
        """
        return tokeninfo_answers.listed_tokens(self.answer)


@dataclass(frozen=True)
class TokeninfoClient:
    """Its methods raise InvalidToken for a token that is dead, and TemporarilyUnavailable."""

    issuer: Issuer
    https: Https
    asked: AskedTokens = field(default_factory=AskedTokens)

    def introspect(self, bearer: str) -> Introspection | None:
        """What the token is; None if it is alive, but may not ask. The issuer counts no use."""
        self.asked.check(bearer)
        try:
            found = self._introspected(bearer)
        except InvalidToken:
            self.asked.note_dead(bearer)
            raise
        self.asked.note_alive(bearer)
        return found

    def _introspected(self, bearer: str) -> Introspection | None:
        endpoint = self.issuer.configuration().tokeninfo_endpoint
        with _counting_failures():
            try:
                answer = self._ask(endpoint, bearer, Action.INTROSPECT)
            except InsufficientCapabilities:
                return None
            return tokeninfo_answers.introspection(answer, self.issuer.url)

    def listing(self, bearer: str, action: Action) -> Listing:
        """The tokens that `list_mytokens` or `subtokens` show.

        For the issuer this is a use of the token: it may count the use and rotate the token.
        Raises InsufficientCapabilities and UsageRestricted.
        """
        endpoint = self.issuer.configuration().tokeninfo_endpoint
        with _counting_failures():
            answer = self._ask(endpoint, bearer, action)
            match answer.get("token_update"):
                case None:
                    return Listing(answer, None)
                case {"mytoken": str(new), **_members} as update if _TOKEN.fullmatch(new):
                    self.asked.note_alive(new)
                    return Listing(answer, update)
                case _:
                    raise TemporarilyUnavailable

    def _ask(self, endpoint: str, bearer: str, action: Action) -> dict[str, Any]:
        status, body = self.https.post(endpoint, {"action": action.value, "mytoken": bearer})
        # Issuers cannot even read a short token that they do not know.
        is_unreadable = status == HTTPStatus.BAD_REQUEST and "." not in bearer
        if status == HTTPStatus.UNAUTHORIZED or is_unreadable:
            raise InvalidToken
        if status not in (HTTPStatus.OK, HTTPStatus.FORBIDDEN):
            raise TemporarilyUnavailable
        answer = tokeninfo_answers.document(body)
        match status, answer.get("error"):
            case HTTPStatus.OK, _:
                return answer
            case _, "insufficient_capabilities":
                raise InsufficientCapabilities
            case _, "usage_restricted":
                raise UsageRestricted(_NOT_FROM_HERE)
            case _:
                raise TemporarilyUnavailable


def _counting_failures() -> AbstractContextManager[None]:
    """Counts each call that gets no answer, or one that makes no sense."""
    return metrics.counted(Metric.AUTHORITY_UNREACHABLE, TemporarilyUnavailable)
