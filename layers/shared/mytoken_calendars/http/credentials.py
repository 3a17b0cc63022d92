"""Which mytoken a request presents: in its header, body or cookie, and never in its query."""

from mytoken_calendars import limits
from mytoken_calendars.errors import InvalidRequest, InvalidToken, MytokenMissing
from mytoken_calendars.http import body, cookie, idempotency_key
from mytoken_calendars.http.request import Request
from mytoken_calendars.tokens.authority import Credentials


def of(request: Request, bearer: str | None = None) -> Credentials:
    """The credentials of a request (RFC 6750, 2); with `bearer`, those of this token.

    A body that cannot be parsed presents no mytoken: a client without one sees no parser's error.

    Raises PayloadTooLarge and UnsupportedMediaType; InvalidRequest for two different tokens and
    for an Idempotency-Key that is none; MytokenMissing and InvalidToken.
    """
    first, *others = (bearer,) if bearer else _presented(request)
    return Credentials(
        first,
        stack_url=request.base_url,
        address=request.address,
        arrived=request.arrived,
        now=request.now,
        state=request.state,
        idempotency_key=idempotency_key.key_of(request),
        others=tuple(others),
    )


def _presented(request: Request) -> tuple[str, ...]:
    """The tokens that the request presents: one, or those of several cookies."""
    in_body, in_header = _in_body(request), _in_header(request)
    if in_header and in_body and in_header != in_body:
        raise InvalidRequest("The Authorization header and the body hold different mytokens.")
    request.state.by_cookie = not (in_header or in_body)
    bearer = in_header or in_body
    bearers = (bearer,) if bearer else _in_cookies(request)
    if not bearers:
        raise MytokenMissing
    return bearers


def _in_header(request: Request) -> str | None:
    header = request.headers.get("authorization", "").strip()
    if "," in header and "bearer" in header.lower():
        raise InvalidRequest("There is more than one token in the Authorization header.")
    scheme, _, bearer = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    if not bearer:
        raise InvalidToken
    return bearer.lstrip(" ")  # RFC 9110, 11.4: one or more spaces


def _in_body(request: Request) -> str | None:
    try:
        return body.fields(request).get("mytoken")
    except InvalidRequest:
        return None


def _in_cookies(request: Request) -> tuple[str, ...]:
    """The first cookies, unless a page of another origin makes the browser send them."""
    own = _origin(request.base_url)
    origin = request.headers.get("origin", own)
    site = request.headers.get("sec-fetch-site", "none")
    if origin != own or site not in ("none", "same-origin"):
        return ()
    return cookie.tokens_in(request)[: limits.COOKIES]


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])
