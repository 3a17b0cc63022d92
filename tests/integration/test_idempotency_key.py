"""Idempotency-Key: a request that is repeated under its key is done once, and answered again."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from tests.harness.aws_faults import faults, lost_answer, lost_request
from tests.harness.invariants import violations
from tests.harness.stacks import DAY, Answer, Stack, Token
from tests.harness.steps import (
    Clock,
    add,
    before_each,
    create,
    create_feed,
    delete,
    overwrite,
    owner,
)
from tests.harness.token_uses import (
    REVOKED_WHEN_REPLAYED,
    ROTATING,
    USES,
    Person,
    successor,
    update,
)

KEY = "a-key-of-the-clients"
NAME = "CI Mytokens"
CHANGES = (
    "create_calendar",
    "update_calendar",
    "tag_calendar",
    "untag_calendar",
    "add_token",
    "remove_token",
    "delete_calendar",
    "create_feed",
    "update_feed",
    "reset_feed",
    "delete_feed",
)
LISTS = ("list_calendars", "list_mytokens", "subtokens")
TELLING_NOTHING = [one for one in CHANGES if USES[one].status == 204]
REPLAYED = "idempotent-replayed"


@dataclass(frozen=True)
class Request:
    """A request under a key; the same each time that it is sent."""

    person: Person
    operation: str
    more: Mapping[str, Any]
    key: str = KEY

    @classmethod
    def to(cls, operation: str, person: Person) -> "Request":
        return cls(person, operation, USES[operation].request(person))

    def sent(self, token: Token | str | None, **more: Any) -> Answer:
        headers = {"idempotency-key": self.key, **more.pop("headers", {})}
        operation = USES[self.operation].operation
        request = {**self.more, **more}
        return self.person.stack.invoke(operation, token, headers=headers, **request)


@pytest.fixture
def person(stack: Stack, clock: Clock, emptied: None) -> Person:
    return Person.on(stack)


# --- a request that is repeated -------------------------------------------------------------------

# Every way in which a use leaves a trace.
TRACES = [
    pytest.param({"restrictions": [{"usages_other": 1}]}, id="for-one-use"),
    pytest.param({"rotation": ROTATING}, id="rotating"),
    pytest.param({"rotation": REVOKED_WHEN_REPLAYED}, id="revoked-when-replayed"),
    pytest.param(
        {"rotation": REVOKED_WHEN_REPLAYED, "restrictions": [{"usages_other": 1}]},
        id="rotating-for-one-use",
    ),
]


@pytest.mark.found("A7")
@pytest.mark.parametrize("operation", USES)
@pytest.mark.parametrize("claims", TRACES)
@pytest.mark.parametrize("shown", ["header", "cookie"])
def test_a_use_that_leaves_a_trace_is_repeated_under_its_key(
    person: Person, clock: Clock, operation: str, claims: dict[str, Any], shown: str
) -> None:
    token, request = person.mint(**claims), Request.to(operation, person)
    more = {"cookies": [f"mytoken={token.bearer}"]} if shown == "cookie" else {}
    presented = None if shown == "cookie" else token
    first = request.sent(presented, **more)
    after_the_first = person.stack.dump()

    clock.passes(30)
    again = [request.sent(presented, **more) for _ in range(2)]

    assert first.status < 300
    answers = {(answer.status, answer.body, answer.cookies) for answer in again}
    assert answers == {(first.status, first.body, first.cookies)}
    assert {answer.headers[REPLAYED] for answer in again} == {"true"}
    assert person.stack.dump() == after_the_first
    if "rotation" in claims:
        assert person.introspect(successor(again[0])).status == 200


@pytest.mark.parametrize("operation", LISTS)
def test_a_repeated_list_is_made_anew(person: Person, operation: str) -> None:
    token, request = person.mint(rotation=REVOKED_WHEN_REPLAYED), Request.to(operation, person)
    first = request.sent(token)
    create(person.stack, person.keeper, "made meanwhile")
    person.mint(parent=token.mom_id, name="made meanwhile")

    again = request.sent(token)

    assert "made meanwhile" not in first.text
    assert "made meanwhile" in again.text
    assert update(again) == update(first)


@pytest.mark.parametrize("operation", [use for use in USES if use not in CHANGES])
def test_a_use_that_leaves_no_trace_needs_no_receipt(person: Person, operation: str) -> None:
    request = Request.to(operation, person)

    answers = [request.sent(person.keeper) for _ in range(2)]

    assert {answer.status for answer in answers} == {USES[operation].status}
    assert not [answer for answer in answers if REPLAYED in answer.headers]
    assert _receipts(person.stack) == []


@pytest.mark.parametrize("operation", [use for use in USES if use not in CHANGES])
def test_a_key_of_a_change_is_none_of_a_list(person: Person, operation: str) -> None:
    token = person.mint(restrictions=[{"usages_other": 9}])
    Request.to("create_calendar", person).sent(token)
    before = person.stack.dump()

    answer = Request.to(operation, person).sent(token)

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert {name for name in before if person.stack.dump()[name] != before[name]} <= {
        person.stack.environment["TOKENS_TABLE"]  # where the one to be revoked was issued
    }


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({}, id="plain"),
        pytest.param({"restrictions": [{"usages_other": 1}]}, id="for-one-use"),
        pytest.param({"rotation": ROTATING}, id="rotating"),
        pytest.param({"rotation": REVOKED_WHEN_REPLAYED}, id="revoked-when-replayed"),
        pytest.param(
            {"rotation": REVOKED_WHEN_REPLAYED, "restrictions": [{"usages_other": 1}]},
            id="rotating-for-one-use",
        ),
    ],
)
def test_a_repeated_request_has_the_same_answer_and_no_effect(
    person: Person, clock: Clock, operation: str, claims: dict[str, Any]
) -> None:
    token, request = person.mint(**claims), Request.to(operation, person)
    first = request.sent(token)
    after_the_first = person.stack.dump()

    clock.passes(30)
    again = [request.sent(token) for _ in range(3)]

    assert first.status < 300
    assert REPLAYED not in first.headers
    assert {(answer.status, answer.body) for answer in again} == {(first.status, first.body)}
    assert {answer.headers[REPLAYED] for answer in again} == {"true"}
    assert person.stack.dump() == after_the_first


@pytest.mark.parametrize("operation", CHANGES)
def test_the_successor_still_works_after_the_request_was_repeated(
    person: Person, clock: Clock, operation: str
) -> None:
    token, request = person.mint(rotation=REVOKED_WHEN_REPLAYED), Request.to(operation, person)
    first = request.sent(token)
    clock.passes(60)

    again = request.sent(token)

    assert update(again) == update(first)
    assert person.list(successor(again)).status == 200


@pytest.mark.parametrize("operation", CHANGES)
def test_of_two_that_were_sent_at_once_the_earlier_one_may_be_the_repetition(
    person: Person, clock: Clock, operation: str
) -> None:
    token, request = person.mint(rotation=REVOKED_WHEN_REPLAYED), Request.to(operation, person)
    first = request.sent(token)

    clock.passes(-9)  # further back than the leeway for clocks
    again = request.sent(token)

    clock.passes(9)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers[REPLAYED] == "true"
    assert person.list(successor(again)).status == 200


@pytest.mark.parametrize("operation", CHANGES)
def test_a_cookie_is_set_again_if_the_request_is_repeated_with_the_old_one(
    person: Person, operation: str
) -> None:
    token, request = person.mint(rotation=ROTATING), Request.to(operation, person)

    answers = [request.sent(None, cookies=[f"mytoken={token.bearer}"]) for _ in range(2)]

    assert answers[0].cookies == answers[1].cookies
    assert update(answers[1])["mytoken"] in answers[1].cookies[0]


@pytest.mark.parametrize("operation", CHANGES)
def test_a_rotating_tokens_request_is_replayed_for_a_minute(
    person: Person, clock: Clock, operation: str
) -> None:
    token, request = person.mint(rotation=ROTATING), Request.to(operation, person)
    made = successor(request.sent(token))
    clock.passes(61)

    again = request.sent(token)

    assert (again.status, again.json["error"]) == (401, "invalid_token")
    assert REPLAYED not in again.headers
    assert person.list(made).status == 200


@pytest.mark.parametrize("operation", CHANGES)
def test_a_minute_later_the_repetition_is_a_replay_of_the_token(
    person: Person, clock: Clock, operation: str
) -> None:
    token, request = person.mint(rotation=REVOKED_WHEN_REPLAYED), Request.to(operation, person)
    made = successor(request.sent(token))
    clock.passes(61)

    again = request.sent(token)

    assert (again.status, again.json["error"]) == (401, "invalid_token")
    assert person.list(made).status == 401


@pytest.mark.parametrize(("later", "status"), [(DAY - 1, 201), (DAY, 409)])
def test_another_tokens_request_is_replayed_for_a_day(
    person: Person, clock: Clock, later: int, status: int
) -> None:
    token, request = person.mint(), Request.to("create_calendar", person)
    request.sent(token)
    clock.passes(later)

    again = request.sent(token)

    assert again.status == status
    assert (REPLAYED in again.headers) == (status == 201)


@pytest.mark.parametrize("operation", LISTS)
def test_no_key_makes_one_use_a_day_of_lists(person: Person, clock: Clock, operation: str) -> None:
    token = person.mint(restrictions=[{"usages_other": 1}])
    request = Request.to(operation, person)
    request.sent(token)

    clock.passes(60)
    within_a_minute = request.sent(token)
    clock.passes(1)
    later = request.sent(token)

    assert (within_a_minute.status, within_a_minute.headers[REPLAYED]) == (200, "true")
    assert (later.status, later.json["error"]) == (403, "usage_restricted")


@pytest.mark.parametrize("operation", [one for one in CHANGES if one not in TELLING_NOTHING])
def test_no_key_makes_one_change_a_day_of_readings(
    person: Person, clock: Clock, operation: str
) -> None:
    token, request = person.mint(restrictions=[{"usages_other": 1}]), Request.to(operation, person)
    first = request.sent(token)

    clock.passes(60)
    within_a_minute = request.sent(token)
    clock.passes(1)
    later = request.sent(token)

    assert (within_a_minute.status, within_a_minute.body) == (first.status, first.body)
    assert (later.status, later.json["error"]) == (409, "conflict")
    assert "ics_path" not in later.text


@pytest.mark.parametrize("operation", TELLING_NOTHING)
def test_a_change_of_which_nothing_is_told_is_repeated_for_a_day(
    person: Person, clock: Clock, operation: str
) -> None:
    token, request = person.mint(restrictions=[{"usages_other": 1}]), Request.to(operation, person)
    request.sent(token)
    clock.passes(DAY - 1)

    again = request.sent(token)

    assert (again.status, again.headers[REPLAYED]) == (204, "true")


@pytest.mark.parametrize("operation", LISTS)
def test_a_minute_later_a_list_under_the_same_key_is_a_use_again(
    person: Person, clock: Clock, operation: str
) -> None:
    token = person.mint(restrictions=[{"usages_other": 5}])
    request = Request.to(operation, person)
    request.sent(token)
    clock.passes(61)

    answers = [request.sent(token) for _ in range(2)]

    assert [REPLAYED in answer.headers for answer in answers] == [False, True]
    assert person.done(token) == [2]


def test_a_revocation_is_repeated_for_a_day(person: Person, clock: Clock) -> None:
    token = person.mint(restrictions=[{"usages_other": 1}])
    request = Request.to("revoke_token", person)
    request.sent(token)
    clock.passes(DAY - 1)

    again = request.sent(token)

    assert (again.status, again.headers[REPLAYED]) == (204, "true")


def test_a_day_later_the_key_may_name_another_request(person: Person, clock: Clock) -> None:
    token, request = person.mint(), Request.to("create_calendar", person)
    request.sent(token)
    clock.passes(DAY)

    other = replace(request, more={"json": {"name": "another"}})
    answers = [other.sent(token) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 201]
    assert [REPLAYED in answer.headers for answer in answers] == [False, True]


def test_a_request_that_was_refused_may_be_sent_again_under_its_key(person: Person) -> None:
    token = person.mint()
    request = Request(person, "create_calendar", {"json": {"name": NAME}})
    refused = request.sent(token)
    delete(person.stack, person.keeper, person.calendar)

    answer = request.sent(token)

    assert (refused.status, answer.status) == (409, 201)
    assert REPLAYED not in answer.headers


def test_a_request_that_its_transaction_refused_may_be_sent_again_under_its_key(
    person: Person,
) -> None:
    token, request = person.mint(), Request.to("create_calendar", person)
    head = keys.owner_head(owner(person.user))
    overwrite(person.stack, head, calendars=limits.CALENDARS)
    refused = request.sent(token)
    overwrite(person.stack, head, calendars=1)

    answer = request.sent(token)

    assert (refused.status, answer.status) == (400, 201)
    assert REPLAYED not in answer.headers


def test_a_repeated_addition_tells_which_tokens_are_in_the_calendar_now(person: Person) -> None:
    token, request = person.mint(), Request.to("add_token", person)
    request.sent(token)
    add(person.stack, person.keeper, person.calendar, "")

    again = request.sent(token)

    listed = [person.other.mom_id, person.keeper.mom_id]
    assert sorted(again.json["subscribed_tokens"]) == sorted(listed)


# --- a key that is used for something else --------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda r: replace(r, more={"json": {"name": "another"}}), id="body"),
        pytest.param(
            lambda r: replace(r, more={"body": json.dumps(r.more["json"]) + " "}), id="a-space-more"
        ),
        pytest.param(
            lambda r: replace(r, more={**r.more, "raw_path": "/api/v1/calendars"}), id="path"
        ),
        pytest.param(lambda r: replace(r, more={**r.more, "method": "PUT"}), id="method"),
        pytest.param(lambda r: Request.to("add_token", r.person), id="operation"),
    ],
)
@pytest.mark.parametrize(
    "claims", [{}, {"rotation": REVOKED_WHEN_REPLAYED}], ids=["plain", "rotating"]
)
def test_a_key_is_not_used_for_two_requests(
    person: Person, changed: Callable[[Request], Request], claims: dict[str, Any]
) -> None:
    token, request = person.mint(**claims), Request.to("create_calendar", person)
    request.sent(token)
    before = person.stack.dump()

    answer = changed(request).sent(token)

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert "Idempotency-Key" in answer.json["error_description"]
    assert person.stack.dump() == before


def test_two_calendars_are_deleted_under_two_keys(person: Person) -> None:
    token, request = person.mint(), Request.to("delete_calendar", person)
    request.sent(token)

    other = replace(request, more=USES["delete_calendar"].request(person))
    answers = [other.sent(token), replace(other, key="another").sent(token)]

    assert [answer.status for answer in answers] == [400, 204]


def test_the_same_key_of_another_token_of_the_user_is_another(person: Person) -> None:
    request = Request.to("create_calendar", person)
    request.sent(person.mint())

    other = person.mint()
    same = request.sent(other)
    answer = replace(request, more={"json": {"name": "another"}}).sent(other)

    assert (same.status, answer.status) == (409, 201)
    assert not {REPLAYED} & {*same.headers, *answer.headers}


def test_another_user_with_the_same_key_and_request_gets_a_calendar_of_their_own(
    person: Person,
) -> None:
    request = Request.to("create_calendar", person)

    answers = [request.sent(token) for token in (person.mint(), person.stack.mint())]

    assert [answer.status for answer in answers] == [201, 201]
    assert REPLAYED not in answers[1].headers
    assert answers[0].json["ics_path"] != answers[1].json["ics_path"]


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize(
    "key", ["", " ", "a b", "x" * 256, "é", "a\tb", "\x7f", "a,\x00"], ids=ascii
)
def test_a_key_that_is_none_is_refused(person: Person, operation: str, key: str) -> None:
    request = replace(Request.to(operation, person), key=key)
    before = person.stack.dump()

    answer = request.sent(person.keeper)

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert "Idempotency-Key" in answer.json["error_description"]
    assert person.stack.dump() == before


@pytest.mark.parametrize("key", ["x", "x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "~!,;"])
def test_a_key_is_any_visible_text_of_up_to_255_characters(person: Person, key: str) -> None:
    request = replace(Request.to("create_calendar", person), key=key)

    answers = [request.sent(person.keeper) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 201]
    assert [REPLAYED in answer.headers for answer in answers] == [False, True]


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(
            lambda p, **more: p.stack.invoke(
                "get_calendar", p.keeper, path={"calendar": p.calendar["name"]}, **more
            ),
            id="get_calendar",
        ),
        pytest.param(lambda p, **more: p.introspect(p.keeper, **more), id="introspect"),
    ],
)
def test_what_changes_nothing_takes_no_notice_of_the_key(
    person: Person, ask: Callable[..., Answer]
) -> None:
    person.stack.invoke(
        "create_calendar", person.keeper, json={"name": "x"}, headers={"idempotency-key": KEY}
    )
    before = person.stack.dump()

    answers = [ask(person, headers={"idempotency-key": KEY}) for _ in range(2)]

    assert {answer.status for answer in answers} <= {200, 302}
    assert not [answer for answer in answers if REPLAYED in answer.headers]
    assert person.stack.dump() == before


# --- what has happened since ----------------------------------------------------------------------


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("again", [True, False], ids=["and-made-again", "for-good"])
@pytest.mark.parametrize("claims", [{}, {"rotation": ROTATING}], ids=["plain", "rotating"])
def test_what_was_done_to_a_calendar_that_is_deleted_since_is_not_done_again(
    person: Person, operation: str, claims: dict[str, Any], *, again: bool
) -> None:
    token, request = person.mint(**claims), Request.to(operation, person)
    first = request.sent(token)
    name = request.more["path"]["calendar"] if "path" in request.more else first.json["name"]
    person.stack.invoke("delete_calendar", person.keeper, path={"calendar": name})
    if again:
        create(person.stack, person.keeper, name)
    before = person.stack.dump()

    answer = request.sent(token)

    if operation in TELLING_NOTHING:
        assert (answer.status, answer.body) == (first.status, first.body)
        assert answer.headers[REPLAYED] == "true"
    else:
        assert (answer.status, answer.json["error"]) == (409, "conflict")
    assert person.stack.dump() == before


def test_a_calendar_that_is_made_again_is_not_deleted_again(person: Person) -> None:
    token, request = person.mint(), Request.to("delete_calendar", person)
    request.sent(token)
    create(person.stack, person.keeper, request.more["path"]["calendar"])
    before = person.stack.dump()

    answer = request.sent(token)

    assert (answer.status, answer.headers[REPLAYED]) == (204, "true")
    assert person.stack.dump() == before


@pytest.mark.parametrize("operation", ["create_feed", "update_feed", "reset_feed"])
def test_what_was_done_to_a_feed_that_is_deleted_since_is_not_done_again(
    person: Person, operation: str
) -> None:
    token, request = person.mint(), Request.to(operation, person)
    feed = request.sent(token).json["id"]
    calendar = request.more["path"]["calendar"]
    person.stack.invoke("delete_feed", person.keeper, path={"calendar": calendar, "feed": feed})
    before = person.stack.dump()

    answer = request.sent(token)

    assert (answer.status, answer.json["error"]) == (409, "conflict")
    assert person.stack.dump() == before


@pytest.mark.parametrize("operation", CHANGES)
def test_a_successor_that_is_used_since_is_not_handed_out_again(
    person: Person, clock: Clock, operation: str
) -> None:
    token, request = person.mint(rotation=REVOKED_WHEN_REPLAYED), Request.to(operation, person)
    second = successor(request.sent(token))
    third = successor(person.list(second))
    clock.passes(5)
    before = person.stack.dump()

    answer = request.sent(token)

    assert (answer.status, answer.json["error"]) == (409, "conflict")
    assert "token_update" not in answer.json
    assert person.stack.dump() == before
    assert person.list(third).status == 200


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("claims", [{}, {"rotation": ROTATING}], ids=["plain", "rotating"])
def test_a_revoked_token_repeats_nothing(
    person: Person, operation: str, claims: dict[str, Any]
) -> None:
    token, request = person.mint(**claims), Request.to(operation, person)
    request.sent(token)
    person.stack.revoke(token)

    answer = request.sent(token)

    assert answer.status == (409 if claims else 401)
    assert "token_update" not in answer.json


@pytest.mark.parametrize("operation", CHANGES)
def test_a_token_repeats_nothing_where_it_may_not_be_used(person: Person, operation: str) -> None:
    token = person.mint(restrictions=[{"hosts": ["192.0.2.7"]}], rotation=ROTATING)
    request = Request.to(operation, person)
    request.sent(token)

    answer = request.sent(token, address="198.51.100.9")

    assert (answer.status, answer.json["error"]) == (403, "usage_restricted")
    assert "token_update" not in answer.json


def test_only_the_very_token_of_the_request_gets_its_successor(person: Person) -> None:
    token, request = person.mint(rotation=ROTATING), Request.to("create_calendar", person)
    made = successor(request.sent(token))
    same_claims = person.stack.authority.codec
    again = same_claims.encode(same_claims.decode(token.bearer).claims)

    # The signature differs: with it nothing can be unsealed.
    answer = request.sent(again)

    assert answer.status == 401
    assert person.list(made).status == 200


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.usefixtures("impatient")
def test_the_request_may_be_repeated_with_the_successor(person: Person, operation: str) -> None:
    token, request = person.mint(rotation=ROTATING), Request.to(operation, person)
    first = request.sent(token)

    again = request.sent(successor(first))

    # It was done: it is answered again, or there is a conflict; but there is no point in waiting.
    assert again.status in (first.status, 404, 409)


# --- what a receipt tells -------------------------------------------------------------------------


@pytest.mark.parametrize("operation", CHANGES)
def test_a_receipt_holds_no_part_of_a_token_and_no_key(person: Person, operation: str) -> None:
    token, request = person.mint(rotation=ROTATING), Request.to(operation, person)

    made = successor(request.sent(token))

    (receipt,) = _receipts(person.stack)
    stored = json.dumps(receipt)
    secrets = [*token.bearer.split("."), *made.bearer.split("."), KEY, token.mom_id]
    made_feed = {"feed"} if operation == "create_feed" else set()
    assert set(receipt) == {"pk", "sk", "request", "calendar", "successor", "ttl"} | made_feed
    assert not [secret for secret in secrets if secret in stored]


def test_without_a_key_there_is_no_receipt(person: Person) -> None:
    for operation in CHANGES:
        person.use(operation, person.keeper)

    assert _receipts(person.stack) == []


def test_a_receipt_is_gone_when_it_is_worth_nothing_any_more(person: Person, clock: Clock) -> None:
    Request.to("create_calendar", person).sent(person.mint())

    (receipt,) = _receipts(person.stack)

    assert receipt["ttl"] == {"N": str(int(clock.now) + DAY)}


# --- a repetition that overtakes the request ------------------------------------------------------

# The first request is under way when its client gives up and repeats it.

CLAIMS = [
    pytest.param({}, id="plain"),
    pytest.param({"restrictions": [{"usages_other": 1}]}, id="for-one-use"),
    pytest.param({"rotation": REVOKED_WHEN_REPLAYED}, id="rotating"),
]


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("claims", CLAIMS)
@pytest.mark.parametrize(
    ("door", "call"),
    [
        pytest.param("receipts", "GetItem", id="before-it-looks-for-a-receipt"),
        pytest.param("authority", "GetItem", id="before-it-looks-up-the-token"),
        pytest.param("store", "GetItem", id="before-it-looks-for-the-calendar"),
        pytest.param("store", "TransactWriteItems", id="before-it-is-committed"),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_a_request_that_its_own_repetition_overtakes_is_answered_like_that(
    person: Person, operation: str, claims: dict[str, Any], door: str, call: str
) -> None:
    token, request = person.mint(**claims), Request.to(operation, person)
    overtaking: list[Answer] = []

    client = _client(person.stack, operation, door)
    with before_each(client, call, lambda: overtaking.append(request.sent(token))):
        overtaken = request.sent(token)

    (done,) = overtaking
    assert done.status == _status(operation, claims)
    assert (overtaken.status, overtaken.body) == (done.status, done.body)
    assert overtaken.headers[REPLAYED] == "true"


def test_the_last_feed_there_is_room_for_is_made_once(person: Person) -> None:
    for _ in range(limits.FEEDS_OF_CALENDAR - 2):
        create_feed(person.stack, person.keeper, person.calendar)
    request, overtaking = Request.to("create_feed", person), list[Answer]()

    client = _client(person.stack, "create_feed", "store")
    with before_each(client, "GetItem", lambda: overtaking.append(request.sent(person.keeper))):
        overtaken = request.sent(person.keeper)

    assert [(one.status, one.body) for one in overtaking] == [(201, overtaken.body)]
    assert overtaken.headers[REPLAYED] == "true"


def test_the_last_trace_of_a_revoked_descendant_is_removed_once(person: Person) -> None:
    weak = person.mint("tokeninfo:notify")
    child = person.mint(parent=weak.mom_id, expires_in=DAY)
    add(person.stack, person.keeper, person.calendar, child.mom_id)
    person.stack.revoke(child)
    path = {"calendar": person.calendar["name"]}
    request = Request(person, "remove_token", {"path": path, "json": {"mom_id": child.mom_id}})
    overtaking = list[Answer]()

    client = _client(person.stack, "remove_token", "store")
    with before_each(client, "GetItem", lambda: overtaking.append(request.sent(weak))):
        overtaken = request.sent(weak)

    assert [one.status for one in (*overtaking, overtaken)] == [204, 204]
    assert overtaken.headers[REPLAYED] == "true"


# --- faults ---------------------------------------------------------------------------------------


@pytest.fixture
def racer(engine: Stack) -> Iterator[Person]:
    yield Person.on(engine)
    assert violations(engine.dump()) == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("claims", CLAIMS)
@pytest.mark.parametrize("lost", [1, 30], ids=["one-answer-lost", "all-answers-lost"])
def test_a_request_whose_answer_was_lost_is_repeated_and_done_once(
    racer: Person, operation: str, claims: dict[str, Any], lost: int
) -> None:
    token, request = racer.mint(**claims), Request.to(operation, racer)
    client = _client(racer.stack, operation, "store")

    with faults(client, *[lost_answer] * lost, operation="TransactWriteItems"):
        first = request.sent(token)
    before = _item(racer, token)
    again = request.sent(token)

    assert first.status == (503 if lost > 1 else _status(operation, claims))
    assert again.status == _status(operation, claims)
    assert again.headers[REPLAYED] == "true"
    assert _item(racer, token) == before
    assert before.get("seq_no", 1) == (2 if "rotation" in claims else 1)
    if "rotation" in claims:
        assert racer.list(successor(again)).status == 200


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("operation", CHANGES)
def test_a_request_that_was_lost_is_repeated_and_done_then(racer: Person, operation: str) -> None:
    token, request = racer.mint(rotation=ROTATING), Request.to(operation, racer)
    client = _client(racer.stack, operation, "store")

    with faults(client, *[lost_request] * 30, operation="TransactWriteItems"):
        first = request.sent(token)
    again = request.sent(token)

    assert (first.status, "token_update" in first.json) == (503, False)
    assert again.status == _status(operation, {"rotation": ROTATING})
    assert REPLAYED not in again.headers


def _receipts(stack: Stack) -> list[dict[str, Any]]:
    in_calendars, _ = stack.dump().values()
    return [item for item in in_calendars if item["pk"]["S"].startswith("RECEIPT#")]


def _client(stack: Stack, operation: str, door: str) -> Any:
    opened = stack.door(operation, door)
    return (opened.registry if door == "authority" else opened).table.client


def _item(person: Person, token: Token) -> dict[str, Any]:
    registry = person.stack.authority.registry
    return registry.table.get(keys.token(owner(person.user), token.mom_id)) or {}


def _status(operation: str, claims: Mapping[str, Any]) -> int:
    """What it answers a token with such claims."""
    status = USES[operation].status
    return 200 if status == 204 and "rotation" in claims else status
