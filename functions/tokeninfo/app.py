"""POST /api/v0/tokeninfo - what this stack knows of the mytokens that it has issued."""

from http import HTTPStatus

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, answer
from mytoken_calendars.tokens import tokeninfo

authority = authorities.from_environment()
receipts = ReceiptStore.from_environment()


class Question(body.Fields):
    action: tokeninfo.Action = tokeninfo.Action.INTROSPECT


@operation
def handler(request: Request) -> Response:
    issuer = authorities.require_embedded(authority)
    shown = credentials.of(request)
    question = body.read(request, Question)

    document = tokeninfo.document(issuer, shown, question.action, receipts)

    return answer(HTTPStatus.OK, document)
