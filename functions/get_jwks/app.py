"""GET /jwks - the public keys that mytokens are verified with."""

from http import HTTPStatus

from mytoken_calendars import api, authorities

authority = authorities.from_environment()


@api.operation
def handler(request: api.Request) -> api.Response:
    return api.answer(HTTPStatus.OK, authority.jwks())
