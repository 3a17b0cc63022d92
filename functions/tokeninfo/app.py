"""POST /api/v0/tokeninfo - what this stack knows of the mytokens that it has issued."""

from http import HTTPStatus

from pydantic import BaseModel

from mytoken_calendars import authorities
from mytoken_calendars.http import body, credentials, operation
from mytoken_calendars.tokens import tokeninfo

authority = authorities.from_environment()


class Question(BaseModel):
    action: tokeninfo.Action = tokeninfo.Action.INTROSPECT


@operation.operation
def handler(request: operation.Request) -> operation.Response:
    issuing = authorities.issuing(authority)
    presented = credentials.of(request)
    question = body.read(request, Question)

    document = tokeninfo.document(issuing, presented, question.action)

    return operation.answer(HTTPStatus.OK, document)
