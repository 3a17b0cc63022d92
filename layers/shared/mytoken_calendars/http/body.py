"""The door to request bodies: JSON or a form, read strictly, then the model of the operation."""

import re
from collections.abc import Iterable, Mapping
from email.message import Message
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from mytoken_calendars import identifiers, limits, strict_json
from mytoken_calendars.calendars import names
from mytoken_calendars.errors import InvalidRequest, PayloadTooLarge, Refusal, UnsupportedMediaType
from mytoken_calendars.http.request import Request
from mytoken_calendars.validation import first_problem

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"

_BODILESS = ("GET", "DELETE")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")

Model = TypeVar("Model", bound=BaseModel)


def _flag(value: Any) -> bool:
    """A boolean as JSON and forms write it; pydantic alone would also accept 1, on, y and more."""
    match value:
        case bool():
            return value
        case "true":
            return True
        case "false":
            return False
        case _:
            raise ValueError("is neither true nor false")


def _mom_id_or_own(text: str, info: ValidationInfo) -> str:
    """A mom_id, or an empty text; the context says whether it comes out of a form."""
    if " " in text and info.context:
        raise ValueError("a mom_id has no spaces: a plus sign in a form is written %2B")
    return identifiers.mom_id_or_own(text)


# The fields that bodies have.
CalendarName = Annotated[str, AfterValidator(names.calendar_name)]
Comment = Annotated[str, AfterValidator(names.comment)]
Flag = Annotated[bool, BeforeValidator(_flag)]
MomIdOrOwn = Annotated[str, AfterValidator(_mom_id_or_own)]


class Fields(BaseModel):
    """The model of a body. A field that is null is absent."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, found: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in found.items() if value is not None}


class Nothing(Fields):
    """The model of operations without fields: the body only has to be well-formed."""


def _refused(_: Any) -> None:
    raise ValueError("this would delete the whole calendar, and not remove a token from it")


class NoToken(BaseModel):
    """The body of deleting a calendar. A token in it is refused: that client means to remove it.

    So is a null, by which a client may say that it does not know which.
    """

    mom_id: Annotated[Any, BeforeValidator(_refused)] = None


def read(request: Request, model: type[Model]) -> Model:
    """The body as `model`. Raises InvalidRequest, which names the first invalid field."""
    found = fields(request)
    _check_spelling(found, {*model.model_fields, "mytoken"})
    try:
        return model.model_validate(found, context=_is_form(request))
    except ValidationError as error:
        raise InvalidRequest(first_problem(error)) from None


def fields(request: Request) -> Mapping[str, Any]:
    """The fields of the body, whether JSON or form; a body without Content-Type is JSON.

    GET and DELETE may come with an empty body or with JSON's `null`, as clients send them.

    Each request's body is parsed once. Raises PayloadTooLarge, UnsupportedMediaType and
    InvalidRequest, in this order.
    """
    state = request.state
    if state.fields is None:
        try:
            state.fields = _read(request)
        except Refusal as refusal:
            state.fields = refusal
    if isinstance(state.fields, Refusal):
        raise state.fields
    return state.fields


def _check_spelling(found: Iterable[str], known: set[str]) -> None:
    """Refuses a known field in capitals: its sender relies on it, so it must not be ignored."""
    for name in found:
        if name not in known and name.casefold() in known:
            raise InvalidRequest(f"{name.casefold()}: its name is written in small letters")


def _read(request: Request) -> dict[str, Any]:
    if len(request.body) > limits.BODY:
        raise PayloadTooLarge
    body = request.body
    if request.method in _BODILESS and body.strip() in (b"", b"null"):
        body = b"{}"
    document = _form(body) if _is_form(request) else _json(body)
    if not isinstance(document.get("mytoken"), str | None):
        raise InvalidRequest("mytoken: is not a string")
    return document


def _is_form(request: Request) -> bool:
    return bool(request.body) and _media_type(request) == _FORM


def _media_type(request: Request) -> str:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType
    content_type = request.headers.get("content-type", _JSON)
    if len(content_type) > limits.MEDIA_TYPE:  # parsing a long one takes quadratic time
        raise UnsupportedMediaType
    header = Message()
    header["Content-Type"] = content_type
    try:
        media_type, charset = header.get_content_type(), header.get_content_charset("utf-8")
    except (TypeError, ValueError):  # parameters that contradict each other (RFC 2231)
        raise UnsupportedMediaType from None
    if media_type not in (_JSON, _FORM) or charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType
    return media_type


def _json(body: bytes) -> dict[str, Any]:
    try:
        document = strict_json.loads(body)
    except strict_json.Unreadable as error:
        raise InvalidRequest(f"The body {error}.") from None
    if not isinstance(document, dict):
        raise InvalidRequest("The body is not a JSON object.")
    return document


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


def _form(body: bytes) -> dict[str, Any]:
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
