"""The configuration document of a stack that issues mytokens itself: where its endpoints are."""

from typing import Any

from mytoken_calendars.identifiers import SIGNING_ALGORITHM
from mytoken_calendars.tokens.restrictions import Clause
from mytoken_calendars.tokens.tokeninfo import Action

_OF_ACCESS_TOKENS = ("scope", "audience", "usages_AT")


def notifications_endpoint(base_url: str) -> str:
    """Clients append `/calendars` for the calendar endpoint."""
    return f"{base_url}/api/v0/notifications"


def document(base_url: str) -> dict[str, Any]:
    restrictions = [name for name in Clause.model_fields if name not in _OF_ACCESS_TOKENS]
    return {
        "issuer": base_url,
        "jwks_uri": f"{base_url}/jwks",
        "tokeninfo_endpoint": f"{base_url}/api/v0/tokeninfo",
        "revocation_endpoint": f"{base_url}/api/v0/token/revoke",
        "notifications_endpoint": notifications_endpoint(base_url),
        "token_signing_alg_value": SIGNING_ALGORITHM,
        "tokeninfo_endpoint_actions_supported": [action.value for action in Action],
        "restriction_claims_supported": restrictions,
    }
