"""OPTIONS /api/{proxy} - lets web applications of any origin call the API, without credentials."""

from mytoken_calendars.http import operation


@operation.operation
def handler(request: operation.Request) -> operation.Response:
    return operation.PREFLIGHT
