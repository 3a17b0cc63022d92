"""make restore: the tables are what they were, and what happened since is as if it never had."""

import re
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any
from uuid import uuid4

import boto3
import pytest

from mytoken_calendars.aws import clients
from mytoken_calendars.aws.dynamodb import entries, keys
from mytoken_calendars.aws.dynamodb.imports import Importer
from mytoken_calendars.calendars.calendar import Address, Calendar
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.changes import Change
from tests.harness.aws_faults import faults, refused
from tests.harness.invariants import Contents, violations, violations_in
from tests.harness.moto_stack import Deploy
from tests.harness.reliability import states
from tests.harness.stacks import Answer, Stack, pages
from tests.harness.steps import (
    Clock,
    add,
    calendars,
    create,
    create_feed,
    delete,
    events,
    feeds,
    overwrite,
    owner,
    remove,
    secret_of,
    summaries,
)
from tests.harness.token_uses import ROTATING, Person, update
from tools.operate import restore_tables
from tools.operate.restored_items import RestoredCalendars

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
    for variable in TABLES.values():
        _back_up(stack, variable)


def _back_up(stack: Stack, variable: str) -> None:
    boto3.client("dynamodb").restore_table_to_point_in_time(
        SourceTableName=stack.environment[variable],
        TargetTableName=_backup(stack, variable),
        UseLatestRestorableTime=True,
    )


def put_back(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, *more: str, answer: str | None = "yes"
) -> None:
    names = [part for o, v in TABLES.items() for part in (o, _backup(stack, v))]
    monkeypatch.setattr(sys, "argv", ["restore", *names, *more])
    if answer is not None:
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

    assert _unversioned(restored_stack.dump()) == _unversioned(before)
    assert calendars(restored_stack, person.keeper)[0]["name"] == person.calendar["name"]
    assert _unrevised_text(restored_stack.feed(person.calendar)) == _unrevised_text(feed)
    assert "items put back" in capsys.readouterr().out


def test_items_of_every_kind_come_back(restored_stack: Stack) -> None:
    person = Person.on(restored_stack)
    wish = {"name": "Tagged", "tags": ["nightly"], "description": "Nightly runs"}
    request = {"json": wish, "headers": {"idempotency-key": "A" * 22}}
    assert restored_stack.invoke("create_calendar", person.keeper, **request).status == 201
    add(restored_stack, person.keeper, person.calendar, person.other.mom_id)
    restored_stack.revoke(person.other)
    of_a_server = Calendar(str(uuid4()), owner(person.user), "Imported", (Address.new(),))
    Importer(restored_stack.store.table).bring_in(of_a_server, (), Change.new(int(time.time())))
    before = _items(restored_stack)

    put_back = RestoredCalendars(before.values, {}, int(time.time())).mended()

    layout = keys.__doc__.partition("The tokens table")[0]
    rows = re.findall(r"^\| ([A-Z]+)#\S+ +\| (#[A-Z]+|[A-Z]+#)", layout, re.MULTILINE)
    assert {(pk.partition("#")[0], re.sub("(?<=.)#.*", "#", sk)) for pk, sk in before} == {*rows}
    assert {(item["pk"], item["sk"]): _unrevised(item) for item in put_back} == {
        key: _unrevised(item) for key, item in before.items()
    }


def _unrevised(item: dict[str, Any]) -> dict[str, Any]:
    """An item without its version, and without what makes the revisions of events rise."""
    revised = {"version", "created"} if item["pk"].startswith(keys.CALENDAR) else {"version"}
    left = {name: value for name, value in item.items() if name not in revised}
    if "style" in item:
        left["style"] = entries.unpacked_style(item["style"])[:3]
    return left


def _unrevised_text(feed: Answer) -> str:
    return re.sub(r"(DTSTAMP|LAST-MODIFIED|SEQUENCE):\w+\r\n", "", feed.text)


@pytest.mark.parametrize("change", ["commented", "styled", "added again"])
def test_revisions_of_events_rise(restored_stack: Stack, clock: Clock, change: str) -> None:
    person = Person.on(restored_stack)
    calendar, path, token = person.calendar, {"calendar": person.id}, person.other.mom_id
    (feed,) = feeds(restored_stack, person.keeper, calendar)
    requests: dict[str, list[tuple[str, dict[str, Any], dict[str, str]]]] = {
        "commented": [("add_token", path, {"mom_id": token, "comment": c}) for c in "abc"],
        "styled": [("update_feed", {**path, "feed": feed["id"]}, {"detail": "name"})],
        "added again": [
            ("remove_token", path, {"mom_id": token}),
            ("add_token", path, {"mom_id": token}),
        ],
    }
    clock.passes(20)
    add(restored_stack, person.keeper, calendar, token)
    clock.passes(20)
    backup = _items(restored_stack)
    clock.passes(20)
    for operation, of, body in requests[change]:
        answer = restored_stack.invoke(operation, person.keeper, path=of, json=body)
        assert answer.status < 300
    before = _revision(restored_stack.feed(calendar))

    clock.passes(20)
    restored = RestoredCalendars(backup.values, {}, int(clock.time())).mended()
    name = restored_stack.environment["CALENDARS_TABLE"]
    restore_tables.put_back(restored, boto3.resource("dynamodb").Table(name))

    after = _revision(restored_stack.feed(calendar))
    assert violations(restored_stack.dump()) == []
    assert after[0] > before[0]
    assert after[1] > before[1]


def _revision(feed: Answer) -> tuple[int, datetime]:
    (event,) = events(feed)
    return int(event["sequence"]), event["last-modified"].dt


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

    assert _unversioned(restored_stack.dump()) == _unversioned(before)


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
    assert "does: 2 items, 1 tokens\n" in shown
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


@pytest.mark.usefixtures("backups")
def test_who_cannot_be_asked_changes_nothing(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _stack_with_backups(restored_stack)

    monkeypatch.setattr(sys, "stdin", StringIO())
    with pytest.raises(SystemExit, match="run it again"):
        put_back(restored_stack, monkeypatch, answer=None)

    assert restored_stack.dump() == before


@pytest.mark.usefixtures("backups")
def test_no_etag_from_before_the_restore_is_taken_for_a_state_after_it(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Person.on(restored_stack)
    add(restored_stack, person.keeper, person.calendar, person.other.mom_id)
    back_up(restored_stack)
    known = restored_stack.feed(person.calendar).headers["etag"]

    put_back(restored_stack, monkeypatch)

    assert restored_stack.feed(person.calendar, headers={"if-none-match": known}).status == 200
    assert violations(restored_stack.dump()) == []


@pytest.mark.usefixtures("backups")
@pytest.mark.parametrize("recursive", [True, False], ids=["recursive", "plain"])
def test_a_token_that_only_the_backup_of_tokens_calls_revoked_is_in_no_feed(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, *, recursive: bool
) -> None:
    person = Person.on(restored_stack)
    child = person.mint("AT", parent=person.other.mom_id)
    for token in (person.other, child):
        add(restored_stack, person.keeper, person.calendar, token.mom_id)
    _back_up(restored_stack, "CALENDARS_TABLE")
    restored_stack.revoke(person.other, recursive=recursive)
    _back_up(restored_stack, "TOKENS_TABLE")

    put_back(restored_stack, monkeypatch)

    (listed,) = calendars(restored_stack, person.keeper)
    alive = [] if recursive else [child.mom_id]
    assert listed.get("subscribed_tokens", []) == alive
    assert restored_stack.feed(person.calendar).text.count("BEGIN:VEVENT") == len(alive)


HALVES = ["name", "id", "calendar", "feed", "owner"]


@pytest.mark.found("A20")
@pytest.mark.usefixtures("backups")
@pytest.mark.parametrize("lost", HALVES)
def test_a_calendar_that_a_backup_has_in_part_is_whole_or_gone(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    person = Person.on(restored_stack)
    added = add(restored_stack, person.keeper, person.calendar, person.other.mom_id)
    Person.on(restored_stack)
    _lose(restored_stack, person, lost)
    back_up(restored_stack)

    put_back(restored_stack, monkeypatch)

    gone = lost in ("name", "calendar")
    assert violations(restored_stack.dump()) == []
    assert calendars(restored_stack, person.keeper) == ([] if gone else [added])
    assert restored_stack.feed(person.calendar).status == (404 if gone else 200)


@pytest.mark.usefixtures("backups")
def test_a_feed_whose_style_is_lost_tells_the_least(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Person.on(restored_stack)
    add(restored_stack, person.keeper, person.calendar, person.other.mom_id, comment="a secret")
    Person.on(restored_stack)
    _lose(restored_stack, person, "feed")
    back_up(restored_stack)

    put_back(restored_stack, monkeypatch)

    assert summaries(restored_stack.feed(person.calendar)) == ["A mytoken expires"]


@pytest.mark.found("A20")
@pytest.mark.usefixtures("backups")
@pytest.mark.parametrize("done", HALVES)
def test_of_a_deletion_that_a_backup_has_in_part_the_calendar_is_whole_or_gone(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, done: str
) -> None:
    person = Person.on(restored_stack)
    added = add(restored_stack, person.keeper, person.calendar, person.other.mom_id)
    Person.on(restored_stack)
    kept = {key["pk"] + key["sk"]: key for key in _keys(person).values()}
    before = {name: restored_stack.store.table.get(key) for name, key in kept.items()}
    delete(restored_stack, person.keeper, person.calendar)
    of_the_deletion = _keys(person)[done]
    for name, item in before.items():
        if name != of_the_deletion["pk"] + of_the_deletion["sk"]:
            remove(restored_stack, kept[name])
            overwrite(restored_stack, kept[name], **(item or {}))
    back_up(restored_stack)

    put_back(restored_stack, monkeypatch)

    gone = done in ("name", "calendar")
    assert violations(restored_stack.dump()) == []
    assert calendars(restored_stack, person.keeper) == ([] if gone else [added])
    assert restored_stack.feed(person.calendar).status == (404 if gone else 200)
    if not gone:
        delete(restored_stack, person.keeper, person.calendar)


CHANGES: dict[str, dict[str, Any]] = {
    "update_calendar": {"json": {"name": "Another", "description": "new", "tags": ["nightly"]}},
    "create_feed": {"json": {"reminders": "both"}},
    "reset_feed": {},
    "delete_feed": {},
}


@pytest.mark.parametrize("first", ["before", "after"])
@pytest.mark.parametrize("operation", CHANGES)
def test_of_a_change_that_a_backup_has_in_part_a_whole_calendar_is_left(
    restored_stack: Stack, operation: str, first: str
) -> None:
    person = Person.on(restored_stack)
    added = add(restored_stack, person.keeper, person.calendar, person.other.mom_id)
    feed = create_feed(restored_stack, person.keeper, added, label="a label", days=[5])
    path = {"calendar": added["id"]} | ({"feed": feed["id"]} if operation[-4:] == "feed" else {})
    before = _items(restored_stack)
    answer = restored_stack.invoke(operation, person.keeper, path=path, **CHANGES[operation])
    assert answer.status < 300
    base, other = (before, _items(restored_stack))[:: 1 if first == "before" else -1]

    changed = [key for key in base.keys() | other.keys() if base.get(key) != other.get(key)]
    for key in changed:
        in_part = {**base, key: other.get(key)}
        backup = [item for item in in_part.values() if item]
        left = Contents.of([*RestoredCalendars(lambda b=backup: b, {}, 1).mended()])

        assert violations_in(left) == []
        assert len(left.calendars) <= 1
        if key[1][: len(keys.NAME)] != keys.NAME:
            (calendar,) = left.calendars.values()
            assert len(calendar["tokens"]) == 1


def _items(stack: Stack) -> dict[tuple[str, str], dict[str, Any]]:
    table = stack.store.table
    rows = [clients.from_dynamodb(item) for page in pages(table) for item in page["Items"]]
    return {(row["pk"], row["sk"]): row for row in rows}


@pytest.mark.found("A20")
@pytest.mark.parametrize("lost", ["id", "calendar", "feed", "owner"])
def test_what_is_there_of_a_calendar_can_be_deleted_and_made_anew(
    restored_stack: Stack, lost: str
) -> None:
    person = Person.on(restored_stack)
    add(restored_stack, person.keeper, person.calendar, person.other.mom_id)
    _lose(restored_stack, person, lost)

    delete(restored_stack, person.keeper, person.calendar)

    again = create(restored_stack, person.keeper, person.calendar["name"])
    assert calendars(restored_stack, person.keeper) == [again]
    assert restored_stack.feed(person.calendar).status == 410


@pytest.mark.found("A20")
def test_a_feed_whose_calendar_is_lost_is_not_found_and_counted(
    restored_stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Person.on(restored_stack)
    _lose(restored_stack, person, "calendar")

    feed = restored_stack.feed(person.calendar)

    assert (feed.status, feed.json["error"]) == (404, "not_found")
    assert '"FeedBuildFailed"' in capsys.readouterr().out


@pytest.mark.usefixtures("backups")
@pytest.mark.parametrize("lost", ["name", "calendar", ""], ids=["name", "calendar", "nothing"])
def test_an_import_that_a_backup_has_in_part_can_be_repeated(
    restored_stack: Stack, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    person = Person.on(restored_stack)
    Person.on(restored_stack)
    remembered = keys.imported(secret_of(person.calendar))
    overwrite(restored_stack, remembered, at=1)
    if lost:
        _lose(restored_stack, person, lost)
    back_up(restored_stack)

    put_back(restored_stack, monkeypatch)

    assert (restored_stack.store.table.get(remembered) is None) == bool(lost)


def _keys(person: Person) -> dict[str, keys.Key]:
    """Those of all items that a calendar's making and deletion write."""
    calendar, of = person.calendar, owner(person.user)
    return {
        "name": keys.calendar_name(of, folded(calendar["name"])),
        "id": keys.calendar_id(of, calendar["id"]),
        "calendar": keys.calendar(calendar["id"]),
        "feed": keys.feed_head(secret_of(calendar)),
        "owner": keys.owner_head(of),
    }


def _lose(stack: Stack, person: Person, what: str) -> None:
    """What a backup that has a part of a transaction does not have."""
    remove(stack, _keys(person)[what])


def _unversioned(dump: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {
        table: [_unrevised(clients.from_dynamodb(row)) for row in rows]
        for table, rows in dump.items()
    }


def _stack_with_backups(stack: Stack) -> dict[str, list[Any]]:
    """What it holds, more than its backups do."""
    _filled(stack)
    back_up(stack)
    return _filled(stack)


def _filled(stack: Stack) -> dict[str, list[Any]]:
    create(stack, stack.mint())
    return stack.dump()
