"""Types of claims of which an odd part is left out, since it must not spoil the token."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from mytoken_calendars import limits


def _texts(capabilities: Any) -> Any:
    if not isinstance(capabilities, list):
        return capabilities
    return [capability for capability in capabilities if isinstance(capability, str)]


# What is no text is no capability. Leaving it out allows nothing more.
Capabilities = Annotated[list[str], BeforeValidator(_texts)]
# A name is a label: one that is longer than ours may be says enough when it is cut off.
Label = Annotated[str, AfterValidator(lambda name: name[: limits.TOKEN_NAME])]
