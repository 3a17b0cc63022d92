"""The cookie `mytoken`: which tokens a browser sends in it, and how an answer keeps it current.

A mytoken server that this stack stands beside sets the same cookie, for its host as the domain.
The stack sets its own for that domain, too: a browser replaces a cookie only if name, domain and
path are the same (RFC 6265, 5.3), and would otherwise send the server the old token.
"""

import os

from mytoken_calendars import limits
from mytoken_calendars.http.request import Request

NAME = "mytoken"


def tokens_in(request: Request) -> tuple[str, ...]:
    """The tokens in the request's cookies of this name, in their order, each once."""
    cookies = (cookie.strip().partition("=") for cookie in request.cookies)
    return tuple(dict.fromkeys(value for name, _, value in cookies if name == NAME and value))


def changes(request: Request) -> tuple[str, ...]:
    """The values of Set-Cookie in the answer: at most one.

    A cookie that held the token gets its successor. A cookie that holds nothing but a token that
    the request has ended is expired, with the attributes that it was set with (RFC 6265, 5.3).
    """
    state = request.state
    if state.ended and tokens_in(request) == (state.ended,):
        return (_cookie("", 0, request),)
    if state.by_cookie and state.token_update:
        return (_cookie(state.token_update["mytoken"], limits.COOKIE, request),)
    return ()


def _cookie(value: str, lifetime: int, request: Request) -> str:
    domain = _domain(os.environ.get("MYTOKEN_ISSUER", ""), request.base_url)
    secure = "; Secure" if request.base_url.startswith("https:") else ""
    return (
        f"{NAME}={value}; Max-Age={lifetime}; Path=/api{domain}; HttpOnly; SameSite=Strict{secure}"
    )


def _domain(issuer: str, base_url: str) -> str:
    """The attribute for the issuer's host, if the stack is there or below.

    Elsewhere a browser would refuse it, and never sends the issuer's cookie to the stack: then the
    cookie is the stack's alone, as it is without another issuer.
    """
    domain, own = _host(issuer), _host(base_url)
    is_shared = domain and f".{own}".endswith(f".{domain}")
    return f"; Domain={domain}" if is_shared else ""


def _host(url: str) -> str:
    _, _, rest = url.partition("://")
    return rest.partition("/")[0].partition(":")[0].lower()
