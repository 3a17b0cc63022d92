"""GET /.well-known/mytoken-configuration - where this stack's endpoints are."""

from http import HTTPStatus

from mytoken_calendars import api, authorities

authority = authorities.from_environment()


@api.operation
def handler(request: api.Request) -> api.Response:
    return api.answer(HTTPStatus.OK, authority.configuration(request.base_url))
