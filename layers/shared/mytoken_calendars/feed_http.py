"""The feed as an HTTP answer: conditional requests, content coding, and its headers (RFC 9110)."""

import gzip
import json
import re
from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote

from mytoken_calendars.api import Request, Response
from mytoken_calendars.errors import FeedTooLarge
from mytoken_calendars.feed import Feed

# Lambda's answers end at 6 MB, counted as the JSON that carries them; the headers want some too.
LARGEST_ANSWER = 6 * 1024 * 1024 - 16 * 1024

_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Encoding",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_ETAG = re.compile(r'"([^"]*)"')


def answer(request: Request, feed: Feed, load: Callable[[], tuple[Feed | None, bytes]]) -> Response:
    """The answer to a GET or HEAD of the feed; `load` is called only if its text is needed.

    `load` returns the gzip-compressed text and the state it shows. Raises FeedTooLarge for a text
    that is too large to be sent as it is, if the client refuses gzip.
    """
    wish = _wish_for_gzip(request)
    if _is_current(request, feed, gzipped=wish is True):
        return Response(HTTPStatus.NOT_MODIFIED, _headers(feed, gzipped=wish is True))
    if request.method == "HEAD":
        return Response(HTTPStatus.OK, _content_headers(feed, feed, gzipped=wish is True))
    shown, compressed = load()
    if wish is not True:
        text = gzip.decompress(compressed).decode()
        if _fits_an_answer(text):
            return Response(HTTPStatus.OK, _content_headers(feed, shown, gzipped=False), text)
        if wish is False:
            raise FeedTooLarge
    return Response(HTTPStatus.OK, _content_headers(feed, shown, gzipped=True), compressed)


def _headers(shown: Feed | None, *, gzipped: bool) -> dict[str, str]:
    if shown is None:
        return dict(_HEADERS)
    modified = formatdate(shown.changed, usegmt=True)
    return {**_HEADERS, "ETag": f'"{_etag(shown, gzipped=gzipped)}"', "Last-Modified": modified}


def _content_headers(feed: Feed, shown: Feed | None, *, gzipped: bool) -> dict[str, str]:
    name = quote(f"{feed.name}.ics", safe="")
    headers = {
        **_headers(shown, gzipped=gzipped),
        "Content-Type": "text/calendar; charset=utf-8",
        # A file name for everyone, and the calendar's own for those who can (RFC 8187).
        "Content-Disposition": f"inline; filename=\"calendar.ics\"; filename*=UTF-8''{name}",
    }
    return {**headers, "Content-Encoding": "gzip"} if gzipped else headers


def _etag(feed: Feed, *, gzipped: bool) -> str:
    """Strong: the two codings of one text are different bytes (RFC 9110, 8.8.3.3)."""
    return f"{feed.state}-gzip" if gzipped else feed.state


def _is_current(request: Request, feed: Feed, *, gzipped: bool) -> bool:
    """Whether the client has this state already (RFC 9110, 13.1.2 and 13.1.3)."""
    if_none_match = request.headers.get("if-none-match")
    if if_none_match is not None:
        etags = _ETAG.findall(if_none_match)
        return if_none_match.strip() == "*" or _etag(feed, gzipped=gzipped) in etags
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
        return feed.changed <= since.timestamp()
    except (ValueError, OverflowError):
        return False


def _wish_for_gzip(request: Request) -> bool | None:
    """True if the client asks for gzip, False if it refuses it, None if it does not say."""
    header = request.headers.get("accept-encoding")
    if header is None:
        return None
    codings = (coding.partition(";") for coding in header.lower().replace(" ", "").split(","))
    weights = {name: _weight(parameter) for name, _, parameter in codings}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q=")) if parameter else 1.0
    except ValueError:
        return 0.0


def _fits_an_answer(text: str) -> bool:
    # A character takes at most 12 bytes in JSON, so most texts need not be measured.
    return len(text) * 12 <= LARGEST_ANSWER or len(json.dumps(text)) <= LARGEST_ANSWER
