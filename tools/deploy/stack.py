"""A stack as CloudFormation has it, and whether it can be deployed to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from tools.deploy.errors import NotReady

_NEVER_MADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
_EMPTY = "REVIEW_IN_PROGRESS"  # of a stack that has a change set, and nothing else


@dataclass(frozen=True)
class Stack:
    """`changed` says when it was changed last; a stack that is not there has no status."""

    name: str
    status: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    changed: Any = None

    @classmethod
    def read(cls, name: str) -> "Stack":
        """Raises NotReady if CloudFormation does not tell."""
        try:
            found: Any = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return cls(name)
            raise NotReady(f"the stack {name} cannot be read: {error}") from None
        except (BotoCoreError, ResponseParserError) as error:
            raise NotReady(f"the stack {name} cannot be read: {error}") from None
        return cls(
            name,
            found["StackStatus"],
            {p["ParameterKey"]: p.get("ParameterValue", "") for p in found.get("Parameters", ())},
            {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", ())},
            found.get("LastUpdatedTime", found["CreationTime"]),
        )

    @property
    def is_new(self) -> bool:
        """Whether nothing of it is there yet."""
        return self.status in ("", _EMPTY)

    @property
    def never_served(self) -> bool:
        """Whether its first deployment has failed, so that it can only be removed."""
        return self.status in _NEVER_MADE

    def check_ready(self) -> None:
        """Raises NotReady if nothing can be deployed to it."""
        if self.is_new:
            return
        self.check_settled()
        if self.never_served:
            raise NotReady(
                f"{self.name} is {self.status}: its first deployment failed, or it was not wholly "
                f"deleted. Run make remove STACK={self.name}, then make deploy again"
            )
        if self.status == "UPDATE_ROLLBACK_FAILED":
            raise NotReady(
                f"{self.name} is {self.status}: mend what its events name, then run aws "
                f"cloudformation continue-update-rollback --stack-name {self.name}"
            )
        self.check_ours()

    def check_settled(self) -> None:
        """Raises NotReady while it is being changed."""
        if self.status.endswith("_IN_PROGRESS") and self.status != _EMPTY:
            raise NotReady(
                f"{self.name} is {self.status}: wait until that has ended, and try again"
            )

    def check_ours(self) -> None:
        """Raises NotReady if it is a stack of another kind."""
        if not {"PublicUrl", "CalendarsTable", "SigningKeys"} <= self.outputs.keys():
            raise NotReady(f"the stack {self.name} is none of mytoken-calendars: name another")
