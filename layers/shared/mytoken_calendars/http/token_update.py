"""What an answer tells of the client's mytoken: its successor, or that it is dead."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from mytoken_calendars.http import cookie
from mytoken_calendars.http.request import Request
from mytoken_calendars.http.response import JSON, Response


def with_successor(response: Response, request: Request) -> Response:
    """The response, with the successor of the client's mytoken if the token was rotated.

    The successor is added to the JSON document of the response, also to that of an error; a
    response without a document becomes a 200 with one. A client that presented its token in a
    cookie gets the successor in a cookie, too, and the cookie of a token that was revoked is
    expired.

    The answer to a repeated request also gets the header Idempotent-Replayed. That is the header's
    word, and no replay in the sense of `tokens/rotation.py`.
    """
    state = request.state
    if state.repeated:
        headers = {**response.headers, "Idempotent-Replayed": "true"}
        response = replace(response, headers=headers)
    if state.token_update or state.ended:
        response = replace(response, cookies=cookie.changes(request))
    if state.token_update is None:
        return response
    document: Any = response.body or {}
    no_content = response.status == HTTPStatus.NO_CONTENT
    return replace(
        response,
        status=HTTPStatus.OK if no_content else response.status,
        headers={**response.headers, **JSON},
        body={**document, "token_update": state.token_update},
    )
