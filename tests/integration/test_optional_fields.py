"""Optional fields of bodies: one that is null is as one that is absent."""

import inspect
from typing import Any

import pytest
from pydantic import BaseModel

from mytoken_calendars.http import body
from tests.harness.stacks import Answer, Stack
from tests.harness.steps import feeds

OPERATIONS = (
    *("create_calendar", "update_calendar", "add_token", "create_feed", "update_feed"),
    *("tag_calendar", "untag_calendar", "create_tag", "update_tag"),
    *("tokeninfo", "revoke_token"),
)
OF_A_FEED = ("label", "reminders", "days", "detail")
OPTIONAL = [
    ("create_calendar", "name"),
    ("create_calendar", "description"),
    ("create_calendar", "tags"),
    ("update_calendar", "name"),
    ("update_calendar", "description"),
    ("update_calendar", "tags"),
    ("add_token", "comment"),
    *(("create_feed", field) for field in OF_A_FEED),
    *(("update_feed", field) for field in OF_A_FEED),
    ("create_tag", "color"),
    ("update_tag", "tag"),
    ("update_tag", "color"),
    ("tokeninfo", "action"),
    ("tokeninfo", "mom_ids"),
    ("revoke_token", "token"),
    ("revoke_token", "mom_id"),
    ("revoke_token", "recursive"),
    *((operation, "mytoken") for operation in OPERATIONS),
]


def models(stack: Stack, operation: str) -> list[type[BaseModel]]:
    """The models of bodies that a handler's module has."""
    names = inspect.unwrap(stack.handlers[operation]).__globals__.values()
    return [n for n in names if inspect.isclass(n) and issubclass(n, BaseModel)]


def asked(stack: Stack, operation: str, changes: dict[str, Any]) -> Answer:
    """What a new user is answered, who sends all fields that the operation needs, with changes."""
    token = stack.mint("manage_mytokens", "tokeninfo", "settings")
    stack.invoke("create_calendar", token, json={"name": "x", "tags": ["x"]})
    (feed,) = feeds(stack, token, {"id": "x"})
    fields: dict[str, dict[str, Any]] = {
        "create_calendar": {"name": "y", "description": "y"},
        "update_calendar": {"name": "y", "description": "y", "tags": ["y"]},
        "add_token": {"mom_id": ""},
        "create_feed": {},
        "update_feed": {"label": "y", "detail": "name"},
        "tag_calendar": {"tag": "y"},
        "untag_calendar": {"tag": "y"},
        "create_tag": {},
        "update_tag": {"tag": "y", "color": "3357FF"},
        "tokeninfo": {},
        "revoke_token": {"token": token.bearer}
        if "mom_id" in changes
        else {"mom_id": token.mom_id},
    }
    path = {"calendar": "x", "feed": feed["id"], "tag": "x"}
    return stack.invoke(operation, token, path=path, json={**fields[operation], **changes})


@pytest.mark.found("A28")
def test_a_comment_that_is_null_is_absent(stack: Stack) -> None:
    answer = asked(stack, "add_token", {"comment": None})

    assert answer.status == 200
    assert len(answer.json["subscribed_tokens"]) == 1


@pytest.mark.parametrize(("operation", "field"), OPTIONAL)
def test_a_field_that_is_null_is_answered_as_one_that_is_absent(
    stack: Stack, operation: str, field: str
) -> None:
    answer = asked(stack, operation, {field: None})

    assert answer.status < 300


def test_what_is_null_of_a_calendar_or_a_feed_stays(stack: Stack) -> None:
    calendar = asked(stack, "update_calendar", {"name": None}).json
    feed = asked(stack, "update_feed", {"label": None, "reminders": None, "days": None}).json

    assert (calendar["name"], calendar["description"]) == ("x", "y")
    assert "label" not in feed
    assert (feed["reminders"], feed["days"][0], feed["detail"]) == ("alarms", 30, "name")


@pytest.mark.parametrize("operation", ["update_calendar", "update_feed", "update_tag"])
def test_a_change_of_which_all_is_null_is_none(stack: Stack, operation: str) -> None:
    nothing = dict.fromkeys(field for of, field in OPTIONAL if of == operation)

    answer = asked(stack, operation, nothing)

    assert answer.status == 400
    assert "othing is to change" in answer.json["error_description"]


def test_these_are_all_optional_fields(stack: Stack) -> None:
    found = {
        (operation, name)
        for operation in stack.handlers
        for model in models(stack, operation)
        for name, field in model.model_fields.items()
        if not field.is_required()
    }

    assert found == {(operation, field) for operation, field in OPTIONAL if field != "mytoken"}


def test_all_models_of_bodies_know_that_null_is_absent(stack: Stack) -> None:
    found = [model for operation in stack.handlers for model in models(stack, operation)]

    assert len(found) == len(OPERATIONS)
    assert [model for model in found if not issubclass(model, body.Fields)] == []


@pytest.mark.parametrize(("operation", "field"), [("tag_calendar", "tag"), ("add_token", "mom_id")])
def test_a_needed_field_that_is_null_is_missing(stack: Stack, operation: str, field: str) -> None:
    answer = asked(stack, operation, {field: None})

    assert (answer.status, answer.json["error_description"]) == (400, f"{field}: Field required")


def test_null_deletes_no_calendar(stack: Stack) -> None:
    token = stack.mint()
    stack.invoke("create_calendar", token, json={"name": "x"})

    answer = stack.invoke("delete_calendar", token, path={"calendar": "x"}, json={"mom_id": None})

    assert answer.status == 400
    assert len(stack.invoke("list_calendars", token).json["calendars"]) == 1
