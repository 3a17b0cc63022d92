"""GET /api/v0/notifications/calendars - the calendars of the mytoken's owner."""

from http import HTTPStatus

from mytoken_calendars import access, api, authorities, body, calendars, credentials
from mytoken_calendars.mytoken import Capability
from mytoken_calendars.store import CalendarStore

authority = authorities.from_environment()
store = CalendarStore.from_environment()


@api.operation
def handler(request: api.Request) -> api.Response:
    caller = access.admit(authority, credentials.of(request), Capability.READ_NOTIFY)
    body.read(request, body.Nothing)

    found = calendars.list_all(store, caller, now=request.now)

    documents = [calendar.document(request.base_url) for calendar in found]
    return api.answer(HTTPStatus.OK, {"calendars": documents})
