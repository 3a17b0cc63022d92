"""`make import`: calendars of a mytoken server are here as they were there, each wholly or not."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from botocore.client import BaseClient

from mytoken_calendars import limits
from mytoken_calendars.aws import clients
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.errors import TemporarilyUnavailable
from mytoken_calendars.identifiers import Owner, mom_id_of, owner_of, subject
from tests.doubles.mytoken_ledger import OPENID_PROVIDER
from tests.doubles.original_tables import RECREATE_LINK, REMOVE_LINK, Tables, written
from tests.harness import permissions
from tests.harness.aws_faults import Fault, faults, lost_answer, lost_request
from tests.harness.examples import ISSUER
from tests.harness.invariants import violations
from tests.harness.stacks import DAY, ROOT, RemoteStack, Stack
from tests.harness.steps import add, calendars, delete, events, overwrite, remove, summaries
from tools.operate import import_calendars

Run = Callable[..., list[str]]

FULL, LISTING = "manage_mytokens:notify", "manage_mytokens:list"
NAME = "CI Mytokens"


def importing_into(stack: Stack, issuer: str, folder: Path) -> Run:
    def run(tables: Tables, **options: Any) -> list[str]:
        with stack.entered():
            return import_calendars.run(tables.write_json_lines(folder), issuer, **options)

    return run


# --- beside the server that vouches for the tokens ------------------------------------------------


@pytest.fixture
def run(remote_stack: RemoteStack, tmp_path: Path) -> Run:
    """Imports tables, and gives what is told about it."""
    return importing_into(remote_stack, remote_stack.server.url, tmp_path)


def path_of(secret: str) -> dict[str, str]:
    return {"ics_path": f"/calendars/{secret}"}


def tables_of(stack: RemoteStack) -> Tables:
    return Tables.of(stack.server.ledger)


def test_a_calendar_is_its_users_with_its_tokens_and_its_feed_is_where_it_was(
    remote_stack: RemoteStack, run: Run, user: str
) -> None:
    token = remote_stack.mint(user=user, name="nightly")
    other = remote_stack.mint("AT", user=user, name="backup", expires_in=20 * DAY)
    tables = tables_of(remote_stack)
    comment = "the nightly build, which\nnobody watches"
    secret = tables.calendar(user, NAME, {token.mom_id: comment, other.mom_id: ""})

    told = run(tables)

    listed = calendars(remote_stack, token)
    assert [calendar["name"] for calendar in listed] == [NAME]
    feed = remote_stack.feed(listed[0])
    described = {str(event["summary"]): str(event["description"]) for event in events(feed)}
    assert told[-3] == "imported: 1 calendars with 2 tokens"
    assert f"/calendars/{secret}/" in listed[0]["ics_path"]
    assert remote_stack.feed(path_of(secret)).body == feed.body
    assert sorted(listed[0]["subscribed_tokens"]) == sorted([token.mom_id, other.mom_id])
    assert summaries(feed) == ["backup: mytoken expires", "nightly: mytoken expires"]
    assert described["nightly: mytoken expires"].startswith(f"{comment}\n\n")
    assert not any(link in feed.text for link in (REMOVE_LINK, RECREATE_LINK))


def test_a_token_that_is_added_again_after_the_import_is_the_one_that_was_imported(
    remote_stack: RemoteStack, run: Run, user: str
) -> None:
    manager = remote_stack.mint(FULL, LISTING, user=user, expires_in=None)
    parent = remote_stack.mint("AT", user=user, name="parent")
    child = remote_stack.mint("AT", user=user, name="child", parent=parent.mom_id)
    tables = tables_of(remote_stack)
    secret = tables.calendar(user, NAME, {child.mom_id: "kept"})
    run(tables)
    before = remote_stack.feed(path_of(secret))

    add(remote_stack, manager, {"name": NAME}, child.mom_id)

    after = remote_stack.feed(path_of(secret))
    assert (after.status, after.body) == (200, before.body)
    assert after.headers["etag"] == before.headers["etag"]


def test_an_import_that_is_repeated_changes_nothing(
    remote_stack: RemoteStack, run: Run, user: str
) -> None:
    token = remote_stack.mint(user=user)
    tables = tables_of(remote_stack)
    tables.calendar(user, NAME, {token.mom_id: ""})
    run(tables, rename=True)
    before = remote_stack.dump()

    told = run(tables, rename=True)

    assert told[-3:-1] == ["imported: 0 calendars with 0 tokens", "here already: 1 calendars"]
    assert remote_stack.dump() == before


@pytest.mark.parametrize("days", [0, 91])
def test_what_was_deleted_since_does_not_come_back(
    remote_stack: RemoteStack, run: Run, user: str, days: int
) -> None:
    token = remote_stack.mint(user=user)
    tables = tables_of(remote_stack)
    secret = tables.calendar(user, NAME, {token.mom_id: ""})
    run(tables)
    delete(remote_stack, token, {"name": NAME})
    if days:  # then DynamoDB has removed what is left of the feed
        remove(remote_stack, keys.feed_head(secret))

    told = run(tables, rename=True)

    assert told[-2] == "here already: 1 calendars"
    assert calendars(remote_stack, token) == []
    assert remote_stack.feed(path_of(secret)).status == (404 if days else 410)


def test_a_dry_run_tells_the_same_and_writes_nothing(
    remote_stack: RemoteStack, run: Run, user: str
) -> None:
    token = remote_stack.mint(user=user)
    tables = tables_of(remote_stack)
    for name in (NAME, "ci mytokens", "a/b"):
        tables.calendar(user, name, {token.mom_id: ""})
    before = remote_stack.dump()

    dry = run(tables, rename=True, dry_run=True)

    unchanged = remote_stack.dump() == before
    wet = run(tables, rename=True)
    assert unchanged
    assert dry == [line.replace("imported:", "to be imported:") for line in wet]
    assert wet[-3] == "imported: 3 calendars with 3 tokens"


def test_names_that_are_not_allowed_or_not_free_are_told_and_mended_if_that_is_asked_for(
    remote_stack: RemoteStack, run: Run, user: str
) -> None:
    token = remote_stack.mint(user=user)
    tables = tables_of(remote_stack)
    for name in ("CI", "ci", "a/b\u202e?", "  ", "x" * 128, "x" * 128 + " ", None):
        tables.calendar(user, name, {})

    told = run(tables)
    mended = run(tables, rename=True)

    names = [calendar["name"] for calendar in calendars(remote_stack, token)]
    reasons = {
        "'ci'": "the user has a calendar of this name; with --rename it is called 'ci (2)'",
        "'a/b\\u202e?'": "a calendar's name has none of / \\ ? # %; with --rename it is called "
        "'a b'",
        "'  '": "a calendar's name does not begin or end with a space; with --rename it is called "
        "'Calendar'",
        f"'{'x' * 128} '": "a calendar's name has 1 to 128 characters; with --rename it is called "
        f"'{'x' * 120} (2)'",
    }
    assert [line.partition(": ")[2] for line in told[:-3]] == [
        *(f"{name}: {reason}" for name, reason in reasons.items()),
        "it has no name; with --rename it is called 'Calendar'",
    ]
    assert [line.split(":")[1] for line in told[:-3]] == ["2", "3", "4", "6", "7"]
    assert [line.partition(": ")[2] for line in mended[:-3]] == [
        "'ci' is called 'ci (2)'",
        "'a/b\\u202e?' is called 'a b'",
        "'  ' is called 'Calendar'",
        f"'{'x' * 128} ' is called '{'x' * 120} (2)'",
        "without a name, it is called 'Calendar (2)'",
    ]
    assert sorted(names) == sorted(
        ["CI", "ci (2)", "a b", "Calendar", "x" * 128, f"{'x' * 120} (2)", "Calendar (2)"]
    )


def test_of_a_server_without_names_a_calendar_has_its_tags_and_the_tokens_that_share_one(
    remote_stack: RemoteStack, run: Run, user: str
) -> None:
    direct, tagged, both = (
        remote_stack.mint(user=user, name=name) for name in ("direct", "tagged", "both")
    )
    stranger = remote_stack.mint(name="stranger")
    tables = tables_of(remote_stack)
    secret = tables.calendar(user, None, {direct.mom_id: "a", both.mom_id: "b"}, description="c")
    tables.calendar(user, None, {}, description="of\nwhat is old")
    for number, tag in enumerate(["nightly", "builds", "unused"]):
        tables.add("Tags", id=number, tag=tag, uid=tables.user(user), color="3357FF")
    for number in (0, 1):
        tables.add("CalendarTags", calendar_id=secret, tag_id=number)
    for token, number in [(tagged, 0), (both, 1), (stranger, 1), (stranger, 2)]:
        tables.add("MTTags", MT_id=token.mom_id, tag_id=number, include_children=0)

    told = run(tables, rename=True)

    names = [calendar["name"] for calendar in calendars(remote_stack, direct)]
    shown = ["both: mytoken expires", "direct: mytoken expires", "tagged: mytoken expires"]
    assert names == ["builds, nightly", "of what is old"]
    assert summaries(remote_stack.feed(path_of(secret))) == shown
    assert told[0] == "MTTags.jsonl:3: its token is not of the calendar's user"


def test_tokens_that_cannot_be_in_a_calendar_are_told_and_the_others_are_in_it(
    remote_stack: RemoteStack, run: Run, user: str
) -> None:
    kept, stranger = remote_stack.mint(user=user, name="kept"), remote_stack.mint()
    endless, revoked = remote_stack.mint(user=user, expires_in=None), remote_stack.mint(user=user)
    remote_stack.revoke(revoked)
    expired = _mom_id(99)
    tables = tables_of(remote_stack)
    past, uid = written(int(time.time()) - 60), tables.user(user)
    tables.add("MTokens", id=expired, created=past, expires_at=past, user_id=uid)
    tokens = [kept.mom_id, endless.mom_id, stranger.mom_id, expired]
    secret = tables.calendar(user, NAME, dict.fromkeys(tokens, "x" * 1025))
    for twice in (kept, revoked):
        tables.add("CalendarMapping", calendar_id=secret, MT_id=twice.mom_id)
    tables.add("CalendarMapping", calendar_id="f" * 32, MT_id=kept.mom_id)

    told = run(tables)

    assert told == [
        "CalendarMapping.jsonl:7: its calendar is not in Calendars",
        "CalendarMapping.jsonl:2: A mytoken that never expires has no expiry to be reminded of.",
        "CalendarMapping.jsonl:3: its token is not of the calendar's user",
        "CalendarMapping.jsonl:4: The mytoken has already expired.",
        "CalendarMapping.jsonl:6: its token is not in MTokens: it was revoked, or its row left out",
        "CalendarMapping.jsonl:1: without its comment: a comment has at most 1024 characters",
        "imported: 1 calendars with 1 tokens",
        "here already: 0 calendars",
        "left out: 0 rows, 0 calendars, 5 tokens, 1 comments",
    ]
    assert summaries(remote_stack.feed(path_of(secret))) == ["kept: mytoken expires"]


def test_a_calendar_whose_user_is_not_known_or_has_too_many_is_told_and_left_out(
    remote_stack: RemoteStack, run: Run, user: str
) -> None:
    token = remote_stack.mint(user=user)
    tables = tables_of(remote_stack)
    first = tables.calendar(user, "first", {})
    run(tables)
    head = keys.owner_head(_owner(user, remote_stack.server.url))
    overwrite(remote_stack, head, calendars=limits.CALENDARS)
    second = tables.calendar(user, "second", {token.mom_id: ""})
    tables.rows["Calendars"].append({**tables.rows["Calendars"][0], "id": "f" * 32, "uid": 999})

    told = run(tables)

    overwrite(remote_stack, head, calendars=1)
    statuses = [remote_stack.feed(path_of(feed)).status for feed in (first, second, "f" * 32)]
    assert told[:2] == [
        "Calendars.jsonl:3: its user is not in Users",
        (
            "Calendars.jsonl:2: You have 1,000 calendars or 2,000 feeds, which are the limits, or "
            "all calendars weigh more than 5,500,000. Adding a mytoken, even in vain, takes out "
            "those that are revoked or expired long ago."
        ),
    ]
    assert statuses == [200, 404, 404]


# --- calls of DynamoDB that fail, on a stand-in whose transactions are atomic ---------------------


@pytest.fixture
def stack(racing_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Of which one client imports."""
    with racing_stack.entered():
        client, other = clients.client("dynamodb"), clients.client
    monkeypatch.setattr(
        clients, "client", lambda name: client if name == "dynamodb" else other(name)
    )
    yield racing_stack
    assert violations(racing_stack.dump()) == []


def large(user: str) -> tuple[Tables, str]:
    """The tables of a user with a calendar of three tokens, and its feed's address."""
    tables = Tables()
    times = {"created": written(int(time.time())), "expires_at": written(int(time.time()) + DAY)}
    mom_ids = [_mom_id(number) for number in range(3)]
    for mom_id in mom_ids:
        tables.add("MTokens", id=mom_id, user_id=tables.user(user), **times)
    return tables, tables.calendar(user, NAME, dict.fromkeys(mom_ids, ""))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [lost_request, lost_answer])
@pytest.mark.parametrize("calls", range(3))
def test_after_an_import_that_ended_at_any_call_a_calendar_is_there_wholly_or_not_at_all(
    stack: Stack, user: str, tmp_path: Path, fault: Fault, calls: int
) -> None:
    tables, secret = large(user)
    run = importing_into(stack, ISSUER, tmp_path)
    client = clients.client("dynamodb")

    with faults(client, *[None] * calls, *[fault] * 99), pytest.raises(TemporarilyUnavailable):
        run(tables)
    between, found = stack.feed(path_of(secret)), violations(stack.dump())
    told = run(tables)

    assert (between.status == 404) or len(events(between)) == 3
    assert found == []
    assert told[-1] == "left out: 0 rows, 0 calendars, 0 tokens, 0 comments"
    assert len(events(stack.feed(path_of(secret)))) == 3
    assert [len(c.subscribed_tokens) for c in stack.store.all(_owner(user, ISSUER))] == [3]


def test_an_import_asks_for_what_the_documentation_lists_and_for_nothing_else(
    stack: Stack, user: str, tmp_path: Path
) -> None:
    tables, _ = large(user)
    ask, asked = BaseClient._make_api_call, set()

    def noted(client: Any, operation: str, parameters: Any) -> Any:
        calls = permissions._calls("dynamodb", operation, parameters)
        asked.update(call.action for call in calls)
        return ask(client, operation, parameters)

    with mock.patch.object(BaseClient, "_make_api_call", noted):
        importing_into(stack, ISSUER, tmp_path)(tables)

    documented = (ROOT / "docs" / "beside-a-mytoken-server.md").read_text()
    assert asked == set(re.findall(r"dynamodb:\w+Item", documented))


def test_nobody_sees_a_calendar_before_it_is_whole(stack: Stack, user: str, tmp_path: Path) -> None:
    tables, secret = large(user)
    seen: list[tuple[int, int]] = []

    def look(client: Any, request: Any) -> None:
        seen.append((stack.feed(path_of(secret)).status, len(_listed(stack, user))))

    with faults(clients.client("dynamodb"), *[look] * 99, operation="TransactWriteItems") as called:
        importing_into(stack, ISSUER, tmp_path)(tables)

    assert len(called) == 1
    assert seen == [(404, 0)]
    assert len(events(stack.feed(path_of(secret)))) == 3


def test_a_calendar_that_weighs_too_much_is_told_with_the_numbers_and_left_out(
    remote_stack: RemoteStack, run: Run, user: str
) -> None:
    tables, times = (
        tables_of(remote_stack),
        {"created": written(int(time.time())), "expires_at": written(int(time.time()) + DAY)},
    )
    mom_ids = [_mom_id(number) for number in range(50)]
    for mom_id in mom_ids:
        tables.add("MTokens", id=mom_id, user_id=tables.user(user), **times)
    heavy = tables.calendar(user, "Heavy", dict.fromkeys(mom_ids, "\N{CAT FACE}" * 1024))
    light = tables.calendar(user, "Light", dict.fromkeys(mom_ids[:40], "\N{CAT FACE}" * 1024))
    before = run(tables, dry_run=True)

    told = run(tables)

    assert re.fullmatch(
        r"Calendars.jsonl:1: A calendar weighs at most 180,000. This one would weigh 2\d\d,\d{3} "
        r"with its 50 tokens: names and comments weigh most.",
        told[0],
    )
    assert before[0] == told[0]
    assert [remote_stack.feed(path_of(feed)).status for feed in (heavy, light)] == [404, 200]


def _owner(user: str, issuer: str) -> Owner:
    return owner_of(issuer, subject(user, OPENID_PROVIDER))


def _listed(stack: Stack, user: str) -> list[Any]:
    return stack.store.all(_owner(user, ISSUER))


def _mom_id(number: int) -> str:
    return mom_id_of(UUID(int=number + 1))
