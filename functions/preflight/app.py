"""OPTIONS /api/{proxy}, /calendars/{proxy} - lets web applications of any origin in."""

from mytoken_calendars.http import preflight
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response


@operation
def handler(request: Request) -> Response:
    return preflight.answer(request)
