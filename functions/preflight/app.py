"""OPTIONS /api/{proxy} - lets web applications of any origin call the API, without credentials."""

from mytoken_calendars import api


@api.operation
def handler(request: api.Request) -> api.Response:
    return api.PREFLIGHT
