"""The feed as an HTTP answer: conditional requests, content coding, and its headers (RFC 9110)."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import quote

from mytoken_calendars.feeds.feed import Feed, unpacked
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import Response

# A 304 renews what a client has stored, and a function's URL says JSON where an answer has no type.
_HEADERS = {
    "Content-Type": "text/calendar; charset=utf-8",
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Encoding",
}
# These are about the text, which a 304 does not have (RFC 9110, 15.4.5).
_HEADERS_OF_THE_TEXT = {
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_NOT_IN_FILE_NAMES = re.compile(r'[^ -~]|["%/\\]')  # a quoted string, and no path (RFC 6266, 4.3)
_ETAG = re.compile(r'"([^"]*)"')


def answer(request: Request, feed: Feed, load: Callable[[], tuple[Feed, bytes]]) -> Response:
    """The answer to a GET or HEAD of the feed; `load` is called only if its text is needed.

    `load` returns the gzip-compressed text and the state it shows. HEAD is answered as GET is: the
    gateway leaves the body out.
    """
    wish = wish_for_gzip(request.headers.get("accept-encoding"))
    etag = _etag_that_is_current(request, feed, wish=wish)
    if etag:
        return Response(HTTPStatus.NOT_MODIFIED, {**_HEADERS, "ETag": f'"{etag}"'})
    shown, compressed = load()
    gzipped = wish is True
    headers = {
        **_HEADERS,
        **_HEADERS_OF_THE_TEXT,
        "Content-Disposition": _file_name(shown.title),
        "ETag": f'"{_etag(shown, gzipped=gzipped)}"',
    }
    if not gzipped:
        return Response(HTTPStatus.OK, headers, unpacked(compressed).decode())
    return Response(HTTPStatus.OK, {**headers, "Content-Encoding": "gzip"}, compressed)


def _file_name(calendar: str) -> str:
    """The calendar's name as that of a file (RFC 6266, 4.3), also for clients without RFC 8187.

    These get the nearest name in ASCII, some for the title that they show.
    """
    letters = unicodedata.normalize("NFKD", calendar).encode("ascii", "ignore").decode()
    plain = " ".join(_NOT_IN_FILE_NAMES.sub(" ", letters).split()) or "calendar"
    exact = quote(f"{calendar}.ics", safe="")
    return f"inline; filename=\"{plain}.ics\"; filename*=UTF-8''{exact}"


def _etag(feed: Feed, *, gzipped: bool) -> str:
    """A strong ETag: each coding has its own, as its bytes differ (RFC 9110, 8.8.3.3)."""
    return f"{feed.state}-gzip" if gzipped else feed.state


def _etag_that_is_current(request: Request, feed: Feed, *, wish: bool | None) -> str | None:
    """The ETag of the client's copy, if this copy is current (RFC 9110, 13.1.2).

    A client without a wish for or against gzip may have either coding. Dates are no validators: no
    date survives two changes in one second, a revocation, or another writer.
    """
    codings = (False, True) if wish is None else (wish,)
    possible = [_etag(feed, gzipped=gzipped) for gzipped in codings]
    if_none_match = request.headers.get("if-none-match")
    if if_none_match is None:
        return None
    if if_none_match.strip() == "*":
        return possible[0]
    known = _ETAG.findall(if_none_match)
    return next((etag for etag in possible if etag in known), None)


@lru_cache(maxsize=64)  # calendar apps send few different ones, all day
def wish_for_gzip(accept_encoding: str | None) -> bool | None:
    """True if the client asks for gzip, False if it refuses it, None if it does not say."""
    if accept_encoding is None:
        return None
    codings = accept_encoding.lower().replace(" ", "").split(",")
    parts = (coding.partition(";") for coding in codings)
    weights = {name: _weight(parameter) for name, _, parameter in parts}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q=")) if parameter else 1.0
    except ValueError:
        return 0.0
