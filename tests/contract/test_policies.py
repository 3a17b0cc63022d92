"""Each function may ask AWS for what it does ask for, and for nothing else."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from botocore.client import BaseClient

from local.handlers import Context, Event, Handler
from local.template import Template
from mytoken_calendars import items
from tests.contract.answers import OF_THE_API, REQUESTS
from tests.support import DAY, Stack, sample_event

Permissions = set[tuple[str, str]]  # of an action and a resource of the template

TEMPLATE = Template.read()
VARIABLES = {"CalendarsTable": "CALENDARS_TABLE", "TokensTable": "TOKENS_TABLE"}

# S3 tells that a feed is not cached, and not that it is forbidden, only to those who may list.
NEVER_ASKED_FOR = {("s3:ListBucket", "FeedsBucket")}


@pytest.fixture(scope="module")
def used(stack: Stack) -> dict[str, Permissions]:
    """What each function asked for while it did all that it can do."""
    used: dict[str, Permissions] = defaultdict(set)
    at_work: list[str] = []
    tables = {stack.environment[variable]: name for name, variable in VARIABLES.items()}
    ask = BaseClient._make_api_call  # type: ignore[attr-defined]

    def attributed(folder: str, handler: Handler) -> Handler:
        def work(event: Event, context: Any) -> Any:
            at_work.append(folder)
            try:
                return handler(event, context)
            finally:
                at_work.pop()

        return work

    def record(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        for folder in at_work:
            used[folder].update(_permissions(client, operation, parameters, tables))
        return ask(client, operation, parameters)

    observed = Stack(stack.environment)
    for folder, handler in observed.handlers.items():
        observed.handlers[folder] = attributed(folder, handler)
    with mock.patch.object(BaseClient, "_make_api_call", record):
        _do_everything(observed)
    return used


def _do_everything(stack: Stack) -> None:
    for (_, _, status, _), request in REQUESTS.items():
        if status < 400:
            request(stack)
    parent = stack.mint(user="policies", name="parent")
    child = stack.mint(user="policies", parent=parent.mom_id, expires_in=20 * DAY)
    for folder in OF_THE_API:
        stack.invoke(folder, child, json={"name": "CI Mytokens", "mom_id": child.mom_id})
    stack.invoke("create_calendar", parent)
    for comment in ("", "new"):
        stack.invoke("add_token", parent, json={"mom_id": child.mom_id, "comment": comment})
    stack.revoke(parent)
    stack.feed(stack.invoke("list_calendars", child).json["calendars"][0])
    for folder in (*OF_THE_API, "tokeninfo", "revoke_token"):
        _use_and_replay(stack, folder)
    stack.handlers["sweep"](sample_event("sweep"), Context())


def _use_and_replay(stack: Stack, folder: str) -> None:
    """A token that is counted and rotated is used; and one that was rotated by another use."""
    user = f"policies of {folder}"
    root, other = stack.mint(user=user), stack.mint(user=user)
    stack.invoke("create_calendar", root)
    used, replayed = (
        stack.mint(
            "manage_mytokens",
            user=user,
            parent=root.mom_id,
            restrictions=[{"usages_other": 9}],
            rotation={"on_other": True, "auto_revoke": True},
        )
        for _ in range(2)
    )
    body = {"name": "another", "mom_id": other.mom_id, "action": "list_mytokens"}
    stack.invoke("list_calendars", replayed)
    for token in (replayed, used):
        stack.invoke(folder, token, json=body)


def _permissions(
    client: Any, operation: str, parameters: dict[str, Any], tables: dict[str, str]
) -> Iterator[tuple[str, str]]:
    service = client.meta.service_model.service_name
    match service, operation:
        case "dynamodb", "TransactWriteItems":
            for write in parameters["TransactItems"]:
                ((action, of),) = write.items()
                yield f"dynamodb:{action.removesuffix('Item')}Item", tables[of["TableName"]]
        case "dynamodb", "BatchGetItem" | "BatchWriteItem":
            for table in parameters["RequestItems"]:
                yield f"dynamodb:{operation}", tables[table]
        case "dynamodb", _:
            yield f"dynamodb:{operation}", tables[parameters["TableName"]]
        case "s3", _:
            yield f"s3:{operation}", "FeedsBucket"
        case _:
            yield f"{service}:{operation}", "SigningKey"


def allowed(folder: str) -> Permissions:
    resources = TEMPLATE.document["Resources"]
    policies = TEMPLATE.functions[folder].get("Policies", [])
    documents = [
        resources[policy["Ref"]]["Properties"]["PolicyDocument"] if "Ref" in policy else policy
        for policy in policies
    ]
    return {
        (action, _name(statement["Resource"]))
        for document in documents
        for statement in document["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
    }


def _name(resource: dict[str, Any]) -> str:
    name: str = resource["Fn::GetAtt"][0] if "Fn::GetAtt" in resource else resource["Fn::Sub"]
    return name.removeprefix("${").partition(".")[0]


@pytest.mark.parametrize("folder", TEMPLATE.functions)
def test_a_function_may_do_exactly_what_it_does(used: dict[str, Permissions], folder: str) -> None:
    assert allowed(folder) - NEVER_ASKED_FOR == used[folder]


def test_every_partition_that_feeds_are_read_from_is_open_to_the_feed() -> None:
    (statement,) = (
        s
        for policy in TEMPLATE.functions["get_feed"]["Policies"]
        for s in policy["Statement"]
        if "Condition" in s
    )
    prefixes = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]

    partitions = {
        items.feed_head("x")["pk"],
        items.events_partition("x"),
        items.revocations_partition(items.Owner("x")),
    }

    assert {f"{partition.partition('#')[0]}#*" for partition in partitions} == set(prefixes)
