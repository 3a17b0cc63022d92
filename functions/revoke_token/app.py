"""POST /api/v0/token/revoke - revokes a mytoken, for the API and all feeds at once.

The body says which one, by its value: the header or the cookie says only who asks (RFC 7009, 2.1).
"""

from pydantic import BaseModel

from mytoken_calendars import authorities
from mytoken_calendars.http import body, credentials, operation
from mytoken_calendars.tokens import revoke

authority = authorities.from_environment()


class Revocation(BaseModel):
    token: str | None = None
    mom_id: body.MomIdOrOwn | None = None
    recursive: body.Flag = False


@operation.operation
def handler(request: operation.Request) -> operation.Response:
    issuing = authorities.issuing(authority)
    asked = body.read(request, Revocation)
    presented = credentials.of(request, asked.token)

    revoke.revoke(issuing, presented, asked.token, asked.mom_id, tree=asked.recursive)

    return operation.NO_CONTENT
