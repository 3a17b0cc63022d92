"""POST /api/v0/notifications/calendars/{calendar}/feeds/{feed}/reset - another address."""

from http import HTTPStatus

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.aws.dynamodb.settings import SettingsStore
from mytoken_calendars.feeds import settings
from mytoken_calendars.http import body, credentials
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
    body.read(request, body.Nothing)

    calendar, feed = settings.reset(store, caller, request.calendar, request.feed, now=request.now)

    return answer(HTTPStatus.OK, feed.document(request.feeds_url, calendar.name))
