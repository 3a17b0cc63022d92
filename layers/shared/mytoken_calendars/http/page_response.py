"""Pages of feeds, and the files beside them, as HTTP answers: their headers and content coding.

What a page shows was written by people, so a browser is told to run nothing that stands in it, to
ask no other host, and to tell none where it was (CSP Level 3, Referrer Policy, Permissions Policy).
"""

import gzip
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus

from mytoken_calendars import limits
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.errors import FeedNotFound, Refusal
from mytoken_calendars.feeds.feed import Feed
from mytoken_calendars.http import error_response
from mytoken_calendars.http.feed_response import wish_for_gzip
from mytoken_calendars.http.operation import operation
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response
from mytoken_calendars.pages import assets, templates, view

_NOT_SNIFFED = {"X-Content-Type-Options": "nosniff"}
_OF_PAGES = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), clipboard-write=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    **_NOT_SNIFFED,
}
_OF_ASSETS = {
    "Cache-Control": f"public, max-age={limits.ASSET_KEPT}, immutable",
    "Vary": "Accept-Encoding",
    **_NOT_SNIFFED,
}

State = tuple[Feed, Iterable[Subscription]]


def answer(request: Request, read: Callable[[], State]) -> Response:
    """The page of the feed that `read` reads, or the asset that the request names.

    Raises FeedNotFound for an asset that is not there. HEAD is answered as GET is: the gateway
    leaves the body out.
    """
    if "asset" in request.parameters:
        asset = assets.BY_NAME.get(request.parameters["asset"])
        if asset is None:
            raise FeedNotFound
        return _coded(request, {**_OF_ASSETS, "Content-Type": asset.media_type}, asset.text)
    feed, subscriptions = read()
    shown = view.of(feed, subscriptions, base_url=request.feeds_url, now=request.now)
    return _coded(request, _OF_PAGES, templates.of_feed(shown))


def refused(refusal: Refusal) -> Response:
    """The page that says why there is none, with the status and headers that the API would send."""
    response = error_response.of(refusal)
    return Response(
        response.status, {**response.headers, **_OF_PAGES}, templates.of_refusal(response.status)
    )


# Makes the handler of a page, whose refusals are pages as well.
page = partial(operation, refused=refused)


def _coded(request: Request, headers: dict[str, str], text: str) -> Response:
    """With gzip if the client asks for it; each answer is made anew."""
    if wish_for_gzip(request.headers.get("accept-encoding")) is not True:
        return Response(HTTPStatus.OK, headers, text)
    packed = gzip.compress(text.encode(), compresslevel=6, mtime=0)
    return Response(HTTPStatus.OK, {**headers, "Content-Encoding": "gzip"}, packed)
