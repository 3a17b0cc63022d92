"""POST /api/v0/notifications/calendars/{calendar} - subscribes a mytoken to the calendar."""

from http import HTTPStatus

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.calendars import calendars
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, answer
from mytoken_calendars.tokens import access

authority = authorities.from_environment()
store = CalendarStore.from_environment()
receipts = ReceiptStore.from_environment()


class NewSubscription(body.Fields):
    mom_id: body.MomIdOrOwn
    comment: body.Comment = ""


@operation
def handler(request: Request) -> Response:
    caller = access.admit(authority, credentials.of(request), *access.ADDING, receipts=receipts)
    new = body.read(request, NewSubscription)

    calendar = calendars.add_token(
        store, caller, request.calendar, new.mom_id, new.comment, now_ms=request.now_ms
    )

    return answer(HTTPStatus.OK, calendar.document(request.feeds_url))
