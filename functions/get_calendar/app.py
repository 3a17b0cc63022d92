"""GET /api/v0/notifications/calendars/{calendar} - the way to the calendar's feed.

The use is not counted and does not rotate the mytoken: the answer is a redirect, in which the
client would lose the successor.
"""

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.calendars import calendars
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, redirect
from mytoken_calendars.tokens import access
from mytoken_calendars.tokens.mytoken import Capability

authority = authorities.from_environment()
store = CalendarStore.from_environment()


@operation
def handler(request: Request) -> Response:
    caller = access.admit(authority, credentials.of(request), Capability.READ_NOTIFY)
    body.read(request, body.Nothing)

    calendar = calendars.find(store, caller.owner, request.calendar)

    return redirect(calendar.ics_path(request.feeds_url))
