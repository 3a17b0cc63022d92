"""GET and HEAD /calendars/{id} - the feed that calendar apps subscribe to.

No mytoken is asked for: the address is the secret. Imports stay few, since this one is polled.
"""

from mytoken_calendars import api, feed, feed_http
from mytoken_calendars.feed_cache import FeedCache
from mytoken_calendars.feed_memory import FeedMemory
from mytoken_calendars.feed_store import FeedStore

store = FeedStore.from_environment()
cache = FeedMemory(FeedCache.from_environment())


@api.operation
def handler(request: api.Request) -> api.Response:
    feed_id = request.parameters["id"].removesuffix(".ics")

    current = store.find(feed_id, request.now)

    return feed_http.answer(request, current, lambda: feed.load(store, cache, current, request.now))
