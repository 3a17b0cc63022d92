"""The cookie `mytoken`: which tokens a browser sends in it, and how an answer keeps it current."""

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
    attributes = f"Max-Age={lifetime}; Path=/api; HttpOnly; SameSite=Strict"
    secure = "; Secure" if request.base_url.startswith("https:") else ""
    return f"{NAME}={value}; {attributes}{secure}"
