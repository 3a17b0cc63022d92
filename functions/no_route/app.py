"""Every other request - a path that does not exist, or a method that it does not have."""

from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response
from mytoken_calendars.http.routes import Routes

routes = Routes.from_environment()


@operation
def handler(request: Request) -> Response:
    raise routes.refusal(request.method, request.path)
