"""PUT /api/v0/notifications/calendars/{calendar} - another name, description or tags."""

from http import HTTPStatus

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.calendars import calendars
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.calendar_fields import CalendarChanges
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, answer
from mytoken_calendars.tokens import access
from mytoken_calendars.tokens.mytoken import Capability

authority = authorities.from_environment()
store = CalendarStore.from_environment()
receipts = ReceiptStore.from_environment()


@operation
def handler(request: Request) -> Response:
    caller = access.admit(authority, credentials.of(request), Capability.NOTIFY, receipts=receipts)
    changes = body.read(request, CalendarChanges)

    calendar = calendars.update(store, caller, request.calendar, changes.wish, now=request.now)

    return answer(HTTPStatus.OK, calendar.document(request.feeds_url))
