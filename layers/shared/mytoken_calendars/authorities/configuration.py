"""Where the endpoints of a stack are: its configuration document, and that of users' settings."""

from typing import Any

from mytoken_calendars.errors import NotOffered
from mytoken_calendars.identifiers import SIGNING_ALGORITHM
from mytoken_calendars.tokens.restrictions import Clause
from mytoken_calendars.tokens.tokeninfo import Action

_OF_ACCESS_TOKENS = ("scope", "audience", "usages_AT")
_SETTINGS = "/api/v0/settings"
_NOT_OFFERED = {
    f"{_SETTINGS}/grants": "Grants are not offered here: this server gives out no access tokens.",
    f"{_SETTINGS}/email": "Mails are not offered here: calendars remind, and need no address.",
}


def notifications_endpoint(base_url: str) -> str:
    """Clients append `/calendars` for the calendar endpoint."""
    return f"{base_url}/api/v0/notifications"


def usersettings_endpoint(base_url: str) -> str:
    """Clients look there first of all, and for the tags of calendars."""
    return f"{base_url}{_SETTINGS}"


def document(base_url: str) -> dict[str, Any]:
    """The configuration document of a stack that issues mytokens itself."""
    restrictions = [name for name in Clause.model_fields if name not in _OF_ACCESS_TOKENS]
    return {
        "issuer": base_url,
        "jwks_uri": f"{base_url}/jwks",
        "tokeninfo_endpoint": f"{base_url}/api/v0/tokeninfo",
        "revocation_endpoint": f"{base_url}/api/v0/token/revoke",
        "usersettings_endpoint": usersettings_endpoint(base_url),
        "notifications_endpoint": notifications_endpoint(base_url),
        "token_signing_alg_value": SIGNING_ALGORITHM,
        "tokeninfo_endpoint_actions_supported": [action.value for action in Action],
        "restriction_claims_supported": restrictions,
    }


def user_settings(base_url: str) -> dict[str, str]:
    """Where the settings of users are: the stock client ends without any of these addresses."""
    settings = usersettings_endpoint(base_url)
    return {
        "grant_type_endpoint": f"{settings}/grants",
        "email_endpoint": f"{settings}/email",
        "tags_endpoint": f"{settings}/tags",
    }


def not_offered(path: str) -> NotOffered:
    """Says what is not offered at this path."""
    return NotOffered(_NOT_OFFERED[path])
