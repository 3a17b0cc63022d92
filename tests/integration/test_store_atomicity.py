"""Requests that race, and answers that are lost: everything happens once, completely, or not."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from mytoken_calendars import items
from mytoken_calendars.calendars import MAX_CALENDARS
from mytoken_calendars.errors import InvalidGrant
from tests.integration.faults import (
    Fault,
    conflict,
    faults,
    lost_answer,
    lost_request,
    refused,
    unreachable_after,
)
from tests.integration.invariants import violations
from tests.integration.steps import (
    Document,
    add,
    at_once,
    calendars,
    create,
    delete,
    events,
    new_user,
    overwrite,
    owner,
    summaries,
)
from tests.support import Answer, Stack, Token

THREADS = 16
NAME = "CI Mytokens"
PATH = {"name": NAME}


@pytest.fixture
def stack(engine: Stack) -> Iterator[Stack]:
    """Looked through after every test."""
    yield engine
    assert violations(engine.dump()) == []


# --- races ----------------------------------------------------------------------------------------


def test_of_many_who_create_a_calendar_of_one_name_one_succeeds(stack: Stack, user: str) -> None:
    token = stack.mint(user=user)
    names = [NAME, NAME.lower(), NAME.upper(), NAME.title()] * (THREADS // 4)

    answers = at_once(
        [lambda n=n: stack.invoke("create_calendar", token, json={"name": n}) for n in names]
    )

    (created,) = [answer.json for answer in answers if answer.status == 201]
    assert _statuses(answers) == {201: 1, 409: THREADS - 1}
    assert calendars(stack, token) == [created]
    assert stack.feed(created).status == 200
    assert _counted(stack, user) == (1, 0)


def test_of_many_who_create_calendars_of_different_names_all_succeed(
    stack: Stack, user: str
) -> None:
    token = stack.mint(user=user)

    created = at_once([lambda n=n: create(stack, token, f"Calendar {n}") for n in range(THREADS)])

    assert _by_name(calendars(stack, token)) == _by_name(created)
    assert _counted(stack, user) == (THREADS, 0)


def test_many_who_add_one_token_all_succeed_and_give_one_event(stack: Stack, user: str) -> None:
    token = stack.mint(user=user)
    calendar = create(stack, token, NAME)

    added = at_once([lambda: add(stack, token, calendar, "", comment="same")] * THREADS)

    (event,) = events(stack.feed(calendar))
    assert added == [{**calendar, "subscribed_tokens": [token.mom_id]}] * THREADS
    assert calendars(stack, token) == added[:1]
    assert event["sequence"] == 0
    assert _counted(stack, user) == (1, 1)


def test_of_many_who_add_different_tokens_all_are_there(stack: Stack, user: str) -> None:
    token = stack.mint(user=user)
    calendar = create(stack, token, NAME)
    mom_ids = sorted(stack.mint(user=user).mom_id for _ in range(THREADS))

    added = at_once([lambda m=m: add(stack, token, calendar, m) for m in mom_ids])

    assert all(mom_id in one["subscribed_tokens"] for mom_id, one in zip(mom_ids, added, strict=1))
    assert calendars(stack, token) == [{**calendar, "subscribed_tokens": mom_ids}]
    assert len(events(stack.feed(calendar))) == THREADS
    assert _counted(stack, user) == (1, THREADS)


def test_of_comments_that_race_one_remains_and_each_that_was_accepted_is_counted(
    stack: Stack,
) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)
    add(stack, token, calendar, "")
    comments = ["one", "two", "three", "four"]

    answers = at_once([lambda c=c: _add(stack, token, comment=c) for c in comments])

    (event,) = events(stack.feed(calendar))
    assert _statuses(answers) == {200: 4}
    assert event["sequence"] == 4
    assert event["description"].partition("\n")[0] in comments


def test_of_many_who_delete_a_calendar_one_succeeds(stack: Stack, user: str) -> None:
    token = stack.mint(user=user)
    calendar = create(stack, token, NAME)
    add(stack, token, calendar, "")

    answers = at_once([lambda: stack.invoke("delete_calendar", token, path=PATH)] * THREADS)

    assert _statuses(answers) == {204: 1, 404: THREADS - 1}
    assert stack.feed(calendar).status == 410
    assert _counted(stack, user) == (0, 0)


def test_a_feed_is_never_given_out_after_the_answer_to_its_deletion(stack: Stack) -> None:
    token = stack.mint()

    for _ in range(5):
        calendar = create(stack, token, NAME)
        add(stack, token, calendar, "")
        seen, deleted_at = _watched_while(stack, calendar, partial(delete, stack, token, calendar))

        assert seen[0][1] == 200
        assert seen[-1][1] == 410
        assert {status for _, status in seen} == {200, 410}
        assert {status for asked_at, status in seen if asked_at > deleted_at} == {410}


def test_a_revoked_token_is_never_given_out_after_its_revocation(stack: Stack, user: str) -> None:
    token = stack.mint(user=user)
    calendar = create(stack, token, NAME)

    for _ in range(4):
        parent = stack.mint(user=user)
        child = stack.mint(user=user, parent=parent.mom_id)
        add(stack, token, calendar, child.mom_id)
        seen, revoked_at = _watched_while(
            stack, calendar, partial(stack.revoke, parent, recursive=True), _count_of_events
        )

        assert seen[0][1] == 1
        assert seen[-1][1] == 0
        assert {count for asked_at, count in seen if asked_at > revoked_at} == {0}


def test_a_token_is_not_added_after_it_was_revoked(stack: Stack, user: str) -> None:
    token = stack.mint(user=user)
    calendar = create(stack, token, NAME)
    targets = [stack.mint(user=user) for _ in range(THREADS // 2)]

    answers = at_once(
        [
            *[lambda t=t: _add(stack, token, t.mom_id) for t in targets],
            *[lambda t=t: stack.revoke(t) for t in targets],
        ]
    )

    again = [_add(stack, token, target.mom_id) for target in targets]
    assert {answer.status for answer in answers if answer} <= {200, 403}
    assert {(answer.status, answer.json["error"]) for answer in again} == {(403, "invalid_grant")}
    assert events(stack.feed(calendar)) == []
    assert calendars(stack, token) == [calendar]


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_mixed_the_tables_stay_sound_and_list_and_feed_agree(
    stack: Stack, user: str, seed: int
) -> None:
    chance = random.Random(seed)
    token, names = stack.mint(user=user), ["one", "two"]
    parents = [stack.mint(user=user) for _ in range(3)]
    watched = [stack.mint(user=user, parent=parent.mom_id) for parent in parents for _ in range(3)]
    acts: dict[str, Callable[[], Any]] = {
        "create": lambda: stack.invoke(
            "create_calendar", token, json={"name": chance.choice(names)}
        ),
        "delete": lambda: stack.invoke(
            "delete_calendar", token, path={"name": chance.choice(names)}
        ),
        "add": lambda: stack.invoke(
            "add_token",
            token,
            path={"name": chance.choice(names)},
            json={"mom_id": chance.choice(watched).mom_id, "comment": chance.choice("abc")},
        ),
        "revoke": lambda: stack.revoke(chance.choice(parents), recursive=chance.random() < 0.5),
        "list": lambda: stack.invoke("list_calendars", token),
        "sweep": lambda: stack.handlers["sweep"]({}, SimpleNamespace(**_TIME)),
    }
    script = ["create"] * 12 + ["delete"] * 8 + ["add"] * 40 + ["revoke", "list", "sweep"] * 3
    chance.shuffle(script)

    answers = _side_by_side([acts[act] for act in script], threads=8)

    listed = calendars(stack, token)
    shown = [sorted(calendar.get("subscribed_tokens", [])) for calendar in listed]
    assert violations(stack.dump()) == []
    assert {a.status for a in answers if isinstance(a, Answer)} <= {
        200,
        201,
        204,
        403,
        404,
        409,
        503,
    }
    assert [len(events(stack.feed(calendar))) for calendar in listed] == [len(s) for s in shown]


def test_adding_to_a_calendar_that_is_deleted_and_made_again_never_mixes_the_two(
    stack: Stack, user: str
) -> None:
    token = stack.mint(user=user)
    mom_ids = [stack.mint(user=user).mom_id for _ in range(6)]
    first = create(stack, token, NAME)

    def make_again() -> None:
        delete(stack, token, first)
        create(stack, token, NAME)

    answers = at_once([make_again, *[lambda m=m: _add(stack, token, m) for m in mom_ids]])

    (second,) = calendars(stack, token)
    assert second["ics_path"] != first["ics_path"]
    assert stack.feed(first).status == 410
    assert len(events(stack.feed(second))) == len(second.get("subscribed_tokens", []))
    assert {answer.status for answer in answers if answer} <= {200, 404}


def test_a_list_is_of_one_moment_while_calendars_come_and_go(stack: Stack) -> None:
    token = stack.mint()
    kept = create(stack, token, "kept")
    add(stack, token, kept, "")

    def come_and_go() -> None:
        for _ in range(5):
            calendar = create(stack, token, "passing")
            add(stack, token, calendar, "")
            delete(stack, token, calendar)

    results = at_once([come_and_go, *[lambda: _lists(stack, token)] * 2])

    lists = [one for result in results if result for one in result]
    assert {answer.status for answer in lists} <= {200, 503}
    names = Counter(c["name"] for answer in lists for c in answer.json.get("calendars", []))
    assert names["kept"] == len([answer for answer in lists if answer.status == 200])


# --- faults of AWS --------------------------------------------------------------------------------


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

    created, attempts = _faulty(stack, "create_calendar", token, planned, json=PATH)
    added, _ = _faulty(stack, "add_token", token, planned, path=PATH, json={"mom_id": ""})
    in_between = _counted(stack, user), stack.feed(created.json), calendars(stack, token)
    deleted, _ = _faulty(stack, "delete_calendar", token, planned, path=PATH)

    counted, feed, listed = in_between
    assert [created.status, added.status, deleted.status] == [201, 200, 204]
    assert len(attempts) == len(planned) + 1
    assert counted == (1, 1)
    assert len(events(feed)) == 1
    assert listed == [added.json] == [{**created.json, "subscribed_tokens": [token.mom_id]}]
    assert _counted(stack, user) == (0, 0)
    assert calendars(stack, token) == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(conflict, id="conflict"),
        pytest.param(refused("ThrottlingException"), id="throttled"),
        pytest.param(refused("InternalServerError", 500), id="server-error"),
        pytest.param(lost_request, id="lost-request"),
    ],
)
def test_what_does_not_pass_is_answered_503_and_nothing_has_changed(
    stack: Stack, fault: Fault
) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)
    before = stack.dump()
    always = [fault] * 20

    answers = [
        _faulty(stack, "create_calendar", token, always, json={"name": "new"})[0],
        _faulty(stack, "add_token", token, always, path=PATH, json={"mom_id": ""})[0],
        _faulty(stack, "delete_calendar", token, always, path=PATH)[0],
    ]

    assert [_unavailable(answer) for answer in answers] == [True, True, True]
    assert stack.dump() == before
    assert calendars(stack, token) == [calendar]


@pytest.mark.usefixtures("impatient")
def test_if_every_answer_is_lost_it_answers_503_and_has_still_happened_once(
    stack: Stack, user: str
) -> None:
    token = stack.mint(user=user)

    answer, _ = _faulty(stack, "create_calendar", token, [lost_answer] * 20, json=PATH)

    assert _unavailable(answer)
    assert [calendar["name"] for calendar in calendars(stack, token)] == [NAME]
    assert _counted(stack, user) == (1, 0)


def test_what_cannot_succeed_is_tried_once(stack: Stack) -> None:
    user = new_user()
    token = stack.mint(user=user)
    overwrite(stack, items.owner_head(owner(user)), calendars=MAX_CALENDARS)

    answer, attempts = _faulty(stack, "create_calendar", token, [], json=PATH)

    overwrite(stack, items.owner_head(owner(user)), calendars=0)
    assert answer.status == 400
    assert attempts == ["TransactWriteItems"]


OPERATIONS: dict[str, dict[str, Any]] = {
    "list_calendars": {},
    "create_calendar": {"json": {"name": "new"}},
    "get_calendar": {"path": PATH},
    "add_token": {"path": PATH, "json": {"mom_id": ""}},
    "delete_calendar": {"path": PATH},
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_wherever_dynamodb_is_lost_the_answer_is_503_and_all_or_nothing_has_changed(
    stack: Stack, operation: str
) -> None:
    token = stack.mint()
    create(stack, token, NAME)
    clients = [
        stack.door(operation, "store").table.client,
        stack.door(operation, "authority").registry.table.client,
    ]
    before = stack.dump()

    for calls in count():
        with unreachable_after(clients, calls):
            answer = stack.invoke(operation, token, **OPERATIONS[operation])

        if answer.status != 503:
            break
        after = stack.dump()
        assert _unavailable(answer)
        assert violations(after) == []
        # Only what add_token reads for its answer comes after the change.
        assert after == before or operation == "add_token"
    assert calls >= 2
    assert answer.status < 400


@pytest.mark.usefixtures("impatient")
def test_wherever_dynamodb_is_lost_a_feed_is_answered_503_and_never_in_part(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)
    clients = [stack.door("get_feed", "store").table.client]

    for calls in count():
        add(stack, token, calendar, "", comment=f"not cached yet: {calls}")
        with unreachable_after(clients, calls):
            answer = stack.feed(calendar)

        if answer.status != 503:
            break
        assert _unavailable(answer)
    assert calls >= 3
    assert summaries(answer) == ["Mytoken expires"]


# --- how it is done -------------------------------------------------------------------------------

_TIME = {"get_remaining_time_in_millis": lambda: 25_000}


def _side_by_side(acts: Sequence[Callable[[], Any]], threads: int) -> list[Any]:
    def act_unless_revoked(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except InvalidGrant:
            return None

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(act_unless_revoked, acts))


def _watched_while(
    stack: Stack,
    calendar: Document,
    act: Callable[[], None],
    look: Callable[[Answer], int] = lambda answer: answer.status,
) -> tuple[list[tuple[float, int]], float]:
    """What several clients saw in the feed, with the time at which each asked; and the time at
    which the act was done."""
    done = threading.Event()
    seen: list[tuple[float, int]] = []

    def poll() -> None:
        for last in (False, True):
            while last or not done.is_set():
                asked_at = time.monotonic()
                seen.append((asked_at, look(stack.feed(calendar))))
                if last:
                    return

    first = time.monotonic(), look(stack.feed(calendar))
    with ThreadPoolExecutor(3) as pool:
        polls = [pool.submit(poll) for _ in range(3)]
        act()
        done_at = time.monotonic()
        done.set()
        for one in polls:
            one.result()
    last = time.monotonic(), look(stack.feed(calendar))
    return [first, *seen, last], done_at


def _count_of_events(feed: Answer) -> int:
    return len(events(feed))


def _lists(stack: Stack, token: Token) -> list[Answer]:
    return [stack.invoke("list_calendars", token) for _ in range(10)]


def _add(stack: Stack, token: Token, mom_id: str = "", **more: str) -> Answer:
    return stack.invoke("add_token", token, path=PATH, json={"mom_id": mom_id, **more})


def _faulty(
    stack: Stack, operation: str, token: Token, planned: Sequence[Fault], **request: Any
) -> tuple[Answer, list[str]]:
    """The answer while these happen to its transaction, and how often that was sent."""
    client = stack.door(operation, "store").table.client
    with faults(client, *planned, operation="TransactWriteItems") as called:
        answer = stack.invoke(operation, token, **request)
    return answer, called


def _unavailable(answer: Answer) -> bool:
    """Whether it is a complete 503, which says when to come again."""
    error, headers = answer.json.get("error"), answer.headers
    return (answer.status, error, headers.get("retry-after"), headers["content-type"]) == (
        503,
        "temporarily_unavailable",
        "2",
        "application/json",
    )


def _statuses(answers: Sequence[Answer]) -> dict[int, int]:
    return dict(Counter(answer.status for answer in answers))


def _by_name(documents: Sequence[Document]) -> dict[str, Document]:
    return {document["name"]: document for document in documents}


def _counted(stack: Stack, user: str) -> tuple[int, int]:
    """How many calendars and subscriptions the table says the user has."""
    head = stack.store.table.get(items.owner_head(owner(user))) or {}
    return head.get("calendars", 0), head.get("subscriptions", 0)
