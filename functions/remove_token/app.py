"""DELETE /api/v0/notifications/calendars/{calendar}/mytokens - takes a mytoken out of it."""

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.calendars import calendars
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import NO_CONTENT, Response
from mytoken_calendars.tokens import access

authority = authorities.from_environment()
store = CalendarStore.from_environment()
receipts = ReceiptStore.from_environment()


@operation
def handler(request: Request) -> Response:
    caller = access.admit(authority, credentials.of(request), *access.ADDING, receipts=receipts)
    gone = body.read(request, body.GoneSubscription)

    calendars.remove_token(store, caller, request.calendar, gone.mom_id, now=request.now)

    return NO_CONTENT
