"""The clients of AWS: their timeouts, their attempts and their errors.

They are botocore's: boto3 has the same clients, but its import takes a sixth of a cold start.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, SSLError
from botocore.exceptions import ConnectionError as UnreachableError
from botocore.loaders import Loader
from botocore.session import Session

from mytoken_calendars import limits
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.errors import TemporarilyUnavailable

_THROTTLED = (
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
)
# How a connection ends that AWS has closed while the function was frozen, with and without TLS.
_CLOSED = (ConnectionClosedError, SSLError)
_ATTRIBUTE = re.compile(r"#(\w+)")
_NAMES = "ExpressionAttributeNames"

# Those that are used here, and those from which botocore gets the credentials of operators.
_SERVICES = ["dynamodb", "kms", "s3", "signin", "ssm", "sso", "sso-oidc", "sts"]


class _Loader(Loader):
    """Finds botocore's data files without looking through the folders of all services of AWS.

    There are 400, and to list them takes a tenth of the start of the feed's function.
    """

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - of all types
        return _SERVICES


@cache
def _session() -> Session:
    """One for all clients, since it reads a megabyte of endpoints."""
    session = Session()
    session.register_component("data_loader", _Loader())
    return session


def client(service: str, *, attempts: int = limits.AWS_ATTEMPTS) -> Any:
    """A client whose calls end within some ten seconds, all attempts together.

    If AWS has closed the connection, there is one more attempt at once, on a fresh connection.
    """
    config = Config(
        connect_timeout=limits.AWS_CONNECT,
        read_timeout=limits.AWS_ANSWER,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    made: Any = _session().create_client(service, config=config)
    service_id = made.meta.service_model.service_id.hyphenize()
    made.meta.events.register_first(f"needs-retry.{service_id}", _retry_if_closed)
    return made


@cache
def dynamodb() -> Any:
    """The one client of DynamoDB that a function has, so that its tables share connections."""
    return client("dynamodb")


def _retry_if_closed(
    attempts: int, caught_exception: object, endpoint: Any, **_: Any
) -> int | None:
    """The seconds to wait before a further attempt; None leaves it to botocore's own rule.

    botocore would wait for up to a second, or with a single attempt give up. All connections of the
    pool have been idle equally long, so none of them is used.
    """
    if attempts > 1 or not isinstance(caught_exception, _CLOSED):
        return None
    endpoint.close()
    return 0


@contextmanager
def reachable() -> Iterator[None]:
    """Turns "AWS did not answer" and "AWS asks us to slow down" into TemporarilyUnavailable."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        is_throttled = error.response["Error"]["Code"] in _THROTTLED
        if is_throttled:
            metrics.count(Metric.THROTTLED_BY_AWS)
        if is_throttled or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise TemporarilyUnavailable from error
        raise
    except (UnreachableError, HTTPClientError) as error:
        raise TemporarilyUnavailable from error


def dynamodb_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a DynamoDB call, made from ones with Python values.

    In the expressions `#word` stands for the attribute `word`, which DynamoDB may reserve, or for
    the one that ExpressionAttributeNames has under `#word`.
    """
    typed = dict(parameters)
    named = typed.pop(_NAMES, {})
    for name in ("Key", "Item", "ExpressionAttributeValues"):
        if name in typed:
            typed[name] = {n: _typed(value) for n, value in typed[name].items()}
    expressions = " ".join(v for n, v in parameters.items() if n.endswith("Expression"))
    if attributes := _ATTRIBUTE.findall(expressions):
        typed[_NAMES] = {**{f"#{name}": name for name in attributes}, **named}
    return typed


def from_dynamodb(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item with Python's types; its numbers are whole, as all numbers here are."""
    return {name: _plain(typed) for name, typed in item.items()}


def _typed(value: Any) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case list():
            return {"L": [_typed(each) for each in value]}
        case dict():
            return {"M": {name: _typed(each) for name, each in value.items()}}
    raise TypeError(type(value).__name__)


def _plain(typed: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value)
        case "L":
            return [_plain(each) for each in value]
        case "M":
            return {name: _plain(each) for name, each in value.items()}
    raise TypeError(kind)
