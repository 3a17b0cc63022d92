"""The sample events: one for each operation, of its route, and answered by its handler."""

import re
from http import HTTPStatus

import pytest

from local.template import Template
from tests.harness.samples import ASKING_FOR_A_MYTOKEN, DOCUMENTED, prepared
from tests.harness.stacks import EVENTS, PUBLIC_URL, ROOT, Stack, sample_event, set_token

TEMPLATE = Template.read()
OPERATIONS = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())
each_routed = pytest.mark.parametrize("operation", OPERATIONS)


def test_every_operation_has_a_sample_event_and_there_is_no_other() -> None:
    events = sorted(path.name for path in EVENTS.iterdir())

    assert events == [f"{operation}.json" for operation in OPERATIONS]


@each_routed
def test_a_sample_event_is_one_of_the_routes_of_its_operation(operation: str) -> None:
    event = sample_event(operation)

    route_keys = [route.key for route in TEMPLATE.routes if route.folder == operation]

    assert event["routeKey"] in route_keys
    assert event["requestContext"]["routeKey"] == event["routeKey"]
    if event["routeKey"] != "$default":
        assert event["routeKey"].split(" ")[0] == event["requestContext"]["http"]["method"]


@each_routed
def test_the_path_of_a_sample_event_fits_its_route_and_parameters(operation: str) -> None:
    event = sample_event(operation)
    template = event["routeKey"].partition(" ")[2] or event["rawPath"]

    parameters = event.get("pathParameters", {})
    path = re.sub(r"\{(\w+)\+?\}", lambda match: parameters[match[1]], template)

    assert path == event["rawPath"] == event["requestContext"]["http"]["path"]
    assert parameters.keys() == set(re.findall(r"\{(\w+)\+?\}", template))


def test_the_path_of_the_event_without_a_route_has_no_such_method() -> None:
    event = sample_event("no_route")
    key = f"{event['requestContext']['http']['method']} {event['rawPath']}"

    assert key not in {route.key for route in TEMPLATE.routes}


@each_routed
def test_a_sample_event_comes_by_payload_version_2_to_the_local_address(operation: str) -> None:
    event = sample_event(operation)

    assert event["version"] == "2.0"
    assert event["stageVariables"] == {"publicUrl": PUBLIC_URL}
    assert all(name == name.lower() for name in event["headers"])
    assert int(event["headers"].get("content-length", 0)) == len(event.get("body", "").encode())


@each_routed
def test_a_sample_event_is_answered_as_documented(stack: Stack, operation: str) -> None:
    token = stack.mint("manage_mytokens", "settings")
    event = prepared(stack, operation, token)

    answer = stack.send(operation, event)

    assert answer.status == DOCUMENTED[operation]


@pytest.mark.parametrize("operation", ASKING_FOR_A_MYTOKEN)
def test_a_sample_event_as_it_stands_has_no_valid_mytoken(stack: Stack, operation: str) -> None:
    event = sample_event(operation)

    answer = stack.send(operation, event)

    assert event["headers"]["authorization"] == "Bearer put-a-mytoken-here"
    assert answer.status == HTTPStatus.UNAUTHORIZED
    assert answer.json["error"] == "invalid_token"


@pytest.mark.parametrize("operation", ASKING_FOR_A_MYTOKEN)
def test_a_sample_event_without_a_mytoken_is_answered_401(stack: Stack, operation: str) -> None:
    event = prepared(stack, operation, stack.mint())
    set_token(event, None)

    answer = stack.send(operation, event)

    assert answer.status == HTTPStatus.UNAUTHORIZED
    assert answer.headers["www-authenticate"] == 'Bearer realm="mytoken"'
