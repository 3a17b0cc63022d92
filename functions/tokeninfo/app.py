"""POST /api/v0/tokeninfo - what this stack knows of the mytokens that it has issued."""

from http import HTTPStatus

from pydantic import BaseModel

from mytoken_calendars import api, authorities, body, credentials, tokeninfo

authority = authorities.from_environment()


class Question(BaseModel):
    action: tokeninfo.Action = tokeninfo.Action.INTROSPECT


@api.operation
def handler(request: api.Request) -> api.Response:
    issuing = authorities.issuing(authority)
    presented = credentials.of(request)
    question = body.read(request, Question)

    document = tokeninfo.document(issuing, presented, question.action)

    return api.answer(HTTPStatus.OK, document)
