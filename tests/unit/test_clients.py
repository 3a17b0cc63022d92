"""The clients of AWS: what their failures mean, how long they wait, and values in their types."""

from copy import deepcopy
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.loaders import Loader

from mytoken_calendars.aws import clients
from mytoken_calendars.errors import Refusal, TemporarilyUnavailable


def failed(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetItem")


@pytest.mark.parametrize(
    "error",
    [
        failed("InternalServerError", 500),
        failed("KMSInternalException", 500),
        failed("ServiceUnavailable", 503),
        failed("SlowDown", 503),
        failed("ProvisionedThroughputExceededException"),
        failed("RequestLimitExceeded"),
        failed("ThrottlingException"),
        EndpointConnectionError(endpoint_url="https://dynamodb"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
        ConnectionClosedError(endpoint_url="https://dynamodb"),
    ],
    ids=str,
)
def test_a_service_that_does_not_answer_is_temporarily_unavailable(error: Exception) -> None:
    with pytest.raises(TemporarilyUnavailable) as refused, clients.reachable():
        raise error

    assert refused.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        failed("ValidationException"),
        failed("SlowDown"),
        failed("TransactionConflictException"),
        failed("ConditionalCheckFailedException"),
        failed("AccessDeniedException"),
        failed("ResourceNotFoundException"),
        ClientError({"Error": {"Code": "Unknown"}}, "GetItem"),
        NoCredentialsError(),
        ParamValidationError(report="…"),
        KeyError("a fault of ours"),
    ],
    ids=repr,
)
def test_a_fault_of_ours_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, clients.reachable():
        raise error

    assert raised.value is error


def test_a_refusal_passes_through() -> None:
    refusal = Refusal()

    with pytest.raises(Refusal) as raised, clients.reachable():
        raise refusal

    assert raised.value is refusal


@pytest.mark.parametrize(("arguments", "attempts"), [({}, 3), ({"attempts": 1}, 1)])
def test_all_attempts_of_a_call_end_before_ten_seconds_have_passed(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, int], attempts: int
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    config = clients.client("sts", **arguments).meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": attempts}
    assert (config.connect_timeout + config.read_timeout) * attempts < 10


def test_values_are_sent_in_dynamodbs_types() -> None:
    sent = clients.dynamodb_parameters(
        {
            "TableName": "calendars",
            "ConsistentRead": True,
            "Key": {"pk": "p"},
            "Item": {"at": 7, "tree": True, "ancestors": ["a"], "name": "ü"},
            "ExpressionAttributeValues": {":one": -1},
        }
    )

    assert sent == {
        "TableName": "calendars",
        "ConsistentRead": True,
        "Key": {"pk": {"S": "p"}},
        "Item": {
            "at": {"N": "7"},
            "tree": {"BOOL": True},
            "ancestors": {"L": [{"S": "a"}]},
            "name": {"S": "ü"},
        },
        "ExpressionAttributeValues": {":one": {"N": "-1"}},
    }


@pytest.mark.parametrize(
    ("expressions", "names"),
    [
        ({"ConditionExpression": "attribute_exists(#pk)"}, {"#pk": "pk"}),
        ({"ProjectionExpression": "#name, #sk"}, {"#name": "name", "#sk": "sk"}),
        (
            {"KeyConditionExpression": "#pk = :pk AND begins_with(#sk, :sk)"},
            {"#pk": "pk", "#sk": "sk"},
        ),
        (
            {
                "UpdateExpression": "SET #revoked_tree = if_not_exists(#revoked_tree, :at)",
                "ConditionExpression": "#seq_no = :seq_no",
            },
            {"#revoked_tree": "revoked_tree", "#seq_no": "seq_no"},
        ),
    ],
)
def test_every_word_of_an_expression_is_given_a_name(
    expressions: dict[str, str], names: dict[str, str]
) -> None:
    assert clients.dynamodb_parameters(expressions) == {
        **expressions,
        "ExpressionAttributeNames": names,
    }


def test_a_call_without_expressions_names_nothing() -> None:
    parameters = {"TableName": "#not_a_name", "Key": {"pk": "#nor_this"}}

    assert "ExpressionAttributeNames" not in clients.dynamodb_parameters(parameters)


def test_an_attribute_of_another_name_stands_for_the_word_that_is_given_for_it() -> None:
    parameters = {
        "UpdateExpression": "SET #tokens.#token = :token, #version = :version",
        "ExpressionAttributeNames": {"#token": "a+b/c= .#d"},
    }

    typed = clients.dynamodb_parameters(parameters)

    assert typed["ExpressionAttributeNames"] == {
        "#tokens": "tokens",
        "#token": "a+b/c= .#d",
        "#version": "version",
    }


@pytest.mark.parametrize("named", [{}, {"ExpressionAttributeNames": {"#pk": "another"}}])
def test_parameters_are_left_as_they_were(named: dict[str, Any]) -> None:
    parameters = {"Key": {"pk": "p"}, "ConditionExpression": "#pk", **named}
    before = deepcopy(parameters)

    clients.dynamodb_parameters(parameters)

    assert parameters == before


def test_an_item_is_read_with_whole_numbers() -> None:
    item = clients.from_dynamodb(
        {"pk": {"S": "p"}, "at": {"N": "1800000000"}, "tree": {"BOOL": False}}
    )

    assert item == {"pk": "p", "at": 1_800_000_000, "tree": False}
    assert type(item["at"]) is int
    assert item["tree"] is False


def test_a_list_is_read_as_it_was_sent() -> None:
    sent = clients.dynamodb_parameters({"Item": {"ancestors": ["a", "b"]}})["Item"]

    assert clients.from_dynamodb(sent) == {"ancestors": ["a", "b"]}


@pytest.mark.parametrize(
    "tokens", [{}, {"a+b/c=": "text"}, {"a": {"b": ["c", 1, True]}}, {"": ""}], ids=str
)
def test_a_map_is_read_as_it_was_sent(tokens: dict[str, Any]) -> None:
    sent = clients.dynamodb_parameters({"Item": {"tokens": tokens}})["Item"]

    assert list(sent["tokens"]) == ["M"]
    assert clients.from_dynamodb(sent) == {"tokens": tokens}


@pytest.mark.parametrize("value", [1.5, None, b"bytes", {"a": 1.5}, {"a", "set"}])
def test_a_value_of_no_type_that_the_tables_have_is_a_fault_of_ours(value: object) -> None:
    with pytest.raises(TypeError):
        clients.dynamodb_parameters({"Item": {"attribute": value}})


@pytest.mark.parametrize(
    "typed", [{"B": b"bytes"}, {"NULL": True}, {"M": {"a": {"NULL": True}}}, {"SS": ["a"]}]
)
def test_an_attribute_of_no_type_that_the_tables_have_is_a_fault_of_ours(typed: Any) -> None:
    with pytest.raises(TypeError):
        clients.from_dynamodb({"attribute": typed})


def test_all_clients_are_of_one_session_whose_data_is_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    first, second = clients.client("dynamodb"), clients.client("kms")

    assert first.meta.service_model.service_name == "dynamodb"
    assert second.meta.service_model.service_name == "kms"
    assert clients._session() is clients._session()


def test_every_service_that_is_found_has_data() -> None:
    found = Loader().list_available_services("service-2")

    assert set(clients._SERVICES) <= {*found}
