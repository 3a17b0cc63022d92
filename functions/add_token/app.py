"""POST /api/v0/notifications/calendars/{name} - subscribes a mytoken to the calendar."""

from http import HTTPStatus

from pydantic import BaseModel

from mytoken_calendars import access, api, body, calendars, credentials, ics
from mytoken_calendars.embedded_authority import EmbeddedAuthority
from mytoken_calendars.store import CalendarStore

authority = EmbeddedAuthority.from_environment()
store = CalendarStore.from_environment()


class NewSubscription(BaseModel):
    mom_id: body.MomIdOrOwn
    comment: body.Comment = ""


@api.operation
def handler(request: api.Request) -> api.Response:
    caller = access.admit(authority, credentials.of(request), *access.ADDING_TOKENS)
    new = body.read(request, NewSubscription)

    token = access.manageable_token(authority, caller, new.mom_id)
    calendar = calendars.add_token(
        store, caller, request.name, token, comment=new.comment, render=ics.event, now=request.now
    )

    return api.answer(HTTPStatus.OK, calendar.document(request.base_url))
