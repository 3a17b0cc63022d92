"""GET /api/v0/settings/grants, /api/v0/settings/email - what we do not offer, and others do."""

from mytoken_calendars.authorities import configuration
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response


@operation
def handler(request: Request) -> Response:
    raise configuration.not_offered(request.path)
