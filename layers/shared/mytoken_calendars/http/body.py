"""The door to request bodies: JSON or a form, read strictly, then the model of the operation."""

from collections.abc import Iterable, Mapping
from email.message import Message
from typing import Annotated, Any, Self, TypeVar

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
from mytoken_calendars.http import form
from mytoken_calendars.http.request import Request
from mytoken_calendars.validation import first_problem

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"

Model = TypeVar("Model", bound=BaseModel)


def _asked_mom_ids(value: Any, info: ValidationInfo) -> tuple[str, ...]:
    """mom_ids, and the words for the token that asks and for those below it; a form has one."""
    if info.context and isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or len(value) > limits.ASKED_TOKENS:
        raise ValueError(f"a list of at most {limits.ASKED_TOKENS} mom_ids")
    if not all(isinstance(one, str) for one in value):
        raise ValueError("a mom_id is a string")
    return tuple(one if one in ("this", "children") else identifiers.mom_id(one) for one in value)


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
    return identifiers.mom_id(text) if text else text


# The fields that bodies have.
CalendarName = Annotated[str, AfterValidator(names.calendar_name)]
TagName = Annotated[str, AfterValidator(names.tag)]
Comment = Annotated[str, AfterValidator(names.comment)]
Description = Annotated[str, AfterValidator(names.description)]
Label = Annotated[str, AfterValidator(names.label)]
Flag = Annotated[bool, BeforeValidator(_flag)]
AskedMomIds = Annotated[tuple[str, ...], BeforeValidator(_asked_mom_ids)]
MomIdOrOwn = Annotated[str, AfterValidator(_mom_id_or_own)]


class Fields(BaseModel):
    """The model of a body. A field that is null is absent."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, found: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in found.items() if value is not None}


class Changes(Fields):
    """The model of a body that changes something: it has at least one field."""

    @model_validator(mode="after")
    def _has_some(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"nothing is to change: give {', '.join(type(self).model_fields)}")
        return self


class Nothing(Fields):
    """The model of operations without fields: the body only has to be well-formed."""


class GoneSubscription(Fields):
    """The body of removing a token: null is no mom_id, and "" is the token that is presented."""

    mom_id: MomIdOrOwn


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("is null: this deletes no calendar, and names no mytoken")
    return value


class TokenOrCalendar(BaseModel):
    """The body of deleting: a token in the calendar, or all of it without the field.

    A null deletes nothing, as a client may say by it that it does not know which token it means.
    """

    mom_id: Annotated[MomIdOrOwn | None, BeforeValidator(_not_null)] = None


def has(request: Request, field: str) -> bool:
    """Whether the body has this field, be it null; a body that cannot be parsed has none."""
    try:
        return field in fields(request)
    except InvalidRequest:
        return False


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

    An empty body has no fields, nor has JSON's `null`, which clients send when there is nothing.

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
    is_form = _is_form(request)
    if not is_form and request.body.strip() in (b"", b"null"):
        return {}
    document = form.fields(request.body) if is_form else _json(request.body)
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
