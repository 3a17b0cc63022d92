"""Forms, read strictly (WHATWG URL, 5)."""

import re
from typing import Any
from urllib.parse import parse_qsl

from mytoken_calendars import limits
from mytoken_calendars.errors import InvalidRequest

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def fields(body: bytes) -> dict[str, Any]:
    """The fields of a form. Raises InvalidRequest."""
    _check_characters(body)
    if body.count(b"&") >= limits.FORM_FIELDS:
        raise InvalidRequest(f"A form has at most {limits.FORM_FIELDS} fields.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except UnicodeDecodeError:
        raise InvalidRequest("The form is not in UTF-8.") from None
    except ValueError:
        raise InvalidRequest("A field of the form has no equals sign.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise InvalidRequest("A field occurs twice in the form.")
    return form


def _check_characters(form: bytes) -> None:
    """A form is ASCII, and what has a meaning in it is escaped (WHATWG URL, 5.2)."""
    if form.lstrip().startswith(b"{"):
        raise InvalidRequest("The body is JSON, and its Content-Type says that it is a form.")
    if not form.isascii():
        raise InvalidRequest(
            "The body is not a form: characters other than ASCII are percent-encoded in it. "
            "curl does that with --data-urlencode."
        )
    if _BROKEN_ESCAPE.search(form):
        raise InvalidRequest("The body is not a form: a percent sign in it is written %25.")
