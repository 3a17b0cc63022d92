"""GET /jwks - the public keys that mytokens are verified with."""

from http import HTTPStatus

from mytoken_calendars import authorities
from mytoken_calendars.http import operation

authority = authorities.from_environment()


@operation.operation
def handler(request: operation.Request) -> operation.Response:
    return operation.answer(HTTPStatus.OK, authority.jwks())
