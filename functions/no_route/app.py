"""Every other request - a path that does not exist, or a method that it does not have."""

from mytoken_calendars import api
from mytoken_calendars.routes import Routes

routes = Routes.from_environment()


@api.operation
def handler(request: api.Request) -> api.Response:
    raise routes.refusal(request.path)
