"""Which authority vouches for the mytokens of a stack: another server, or the stack itself."""

import os

from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.authorities.remote.authority import RemoteAuthority
from mytoken_calendars.errors import RouteNotFound
from mytoken_calendars.tokens.authority import Authority


def from_environment() -> Authority:
    """The server that MYTOKEN_ISSUER names, or else the stack itself."""
    if os.environ["MYTOKEN_ISSUER"]:
        return RemoteAuthority.from_environment()
    return EmbeddedAuthority.from_environment()


def require_embedded(authority: Authority) -> EmbeddedAuthority:
    """The authority, if it is the stack itself. Raises RouteNotFound if it is another server."""
    if isinstance(authority, EmbeddedAuthority):
        return authority
    raise RouteNotFound
