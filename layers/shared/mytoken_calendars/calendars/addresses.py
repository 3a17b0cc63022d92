"""The address of a feed: `/calendars/{secret}/{calendar's name}.ics`.

Calendar apps name a calendar by the last segment of its address, so the name stands there. It may
be any other, or missing: the secret alone says which feed it is.
"""

from urllib.parse import quote

from mytoken_calendars import limits
from mytoken_calendars.errors import FeedNotFound, RouteNotFound
from mytoken_calendars.identifiers import is_secret

FEEDS_PATH = "/calendars"
_SUFFIX = ".ics"


def ics_path(base_url: str, secret: str, name: str) -> str:
    """The absolute URI of the feed; its last segment has the beginning of the calendar's name."""
    shown = quote(name[: limits.NAME_IN_ADDRESS].rstrip(), safe="")
    return f"{short(base_url, secret)}/{shown}{_SUFFIX}"


def short(base_url: str, secret: str) -> str:
    """The absolute URI of the feed without a name."""
    return f"{base_url}{FEEDS_PATH}/{secret}"


def secret_of(secret: str, file: str) -> str:
    """The secret of the feed at `/calendars/{secret}/{file}`, or at `/calendars/{secret}`.

    Raises FeedNotFound, and RouteNotFound for a file of another type.
    """
    file = file.rstrip("/")
    if file and not file.lower().endswith(_SUFFIX):
        raise RouteNotFound
    if secret.lower().endswith(_SUFFIX):
        secret = secret[: -len(_SUFFIX)]
    if not is_secret(secret):
        raise FeedNotFound
    return secret
