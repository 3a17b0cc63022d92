"""POST /api/v0/token/revoke - revokes a mytoken, for the API and all feeds at once.

The body says which one, by its value: the header or the cookie says only who asks (RFC 7009, 2.1).
"""

from pydantic import BaseModel

from mytoken_calendars import api, authorities, body, credentials, revoking

authority = authorities.from_environment()


class Revocation(BaseModel):
    token: str = ""
    mom_id: body.MomIdOrOwn = ""
    recursive: body.Flag = False


@api.operation
def handler(request: api.Request) -> api.Response:
    issuing = authorities.issuing(authority)
    asked = body.read(request, Revocation)
    presented = credentials.of(request, asked.token)

    revoking.revoke(issuing, presented, asked.token, asked.mom_id, tree=asked.recursive)

    return api.NO_CONTENT
