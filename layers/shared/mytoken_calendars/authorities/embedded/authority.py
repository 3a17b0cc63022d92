"""The authority that is this stack itself: its key signs the mytokens, its registry knows them."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

from mytoken_calendars.authorities import configuration
from mytoken_calendars.authorities.client_network import ClientNetwork
from mytoken_calendars.authorities.embedded.codec import JwtCodec
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.dynamodb import revocations
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.aws.dynamodb.tokens import Registry
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import AheadOfRegistry, TemporarilyUnavailable
from mytoken_calendars.identifiers import Owner
from mytoken_calendars.tokens.authority import Caller, Credentials, Guards, Use
from mytoken_calendars.tokens.mytoken import Mytoken, RegisteredToken
from mytoken_calendars.tokens.restrictions import Network


@dataclass(frozen=True)
class EmbeddedAuthority:
    """An `authority.Authority`. Its methods raise TemporarilyUnavailable if AWS does not answer."""

    codec: JwtCodec
    registry: Registry
    calendars: Table
    network: Network

    @classmethod
    def from_environment(cls) -> Self:
        return cls(
            JwtCodec.from_environment(),
            Registry.from_environment(),
            CalendarStore.from_environment().table,
            ClientNetwork.from_environment(),
        )

    def verify(self, credentials: Credentials) -> Mytoken:
        return self.codec.decode(credentials.bearer, credentials.issuer)

    def look_up(self, mytoken: Mytoken, credentials: Credentials) -> RegisteredToken:  # noqa: ARG002
        try:
            return self.registry.look_up(mytoken)
        except AheadOfRegistry:
            metrics.count(Metric.TOKEN_AHEAD_OF_REGISTRY)
            raise

    def find(self, caller: Caller, mom_id: str) -> RegisteredToken:
        return self.registry.find(caller.owner, mom_id)

    @contextmanager
    def use(self, caller: Caller) -> Iterator[Use]:
        mytoken, now = caller.mytoken, caller.credentials.now
        writes = self.registry.used(mytoken, caller.clause, now)
        if not mytoken.rotates:
            yield Use(writes)
            return
        # Signed before, so that what is committed can be handed out; handed out only afterwards.
        claims = mytoken.successor(now, caller.registered.expires)
        successor = Mytoken.of(claims)
        yield Use(writes, successor.response(self.codec.encode(claims), now))
        if mytoken.is_revoked_when_replayed:
            # Until this is written nobody is taken for a thief, so it may as well be lost.
            committed = self.registry.committed(mytoken, int(time.time() * 1000))
            with suppress(TemporarilyUnavailable):
                self.registry.table.commit(Change.new(now), committed)

    def configuration(self, base_url: str) -> Mapping[str, Any]:
        return configuration.document(base_url)

    def jwks(self) -> Mapping[str, Any]:
        return {"keys": self.codec.jwks}

    def tokens_of(self, caller: Caller) -> list[RegisteredToken]:
        tokens = self.registry.all(caller.owner)
        change = Change.new(caller.credentials.now)
        with caller.using(change) as guards:
            self.registry.table.note(change, *guards)
        return tokens

    def revoke_chain(self, mytoken: Mytoken, now: int) -> None:
        metrics.count(Metric.CHAIN_REVOKED)
        self.revoke(mytoken.owner, mytoken.mom_id, tree=True, change=Change.new(now))

    def revoke_for(self, caller: Caller, token: RegisteredToken, *, tree: bool) -> None:
        change = Change.new(caller.credentials.now)
        if token.mom_id == caller.registered.mom_id:
            self.revoke(caller.owner, token.mom_id, tree=tree, change=change)
            return
        with caller.using(change) as guards:
            self.revoke(caller.owner, token.mom_id, tree=tree, change=change, guards=guards)

    def revoke(
        self, owner: Owner, mom_id: str, *, tree: bool, change: Change, guards: Guards = ()
    ) -> None:
        """Revokes a token, and with `tree` its descendants, for the API and all feeds at once.

        Raises InvalidGrant for a mom_id that the owner has no token of.
        """
        self.calendars.commit(
            change,
            self.registry.revoked(owner, mom_id, tree=tree, change=change),
            *revocations.recorded(self.calendars, owner, mom_id, tree=tree, change=change),
            *guards,
        )
