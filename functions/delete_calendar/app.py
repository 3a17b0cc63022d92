"""DELETE /api/v0/notifications/calendars/{name} - deletes a calendar, and its feed at once."""

from mytoken_calendars import access, api, authorities, body, calendars, credentials
from mytoken_calendars.mytoken import Capability
from mytoken_calendars.receipts import ReceiptStore
from mytoken_calendars.store import CalendarStore

authority = authorities.from_environment()
store = CalendarStore.from_environment()
receipts = ReceiptStore.from_environment()


@api.operation
def handler(request: api.Request) -> api.Response:
    caller = access.admit(authority, credentials.of(request), Capability.NOTIFY, receipts=receipts)
    body.read(request, body.NoToken)

    calendars.delete(store, caller, request.name, now=request.now)

    return api.NO_CONTENT
