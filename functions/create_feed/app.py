"""POST /api/v0/notifications/calendars/{calendar}/feeds - a further feed of the calendar."""

from http import HTTPStatus

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.aws.dynamodb.settings import SettingsStore
from mytoken_calendars.feeds import settings
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.feed_fields import FeedFields
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, answer
from mytoken_calendars.tokens import access
from mytoken_calendars.tokens.mytoken import Capability

authority = authorities.from_environment()
store = SettingsStore.from_environment()
receipts = ReceiptStore.from_environment()


@operation
def handler(request: Request) -> Response:
    caller = access.admit(authority, credentials.of(request), Capability.NOTIFY, receipts=receipts)
    new = body.read(request, FeedFields)

    calendar, feed = settings.create(store, caller, request.calendar, new.wish, now=request.now)

    return answer(HTTPStatus.CREATED, feed.document(request.feeds_url, calendar.name))
