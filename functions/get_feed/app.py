"""GET and HEAD /calendars/{secret}/{file}, /calendars/{secret} - the feed of a calendar.

It needs no mytoken: the address is the secret. It has few imports, since it is polled.
"""

from mytoken_calendars.aws.dynamodb.feeds import FeedStore
from mytoken_calendars.aws.public_url import PublicUrl
from mytoken_calendars.aws.s3 import FeedCache
from mytoken_calendars.calendars import addresses
from mytoken_calendars.feeds import feed
from mytoken_calendars.feeds.memory import FeedMemory
from mytoken_calendars.http import feed_response, function_url
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response

store = FeedStore.from_environment()
cache = FeedMemory(FeedCache.from_environment())
api = PublicUrl.from_environment()


def page(request: Request) -> Response:
    addresses.secret_of(request.parameters.get("secret", ""), request.parameters.get("file", ""))

    return function_url.at_the_api(request, api.value)


@function_url.also("/calendars/{secret}", "/calendars/{secret}/{file+}", others=page)
@operation
def handler(request: Request) -> Response:
    secret = addresses.secret_of(request.parameters["secret"], request.parameters.get("file", ""))

    current = store.find(secret, request.now)

    return feed_response.answer(
        request, current, lambda: feed.load(store, cache, current, request.now)
    )
