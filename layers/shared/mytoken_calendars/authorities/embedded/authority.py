"""The embedded authority: this stack signs the mytokens, and its registry knows them."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Self

from mytoken_calendars import limits
from mytoken_calendars.authorities import configuration
from mytoken_calendars.authorities.client_network import ClientNetwork
from mytoken_calendars.authorities.embedded.codec import JwtCodec
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.dynamodb import revocations
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.aws.dynamodb.tokens import Registry
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.changes import NO_USE, Change, Use
from mytoken_calendars.errors import (
    AheadOfRegistry,
    AlreadyRevoked,
    IssuerChanged,
    MarksFull,
    TemporarilyUnavailable,
)
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.tokens.authority import Caller, Credentials
from mytoken_calendars.tokens.mytoken import Mytoken
from mytoken_calendars.tokens.restrictions import Network
from mytoken_calendars.tokens.token_record import TokenRecord


@dataclass(frozen=True)
class EmbeddedAuthority:
    """Implements `authority.TokenAdministration`.

    Its methods raise TemporarilyUnavailable if AWS does not answer.
    """

    codec: JwtCodec
    registry: Registry
    calendars: Table
    network: Network

    @classmethod
    def from_environment(cls) -> Self:
        return cls(
            JwtCodec.from_environment(),
            Registry.from_environment(),
            Table.calendars(),
            ClientNetwork.from_environment(),
        )

    def verify(self, credentials: Credentials) -> Mytoken:
        mytoken = self.codec.decode(credentials.bearer)
        if mytoken.iss == credentials.stack_url:
            return mytoken
        mytoken.check_valid_at(credentials.now)
        self.look_up(mytoken, credentials)
        # It would be taken, but for its issuer: the stack has another address than it had.
        metrics.count(Metric.ISSUER_CHANGED)
        raise IssuerChanged

    def look_up(self, mytoken: Mytoken, credentials: Credentials) -> TokenRecord:  # noqa: ARG002
        try:
            return self.registry.look_up(mytoken)
        except AheadOfRegistry:
            metrics.count(Metric.TOKEN_AHEAD_OF_REGISTRY)
            raise

    def find(self, caller: Caller, mom_id: str) -> TokenRecord:
        return self.registry.find(caller.owner, mom_id)

    def use(self, caller: Caller) -> Use:
        mytoken, now = caller.mytoken, caller.credentials.now
        writes = self.registry.use_writes(mytoken, caller.clause, now)
        if not mytoken.rotates:
            return Use(writes)
        # Signed before the commit: if KMS failed after it, the client would have no token left.
        claims = mytoken.successor_claims(now, caller.record.expires)
        token_update = Mytoken.of(claims).response(self.codec.encode(claims), now)
        if not mytoken.is_revoked_when_replayed:
            return Use(writes, token_update=token_update)
        follow_up = partial(self._note_commit_time, mytoken, now)
        return Use(writes, token_update=token_update, follow_up=follow_up)

    def configuration(self, base_url: str) -> Mapping[str, Any]:
        return configuration.document(base_url)

    def jwks(self) -> Mapping[str, Any]:
        return {"keys": self.codec.jwks}

    def find_issued(self, caller: Caller, mom_id: str) -> TokenRecord:
        return self.registry.find(caller.owner, mom_id, revoked=True)

    def tokens_of(self, caller: Caller) -> list[TokenRecord]:
        return self.registry.all(caller.owner)

    def commit(self, change: Change, use: Use) -> None:
        self.registry.table.commit(change, use=use)

    def revoke_chain(self, mytoken: Mytoken, now: int) -> None:
        # A successor keeps the jti of its token, and so its mom_id: the whole chain is one item.
        metrics.count(Metric.CHAIN_REVOKED)
        revocation = _Revocation(mytoken.owner, mytoken.mom_id, recursive=True)
        with _counting_failures():
            self._commit(revocation, Change.new(now), limits.MARKS)

    def revoke_for(self, caller: Caller, token: TokenRecord, *, recursive: bool) -> None:
        revocation = _Revocation(caller.owner, token.mom_id, recursive=recursive, once=True)
        is_own, now = token.mom_id == caller.record.mom_id, caller.credentials.now
        use = _no_use if is_own else caller.use
        # An ancestor's item is checked in the same transaction, which could not tell why it failed.
        is_done = token.revoked_tree if recursive else token.revoked
        with suppress(AlreadyRevoked):
            if not is_done:
                return self._revoke(revocation, now, use)
        change = Change.new(now)
        return self.commit(change, use(change))

    def revoke(self, owner: Owner, mom_id: str, *, recursive: bool, now: int) -> None:
        """Revokes a token, if `recursive` with its descendants, for the API and all feeds at once.

        Raises InvalidGrant for a mom_id that the owner has no token of.
        """
        self._revoke(_Revocation(owner, mom_id, recursive=recursive), now, _no_use)

    def _revoke(self, revocation: "_Revocation", now: int, use: Callable[[Change], Use]) -> None:
        """Revokes a token; where only the room for chains is left, the dead leave before."""
        try:
            change = Change.new(now)
            self._commit(revocation, change, limits.MARKS_TIDIED, use(change))
        except MarksFull:
            with suppress(TemporarilyUnavailable):  # there may be room all the same
                CalendarStore(self.calendars).tidy(revocation.owner, now)
            change = Change.new(now)
            with _counting_failures():
                self._commit(revocation, change, limits.MARKS, use(change))

    def _commit(
        self, revocation: "_Revocation", change: Change, most: int, use: Use = NO_USE
    ) -> None:
        owner, mom_id, recursive, once = revocation
        marks = revocations.mark_writes(
            self.calendars, owner, mom_id, recursive=recursive, change=change, most=most
        )
        in_registry = self.registry.revocation_write(
            owner, mom_id, recursive=recursive, change=change, once=once
        )
        self.calendars.commit(change, in_registry, *marks, use=use)

    def _note_commit_time(self, mytoken: Mytoken, now: int) -> None:
        """Best effort: without this write, replay detection starts a minute late."""
        write = self.registry.commit_time_write(mytoken, int(time.time() * 1000))
        with suppress(TemporarilyUnavailable):
            self.registry.table.commit(Change.new(now), write)


class _Revocation(NamedTuple):
    """A token that is to be revoked; the commit of one with `once` may raise AlreadyRevoked."""

    owner: Owner
    mom_id: str
    recursive: bool
    once: bool = False


def _counting_failures() -> AbstractContextManager[None]:
    return metrics.counted(Metric.REVOCATION_FAILED, MarksFull)


def _no_use(change: Change) -> Use:
    return NO_USE
