"""POST /api/v0/notifications/calendars/{name} - subscribes a mytoken to the calendar."""

from http import HTTPStatus
from typing import Annotated

from pydantic import AfterValidator, BaseModel

from mytoken_calendars import access, api, body, calendars, credentials, ics, identifiers, names
from mytoken_calendars.embedded_authority import EmbeddedAuthority
from mytoken_calendars.mytoken import Capability
from mytoken_calendars.store import CalendarStore

authority = EmbeddedAuthority.from_environment()
store = CalendarStore.from_environment()


class NewSubscription(BaseModel):
    mom_id: Annotated[str, AfterValidator(identifiers.mom_id_or_own)]
    comment: Annotated[str, AfterValidator(names.comment)] = ""


@api.operation
def handler(request: api.Request) -> api.Response:
    needed = (Capability.NOTIFY, Capability.TOKENINFO_NOTIFY)
    caller = access.admit(authority, credentials.of(request), *needed)
    new = body.read(request, NewSubscription)

    token = access.manageable_token(authority, caller, new.mom_id)
    name = request.parameters["name"]
    calendar = calendars.add_token(
        store, caller, name, token, comment=new.comment, render=ics.event, now=request.now
    )

    return api.answer(HTTPStatus.OK, calendar.document(request.base_url))
