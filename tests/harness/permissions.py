"""IAM for stand-ins that have none: in every test, a handler may ask AWS for what its function may.

A call is a handler's if a function's file is nearer to it in the stack of calls than a test is.
template.yaml has to allow it, and if it reads, it has to read consistently, as all do here.
"""

import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from typing import Any
from unittest import mock

from botocore.client import BaseClient

from local.data import STACK
from local.template import ROOT, Template
from tests.harness import canaries

_FUNCTIONS, _TESTS = f"{ROOT}/functions/", f"{ROOT}/tests/"
_BETWEEN = canaries.__file__  # it looks at what a handler's modules return
_TABLES = ("CalendarsTable", "TokensTable")


class NotPermitted(AssertionError):
    """A call that AWS would refuse, or one that may find what was so a while ago."""


@dataclass(frozen=True)
class Call:
    """One action on one resource of the template; `context` has the values of condition keys."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Grant:
    """What a policy allows: one action on one resource, if each condition key has such a value."""

    action: str
    resource: str
    conditions: frozenset[tuple[str, str]] = frozenset()

    def allows(self, call: Call) -> bool:
        return (
            call.action == self.action
            and fnmatchcase(call.resource, self.resource)
            and all(fnmatchcase(call.context[key], pattern) for key, pattern in self.conditions)
        )


@dataclass
class Record:
    """How many calls handlers made, and by the folder of the function what allowed them."""

    calls: int = 0
    used: dict[str, set[Grant]] = field(default_factory=lambda: defaultdict(set))


@contextmanager
def enforced() -> Iterator[Record]:
    """Meanwhile a handler's call that its function may not make raises NotPermitted."""
    record, lock = Record(), threading.Lock()
    ask = BaseClient._make_api_call  # type: ignore[attr-defined]

    def ask_if_permitted(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if folder := _at_work():
            service = client.meta.service_model.service_name
            used = {g for c in _calls(service, operation, parameters) for g in _allowing(folder, c)}
            if not _is_consistent(operation, parameters):
                raise NotPermitted(f"a {operation} that is not consistent")
            with lock:
                record.calls += 1
                record.used[folder] |= used
        return ask(client, operation, parameters)

    with mock.patch.object(BaseClient, "_make_api_call", ask_if_permitted):
        yield record


@cache
def granted(folder: str) -> frozenset[Grant]:
    """All that a function's policies allow, one by one. (They deny nothing.)"""
    template = Template.read()
    resources = template.document["Resources"]
    policies = template.functions[folder].get("Policies", [])
    documents = [
        resources[policy["Ref"]]["Properties"]["PolicyDocument"] if "Ref" in policy else policy
        for policy in policies
    ]
    return frozenset(
        Grant(action, _named(statement["Resource"]), frozenset(conditions))
        for document in documents
        for statement in document["Statement"]
        for action in _listed(statement["Action"])
        for conditions in product(*_conditions(statement.get("Condition", {})))
    )


def _named(resource: dict[str, Any]) -> str:
    """`X` for the ARN of X, unless a parameter names another; `X/feeds/*` for what is in it."""
    if "Fn::If" in resource:
        *_, resource = resource["Fn::If"]
    if "Fn::GetAtt" in resource:
        name, _ = resource["Fn::GetAtt"]
        return str(name)
    if ":ssm:" in resource["Fn::Sub"]:
        return "PublicUrlParameter"
    return str(resource["Fn::Sub"]).replace("${", "").replace(".Arn}", "")


def _conditions(condition: dict[str, Any]) -> list[list[tuple[str, str]]]:
    """For each key the values that it may have, any of them.

    Without the operators: our values have no wildcards where these are no patterns.
    """
    assert set(condition) <= {"ForAllValues:StringLike", "StringEquals"}
    keys = [item for of_operator in condition.values() for item in of_operator.items()]
    return [[(key, value) for value in _listed(values)] for key, values in keys]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _at_work() -> str | None:
    """The folder of the function whose handler makes the call, if one does."""
    frame = sys._getframe(2)
    while frame:
        path = frame.f_code.co_filename
        if path.startswith(_FUNCTIONS):
            return path.removeprefix(_FUNCTIONS).partition("/")[0]
        of_a_test = path.startswith(_TESTS) and path != _BETWEEN
        frame = None if of_a_test else frame.f_back
    return None


def _allowing(folder: str, call: Call) -> set[Grant]:
    allowing = {grant for grant in granted(folder) if grant.allows(call)}
    if not allowing:
        raise NotPermitted(f"{folder}: {call}")
    return allowing


def _calls(service: str, operation: str, parameters: dict[str, Any]) -> Iterator[Call]:
    """As IAM sees an operation: a transaction, or a batch, as one call for each item."""
    match service, operation:
        case "dynamodb", "TransactWriteItems":
            for write in parameters["TransactItems"]:
                ((action, of),) = write.items()
                yield _on_item(f"{action.removesuffix('Item')}Item", of["TableName"], of)
        case "dynamodb", "BatchGetItem":
            for table, asked in parameters["RequestItems"].items():
                yield from (_on_item(operation, table, {"Key": key}) for key in asked["Keys"])
        case "dynamodb", "BatchWriteItem":
            for table, writes in parameters["RequestItems"].items():
                yield from (_on_item(operation, table, *write.values()) for write in writes)
        case "dynamodb", _:
            yield _on_item(operation, parameters["TableName"], parameters)
        case "s3", _:
            yield Call(f"s3:{operation}", f"FeedsBucket/{parameters['Key']}")
        case "ssm", _:
            assert parameters == {"Name": f"/mytoken-calendars/{STACK}/public-url"}
            yield Call(f"ssm:{operation}", "PublicUrlParameter")
        case _:
            context = {f"{service}:{n}": v for n, v in parameters.items() if isinstance(v, str)}
            yield Call(f"{service}:{operation}", "SigningKey", context)


def _on_item(action: str, table: str, parameters: Mapping[str, Any]) -> Call:
    match parameters:
        case {"Key": {"pk": {"S": pk}}} | {"Item": {"pk": {"S": pk}}}:
            pass
        case {"ExpressionAttributeValues": {":pk": {"S": pk}}}:
            pass
    (name,) = (name for name in _TABLES if name in table)
    return Call(f"dynamodb:{action}", name, {"dynamodb:LeadingKeys": pk})


def _is_consistent(operation: str, parameters: dict[str, Any]) -> bool:
    match operation:
        case "GetItem" | "Query":
            return parameters.get("ConsistentRead") is True
        case "BatchGetItem":
            asked = parameters["RequestItems"].values()
            return all(of_table.get("ConsistentRead") is True for of_table in asked)
        case _:
            return True
