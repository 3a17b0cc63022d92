"""The fields by which a client describes a calendar and its tags."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, model_validator

from mytoken_calendars import limits
from mytoken_calendars.calendars import names
from mytoken_calendars.calendars.wish import Wish
from mytoken_calendars.errors import InvalidRequest, NoSuchTag
from mytoken_calendars.http import body
from mytoken_calendars.http.request import Request

_COLOR = re.compile("#?([0-9A-Fa-f]{6})")


def _tags(value: Any, info: ValidationInfo) -> tuple[str, ...]:
    """The names of tags; the context says whether they come out of a form, with commas between."""
    if value == "":
        return ()
    if info.context and isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or len(value) > limits.TAGS_OF_CALENDAR:
        raise ValueError(f"a list of at most {limits.TAGS_OF_CALENDAR} names of tags")
    if not all(isinstance(name, str) for name in value):
        raise ValueError("a name of a tag is a string")
    return tuple(names.tag(name) for name in value)


def _color(value: Any) -> Any:
    """Six hexadecimal digits, with or without a # before them; or nothing, for the first colour."""
    if not isinstance(value, str) or value == "":
        return value
    if found := _COLOR.fullmatch(value):
        return found[1].upper()
    raise ValueError("a colour has six hexadecimal digits: RRGGBB")


TagNames = Annotated[tuple[str, ...] | None, BeforeValidator(_tags)]
Color = Annotated[str | None, BeforeValidator(_color)]


class CalendarFields(body.Fields):
    """What a calendar is to be. In a form the tags are separated by commas."""

    name: body.CalendarName | None = None
    description: body.Description | None = None
    tags: TagNames = None

    @property
    def wish(self) -> Wish:
        return Wish(self.name, self.description, self.tags)


class CalendarChanges(body.Changes, CalendarFields):
    """What is to become of a calendar."""


class NewCalendar(CalendarFields):
    """A new calendar: with a name, or as newer clients ask for it, which know of no names."""

    @model_validator(mode="before")
    @classmethod
    def _is_called_something(cls, found: Mapping[str, Any]) -> Mapping[str, Any]:
        if found.get("name") is None and not {"description", "tags"} & found.keys():
            raise ValueError("name: a calendar needs one, or a description")
        return found


class OneTag(body.Fields):
    """A tag that a calendar gets or loses."""

    tag: body.TagName


class NewTag(body.Fields):
    color: Color = None


class TagChanges(body.Changes):
    """What is to become of a tag."""

    tag: body.TagName | None = None
    color: Color = None


def new_tag(request: Request) -> str:
    """The name of a tag in the path, which is to be a new one. Raises InvalidRequest."""
    try:
        return names.tag(request.parameters["tag"])
    except ValueError as error:
        raise InvalidRequest(f"The tag in the path: {error}.") from None


def known_tag(request: Request) -> str:
    """The name of a tag in the path. Raises NoSuchTag for what is no name of one."""
    try:
        return names.tag(request.parameters["tag"])
    except ValueError:
        raise NoSuchTag from None
