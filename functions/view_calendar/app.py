"""GET and HEAD /calendars/{secret}/view, /calendars/{secret}/{file}/view, /calendars/assets/{asset}
- the page of a feed, and the files beside it.

It needs no mytoken: the address is the secret. It reads what the feed reads, and no cache.
"""

from collections.abc import Iterable

from mytoken_calendars.aws.dynamodb.feeds import FeedStore
from mytoken_calendars.calendars import addresses
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds.feed import Feed
from mytoken_calendars.http import function_url, page_response
from mytoken_calendars.http.page_response import page
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response

store = FeedStore.from_environment()


@function_url.also(
    "/calendars/{secret}/view", "/calendars/{secret}/{file}/view", "/calendars/assets/{asset}"
)
@page
def handler(request: Request) -> Response:
    return page_response.answer(request, lambda: _shown(request))


def _shown(request: Request) -> tuple[Feed, Iterable[Subscription]]:
    secret = addresses.secret_of(request.parameters["secret"], request.parameters.get("file", ""))

    current = store.find(secret, request.now)

    return store.read(current, request.now)
