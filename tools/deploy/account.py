"""The AWS account that a stack is deployed to: whose credentials these are, and what it may run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.parsers import ResponseParserError

from tools.deploy.errors import NotReady

UNRESERVED = 100  # executions that AWS keeps from being reserved, of each account
_OF_AN_EXECUTION = 10  # requests a second that Lambda serves with one execution
_QUOTA = "https://console.aws.amazon.com/servicequotas/home/services/lambda/quotas/L-B99A9384"


@dataclass(frozen=True)
class Account:
    """`concurrency` is how many requests Lambda serves at the same time, `unreserved` how many of
    these no function has reserved; both are None if the credentials may not ask."""

    number: str
    region: str
    concurrency: int | None = None
    unreserved: int | None = None

    @classmethod
    def signed_in(cls) -> "Account":
        """The account of the environment's credentials. Raises NotReady."""
        try:
            session = boto3.Session()
            if not session.region_name:
                raise NotReady("there is no region: export AWS_DEFAULT_REGION=eu-central-1, say")
            number: str = session.client("sts").get_caller_identity()["Account"]
        except (NoCredentialsError, PartialCredentialsError):
            raise NotReady(
                "there are no credentials of AWS: run aws configure or aws sso login, or export "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ) from None
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            raise NotReady(f"AWS does not answer these credentials: {error}") from None
        return cls(number, session.region_name, *_concurrency(session))

    def check_reservation(self, wanted: int, reserved: int) -> None:
        """Raises NotReady if AWS would refuse to reserve `wanted` for functions of the stack.

        `reserved` is what they have.
        """
        if wanted <= reserved or self.unreserved is None:
            return
        most = max(self.unreserved + reserved - UNRESERVED, 0)
        if wanted > most:
            raise NotReady(
                f"FeedConcurrency: this account can reserve {most}, and the stack would take "
                f"{wanted}, as {UNRESERVED} have to stay for other functions; {_QUOTA} raises its "
                "quota"
            )

    def advice(self, values: Mapping[str, str]) -> str | None:
        """What its concurrency means beside the throttles that let requests in, if it is less."""
        let_in = int(values["FeedRequestsPerSecond"]) + int(values["ApiRequestsPerSecond"])
        if self.concurrency is None or self.concurrency * _OF_AN_EXECUTION >= let_in:
            return None
        served = self.concurrency * _OF_AN_EXECUTION
        return (
            f"Lambda serves {self.concurrency:,} requests of this account at the same time, some "
            f"{served:,} a second,\nand the throttles let {let_in:,} in. What is too much gets "
            "errors, on the hour when calendar apps poll.\n"
            "FeedRequestsPerSecond=50 lets less in; this page raises the quota:\n"
            f"{_QUOTA}"
        )


def _concurrency(session: Any) -> tuple[int | None, int | None]:
    try:
        limit = session.client("lambda").get_account_settings()["AccountLimit"]
    except (BotoCoreError, ClientError):  # a right that deploying does not need
        return None, None
    return limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
