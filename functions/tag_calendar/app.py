"""POST /api/v0/notifications/calendars/{calendar}/tags - gives a calendar a tag.

One that does not exist is made.
"""

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.calendars import calendars
from mytoken_calendars.calendars.wish import Wish
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.calendar_fields import OneTag
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
    caller = access.admit(authority, credentials.of(request), Capability.NOTIFY, receipts=receipts)
    wish = Wish(with_tag=body.read(request, OneTag).tag)

    calendars.tag(store, caller, request.calendar, wish, now=request.now)

    return NO_CONTENT
