"""Every other request - a path that does not exist, or a method that it does not have."""

from mytoken_calendars.http import operation
from mytoken_calendars.http.routes import Routes

routes = Routes.from_environment()


@operation.operation
def handler(request: operation.Request) -> operation.Response:
    raise routes.refusal(request.path)
