"""An AWS account with stacks: what CloudFormation, STS and Lambda tell of it, and nothing more.

Calls of other services go on, to moto.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.parsers import ResponseParserError

Answer = dict[str, Any]


@dataclass
class AccountOfStacks:
    """`stacks` are as DescribeStacks tells them, `resources` as ListStackResources does."""

    concurrency: int = 1000
    unreserved: int = 1000
    signed_in: bool = True
    protected: bool = False
    stacks: dict[str, Answer] = field(default_factory=dict)
    resources: dict[str, list[Answer]] = field(default_factory=dict)
    may_ask_lambda: bool = True
    answers_with_a_page: bool = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Meanwhile clients of boto3 ask this account."""
        passed_on: Callable[..., Any] = BaseClient._make_api_call

        def call(client: Any, operation: str, parameters: Answer) -> Any:
            service = client.meta.service_model.service_name
            if service not in ("cloudformation", "sts", "lambda"):
                return passed_on(client, operation, parameters)
            if not self.signed_in:
                raise NoCredentialsError
            if self.answers_with_a_page:
                raise ResponseParserError("invalid XML received")
            return getattr(self, f"_{operation}")(parameters)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", call)
            yield

    def has(self, name: str, status: str = "CREATE_COMPLETE", **more: Any) -> None:
        """It has a stack of this name; `Parameters` and `Outputs` are given by name."""
        pairs = {"Parameters": "Parameter", "Outputs": "Output"}
        for section, of in pairs.items():
            values = more.pop(section, {}).items()
            more[section] = [{f"{of}Key": key, f"{of}Value": value} for key, value in values]
        now = datetime.now(UTC)
        self.stacks[name] = {"StackName": name, "StackStatus": status, "CreationTime": now, **more}

    def _GetCallerIdentity(self, parameters: Answer) -> Answer:  # noqa: N802 - AWS's names
        return {"Account": "123456789012"}

    def _GetAccountSettings(self, parameters: Answer) -> Answer:  # noqa: N802
        if not self.may_ask_lambda:
            raise _refused("AccessDeniedException", "not allowed", "GetAccountSettings")
        limit = {
            "ConcurrentExecutions": self.concurrency,
            "UnreservedConcurrentExecutions": self.unreserved,
        }
        return {"AccountLimit": limit}

    def _DescribeStacks(self, parameters: Answer) -> Answer:  # noqa: N802
        name = parameters["StackName"]
        if name not in self.stacks:
            message = f"Stack with id {name} does not exist"
            raise _refused("ValidationError", message, "DescribeStacks")
        return {"Stacks": [self.stacks[name]]}

    def _ListStackResources(self, parameters: Answer) -> Answer:  # noqa: N802
        return {"StackResourceSummaries": self.resources.get(parameters["StackName"], [])}

    def _DeleteStack(self, parameters: Answer) -> Answer:  # noqa: N802
        if self.protected:
            raise _refused("ValidationError", "TerminationProtection is enabled", "DeleteStack")
        del self.stacks[parameters["StackName"]]
        return {}


def _refused(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
