"""POST /api/v0/tokeninfo - what this stack knows of the mytokens that it has issued."""

from functools import partial
from http import HTTPStatus

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.calendars import notifications
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, answer
from mytoken_calendars.tokens import tokeninfo

authority = authorities.from_environment()
store = CalendarStore.from_environment()
receipts = ReceiptStore.from_environment()


class Question(body.Fields):
    action: tokeninfo.Action = tokeninfo.Action.INTROSPECT
    mom_ids: body.AskedMomIds = ()


@operation
def handler(request: Request) -> Response:
    issuer = authorities.require_embedded(authority)
    shown = credentials.of(request)
    question = body.read(request, Question)

    about_calendars = partial(
        notifications.document, issuer, store, question.mom_ids, feeds_url=request.feeds_url
    )

    document = tokeninfo.document(issuer, shown, question.action, receipts, about_calendars)

    return answer(HTTPStatus.OK, document)
