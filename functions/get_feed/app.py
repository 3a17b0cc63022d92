"""GET and HEAD /calendars/{id} - the feed that calendar apps subscribe to.

It needs no mytoken: the address is the secret. It has few imports, since it is polled.
"""

from mytoken_calendars.aws.dynamodb.feeds import FeedStore
from mytoken_calendars.aws.s3 import FeedCache
from mytoken_calendars.feeds import feed
from mytoken_calendars.feeds.memory import FeedMemory
from mytoken_calendars.http import feed_response
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response

store = FeedStore.from_environment()
cache = FeedMemory(FeedCache.from_environment())


@operation
def handler(request: Request) -> Response:
    feed_id = request.parameters["id"].removesuffix(".ics")

    current = store.find(feed_id, request.now)

    return feed_response.answer(
        request, current, lambda: feed.load(store, cache, current, request.now)
    )
