"""What passes by itself is tried again, and everything still happens once."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.calendars import weight
from tests.harness.aws_faults import Fault, conflict, faults, lost_answer, lost_request, refused
from tests.harness.invariants import violations
from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import calendars, events, overwrite, owner

NAME = "CI Mytokens"
PATH = {"calendar": NAME}


@pytest.fixture
def stack(racing_stack: Stack) -> Iterator[Stack]:
    """Looked through after every test."""
    yield racing_stack
    assert violations(racing_stack.dump()) == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "planned",
    [
        pytest.param([lost_answer], id="lost-answer"),
        pytest.param([lost_answer, lost_answer], id="two-lost-answers"),
        pytest.param([lost_request, lost_answer], id="lost-request-and-answer"),
        pytest.param([lost_answer, conflict], id="lost-answer-then-conflict"),
        pytest.param([conflict], id="conflict"),
        pytest.param([conflict, conflict, conflict], id="three-conflicts"),
        pytest.param([conflict, lost_answer], id="conflict-then-lost-answer"),
        pytest.param([refused("TransactionInProgressException")] * 5, id="in-progress"),
        pytest.param([refused("ThrottlingException")], id="throttled"),
        pytest.param([refused("InternalServerError", 500)], id="server-error"),
    ],
)
def test_what_passes_is_repeated_and_everything_happens_once(
    stack: Stack, user: str, planned: list[Fault]
) -> None:
    token = stack.mint(user=user)

    created, attempts = _faulty(stack, "create_calendar", token, planned, json={"name": NAME})
    added, _ = _faulty(stack, "add_token", token, planned, path=PATH, json={"mom_id": ""})
    in_between = _counted(stack, user), stack.feed(created.json), calendars(stack, token)
    deleted, _ = _faulty(stack, "delete_calendar", token, planned, path=PATH)

    counted, feed, listed = in_between
    assert [created.status, added.status, deleted.status] == [201, 200, 204]
    assert len(attempts) == len(planned) + 1
    assert counted == (1, weight.of_calendar(NAME, "", 0) + weight.of_token("", "", 0))
    assert len(events(feed)) == 1
    assert listed == [added.json] == [{**created.json, "subscribed_tokens": [token.mom_id]}]
    assert _counted(stack, user) == (0, 0)
    assert calendars(stack, token) == []


def test_what_cannot_succeed_is_tried_once(stack: Stack, user: str) -> None:
    token = stack.mint(user=user)
    overwrite(stack, keys.owner_head(owner(user)), calendars=limits.CALENDARS, feeds=0, weight=0)

    answer, attempts = _faulty(stack, "create_calendar", token, [], json={"name": NAME})

    overwrite(stack, keys.owner_head(owner(user)), calendars=0)
    assert answer.status == 400
    assert attempts == ["TransactWriteItems"]


def _faulty(
    stack: Stack, operation: str, token: Token, planned: Sequence[Fault], **request: Any
) -> tuple[Answer, list[str]]:
    """The answer while these happen to its transaction, and how often that was sent."""
    client = stack.door(operation, "store").table.client
    with faults(client, *planned, operation="TransactWriteItems") as called:
        answer = stack.invoke(operation, token, **request)
    return answer, called


def _counted(stack: Stack, user: str) -> tuple[int, int]:
    """How many calendars the table says the user has, and what they weigh."""
    head = stack.store.table.get(keys.owner_head(owner(user))) or {}
    return head["calendars"], head["weight"]
