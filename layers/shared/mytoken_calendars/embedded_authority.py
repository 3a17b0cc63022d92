"""The authority that is this stack itself: its key signs the mytokens, its registry knows them."""

from dataclasses import dataclass
from typing import Self

from mytoken_calendars.identifiers import Owner
from mytoken_calendars.jwt_codec import JwtCodec
from mytoken_calendars.mytoken import Mytoken, RegisteredToken
from mytoken_calendars.registry import Registry
from mytoken_calendars.signing_key import SigningKey


@dataclass(frozen=True)
class EmbeddedAuthority:
    """An `access.Authority`. Every method raises TemporarilyUnavailable if AWS does not answer."""

    codec: JwtCodec
    registry: Registry

    @classmethod
    def from_environment(cls) -> Self:
        return cls(JwtCodec(SigningKey.from_environment()), Registry.from_environment())

    def verify(self, bearer: str, issuer: str) -> Mytoken:
        return self.codec.decode(bearer, issuer)

    def look_up(self, mytoken: Mytoken) -> RegisteredToken:
        return self.registry.look_up(mytoken)

    def find(self, owner: Owner, mom_id: str) -> RegisteredToken:
        return self.registry.find(owner, mom_id)
