"""POST /api/v0/token/revoke - revokes a mytoken, for the API and all feeds at once.

The body names the token; the header or the cookie only authenticates the caller (RFC 7009, 2.1).
"""

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.receipts import ReceiptStore
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import NO_CONTENT, Response
from mytoken_calendars.tokens import revoke

authority = authorities.from_environment()
receipts = ReceiptStore.from_environment()


class Revocation(body.Fields):
    token: str = ""
    mom_id: body.MomIdOrOwn = ""
    recursive: body.Flag = False


@operation
def handler(request: Request) -> Response:
    issuer = authorities.require_embedded(authority)
    asked = body.read(request, Revocation)
    shown = credentials.of(request, asked.token)

    revoke.revoke(
        issuer, shown, asked.token, asked.mom_id, recursive=asked.recursive, receipts=receipts
    )

    return NO_CONTENT
