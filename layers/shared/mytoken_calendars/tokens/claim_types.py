"""Types of claims. An odd part of a claim is left out where it must not spoil the token."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from mytoken_calendars import limits


def _or_none(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


def _texts(capabilities: Any) -> Any:
    if not isinstance(capabilities, list):
        return capabilities
    return [capability for capability in capabilities if isinstance(capability, str)]


Time = Annotated[int, Field(ge=0, le=limits.LATEST_TIME)]  # seconds since 1970
OR_NONE = WrapValidator(_or_none)  # reads a malformed value as None
# What is no text is no capability. Leaving it out allows nothing more.
Capabilities = Annotated[list[str], BeforeValidator(_texts)]
# A name is a label: one that is longer than ours may be says enough when it is cut off.
Label = Annotated[str, AfterValidator(lambda name: name[: limits.TOKEN_NAME])]
