"""GET /jwks - the public key that this stack's mytokens are verified with."""

from http import HTTPStatus

from mytoken_calendars import api
from mytoken_calendars.jwt_codec import JwtCodec
from mytoken_calendars.signing_key import SigningKey

codec = JwtCodec(SigningKey.from_environment())


@api.operation
def handler(request: api.Request) -> api.Response:
    return api.answer(HTTPStatus.OK, {"keys": [codec.jwk]})
