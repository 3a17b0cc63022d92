"""The door to Parameter Store, which tells a function that its URL called where the API is.

API Gateway says so in each of its events. In a function's environment it would close a circle, as
the API refers to its functions (docs/decisions/0035-a-url-serves-what-the-api-serves.md).
"""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from mytoken_calendars.aws import clients


@dataclass(frozen=True)
class PublicUrl:
    """`parameter` is the name of the template's PublicUrlParameter."""

    parameter: str

    @classmethod
    def from_environment(cls) -> Self:
        return cls(os.environ["PUBLIC_URL_PARAMETER"])

    @cached_property
    @clients.reachable()
    def value(self) -> str:
        """Where clients reach the API; asked for once. Raises TemporarilyUnavailable."""
        answer = clients.client("ssm").get_parameter(Name=self.parameter)
        value: str = answer["Parameter"]["Value"]
        return value
