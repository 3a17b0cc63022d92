"""POST /api/v0/notifications/calendars/{name} - subscribes a mytoken to the calendar."""

from http import HTTPStatus

from pydantic import BaseModel

from mytoken_calendars import access, api, authorities, body, calendars, credentials, ics
from mytoken_calendars.receipts import ReceiptStore
from mytoken_calendars.store import CalendarStore

authority = authorities.from_environment()
store = CalendarStore.from_environment()
receipts = ReceiptStore.from_environment()


class NewSubscription(BaseModel):
    mom_id: body.MomIdOrOwn
    comment: body.Comment = ""


@api.operation
def handler(request: api.Request) -> api.Response:
    caller = access.admit(authority, credentials.of(request), *access.ADDING, receipts=receipts)
    new = body.read(request, NewSubscription)

    calendar = calendars.add_token(
        store, caller, request.name, new.mom_id, new.comment, render=ics.event, now=request.now
    )

    return api.answer(HTTPStatus.OK, calendar.document(request.base_url))
