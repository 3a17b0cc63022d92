"""GET /api/v0/settings/tags - the tags of the mytoken's owner.

Like all operations on these it is no use of the mytoken: it counts none, and rotates nothing.
"""

from http import HTTPStatus

from mytoken_calendars import authorities
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.calendars import tags
from mytoken_calendars.http import body, credentials
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response, answer
from mytoken_calendars.tokens import access
from mytoken_calendars.tokens.mytoken import Capability

authority = authorities.from_environment()
store = CalendarStore.from_environment()


@operation
def handler(request: Request) -> Response:
    caller = access.admit(
        authority, credentials.of(request), Capability.READ_TAGS, Capability.READ_NOTIFY
    )
    body.read(request, body.Nothing)

    found = tags.list_all(store, caller)

    return answer(HTTPStatus.OK, {"tags": [tag.document for tag in found]})
