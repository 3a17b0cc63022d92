"""GET /api/v0/notifications/calendars/{name} - the way to the calendar's feed.

Its answer is a redirect, so an updated mytoken would be lost: it neither rotates nor counts.
"""

from mytoken_calendars import access, api, authorities, body, calendars, credentials
from mytoken_calendars.mytoken import Capability
from mytoken_calendars.store import CalendarStore

authority = authorities.from_environment()
store = CalendarStore.from_environment()


@api.operation
def handler(request: api.Request) -> api.Response:
    caller = access.admit(authority, credentials.of(request), Capability.READ_NOTIFY)
    body.read(request, body.Nothing)

    calendar = calendars.find(store, caller.owner, request.name)

    return api.redirect(calendar.ics_path(request.base_url))
