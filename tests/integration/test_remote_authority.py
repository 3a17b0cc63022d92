"""A mytoken server vouches for the mytokens: what it is asked, and what becomes of its answers."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.identifiers import owner_of
from tests.doubles import mytoken_server
from tests.doubles.mytoken_ledger import Entry
from tests.doubles.mytoken_server import CONFIGURATION, TOKENINFO, answering, hanging, html
from tests.harness.aws_faults import faults, lost_answer, lost_request, refused, unreachable
from tests.harness.stacks import DAY, PUBLIC_URL, Answer, RemoteStack, Stack, Token
from tests.harness.steps import (
    Document,
    add,
    before_each,
    calendars,
    changes_of,
    create,
    delete,
    events,
    new_user,
    overwrite,
    summaries,
)

NAME = "CI Mytokens"
FULL, LIST, BELOW = "manage_mytokens:notify", "manage_mytokens:list", "tokeninfo:subtokens"
INTROSPECT = "tokeninfo:introspect"
REQUESTS: dict[str, dict[str, Any]] = {
    "list_calendars": {},
    "create_calendar": {"json": {"name": "new"}},
    "get_calendar": {"path": {"calendar": NAME}},
    "add_token": {"path": {"calendar": NAME}, "json": {"mom_id": ""}},
    "delete_calendar": {"path": {"calendar": NAME}},
}
USING = [operation for operation in REQUESTS if operation != "get_calendar"]
CHANGING = [operation for operation in USING if operation != "list_calendars"]

ROTATES = {"rotation": {"on_other": True}}
LIMITED = {"restrictions": [{"usages_other": 9}]}
COUNTED = [
    pytest.param(ROTATES, id="rotates"),
    pytest.param(LIMITED, id="limited"),
    pytest.param({**ROTATES, **LIMITED}, id="rotates-and-limited"),
]


@pytest.fixture
def stack(remote_stack: RemoteStack, empty: Callable[[Stack], None]) -> Iterator[RemoteStack]:
    remote_stack.server.requests.clear()
    yield remote_stack
    empty(remote_stack)


@pytest.fixture(scope="module")
def elsewhere(remote_stack: RemoteStack) -> RemoteStack:
    """The same stack with other clients: for what happens while a request is answered."""
    return RemoteStack(remote_stack.environment, server=remote_stack.server)


@pytest.fixture
def restarted(stack: RemoteStack) -> Iterator[None]:
    """The functions that list calendars and tell of the issuer know nothing of it yet."""
    with stack.cold("list_calendars", "get_configuration", "get_jwks"):
        yield


def ask(stack: Stack, operation: str, token: Token | None, **more: Any) -> Answer:
    return stack.invoke(operation, token, **{**REQUESTS[operation], **more})


def entry(stack: RemoteStack, token: Token) -> Entry:
    """The token as the issuer has it."""
    found: Entry = stack.server.ledger.entries[token.mom_id]
    return found


def uses(stack: RemoteStack) -> int:
    """How often the issuer was asked for what it counts, and for which it rotates tokens."""
    return sum(action != "introspect" for action in stack.server.actions)


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]


def just_before_the_change(
    stack: Stack, operation: str, *acts: Callable[[], object]
) -> AbstractContextManager[None]:
    return before_each(stack.door(operation, "store").table.client, "TransactWriteItems", *acts)


# --- alive or dead --------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", REQUESTS)
@pytest.mark.parametrize("capabilities", [[FULL], [FULL, INTROSPECT]], ids=["403", "200"])
def test_a_token_is_alive_that_the_issuer_knows_whether_it_may_ask_or_not(
    stack: RemoteStack, operation: str, capabilities: list[str]
) -> None:
    token = stack.mint(*capabilities)
    create(stack, token, NAME)
    stack.server.requests.clear()

    answer = ask(stack, operation, token)

    assert answer.status < 400
    assert stack.server.actions == ["introspect"]


@pytest.mark.parametrize("operation", REQUESTS)
@pytest.mark.parametrize("capabilities", [[FULL], [FULL, INTROSPECT]], ids=["403", "200"])
def test_a_token_is_dead_that_was_revoked_at_the_issuer(
    stack: RemoteStack, operation: str, capabilities: list[str]
) -> None:
    user = new_user()
    keeper, token = stack.mint(user=user), stack.mint(*capabilities, user=user)
    calendar = create(stack, keeper, NAME)
    stack.revoke(token)

    answer = ask(stack, operation, token)

    assert refusal(answer) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="mytoken", error="invalid_token"'
    assert calendars(stack, keeper) == [calendar]


@pytest.mark.parametrize("auto_revoke", [False, True])
def test_a_token_is_dead_that_has_a_successor_which_only_auto_revoke_ends(
    stack: RemoteStack, *, auto_revoke: bool
) -> None:
    token = stack.mint(FULL, BELOW, rotation={"on_other": True, "auto_revoke": auto_revoke})
    successor = ask(stack, "list_calendars", token).json["token_update"]["mytoken"]

    replayed = ask(stack, "list_calendars", token)

    assert refusal(replayed) == (401, "invalid_token")
    assert (ask(stack, "get_calendar", successor).status == 401) is auto_revoke


def test_a_short_token_is_what_the_issuer_says_that_it_stands_for(stack: RemoteStack) -> None:
    user = new_user()
    token = stack.mint(FULL, INTROSPECT, user=user, short=True)
    calendar = create(stack, stack.mint(user=user), NAME)
    stack.server.requests.clear()

    found = calendars(stack, token)

    assert found == [calendar]
    assert stack.server.actions == ["introspect"]


@pytest.mark.parametrize("bearer", ["x" * 64, "A1" * 16])
def test_a_short_token_that_the_issuer_does_not_know_is_none(
    stack: RemoteStack, bearer: str
) -> None:
    answer = stack.invoke("list_calendars", bearer)

    assert refusal(answer) == (401, "invalid_token")


def test_a_short_token_that_was_revoked_is_none(stack: RemoteStack) -> None:
    token = stack.mint(FULL, INTROSPECT, short=True)
    stack.revoke(token)

    assert refusal(ask(stack, "list_calendars", token)) == (401, "invalid_token")


# --- counted and rotated, once --------------------------------------------------------------------


@pytest.mark.parametrize("operation", REQUESTS)
@pytest.mark.parametrize("listing", [LIST, BELOW])
@pytest.mark.parametrize("claims", COUNTED)
def test_a_token_that_is_counted_or_rotates_is_used_once_where_its_successor_can_be_handed_on(
    stack: RemoteStack, operation: str, listing: str, claims: Document
) -> None:
    user = new_user()
    create(stack, stack.mint(user=user), NAME)
    token = stack.mint(FULL, listing, user=user, **claims)
    stack.server.requests.clear()

    answer = ask(stack, operation, token)

    is_use = operation in USING
    assert answer.status < 400
    assert uses(stack) == is_use
    assert sum(entry(stack, token).done) == is_use
    assert (entry(stack, token).seq_no == 2) is (is_use and "rotation" in claims)


@pytest.mark.parametrize("listing", [LIST, BELOW])
@pytest.mark.parametrize("claims", COUNTED)
def test_to_look_for_another_token_is_its_one_use(
    stack: RemoteStack, listing: str, claims: Document
) -> None:
    user = new_user()
    create(stack, stack.mint(user=user), NAME)
    token = stack.mint(FULL, listing, user=user, **claims)
    below = stack.mint("AT", user=user, parent=token.mom_id)
    stack.server.requests.clear()

    answer = ask(stack, "add_token", token, json={"mom_id": below.mom_id})

    assert (answer.status, answer.json["subscribed_tokens"]) == (200, [below.mom_id])
    assert (uses(stack), sum(entry(stack, token).done)) == (1, 1)


@pytest.mark.parametrize("target", ["own", "another"])
@pytest.mark.parametrize("times", [1, 3])
def test_who_is_overtaken_while_adding_is_counted_once(
    stack: RemoteStack, elsewhere: RemoteStack, target: str, times: int
) -> None:
    user = new_user()
    keeper = stack.mint(FULL, LIST, user=user)
    token = stack.mint(FULL, LIST, user=user, **ROTATES, **LIMITED)
    mom_id = stack.mint("AT", user=user).mom_id if target == "another" else token.mom_id
    calendar = create(stack, keeper, NAME)
    overtaking = [
        lambda n=n: add(elsewhere, keeper, calendar, mom_id, comment=str(n)) for n in range(times)
    ]

    with just_before_the_change(stack, "add_token", *overtaking):
        answer = ask(stack, "add_token", token, json={"mom_id": mom_id, "comment": "mine"})

    (event,) = events(stack.feed(calendar))
    assert answer.status == 200
    assert answer.json["token_update"]["mom_id"] == token.mom_id
    assert (entry(stack, token).done, entry(stack, token).seq_no) == ((1,), 2)
    assert event["description"].startswith("mine")
    assert changes_of(stack, calendar, mom_id) == times


@pytest.mark.parametrize("times", [1, 3])
def test_who_is_overtaken_while_deleting_is_counted_once(
    stack: RemoteStack, elsewhere: RemoteStack, times: int
) -> None:
    user = new_user()
    keeper = stack.mint(FULL, LIST, user=user)
    token = stack.mint(FULL, BELOW, user=user, **ROTATES, **LIMITED)
    calendar = create(stack, keeper, NAME)
    others = [stack.mint("AT", user=user).mom_id for _ in range(times)]
    overtaking = [lambda m=m: add(elsewhere, keeper, calendar, m) for m in others]

    with just_before_the_change(stack, "delete_calendar", *overtaking):
        answer = ask(stack, "delete_calendar", token)

    assert (answer.status, set(answer.json)) == (200, {"token_update"})
    assert (entry(stack, token).done, entry(stack, token).seq_no) == ((1,), 2)
    assert stack.feed(calendar).status == 410


def test_of_a_token_that_may_be_used_once_more_only_one_use_is_made(stack: RemoteStack) -> None:
    token = stack.mint(FULL, BELOW, restrictions=[{"usages_other": 1}])

    first = ask(stack, "create_calendar", token)
    second = ask(stack, "create_calendar", token, json={"name": "another"})

    assert first.status == 201
    assert refusal(second) == (403, "usage_restricted")
    assert entry(stack, token).done == (1,)
    assert [calendar["name"] for calendar in _of(stack, token)] == ["new"]


def test_how_often_a_token_was_used_is_asked_where_it_may_tell(stack: RemoteStack) -> None:
    token = stack.mint(FULL, BELOW, INTROSPECT, restrictions=[{"usages_other": 1}, {"exp": 1}])
    ask(stack, "list_calendars", token)
    stack.server.requests.clear()

    answer = ask(stack, "list_calendars", token)

    assert refusal(answer) == (403, "usage_restricted")
    assert stack.server.actions == ["introspect"]


# --- the successor is handed on -------------------------------------------------------------------


@pytest.mark.parametrize("operation", USING)
def test_the_successor_comes_with_the_answer_and_is_the_next_token(
    stack: RemoteStack, operation: str
) -> None:
    user = new_user()
    create(stack, stack.mint(user=user), NAME)
    token = stack.mint(FULL, BELOW, user=user, **ROTATES)

    answer = ask(stack, operation, token)

    update = answer.json["token_update"]
    assert answer.status in (200, 201)
    assert update["mom_id"] == token.mom_id
    assert ask(stack, "list_calendars", token).status == 401
    assert ask(stack, "list_calendars", update["mytoken"]).status == 200


def test_the_successor_of_a_short_token_is_a_short_token(stack: RemoteStack) -> None:
    token = stack.mint(FULL, BELOW, INTROSPECT, short=True, **ROTATES)

    update = ask(stack, "list_calendars", token).json["token_update"]

    assert (update["mytoken_type"], "." in update["mytoken"]) == ("short_token", False)
    assert ask(stack, "list_calendars", update["mytoken"]).status == 200


Race = Callable[[RemoteStack, Token, Document], object]


@pytest.mark.parametrize(
    ("operation", "race", "refused"),
    [
        pytest.param(
            "create_calendar",
            lambda stack, keeper, calendar: create(stack, keeper, "NEW"),
            (409, "conflict"),
            id="409",
        ),
        pytest.param("add_token", delete, (404, "not_found"), id="404-add"),
        pytest.param("delete_calendar", delete, (404, "not_found"), id="404-delete"),
    ],
)
def test_the_successor_comes_with_the_error_of_who_lost_a_race(
    stack: RemoteStack, elsewhere: RemoteStack, operation: str, race: Race, refused: tuple[int, str]
) -> None:
    user = new_user()
    keeper, token = stack.mint(user=user), stack.mint(FULL, BELOW, user=user, **ROTATES)
    calendar = create(stack, keeper, NAME)

    with just_before_the_change(stack, operation, lambda: race(elsewhere, keeper, calendar)):
        answer = ask(stack, operation, token)

    assert refusal(answer) == refused
    assert answer.json["error_description"]
    assert ask(stack, "list_calendars", answer.json["token_update"]["mytoken"]).status == 200
    assert entry(stack, token).seq_no == 3


@pytest.mark.parametrize("operation", CHANGING)
@pytest.mark.parametrize("fault", [lost_request, lost_answer, unreachable])
def test_the_successor_comes_with_the_503_of_a_database_that_does_not_answer(
    stack: RemoteStack, monkeypatch: pytest.MonkeyPatch, operation: str, fault: Any
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    user = new_user()
    create(stack, stack.mint(user=user), NAME)
    token = stack.mint(FULL, BELOW, user=user, **ROTATES)
    client = stack.door(operation, "store").table.client

    with faults(client, *[fault] * 50, operation="TransactWriteItems"):
        answer = ask(stack, operation, token)

    assert refusal(answer) == (503, "temporarily_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert ask(stack, "list_calendars", answer.json["token_update"]["mytoken"]).status == 200


@pytest.mark.parametrize("operation", CHANGING)
def test_the_successor_comes_with_the_503_of_a_fault(stack: RemoteStack, operation: str) -> None:
    user = new_user()
    create(stack, stack.mint(user=user), NAME)
    token = stack.mint(FULL, BELOW, user=user, **ROTATES)
    client = stack.door(operation, "store").table.client

    with faults(client, refused("AccessDeniedException"), operation="TransactWriteItems"):
        answer = ask(stack, operation, token)

    assert refusal(answer) == (503, "temporarily_unavailable")
    assert ask(stack, "list_calendars", answer.json["token_update"]["mytoken"]).status == 200


@pytest.mark.parametrize(
    ("target", "refused"),
    [
        pytest.param({"expires_in": None}, (400, "invalid_request"), id="never-expires"),
        pytest.param({"user": "somebody else"}, (403, "invalid_grant"), id="another-user's"),
    ],
)
def test_the_successor_comes_with_the_refusal_of_a_token_that_had_to_be_looked_for(
    stack: RemoteStack, target: Document, refused: tuple[int, str]
) -> None:
    user = new_user()
    create(stack, stack.mint(user=user), NAME)
    token = stack.mint(FULL, LIST, user=user, **ROTATES)
    other = stack.mint("AT", **{"user": user, **target})

    answer = ask(stack, "add_token", token, json={"mom_id": other.mom_id})

    assert refusal(answer) == refused
    assert ask(stack, "get_calendar", answer.json["token_update"]["mytoken"]).status == 302


def test_the_successor_comes_with_the_refusal_of_who_has_too_many_calendars(
    stack: RemoteStack,
) -> None:
    token = stack.mint(FULL, BELOW, **ROTATES)
    claims = entry(stack, token).claims
    head = keys.owner_head(owner_of(claims["iss"], claims["sub"]))
    overwrite(stack, head, calendars=limits.CALENDARS, feeds=0, weight=0)

    answer = ask(stack, "create_calendar", token)

    overwrite(stack, head, calendars=0)
    assert refusal(answer) == (400, "invalid_request")
    assert ask(stack, "list_calendars", answer.json["token_update"]["mytoken"]).status == 200


@pytest.mark.parametrize("fault", [hanging, answering(500), html], ids=["lost", "500", "html"])
def test_what_the_issuer_did_while_its_answer_was_lost_nobody_knows_and_it_is_not_asked_again(
    stack: RemoteStack, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    monkeypatch.setitem(Https.post.__kwdefaults__, "within", 0.3)
    token = stack.mint(FULL, BELOW, **LIMITED)
    asked: list[str] = []

    def after_introspection(exchange: Any) -> None:
        asked.append(stack.server.actions[-1])
        if asked[-1] == "introspect":
            exchange.answer(403, {"error": "insufficient_capabilities"})
        else:
            fault(exchange)

    with stack.server.failing(after_introspection, TOKENINFO):
        answer = ask(stack, "create_calendar", token)

    assert refusal(answer) == (503, "temporarily_unavailable")
    assert asked == ["introspect", "subtokens"]
    assert _of(stack, token) == []


def test_only_who_shows_the_token_in_a_cookie_gets_the_successor_in_one(stack: RemoteStack) -> None:
    token = stack.mint(FULL, BELOW, **ROTATES)

    by_cookie = stack.invoke("list_calendars", None, cookies=[f"mytoken={token.bearer}"])
    successor = by_cookie.json["token_update"]["mytoken"]
    by_header = stack.invoke("list_calendars", successor)

    (cookie,) = by_cookie.cookies
    assert cookie.startswith(f"mytoken={successor}; ")
    assert "; Path=/api; Domain=127.0.0.1; " in cookie  # the issuer's, and the stack's
    assert by_header.json["token_update"]
    assert by_header.cookies == ()


@pytest.mark.parametrize("operation", ["list_calendars", "create_calendar"])
@pytest.mark.parametrize("is_first", ["old", "current"])
def test_the_issuer_is_not_shown_an_old_cookie_beside_the_current_one(
    stack: RemoteStack, operation: str, is_first: str
) -> None:
    token = stack.mint(FULL, BELOW, rotation={"on_other": True, "auto_revoke": True})
    successor = ask(stack, "list_calendars", token).json["token_update"]["mytoken"]
    bearers = [token.bearer, successor] if is_first == "old" else [successor, token.bearer]
    before = len(stack.server.actions)

    cookies = [f"mytoken={bearer}" for bearer in bearers]
    answer = ask(stack, operation, None, cookies=cookies)

    assert answer.status in (200, 201)
    assert stack.server.actions[before:] == ["introspect", "subtokens"]
    assert ask(stack, "list_calendars", answer.json["token_update"]["mytoken"]).status == 200


# --- never used by what is refused before ---------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "request_", "status"),
    [
        pytest.param("create_calendar", {"json": {"name": "a/b"}}, 400, id="400-name"),
        pytest.param("create_calendar", {"body": b"{"}, 400, id="400-json"),
        pytest.param("add_token", {"json": {"mom_id": "x"}}, 400, id="400-mom-id"),
        pytest.param("list_calendars", {"json": {"mytoken": "x"}}, 400, id="400-two-tokens"),
        pytest.param("list_calendars", {"body": b"["}, 400, id="400-list"),
        pytest.param("delete_calendar", {"body": b"["}, 400, id="400-delete"),
        pytest.param(
            "list_calendars", {"headers": {"idempotency-key": ""}}, 400, id="400-idempotency-key"
        ),
        pytest.param("list_calendars", {"address": "198.51.100.9"}, 403, id="403-elsewhere"),
        pytest.param("create_calendar", {"json": {"name": NAME}}, 409, id="409"),
        pytest.param("get_calendar", {"path": {"calendar": "unknown"}}, 404, id="404-get"),
        pytest.param("add_token", {"path": {"calendar": "unknown"}}, 404, id="404-add"),
        pytest.param("delete_calendar", {"path": {"calendar": "unknown"}}, 404, id="404-delete"),
        pytest.param("create_calendar", {"body": b"x" * 65_537}, 413, id="413"),
        pytest.param(
            "create_calendar",
            {"body": b"<x/>", "headers": {"content-type": "text/xml"}},
            415,
            id="415",
        ),
    ],
)
def test_a_request_that_is_refused_uses_no_token(
    stack: RemoteStack, operation: str, request_: dict[str, Any], status: int
) -> None:
    user = new_user()
    create(stack, stack.mint(user=user), NAME)
    clause = {"usages_other": 9, "hosts": ["192.0.2.7", "127.0.0.1"]}
    token = stack.mint(FULL, LIST, BELOW, user=user, **ROTATES, restrictions=[clause])
    stack.server.requests.clear()

    answer = ask(stack, operation, token, **request_)

    assert answer.status == status
    assert "token_update" not in answer.json
    assert (uses(stack), entry(stack, token).done, entry(stack, token).seq_no) == (0, (0,), 1)


@pytest.mark.parametrize("operation", USING)
@pytest.mark.parametrize("claims", COUNTED)
def test_a_token_without_the_capability_is_not_used(
    stack: RemoteStack, operation: str, claims: Document
) -> None:
    token = stack.mint("AT", LIST, BELOW, **claims)

    answer = ask(stack, operation, token)

    assert refusal(answer) == (403, "insufficient_capabilities")
    assert (uses(stack), sum(entry(stack, token).done), entry(stack, token).seq_no) == (0, 0, 1)


# --- what the presented token may not ask ---------------------------------------------------------


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_short_token_that_may_not_be_read_is_told_the_capability_it_lacks(
    stack: RemoteStack, operation: str
) -> None:
    answer = ask(stack, operation, stack.mint(FULL, short=True))

    assert refusal(answer) == (403, "insufficient_capabilities")
    assert "tokeninfo:introspect" in answer.json["error_description"]


@pytest.mark.found("A38")
@pytest.mark.parametrize("operation", USING)
@pytest.mark.parametrize(
    ("claims", "way_out"),
    [(ROTATES, "on_other"), (LIMITED, "usages_other"), ({**ROTATES, **LIMITED}, "on_other")],
    ids=["rotates", "limited", "rotates-and-limited"],
)
def test_a_token_whose_use_cannot_be_counted_is_told_the_way_out(
    stack: RemoteStack, operation: str, claims: Document, way_out: str
) -> None:
    user = new_user()
    keeper = stack.mint(user=user)
    calendar = create(stack, keeper, NAME)
    token = stack.mint(FULL, user=user, **claims)

    answer = ask(stack, operation, token)

    description = answer.json["error_description"]
    assert refusal(answer) == (403, "insufficient_capabilities")
    assert "manage_mytokens:list" in description
    assert "tokeninfo:subtokens" in description
    assert f"without {way_out}" in description
    assert calendars(stack, keeper) == [calendar]


@pytest.mark.parametrize("capabilities", [[FULL], ["tokeninfo:notify"], [FULL, BELOW]])
def test_who_may_not_ask_for_another_token_is_told_the_capability_it_lacks(
    stack: RemoteStack, capabilities: list[str]
) -> None:
    user = new_user()
    calendar = create(stack, stack.mint(user=user), NAME)
    token, other = stack.mint(*capabilities, user=user), stack.mint(user=user)

    answer = ask(stack, "add_token", token, json={"mom_id": other.mom_id})

    description = answer.json["error_description"]
    assert refusal(answer) == (403, "insufficient_capabilities")
    assert "manage_mytokens:list" in description
    assert "tokeninfo:subtokens" in description
    assert events(stack.feed(calendar)) == []


def test_a_descendant_is_added_by_who_manages_no_other(stack: RemoteStack) -> None:
    user = new_user()
    create(stack, stack.mint(user=user), NAME)
    token = stack.mint("tokeninfo:notify", BELOW, user=user)
    child = stack.mint("AT", user=user, parent=token.mom_id)
    grandchild = stack.mint("AT", user=user, parent=child.mom_id)

    answer = ask(stack, "add_token", token, json={"mom_id": grandchild.mom_id})

    assert (answer.status, answer.json["subscribed_tokens"]) == (200, [grandchild.mom_id])


def test_who_may_list_all_tokens_and_manage_its_own_adds_no_sibling(stack: RemoteStack) -> None:
    user = new_user()
    parent = stack.mint(user=user)
    create(stack, parent, NAME)
    token = stack.mint("tokeninfo:notify", LIST, user=user, parent=parent.mom_id)
    sibling = stack.mint("AT", user=user, parent=parent.mom_id)

    answer = ask(stack, "add_token", token, json={"mom_id": sibling.mom_id})

    assert refusal(answer) == (403, "insufficient_capabilities")


def test_who_is_known_to_the_issuer_by_another_address_is_told_so(stack: RemoteStack) -> None:
    clause = {"usages_other": 9, "hosts": ["192.0.2.7"]}
    token = stack.mint(FULL, BELOW, restrictions=[clause])

    answer = ask(stack, "create_calendar", token)

    assert refusal(answer) == (403, "usage_restricted")
    assert "not from this service" in answer.json["error_description"]
    assert _of(stack, token) == []


@pytest.mark.parametrize("target", ["another user's", "unknown", "revoked"])
def test_a_token_that_the_issuer_does_not_list_cannot_be_added(
    stack: RemoteStack, target: str
) -> None:
    user = new_user()
    token = stack.mint(FULL, LIST, user=user)
    calendar = create(stack, token, NAME)
    other = stack.mint(user=new_user() if target == "another user's" else user)
    if target != "another user's":
        stack.revoke(other)

    answer = ask(stack, "add_token", token, json={"mom_id": other.mom_id})

    assert refusal(answer) == (403, "invalid_grant")
    assert calendars(stack, token) == [calendar]


# --- odd entries of a listing ---------------------------------------------------------------------

# What is odd in the entry, and the answer to adding its token.
_ODD: dict[str, tuple[Callable[[Document], object], int]] = {
    "a time beyond the last": (lambda entry: entry["token"].update(expires_at=10**12), 400),
    "no time": (lambda entry: entry["token"].pop("created"), 400),
    "a name that is none": (lambda entry: entry["token"].update(name=5), 400),
    "no mom_id": (lambda entry: entry["token"].pop("mom_id"), 403),
    "no token": (lambda entry: entry.pop("token"), 403),
    "children that are none": (lambda entry: entry.update(children="x"), 200),
}


@pytest.mark.found("A19")
@pytest.mark.parametrize("listing", [LIST, BELOW])
@pytest.mark.parametrize("odd", _ODD)
def test_an_odd_entry_of_a_listing_spoils_no_other(
    stack: RemoteStack, odd: str, listing: str
) -> None:
    user = new_user()
    token = stack.mint(FULL, listing, user=user)
    broken = stack.mint("AT", user=user, parent=token.mom_id, name="broken")
    good = stack.mint("AT", user=user, parent=token.mom_id, name="good")
    calendar = create(stack, token, NAME)
    make_odd, status = _ODD[odd]

    def change(document: Document) -> Document:
        (root,) = _as_list(document["mytokens"])
        assert root["children"][0]["token"]["mom_id"] == broken.mom_id
        make_odd(root["children"][0])
        return document

    with _listed_as(stack, change):
        added = add(stack, token, calendar, good.mom_id)
        assert summaries(stack.feed(calendar)) == ["good: mytoken expires"]
        answer = ask(stack, "add_token", token, json={"mom_id": broken.mom_id})

    assert added["subscribed_tokens"] == [good.mom_id]
    assert answer.status == status


@contextmanager
def _changed(stack: RemoteStack, **fields: Any) -> Iterator[None]:
    """Meanwhile these fields of the double are others."""
    before = {name: getattr(stack.server, name) for name in fields}
    for name, value in fields.items():
        setattr(stack.server, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(stack.server, name, value)


def _as_list(trees: Any) -> list[Any]:
    return trees if isinstance(trees, list) else [trees]


def test_a_token_below_an_odd_one_is_added(stack: RemoteStack) -> None:
    user = new_user()
    token = stack.mint("tokeninfo:notify", BELOW, user=user)
    child = stack.mint("AT", user=user, parent=token.mom_id)
    below = stack.mint("AT", user=user, parent=child.mom_id, name="below")
    calendar = create(stack, stack.mint(user=user), NAME)

    def change(document: Document) -> Document:
        _ODD["no mom_id"][0](document["mytokens"]["children"][0])
        return document

    with _listed_as(stack, change):
        add(stack, token, calendar, below.mom_id)

    assert summaries(stack.feed(calendar)) == ["below: mytoken expires"]


@pytest.mark.found("A19")
def test_a_chain_of_102_generations_keeps_its_first_ones(stack: RemoteStack) -> None:
    user = new_user()
    token = stack.mint(FULL, LIST, user=user)
    chain = [token]
    for _ in range(101):
        chain.append(stack.mint("AT", user=user, parent=chain[-1].mom_id))
    calendar = create(stack, token, NAME)

    added = add(stack, token, calendar, chain[100].mom_id)
    answer = ask(stack, "add_token", token, json={"mom_id": chain[101].mom_id})

    assert added["subscribed_tokens"] == [chain[100].mom_id]
    assert refusal(answer) == (400, "invalid_request")
    assert "100 ancestors" in answer.json["error_description"]


@pytest.mark.found("A19")
@pytest.mark.parametrize("listing", [LIST, BELOW])
def test_a_chain_too_deep_for_json_spoils_no_other_token(stack: RemoteStack, listing: str) -> None:
    user = new_user()
    token = stack.mint(FULL, listing, user=user)
    chain = [token]
    for _ in range(260):
        chain.append(stack.mint("AT", user=user, parent=chain[-1].mom_id, name="one of many"))
    good = stack.mint("AT", user=user, parent=token.mom_id, name="good")
    calendar = create(stack, token, NAME)
    add(stack, token, calendar, chain[100].mom_id)

    added = add(stack, token, calendar, good.mom_id)
    answer = ask(stack, "add_token", token, json={"mom_id": chain[-1].mom_id})

    assert sorted(added["subscribed_tokens"]) == sorted([chain[100].mom_id, good.mom_id])
    assert len(events(stack.feed(calendar))) == 2
    assert answer.status == 403


@pytest.mark.found("A19")
@pytest.mark.parametrize("odd", ["a time beyond the last", "no mom_id"])
def test_a_token_whose_entry_becomes_odd_stays_in_its_feeds(stack: RemoteStack, odd: str) -> None:
    user = new_user()
    token = stack.mint(FULL, LIST, user=user)
    broken = stack.mint("AT", user=user, parent=token.mom_id, name="broken")
    good = stack.mint("AT", user=user, parent=token.mom_id, name="good")
    calendar = create(stack, token, NAME)
    add(stack, token, calendar, broken.mom_id)

    def change(document: Document) -> Document:
        _ODD[odd][0](document["mytokens"][0]["children"][0])
        return document

    with _listed_as(stack, change):
        add(stack, token, calendar, good.mom_id)

    assert len(events(stack.feed(calendar))) == 2


@pytest.mark.found("A19")
@pytest.mark.parametrize("odd", [None, {"kty": "oct"}, {"kty": "EC", "crv": "P-521", "x": 5}])
def test_an_odd_key_of_the_issuer_spoils_no_token(
    stack: RemoteStack, restarted: None, odd: object
) -> None:
    token = stack.mint(FULL)
    keys_of_the_issuer = {"keys": [odd, *stack.server.ledger.jwks["keys"]]}

    with _changed(stack, jwks=keys_of_the_issuer):
        answer = ask(stack, "list_calendars", token)

    assert answer.status == 200


@pytest.mark.found("A19")
@pytest.mark.parametrize(
    "member",
    ["providers_supported", "tokeninfo_endpoint_actions_supported", "restriction_claims_supported"],
)
@pytest.mark.parametrize("odd", [None, [None], [1, {}], "x", {}])
def test_an_odd_list_of_the_configuration_spoils_nothing(
    stack: RemoteStack, restarted: None, member: str, odd: object
) -> None:
    token = stack.mint(FULL)

    with _changed(stack, changes={member: odd}):
        answer = ask(stack, "list_calendars", token)

    assert answer.status == 200


@pytest.mark.found("A19")
@pytest.mark.parametrize("odd", [None, 5, "exp", [], {"exp": "never"}, {"nbf": -1}])
@pytest.mark.parametrize("short", [False, True])
def test_an_odd_clause_of_a_token_spoils_no_other(
    stack: RemoteStack, odd: Any, *, short: bool
) -> None:
    token = stack.mint(FULL, INTROSPECT)
    known = entry(stack, token)
    claims = {**known.claims, "restrictions": [odd, {"hosts": ["192.0.2.9"]}]}
    stack.server.ledger.entries[token.mom_id] = replace(known, claims=claims, done=(0, 0))
    bearer = stack.server.ledger.sign(claims)
    presented = stack.server.ledger.shortened(bearer) if short else bearer

    here = stack.invoke("list_calendars", presented, address="192.0.2.9")
    elsewhere = stack.invoke("list_calendars", presented, address="192.0.2.8")

    assert here.status == 200
    assert refusal(elsewhere) == (403, "usage_restricted")


@pytest.mark.found("A19")
@pytest.mark.parametrize("odd", [None, 5, [], {}])
def test_an_odd_capability_of_a_token_spoils_no_other(stack: RemoteStack, odd: Any) -> None:
    token = stack.mint(FULL)
    claims = {**entry(stack, token).claims, "capabilities": [odd, FULL]}

    answer = stack.invoke("list_calendars", stack.server.ledger.sign(claims))

    assert answer.status == 200


# --- tokens that are gone -------------------------------------------------------------------------


@pytest.fixture
def watched(stack: RemoteStack) -> tuple[Token, Document, Token, Token]:
    """Who may list all tokens, a calendar, a token in it, and one that is not in it yet."""
    user = new_user()
    token = stack.mint(FULL, LIST, user=user, name="own")
    calendar = create(stack, token, NAME)
    doomed = stack.mint("AT", user=user, name="doomed")
    add(stack, token, calendar, doomed.mom_id)
    return token, calendar, doomed, stack.mint("AT", user=user, name="next")


Watched = tuple[Token, Document, Token, Token]


@pytest.mark.parametrize("recursive", [False, True])
def test_a_token_that_was_revoked_leaves_all_feeds_when_the_issuer_lists_all_that_are_left(
    stack: RemoteStack, watched: Watched, *, recursive: bool
) -> None:
    token, calendar, doomed, following = watched
    second = create(stack, token, "second")
    add(stack, token, second, doomed.mom_id)
    before = stack.feed(second)
    stack.revoke(doomed, recursive=recursive)

    document = add(stack, token, calendar, following.mom_id)

    assert document["subscribed_tokens"] == [following.mom_id]
    assert summaries(stack.feed(calendar)) == ["next: mytoken expires"]
    again = stack.feed(second, headers={"if-none-match": before.headers["etag"]})
    assert (again.status, events(again)) == (200, [])
    assert "subscribed_tokens" not in calendars(stack, token)[1]


@pytest.mark.parametrize("capability", [BELOW, INTROSPECT])
def test_a_token_that_was_revoked_stays_while_nobody_lists_all_that_are_left(
    stack: RemoteStack, watched: Watched, capability: str
) -> None:
    token, calendar, doomed, _ = watched
    user = entry(stack, token).claims["oidc_sub"]
    other = stack.mint(FULL, capability, user=user, name="other")
    below = stack.mint("AT", user=user, parent=other.mom_id, name="below")
    stack.revoke(doomed)

    add(stack, other, calendar, "")
    if capability == BELOW:
        add(stack, other, calendar, below.mom_id)

    assert "doomed: mytoken expires" in summaries(stack.feed(calendar))


@contextmanager
def _listed_as(stack: RemoteStack, changed: Callable[[Any], Any]) -> Iterator[None]:
    """Meanwhile the issuer lists what `changed` makes of its listing."""

    def answer(exchange: Any) -> None:
        request = stack.server.requests[-1]
        status, document, *more = stack.server.respond(request, "127.0.0.1")
        is_listing = status == 200 and request.action != "introspect"
        exchange.answer(status, changed(document) if is_listing else document, *more)

    with stack.server.failing(answer, TOKENINFO):
        yield


def _listing(*tokens: Any) -> Document:
    return {"mytokens": [{"token": token} for token in tokens]}


@pytest.mark.parametrize(
    ("listing", "status"),
    [
        pytest.param(lambda own, other: _listing(), 403, id="empty"),
        pytest.param(lambda own, other: _listing(other), 200, id="without-the-presented-token"),
        pytest.param(lambda own, other: _listing(own, other, {"created": 5}), 200, id="nameless"),
        pytest.param(
            lambda own, other: {"mytokens": [None, *_listing(own, other)["mytokens"]]},
            200,
            id="null-among-others",
        ),
        pytest.param(lambda own, other: {"mytokens": "nonsense"}, 503, id="text"),
        pytest.param(lambda own, other: {"mytokens": None}, 503, id="null"),
        pytest.param(lambda own, other: {}, 503, id="no-listing"),
        pytest.param(lambda own, other: [], 503, id="no-object"),
        pytest.param(lambda own, other: b"<html>", 503, id="html"),
    ],
)
def test_a_listing_that_cannot_be_true_takes_no_token_out_of_a_feed(
    stack: RemoteStack, watched: Watched, listing: Callable[[Any, Any], Any], status: int
) -> None:
    token, calendar, doomed, following = watched
    own, other = (
        {"mom_id": t.mom_id, "created": int(time.time()), "expires_at": int(time.time()) + DAY}
        for t in (token, following)
    )

    with _listed_as(stack, lambda _: listing(own, other)):
        answer = ask(stack, "add_token", token, json={"mom_id": following.mom_id})

    assert answer.status == status
    assert "doomed: mytoken expires" in summaries(stack.feed(calendar))
    assert doomed.mom_id in calendars(stack, token)[0]["subscribed_tokens"]


def test_a_token_that_is_made_and_added_while_the_issuer_lists_is_not_gone(
    stack: RemoteStack, elsewhere: RemoteStack, watched: Watched
) -> None:
    token, calendar, _, following = watched
    user = entry(stack, token).claims["oidc_sub"]
    made: list[Token] = []

    def answer_then_add(exchange: Any) -> None:
        request = stack.server.requests[-1]
        answer = stack.server.respond(request, "127.0.0.1")
        if request.action == "list_mytokens" and not made:
            made.append(stack.mint("manage_mytokens", user=user, name="made meanwhile"))
            add(elsewhere, made[0], calendar, "")
        exchange.answer(*answer)

    with stack.server.failing(answer_then_add, TOKENINFO):
        document = add(stack, token, calendar, following.mom_id)

    assert made[0].mom_id in document["subscribed_tokens"]
    assert "made meanwhile: mytoken expires" in summaries(stack.feed(calendar))


def test_a_token_that_seemed_to_be_gone_is_back_when_the_issuer_lists_it_again(
    stack: RemoteStack, watched: Watched
) -> None:
    token, calendar, doomed, following = watched
    forgotten = stack.server.ledger.entries.pop(doomed.mom_id)
    without = add(stack, token, calendar, following.mom_id)
    stack.server.ledger.entries[doomed.mom_id] = forgotten

    again = add(stack, token, calendar, following.mom_id)

    assert without["subscribed_tokens"] == [following.mom_id]
    assert sorted(again["subscribed_tokens"]) == sorted([doomed.mom_id, following.mom_id])
    assert "doomed: mytoken expires" in summaries(stack.feed(calendar))


def test_tokens_that_are_gone_are_taken_out_in_the_end_even_if_they_are_many(
    stack: RemoteStack, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mytoken_calendars.limits.GONE_AT_ONCE", 2)
    token, calendar, doomed, following = watched
    user = entry(stack, token).claims["oidc_sub"]
    more = [stack.mint("AT", user=user) for _ in range(2)]
    for each in more:
        add(stack, token, calendar, each.mom_id)
    for each in (doomed, *more):
        stack.revoke(each)

    left = [add(stack, token, calendar, following.mom_id)["subscribed_tokens"] for _ in range(2)]

    assert [len(tokens) for tokens in left] == [2, 1]


def test_a_database_that_does_not_note_what_is_gone_keeps_nobody_from_adding(
    stack: RemoteStack, watched: Watched
) -> None:
    token, calendar, doomed, following = watched
    client = stack.door("add_token", "authority").calendars.client
    stack.revoke(doomed)

    with faults(client, *[unreachable] * 3, operation="TransactWriteItems"):
        document = add(stack, token, calendar, following.mom_id)

    assert following.mom_id in document["subscribed_tokens"]
    assert add(stack, token, calendar, following.mom_id)["subscribed_tokens"] == [following.mom_id]


# --- the issuer is away, and back -----------------------------------------------------------------


def test_while_the_issuer_is_down_nobody_is_let_in(stack: RemoteStack) -> None:
    token = stack.mint()
    create(stack, token, NAME)

    with stack.server.down():
        answers = [ask(stack, operation, token) for operation in REQUESTS]

    assert {refusal(answer) for answer in answers} == {(503, "temporarily_unavailable")}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
    assert len(_of(stack, token)) == 1


def test_feeds_are_there_while_the_issuer_is_down(stack: RemoteStack) -> None:
    token = stack.mint(name="watched")
    calendar = create(stack, token, NAME)
    add(stack, token, calendar, "")

    with stack.server.down():
        feed = stack.feed(calendar)

    assert summaries(feed) == ["watched: mytoken expires"]


def test_a_forged_token_is_told_from_a_good_one_while_the_issuer_is_down(
    stack: RemoteStack,
) -> None:
    token = stack.mint()
    ask(stack, "list_calendars", token)
    forged = f"{token.bearer[:-8]}AAAAAAAA"

    with stack.server.down():
        statuses = [ask(stack, "list_calendars", each).status for each in (token, forged)]

    assert statuses == [503, 401]


@pytest.mark.usefixtures("restarted")
def test_a_function_that_starts_while_the_issuer_is_down_is_unavailable(stack: RemoteStack) -> None:
    token = stack.mint()

    with stack.server.down():
        answers = [
            ask(stack, "list_calendars", token),
            stack.invoke("get_configuration"),
            stack.invoke("get_jwks"),
        ]

    assert {refusal(answer) for answer in answers} == {(503, "temporarily_unavailable")}
    assert all("retry-after" in answer.headers for answer in answers)


@contextmanager
def later(stack: RemoteStack, operation: str, seconds: int) -> Iterator[None]:
    """As if so much time had passed since the function last asked for the issuer's keys."""
    issuer = stack.door(operation, "authority").codec.issuer
    clock = issuer._clock
    issuer._clock = lambda: clock() + seconds
    yield
    issuer._clock = clock


@pytest.mark.usefixtures("restarted")
@pytest.mark.parametrize(("hours", "status"), [(2, 200), (23, 200), (25, 503)])
def test_the_last_known_keys_serve_for_a_day(stack: RemoteStack, hours: int, status: int) -> None:
    token = stack.mint()
    assert ask(stack, "list_calendars", token).status == 200

    with (
        later(stack, "list_calendars", hours * 3600),
        stack.server.failing(answering(500), CONFIGURATION),
    ):
        answer = ask(stack, "list_calendars", token)

    assert answer.status == status


@pytest.mark.usefixtures("restarted")
def test_new_keys_of_the_issuer_are_noticed_by_the_first_token_that_they_have_signed(
    stack: RemoteStack,
) -> None:
    ledger = stack.server.ledger
    old_key, old = ledger.key, stack.mint()
    assert ask(stack, "list_calendars", old).status == 200
    ledger.rotate_signing_key()
    try:
        new = stack.mint()

        with later(stack, "list_calendars", 31):
            statuses = [ask(stack, "list_calendars", each).status for each in (new, old)]
    finally:
        ledger.key = old_key

    assert statuses == [200, 401]


@pytest.mark.usefixtures("restarted")
@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example"},
        {"jwks_uri": "https://other.example/jwks"},
        {"tokeninfo_endpoint": None},
        {"tokeninfo_endpoint": "http://127.0.0.1/api/v0/tokeninfo"},
        {"token_signing_alg_value": "none"},
    ],
    ids=str,
)
def test_an_issuer_whose_configuration_cannot_be_its_own_is_unavailable(
    stack: RemoteStack, changes: Document
) -> None:
    token = stack.mint()

    stack.server.changes.update(changes)
    answer = ask(stack, "list_calendars", token)
    stack.server.changes.clear()

    assert refusal(answer) == (503, "temporarily_unavailable")
    assert stack.server.actions == []


@pytest.mark.parametrize("fault", [answering(500), answering(429), answering(302), html])
def test_an_issuer_that_does_not_say_whether_a_token_is_alive_is_unavailable(
    stack: RemoteStack, fault: Any
) -> None:
    token = stack.mint()

    with stack.server.failing(fault, TOKENINFO):
        answer = ask(stack, "list_calendars", token)

    assert refusal(answer) == (503, "temporarily_unavailable")


# --- requests that are repeated -------------------------------------------------------------------


@pytest.mark.parametrize("operation", CHANGING)
@pytest.mark.parametrize("claims", COUNTED)
def test_a_request_that_is_repeated_uses_its_token_once_and_has_the_same_successor(
    stack: RemoteStack, operation: str, claims: Document
) -> None:
    user = new_user()
    create(stack, stack.mint(user=user), NAME)
    token = stack.mint(FULL, BELOW, user=user, **claims)
    key = {"headers": {"idempotency-key": "k-1"}}

    first, second = (ask(stack, operation, token, **key) for _ in range(2))

    assert (second.status, second.body) == (first.status, first.body)
    assert second.headers["idempotent-replayed"] == "true"
    assert ("token_update" in (first.json if first.body else {})) is ("rotation" in claims)
    assert sum(entry(stack, token).done) == 1


def test_a_repeated_request_does_not_replay_a_token_that_is_revoked_for_it(
    stack: RemoteStack,
) -> None:
    token = stack.mint(FULL, BELOW, rotation={"on_other": True, "auto_revoke": True})
    key = {"headers": {"idempotency-key": "k-1"}}

    first, second = (ask(stack, "create_calendar", token, **key) for _ in range(2))

    successor = second.json["token_update"]["mytoken"]
    assert second.json == first.json
    assert ask(stack, "list_calendars", successor).status == 200


def test_a_request_with_a_short_token_that_was_rotated_is_repeated_as_well(
    stack: RemoteStack,
) -> None:
    # Only the issuer could say whose the token was, and it has forgotten.
    token = stack.mint(FULL, BELOW, INTROSPECT, short=True, **ROTATES)
    key = {"headers": {"idempotency-key": "k-1"}}

    first, second = (ask(stack, "create_calendar", token, **key) for _ in range(2))

    assert (second.status, second.json) == (201, first.json)
    assert entry(stack, token).seq_no == 2


AUTO_REVOKED = {"rotation": {"on_other": True, "auto_revoke": True}}
KEYED = {"headers": {"idempotency-key": "k-1"}}


@pytest.mark.usefixtures("impatient")
def test_a_refused_request_whose_token_was_rotated_gives_the_successor_once_more(
    stack: RemoteStack,
) -> None:
    user = new_user()
    token = stack.mint(FULL, LIST, user=user, **AUTO_REVOKED)
    create(stack, stack.mint(user=user), NAME)
    unknown = {"json": {"mom_id": stack.mint(user=new_user()).mom_id}}

    first, second = (ask(stack, "add_token", token, **KEYED, **unknown) for _ in range(2))

    assert refusal(first) == (403, "invalid_grant")
    assert refusal(second) == (503, "temporarily_unavailable")
    assert second.json["token_update"] == first.json["token_update"]
    assert uses(stack) == 1
    assert ask(stack, "list_calendars", second.json["token_update"]["mytoken"]).status == 200


@pytest.mark.usefixtures("impatient")
def test_a_request_that_is_repeated_before_it_is_done_shows_the_issuer_no_old_token(
    stack: RemoteStack, elsewhere: RemoteStack
) -> None:
    token = stack.mint(FULL, BELOW, **AUTO_REVOKED)
    repeated: list[Answer] = []

    def repeat() -> None:
        repeated.append(ask(elsewhere, "create_calendar", token, **KEYED))

    # It notes that it begins, then the successor, then it commits.
    with just_before_the_change(stack, "create_calendar", lambda: None, repeat, repeat):
        first = ask(stack, "create_calendar", token, **KEYED)
    repeat()

    assert [answer.status for answer in (first, *repeated)] == [201, 503, 503, 201]
    without, with_successor, done = (answer.json.get("token_update") for answer in repeated)
    assert without is None
    assert with_successor == done == first.json["token_update"]
    assert uses(stack) == 1
    assert ask(stack, "list_calendars", done["mytoken"]).status == 200


def test_a_request_for_which_the_issuer_does_not_rotate_the_token_may_be_repeated_at_once(
    stack: RemoteStack,
) -> None:
    clause = {"hosts": ["192.0.2.7"]}  # the client, not the service
    token = stack.mint(FULL, BELOW, restrictions=[clause], **AUTO_REVOKED)

    answers = [ask(stack, "create_calendar", token, address="192.0.2.7", **KEYED) for _ in range(2)]

    assert {refusal(answer) for answer in answers} == {(403, "usage_restricted")}


# --- what the stack says of itself ----------------------------------------------------------------


def test_the_configuration_is_the_issuers_with_the_notifications_of_this_stack(
    stack: RemoteStack,
) -> None:
    answer = stack.invoke("get_configuration")

    assert answer.status == 200
    assert answer.json == {
        **stack.server.configuration,
        "usersettings_endpoint": f"{PUBLIC_URL}/api/v0/settings",
        "notifications_endpoint": f"{PUBLIC_URL}/api/v0/notifications",
    }


def test_the_keys_are_the_issuers(stack: RemoteStack) -> None:
    answer = stack.invoke("get_jwks")

    assert (answer.status, answer.json) == (200, stack.server.ledger.jwks)


@pytest.mark.parametrize("operation", ["tokeninfo", "revoke_token"])
def test_tokens_are_told_of_and_revoked_at_the_issuer_alone(
    stack: RemoteStack, operation: str
) -> None:
    token = stack.mint("tokeninfo", "manage_mytokens")

    answer = stack.invoke(operation, token, json={"token": token.bearer})

    assert refusal(answer) == (404, "not_found")
    assert stack.server.actions == []
    assert token.mom_id in stack.server.ledger.entries


# --- whose calendars ------------------------------------------------------------------------------


def test_the_same_user_of_another_issuer_is_somebody_else(
    stack: RemoteStack, tmp_path: Path
) -> None:
    token = stack.mint(user="alice")
    calendar = create(stack, token, NAME)

    with mytoken_server.running(tmp_path) as server:
        trusted = {"MYTOKEN_ISSUER": server.url, "SSL_CERT_FILE": str(server.trusted)}
        other = RemoteStack({**stack.environment, **trusted}, server=server)
        theirs = other.mint(user="alice")
        found = calendars(other, theirs)
        deleted = ask(other, "delete_calendar", theirs)
        relayed = ask(other, "list_calendars", token)
        actions = server.actions

    assert (found, deleted.status, relayed.status) == ([], 404, 401)
    assert actions == ["introspect", "introspect"]
    assert calendars(stack, token) == [calendar]


def test_tokens_of_the_stacks_own_key_are_none(stack: RemoteStack) -> None:
    embedded = without_issuer(stack)
    own = embedded.mint("manage_mytokens", "tokeninfo")
    in_the_name_of_the_issuer = replace(embedded, issuer=stack.server.url).mint()
    assert embedded.invoke("list_calendars", own).status == 200

    answers = [ask(stack, "list_calendars", t) for t in (own, in_the_name_of_the_issuer)]

    assert [refusal(answer) for answer in answers] == [(401, "invalid_token")] * 2
    assert stack.server.actions == []


def without_issuer(stack: RemoteStack) -> Stack:
    """The same stack as its own issuer."""
    return Stack({**stack.environment, "MYTOKEN_ISSUER": ""})


def _of(stack: RemoteStack, token: Token) -> list[Document]:
    """The calendars of the token's user."""
    user = entry(stack, token).claims["oidc_sub"]
    return calendars(stack, stack.mint(user=user))
