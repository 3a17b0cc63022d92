"""The Idempotency-Key header, by which a client repeats a request safely."""

import hashlib
import re

from mytoken_calendars import limits
from mytoken_calendars.errors import InvalidRequest
from mytoken_calendars.http.request import Request
from mytoken_calendars.tokens.idempotency import IdempotencyKey

_KEY = re.compile(f"[!-~]{{1,{limits.IDEMPOTENCY_KEY}}}")


def key_of(request: Request) -> IdempotencyKey | None:
    """The key, if the request has one, with a digest of its method, path and body.

    Raises InvalidRequest for a key that is not 1 to 255 visible characters of ASCII.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if _KEY.fullmatch(key) is None:
        raise InvalidRequest(
            f"An Idempotency-Key has 1 to {limits.IDEMPOTENCY_KEY} visible characters of ASCII."
        )
    asked_for = f"{request.method} {request.path}\n".encode() + request.body
    return IdempotencyKey(key, hashlib.sha256(asked_for).hexdigest())
