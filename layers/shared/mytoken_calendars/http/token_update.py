"""How the successor of a rotated mytoken reaches the client: with the answer, and in a cookie."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from mytoken_calendars import limits
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import JSON, Response

COOKIE = "mytoken"


def with_successor(response: Response, request: Request) -> Response:
    """The response, with the successor of the client's mytoken if the token was rotated.

    The successor is added to the JSON document of the response, also to that of an error; a
    response without a document becomes a 200 with one. A client that presented its token in a
    cookie gets the successor in a cookie, too.

    The answer to a repeated request also gets the header Idempotent-Replayed. That is the header's
    word, and no replay in the sense of `tokens/rotation.py`.
    """
    state = request.state
    if state.repeated:
        headers = {**response.headers, "Idempotent-Replayed": "true"}
        response = replace(response, headers=headers)
    if state.token_update is None:
        return response
    document: Any = response.body or {}
    no_content = response.status == HTTPStatus.NO_CONTENT
    bearer = state.token_update["mytoken"]
    return replace(
        response,
        status=HTTPStatus.OK if no_content else response.status,
        headers={**response.headers, **JSON},
        body={**document, "token_update": state.token_update},
        cookies=(_cookie(bearer, request),) if state.by_cookie else (),
    )


def _cookie(bearer: str, request: Request) -> str:
    attributes = f"Max-Age={limits.COOKIE}; Path=/api; HttpOnly; SameSite=Strict"
    secure = "; Secure" if request.base_url.startswith("https:") else ""
    return f"{COOKIE}={bearer}; {attributes}{secure}"
