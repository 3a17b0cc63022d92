"""What is secret is stored nowhere, or not for long, and is in no log line and in no error.

`tests/harness/canaries.py` looks for it in all log lines, errors and keys of all other tests.
"""

import io
import json
import logging

import pytest

from mytoken_calendars import logs
from tests.harness.stacks import Answer, Stack
from tests.harness.steps import add, create, delete, secret_of

pytestmark = pytest.mark.usefixtures("emptied")

COMMENT = "the comment is nobody's business"
KEYS = ("pk", "sk")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Everything that is logged from now on, as it would be in CloudWatch."""
    written = io.StringIO()
    logs.logger()  # it is made for the first line
    names = [None, *logging.Logger.manager.loggerDict]
    handlers = [handler for name in names for handler in logging.getLogger(name).handlers]
    for handler in handlers:
        if isinstance(handler, logging.StreamHandler):
            monkeypatch.setattr(handler, "stream", written)
    return written


def test_no_key_of_a_table_holds_a_secret(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token)
    add(stack, token, calendar, "", comment=COMMENT)
    stack.revoke(token)

    keys = [item[key]["S"] for items in stack.dump().values() for item in items for key in KEYS]

    assert len(keys) > 10
    secrets = [token.bearer, secret_of(calendar), COMMENT]
    assert not [key for key in keys for secret in secrets if secret in key]


def test_a_mytoken_is_stored_nowhere(stack: Stack) -> None:
    token = stack.mint(name="known by name")
    add(stack, token, create(stack, token), "")

    stored = json.dumps(stack.dump())

    assert "known by name" in stored
    assert not [part for part in token.bearer.split(".") if part in stored]


def test_a_deleted_calendar_leaves_no_address(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token)
    add(stack, token, calendar, "")
    delete(stack, token, calendar)

    assert secret_of(calendar) not in json.dumps(stack.dump())


def test_neither_log_nor_error_tells_a_secret_whatever_is_asked(
    stack: Stack, log: io.StringIO, capfd: pytest.CaptureFixture[str], user: str
) -> None:
    token, weak = stack.mint(user=user), stack.mint("AT", user=user)
    path = {"calendar": "CI Mytokens"}
    calendar = create(stack, token)
    add(stack, token, calendar, "", comment=COMMENT)
    damaged = f"{token.bearer[:-8]}AAAAAAAA"

    refused = [
        stack.invoke("create_calendar", token, json={"name": "CI Mytokens"}),
        stack.invoke("create_calendar", token, json={"name": COMMENT + "/"}),
        stack.invoke("list_calendars", weak),
        stack.invoke("list_calendars", damaged),
        stack.invoke("list_calendars", None, json={"mytoken": damaged}),
        stack.invoke("list_calendars", None, cookies=[f"mytoken={damaged}"]),
        stack.invoke("add_token", token, path=path, json={"mom_id": token.bearer}),
        stack.invoke("add_token", token, path=path, json={"mom_id": "", "comment": [COMMENT]}),
        stack.invoke(
            "add_token", token, path=path, json={"mom_id": "", "comment": f"{COMMENT}\x0b"}
        ),
        stack.invoke("add_token", token, path=path, json={"mytoken": weak.bearer}),
        stack.invoke("get_calendar", token, path={"calendar": "no such calendar"}),
        stack.invoke(
            "no_route", token, raw_path=f"/calendars/{secret_of(calendar)}", method="POST"
        ),
        stack.feed({"ics_path": calendar["ics_path"][:-1]}),
    ]
    delete(stack, token, calendar)
    refused.append(stack.feed(calendar))

    told = "\n".join(
        [log.getvalue(), *capfd.readouterr(), *(_all_of(answer) for answer in refused)]
    )
    assert {answer.status // 100 for answer in refused} == {4}
    assert log.getvalue().count('"message":"refused"') == len(refused)
    secrets = [token.bearer, weak.bearer, damaged, secret_of(calendar), COMMENT]
    assert not [secret for secret in secrets if secret in told]


def _all_of(answer: Answer) -> str:
    return f"{answer.headers} {answer.text}"
