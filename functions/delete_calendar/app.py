"""DELETE /api/v0/notifications/calendars/{calendar} - deletes a calendar, and its feeds at once.

A body with a `mom_id` takes that mytoken out of the calendar, and nothing more: so the client of
the original server says it.
"""

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
    needed = access.DELETING[body.has(request, "mom_id")]
    caller = access.admit(authority, credentials.of(request), *needed, receipts=receipts)
    gone = body.read(request, body.TokenOrCalendar)

    calendars.delete_or_remove(store, caller, request.calendar, gone.mom_id, now=request.now)

    return NO_CONTENT
