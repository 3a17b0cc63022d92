"""GET /.well-known/mytoken-configuration - where this stack's endpoints are."""

from http import HTTPStatus

from mytoken_calendars import api
from mytoken_calendars.identifiers import SIGNING_ALGORITHM


@api.operation
def handler(request: api.Request) -> api.Response:
    document = {
        "issuer": request.base_url,
        "jwks_uri": f"{request.base_url}/jwks",
        "notifications_endpoint": f"{request.base_url}/api/v0/notifications",
        "token_signing_alg_value": SIGNING_ALGORITHM,
        "restriction_claims_supported": ["nbf", "exp"],
    }

    return api.answer(HTTPStatus.OK, document)
