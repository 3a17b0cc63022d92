"""POST /api/v0/notifications/calendars - a new, empty calendar for the mytoken's owner."""

from http import HTTPStatus

from pydantic import BaseModel

from mytoken_calendars import access, api, authorities, body, calendars, credentials, ics
from mytoken_calendars.mytoken import Capability
from mytoken_calendars.receipts import ReceiptStore
from mytoken_calendars.store import CalendarStore

authority = authorities.from_environment()
store = CalendarStore.from_environment()
receipts = ReceiptStore.from_environment()


class NewCalendar(BaseModel):
    name: body.CalendarName


@api.operation
def handler(request: api.Request) -> api.Response:
    caller = access.admit(authority, credentials.of(request), Capability.NOTIFY, receipts=receipts)
    new = body.read(request, NewCalendar)

    calendar = calendars.create(store, caller, new.name, render=ics.opening, now=request.now)

    return api.answer(HTTPStatus.CREATED, calendar.document(request.base_url))
