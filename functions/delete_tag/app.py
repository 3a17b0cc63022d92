"""DELETE /api/v0/settings/tags/{tag} - deletes a tag, in all calendars."""

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.calendars import tags
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.calendar_fields import known_tag
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import NO_CONTENT, Response
from mytoken_calendars.tokens import access
from mytoken_calendars.tokens.mytoken import Capability

authority = authorities.from_environment()
store = CalendarStore.from_environment()
receipts = ReceiptStore.from_environment()


@operation
def handler(request: Request) -> Response:
    caller = access.admit(authority, credentials.of(request), Capability.TAGS, receipts=receipts)
    body.read(request, body.Nothing)
    name = known_tag(request)

    tags.delete(store, caller, name, now=request.now)

    return NO_CONTENT
