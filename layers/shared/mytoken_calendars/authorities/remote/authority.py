"""The remote authority: another mytoken server issues the mytokens, and answers what they are.

What it can know: docs/authorities.md. A request asks the issuer for at most one listing, which is a
use and may rotate the token. So all attempts at it share the answers (`_Answers`).
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from mytoken_calendars.authorities import configuration
from mytoken_calendars.authorities.client_network import ClientNetwork
from mytoken_calendars.authorities.remote import begun_use
from mytoken_calendars.authorities.remote.codec import RemoteCodec, is_short_token
from mytoken_calendars.authorities.remote.gone_tokens import BeforeListing
from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.authorities.remote.issuer import Issuer
from mytoken_calendars.authorities.remote.tokeninfo_answers import Introspection, ListedTokens
from mytoken_calendars.authorities.remote.tokeninfo_client import TokeninfoClient
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.changes import Use
from mytoken_calendars.errors import (
    InsufficientCapabilities,
    InvalidGrant,
    InvalidRequest,
    InvalidToken,
    Superseded,
)
from mytoken_calendars.tokens.authority import Caller, Credentials
from mytoken_calendars.tokens.mytoken import Capability, Mytoken
from mytoken_calendars.tokens.restrictions import Network
from mytoken_calendars.tokens.token_record import TokenRecord
from mytoken_calendars.tokens.tokeninfo import Action

_SHORT = "The issuer tells what this short token stands for only if it has tokeninfo:introspect."
_OTHERS = (
    "The issuer tells of another mytoken only to one that has manage_mytokens:list, or to its "
    "ancestor that has tokeninfo:subtokens."
)
_ODD = (
    "This mytoken has no place in a calendar: the issuer tells of a time beyond the year 9999, or "
    "of more than 100 ancestors."
)
_MUST_LIST = (
    "The issuer has to {} ({member}). For that the mytoken needs tokeninfo:subtokens or "
    "manage_mytokens:list: use one that has it, or one without {member}."
)
_COUNTED = _MUST_LIST.format("count this use of the mytoken", member="usages_other")
_ROTATED = _MUST_LIST.format("replace the mytoken for this use", member="on_other")


@dataclass
class _Answers:
    """The issuer's answers about the presented token, kept for all attempts at a request.

    With `tokens`, those that it has listed, the issuer has counted the use or rotated the token.
    """

    introspection: Introspection | None = None
    tokens: ListedTokens | None = None


@dataclass(frozen=True)
class RemoteAuthority:
    """Implements `authority.Authority`. It sends requests to the pinned server only.

    `short_token_length` is the number of characters of the issuer's short tokens; 0 if it has none.
    """

    codec: RemoteCodec
    tokeninfo: TokeninfoClient
    calendars: Table
    network: Network
    short_token_length: int

    @classmethod
    def from_environment(cls) -> Self:
        url = os.environ["MYTOKEN_ISSUER"]
        https = Https(url)
        issuer = Issuer(url, https)
        return cls(
            RemoteCodec(issuer),
            TokeninfoClient(issuer, https),
            Table.calendars(),
            ClientNetwork.from_environment(),
            int(os.environ["SHORT_TOKEN_LENGTH"]),
        )

    def verify(self, credentials: Credentials) -> Mytoken:
        bearer, answers = credentials.bearer, _answers_about(credentials)
        if not is_short_token(bearer, self.short_token_length):
            return self.codec.decode(bearer)
        answers.introspection = answers.introspection or self.tokeninfo.introspect(bearer)
        if answers.introspection is None:
            raise InsufficientCapabilities(_SHORT)
        return answers.introspection.mytoken

    def look_up(self, mytoken: Mytoken, credentials: Credentials) -> TokenRecord:
        if self._is_overtaken(mytoken, credentials.others):
            raise Superseded(0)
        answers = _answers_about(credentials)
        # After a listing the issuer may have rotated the token, and would call the old one dead.
        if answers.introspection is None and answers.tokens is None:
            answers.introspection = self.tokeninfo.introspect(credentials.bearer)
        counts = answers.introspection.usages_other_done if answers.introspection else ()
        uses = {c.digest: n for c, n in zip(mytoken.restrictions, counts, strict=False)}
        return TokenRecord(
            mytoken.mom_id, mytoken.name, mytoken.created, mytoken.expires, uses=uses
        )

    def find(self, caller: Caller, mom_id: str) -> TokenRecord:
        answers = _answers_about(caller.credentials)
        if answers.tokens is None:
            answers.tokens = self._list_reachable(caller)
        if mom_id in answers.tokens.records:
            return answers.tokens.records[mom_id]
        if mom_id in answers.tokens.odd:
            raise InvalidRequest(_ODD)
        if not caller.mytoken.may(Capability.LIST):
            raise InsufficientCapabilities(_OTHERS)
        raise InvalidGrant

    def use(self, caller: Caller) -> Use:
        answers = _answers_about(caller.credentials)
        if caller.leaves_a_trace and answers.tokens is None:
            if caller.mytoken.may(Capability.SUBTOKENS):  # the shorter answer
                answers.tokens = self._list_at_issuer(caller, Action.SUBTOKENS)
            elif caller.mytoken.may(Capability.LIST):
                answers.tokens = self._list_at_issuer(caller, Action.LIST)
            else:
                raise InsufficientCapabilities(_ROTATED if caller.mytoken.rotates else _COUNTED)
        return Use(token_update=caller.credentials.state.token_update)

    def revoke_chain(self, mytoken: Mytoken, now: int) -> None:
        """Does nothing: the issuer itself revokes the chain of a replayed token."""

    def configuration(self, base_url: str) -> Mapping[str, Any]:
        """The issuer's document, with the endpoints that are this stack's."""
        return {
            **self.codec.issuer.configuration().document,
            "usersettings_endpoint": configuration.usersettings_endpoint(base_url),
            "notifications_endpoint": configuration.notifications_endpoint(base_url),
        }

    def jwks(self) -> Mapping[str, Any]:
        return self.codec.issuer.configuration().jwks

    def _is_overtaken(self, mytoken: Mytoken, others: Iterable[str]) -> bool:
        """Whether a successor is beside it. The issuer would take the token for a stolen one."""
        for other in others:
            with suppress(InvalidToken):  # of a short token, too: only the issuer can read it
                beside = self.codec.decode(other)
                if beside.mom_id == mytoken.mom_id and beside.seq_no > mytoken.seq_no:
                    return True
        return False

    def _list_reachable(self, caller: Caller) -> ListedTokens:
        """The tokens that the caller's token may list."""
        if caller.mytoken.may(Capability.LIST):
            return self._list_all_and_record(caller)
        if caller.mytoken.may(Capability.SUBTOKENS):
            return self._list_at_issuer(caller, Action.SUBTOKENS)
        raise InsufficientCapabilities(_OTHERS)

    def _list_all_and_record(self, caller: Caller) -> ListedTokens:
        """All tokens of the user. Also records which ones are revoked, for the feeds."""
        before = BeforeListing.read(self.calendars, caller.owner)
        tokens = self._list_at_issuer(caller, Action.LIST)
        # A listing without the caller's own token is incomplete, like one in which an entry names
        # none. What these lack must not count as revoked.
        if tokens.is_whole and caller.mytoken.mom_id in tokens.alive:
            before.record(tokens.alive)
        return tokens

    def _list_at_issuer(self, caller: Caller, action: Action) -> ListedTokens:
        """The tokens that the issuer lists. It counts this as a use, or rotates the token for it.

        The client gets the successor even if the operation is refused: the old token is dead.
        """
        with begun_use.noted(self.calendars, caller):
            listing = self.tokeninfo.listing(caller.credentials.bearer, action)
            if listing.token_update:
                caller.credentials.state.token_update = listing.token_update
        return listing.tokens


def _answers_about(credentials: Credentials) -> _Answers:
    answers: _Answers = credentials.state.memory.setdefault(credentials.bearer, _Answers())
    return answers
