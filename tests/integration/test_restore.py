"""make restore: the tables are what they were, and what happened since is as if it never had."""

import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.harness.aws_faults import faults, refused
from tests.harness.moto_stack import Deploy
from tests.harness.reliability import states
from tests.harness.stacks import Stack
from tests.harness.steps import add, calendars, create, delete
from tests.harness.token_uses import ROTATING, Person, update
from tools.operate import restore_tables

pytestmark = pytest.mark.slow

TABLES = {"--calendars": "CALENDARS_TABLE", "--tokens": "TOKENS_TABLE"}


@pytest.fixture
def restored_stack(moto: Deploy) -> Iterator[Stack]:
    """A stack whose tables nobody else looks at."""
    stack = Stack(moto("sa-east-1"))
    states.empty(stack)
    with stack.entered():
        yield stack
    states.empty(stack)


@pytest.fixture
def backups(restored_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """DynamoDB's own restores of the tables, as they are when `back_up` is called."""
    monkeypatch.setattr("tools.operate.target_stack.select", lambda arguments: ("", ""))
    yield
    client = boto3.client("dynamodb")
    for variable in TABLES.values():
        client.delete_table(TableName=_backup(restored_stack, variable))


def back_up(stack: Stack) -> None:
    client = boto3.client("dynamodb")
    for variable in TABLES.values():
        client.restore_table_to_point_in_time(
            SourceTableName=stack.environment[variable],
            TargetTableName=_backup(stack, variable),
            UseLatestRestorableTime=True,
        )


def put_back(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, *more: str, answer: str = "yes"
) -> None:
    names = [part for o, v in TABLES.items() for part in (o, _backup(stack, v))]
    monkeypatch.setattr(sys, "argv", ["restore", *names, *more])
    monkeypatch.setattr("builtins.input", lambda prompt: answer)
    restore_tables.main()


def _backup(stack: Stack, variable: str) -> str:
    return f"{stack.environment[variable]}-restored"


@pytest.mark.usefixtures("backups")
def test_the_tables_hold_what_the_backups_do_and_nothing_else(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Person.on(restored_stack)
    add(restored_stack, person.keeper, person.calendar, person.other.mom_id, comment="as it was")
    feed, before = restored_stack.feed(person.calendar), restored_stack.dump()
    back_up(restored_stack)
    add(restored_stack, person.keeper, person.calendar, person.other.mom_id, comment="as of now")
    delete(restored_stack, person.keeper, person.calendar)
    create(restored_stack, person.keeper, "New")
    restored_stack.revoke(person.other)

    put_back(restored_stack, monkeypatch)

    assert restored_stack.dump() == before
    assert calendars(restored_stack, person.keeper)[0]["name"] == person.calendar["name"]
    assert restored_stack.feed(person.calendar).body == feed.body
    assert "items put back" in capsys.readouterr().out


@pytest.mark.usefixtures("backups")
def test_a_token_that_was_rotated_since_is_refused_and_counted_and_its_predecessor_works(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = Person.on(restored_stack).mint(rotation=ROTATING)
    back_up(restored_stack)
    successor = update(restored_stack.invoke("list_calendars", token))["mytoken"]

    put_back(restored_stack, monkeypatch)

    assert restored_stack.invoke("list_calendars", successor).status == 401
    assert '"TokenAheadOfRegistry"' in capsys.readouterr().out
    assert restored_stack.invoke("list_calendars", token).status == 200


@pytest.mark.usefixtures("backups")
def test_what_was_cut_short_is_finished_by_another_run(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, before = Person.on(restored_stack), restored_stack.dump()
    back_up(restored_stack)
    create(restored_stack, person.keeper, "New")
    cut_short = boto3.resource("dynamodb")
    monkeypatch.setattr("tools.operate.restore_tables.boto3.resource", lambda _: cut_short)

    with (
        faults(cut_short.meta.client, None, refused("AccessDeniedException"), operation="*"),
        pytest.raises(SystemExit, match="run it again"),
    ):
        put_back(restored_stack, monkeypatch)
    put_back(restored_stack, monkeypatch)

    assert restored_stack.dump() == before


@pytest.mark.usefixtures("backups")
@pytest.mark.parametrize(
    ("calendars_of", "tokens_of"),
    [
        ("TOKENS_TABLE", "CALENDARS_TABLE"),
        ("CALENDARS_TABLE", "CALENDARS_TABLE"),
        ("TOKENS_TABLE", "TOKENS_TABLE"),
    ],
    ids=["the other way round", "calendars twice", "tokens twice"],
)
def test_tables_that_are_no_backups_of_these_two_change_nothing(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, calendars_of: str, tokens_of: str
) -> None:
    before = _stack_with_backups(restored_stack)
    names = (_backup(restored_stack, calendars_of), _backup(restored_stack, tokens_of))

    with pytest.raises(SystemExit, match="is no backup of a table of"):
        put_back(restored_stack, monkeypatch, "--calendars", names[0], "--tokens", names[1])

    assert restored_stack.dump() == before


@pytest.mark.usefixtures("backups")
def test_an_empty_table_is_no_backup(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(restored_stack)
    before = _filled(restored_stack)

    with pytest.raises(SystemExit, match="is no backup of a table of calendars"):
        put_back(restored_stack, monkeypatch)

    assert restored_stack.dump() == before


@pytest.fixture
def table_of_others(restored_stack: Stack) -> Iterator[str]:
    """A table with an item under other keys than ours."""
    client, name = boto3.client("dynamodb"), f"{restored_stack.environment['TOKENS_TABLE']}-others"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    client.put_item(TableName=name, Item={"id": {"N": "1"}})
    yield name
    client.delete_table(TableName=name)


@pytest.mark.usefixtures("backups")
@pytest.mark.parametrize("option", TABLES)
def test_a_table_of_others_is_no_backup(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, table_of_others: str, option: str
) -> None:
    before = _stack_with_backups(restored_stack)

    with pytest.raises(SystemExit, match=f"{table_of_others} (is no backup|has no tokens)"):
        put_back(restored_stack, monkeypatch, option, table_of_others)

    assert restored_stack.dump() == before


@pytest.fixture
def empty_table(restored_stack: Stack) -> Iterator[str]:
    """A table like that of tokens, without items."""
    client, name = boto3.client("dynamodb"), f"{restored_stack.environment['TOKENS_TABLE']}-empty"
    key = [("pk", "HASH"), ("sk", "RANGE")]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n, _ in key],
        KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in key],
    )
    yield name
    client.delete_table(TableName=name)


@pytest.mark.found("A23")
@pytest.mark.usefixtures("backups")
@pytest.mark.parametrize("more", [[], ["--yes"]], ids=["asked", "not asked"])
def test_an_empty_table_is_no_backup_of_tokens(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, empty_table: str, more: list[str]
) -> None:
    before = _stack_with_backups(restored_stack)

    with pytest.raises(SystemExit, match="all tokens of the stack would be gone"):
        put_back(restored_stack, monkeypatch, "--tokens", empty_table, *more)

    assert restored_stack.dump() == before


@pytest.mark.usefixtures("backups")
def test_beside_a_mytoken_server_there_are_no_tokens(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, empty_table: str
) -> None:
    _stack_with_backups(restored_stack)
    at_a_server = ("", "https://mytoken.example")
    monkeypatch.setattr("tools.operate.target_stack.select", lambda arguments: at_a_server)

    put_back(restored_stack, monkeypatch, "--tokens", empty_table)

    assert restored_stack.dump()[restored_stack.environment["TOKENS_TABLE"]] == []


@pytest.mark.found("A23")
@pytest.mark.usefixtures("backups")
def test_the_numbers_come_before_the_question(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _stack_with_backups(restored_stack)

    with pytest.raises(SystemExit, match="nothing was changed"):
        put_back(restored_stack, monkeypatch, answer="no")

    shown = capsys.readouterr().out
    assert "holds 4 items, 2 tokens\n" in shown
    assert "nothing else: 2 items, 1 tokens\n" in shown
    assert "2 feeds\n" in shown
    assert "1 feeds\n" in shown


@pytest.mark.usefixtures("backups")
def test_a_table_is_no_backup_of_itself(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _stack_with_backups(restored_stack)

    with pytest.raises(SystemExit, match="no backup of one"):
        put_back(
            restored_stack,
            monkeypatch,
            *("--calendars", restored_stack.environment["CALENDARS_TABLE"]),
        )

    assert restored_stack.dump() == before


@pytest.mark.usefixtures("backups")
def test_who_does_not_say_yes_changes_nothing(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _stack_with_backups(restored_stack)

    with pytest.raises(SystemExit, match="nothing was changed"):
        put_back(restored_stack, monkeypatch, answer="")

    assert restored_stack.dump() == before


def _stack_with_backups(stack: Stack) -> dict[str, list[Any]]:
    """What it holds, more than its backups do."""
    _filled(stack)
    back_up(stack)
    return _filled(stack)


def _filled(stack: Stack) -> dict[str, list[Any]]:
    create(stack, stack.mint())
    return stack.dump()
