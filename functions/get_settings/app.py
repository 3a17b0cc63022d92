"""GET /api/v0/settings - where the settings of users are; clients look here before all else."""

from http import HTTPStatus

from mytoken_calendars.authorities import configuration
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, answer


@operation
def handler(request: Request) -> Response:
    return answer(HTTPStatus.OK, configuration.user_settings(request.base_url))
