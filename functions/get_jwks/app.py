"""GET and HEAD /jwks - the public keys that mytokens are verified with."""

from http import HTTPStatus

from mytoken_calendars import authorities
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, answer

authority = authorities.from_environment()


@operation
def handler(request: Request) -> Response:
    return answer(HTTPStatus.OK, authority.jwks())
