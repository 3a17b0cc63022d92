"""Revoking mytokens by the API: whose, by whom, and that all know of it at once."""

import base64
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from mytoken_calendars.changes import Change
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.harness.stacks import DAY, Answer, Stack, Token
from tests.harness.steps import Clock, add, before_each, owner, summaries, watched
from tests.harness.token_uses import (
    LATER,
    REVOKED_WHEN_REPLAYED,
    ROTATING,
    UNUSABLE,
    Person,
    successor,
    with_claims,
)

pytestmark = pytest.mark.usefixtures("emptied")


@pytest.fixture
def person(stack: Stack, clock: Clock) -> Person:
    return Person.on(stack)


# --- the own token --------------------------------------------------------------------------------

OWN = [
    pytest.param(lambda t: {"json": {"token": t.bearer}}, id="token"),
    pytest.param(lambda t: {"form": {"token": t.bearer}}, id="token-in-a-form"),
    pytest.param(lambda t: {"json": {"token": t.bearer, "mom_id": ""}}, id="token-and-no-mom-id"),
    pytest.param(
        lambda t: {"json": {"mom_id": t.mom_id, "mytoken": t.bearer}}, id="mytoken-and-own-mom-id"
    ),
    pytest.param(
        lambda t: {
            "json": {"mom_id": t.mom_id},
            "headers": {"authorization": f"Bearer {t.bearer}"},
        },
        id="header-and-own-mom-id",
    ),
    pytest.param(
        lambda t: {"json": {"mom_id": t.mom_id}, "cookies": [f"mytoken={t.bearer}"]},
        id="cookie-and-own-mom-id",
    ),
]


@pytest.mark.parametrize("asked", OWN)
@pytest.mark.parametrize("capability", ["AT", "manage_mytokens"])
def test_who_holds_a_token_may_revoke_it_whatever_else_it_may_do(
    person: Person, asked: Callable[[Token], dict[str, Any]], capability: str
) -> None:
    token = person.mint(capability)
    add(person.stack, person.keeper, person.calendar, token.mom_id)

    answer = person.stack.invoke("revoke_token", None, **asked(token))

    assert (answer.status, answer.body) == (204, b"")
    assert person.list(token).status == 401
    assert summaries(person.stack.feed(person.calendar)) == []


@pytest.mark.parametrize("more", UNUSABLE, ids=str)
def test_a_token_is_revoked_wherever_it_may_be_used(person: Person, more: dict[str, Any]) -> None:
    token = with_claims(person.stack, person.mint("tokeninfo:introspect"), **more)

    answer = _revoke(person, token, token.mom_id)

    assert answer.status == 204
    assert person.introspect(token).status == 401


@pytest.mark.parametrize("rotation", [ROTATING, REVOKED_WHEN_REPLAYED], ids=["plain", "revoking"])
def test_a_token_that_revokes_itself_has_no_successor(
    person: Person, rotation: dict[str, Any]
) -> None:
    token = person.mint(rotation=rotation, restrictions=[{"usages_other": 1}])

    answer = person.stack.invoke("revoke_token", token, json={"token": token.bearer})

    assert (answer.status, answer.body) == (204, b"")
    assert person.list(token).status == 401


@pytest.mark.parametrize(("recursive", "status"), [(True, 401), (False, 200), (None, 200)])
def test_descendants_are_revoked_if_that_is_asked_for(
    person: Person, status: int, *, recursive: bool | None
) -> None:
    token = person.mint()
    child = person.mint(parent=token.mom_id)
    grandchild = person.mint(parent=child.mom_id)
    asked = {} if recursive is None else {"recursive": recursive}

    answer = _revoke(person, token, token.mom_id, **asked)

    assert answer.status == 204
    assert [person.list(one).status for one in (child, grandchild)] == [status, status]


@pytest.mark.parametrize(("recursive", "status"), [("true", 401), ("false", 200)])
def test_a_form_asks_for_descendants_in_words(person: Person, recursive: str, status: int) -> None:
    token = person.mint()
    child = person.mint(parent=token.mom_id)

    asked = {"mom_id": token.mom_id, "recursive": recursive}
    answer = person.stack.invoke("revoke_token", token, form=asked)

    assert answer.status == 204
    assert person.list(child).status == status


def test_revoking_alone_and_then_with_descendants_reaches_these(person: Person) -> None:
    token = person.mint()
    child = person.mint(parent=token.mom_id)
    answers = [
        _revoke(person, person.keeper, token.mom_id),
        _revoke(person, person.keeper, token.mom_id, recursive=True),
    ]

    assert [answer.status for answer in answers] == [204, 204]
    assert person.list(child).status == 401


# --- another token --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capabilities", "others", "descendants"),
    [
        (["manage_mytokens:revoke"], 204, 204),
        (["manage_mytokens"], 204, 204),
        (["AT"], 403, 204),
        (["tokeninfo"], 403, 204),
        (["manage_mytokens:notify", "manage_mytokens:list"], 403, 204),
        (["read@manage_mytokens:revoke"], 403, 204),
        (["read@manage_mytokens"], 403, 204),
        (["manage_mytokens:revoke:all"], 403, 204),
        (["MANAGE_MYTOKENS:REVOKE"], 403, 204),
    ],
    ids=str,
)
def test_another_token_takes_the_capability_and_a_descendant_does_not(
    person: Person, capabilities: list[str], others: int, descendants: int
) -> None:
    token = person.mint(*capabilities)
    child = person.mint(parent=token.mom_id)
    grandchild = person.mint(parent=child.mom_id)

    of_others = _revoke(person, token, person.other.mom_id)
    of_descendants = [_revoke(person, token, one.mom_id) for one in (grandchild, child)]

    assert of_others.status == others
    assert others == 204 or of_others.json["error"] == "insufficient_capabilities"
    assert {answer.status for answer in of_descendants} == {descendants}
    assert person.list(person.other).status == (401 if others == 204 else 200)
    assert {person.list(one).status for one in (child, grandchild)} == {401}
    assert person.introspect(token).status != 401


@pytest.mark.parametrize("kin", ["parent", "sibling"])
def test_without_the_capability_neither_parent_nor_sibling_is_revoked(
    person: Person, kin: str
) -> None:
    parent = person.mint()
    token, sibling = (person.mint("AT", parent=parent.mom_id) for _ in range(2))
    before = person.stack.dump()

    answer = _revoke(person, token, {"parent": parent, "sibling": sibling}[kin].mom_id)

    assert (answer.status, answer.json["error"]) == (403, "insufficient_capabilities")
    assert person.stack.dump() == before


@pytest.mark.parametrize("recursive", [True, False], ids=["recursive", "plain"])
@pytest.mark.parametrize(
    "capability", ["manage_mytokens", "AT"], ids=["with-the-capability", "without"]
)
def test_strangers_tokens_revoked_ones_too_are_as_unknown(
    person: Person, capability: str, *, recursive: bool
) -> None:
    token, stranger, revoked = person.mint(capability), person.stack.mint(), person.stack.mint()
    person.stack.revoke(revoked)
    before = person.stack.dump()

    answers = [
        _revoke(person, token, mom_id, recursive=recursive)
        for mom_id in (stranger.mom_id, _unknown(), revoked.mom_id)
    ]

    error = "invalid_grant" if capability == "manage_mytokens" else "insufficient_capabilities"
    assert {(answer.status, answer.json["error"]) for answer in answers} == {(403, error)}
    assert len({(a.body, *sorted(a.headers.items())) for a in answers}) == 1
    assert person.stack.dump() == before
    assert person.stack.invoke("list_calendars", stranger).status == 200


@pytest.mark.parametrize("mom_id", ["x", "=", "A" * 88, 5, None, ["x"], {}], ids=str)
def test_what_is_no_mom_id_is_refused(person: Person, mom_id: Any) -> None:
    answer = _revoke(person, person.keeper, mom_id)

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert person.list(person.keeper).status == 200


@pytest.mark.parametrize(
    "asked",
    [
        {"recursive": "yes please"},
        {"recursive": 2},
        {"recursive": 1},
        {"recursive": 0.0},
        {"recursive": "1"},
        {"recursive": "on"},
        {"recursive": "False"},
        {"token": 5},
        {"token": ["x"]},
    ],
    ids=str,
)
def test_fields_of_another_type_are_refused(person: Person, asked: dict[str, Any]) -> None:
    before = person.stack.dump()

    named = {"mom_id": person.other.mom_id, **asked}
    answer = person.stack.invoke("revoke_token", person.keeper, json=named)

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert person.stack.dump() == before


NAMELESS: list[dict[str, Any]] = [
    *({"json": body} for body in ({}, {"token": ""}, {"token": None}, {"mom_id": ""})),
    *({"json": body} for body in ({"mom_id": None}, {"token": "", "mom_id": None})),
    *({"json": body} for body in ({"recursive": True}, {"tokens": "x"}, {"momId": "x"})),
    *({"json": body} for body in ({"Token": "x"}, {"MOM_ID": "x"}, {"mom_\u0130d": "x"})),
    *({"form": form} for form in ({"recursive": "true"}, {"token": ""}, {"tokn": "x"})),
    {"body": ""},
    {"body": "null"},
]


@pytest.mark.parametrize("asked", NAMELESS, ids=str)
@pytest.mark.parametrize("shown", ["header", "body", "cookie"])
@pytest.mark.found("A29")
def test_a_body_that_names_no_token_revokes_none(
    person: Person, asked: dict[str, Any], shown: str
) -> None:
    token, before = person.keeper, person.stack.dump()
    more: dict[str, Any] = {"cookies": [f"mytoken={token.bearer}"]} if shown == "cookie" else {}
    if shown == "body":
        fields = asked.get("json", asked.get("form")) or {}
        asked = {"json" if "json" in asked else "form": {**fields, "mytoken": token.bearer}}

    answer = person.stack.invoke(
        "revoke_token", token if shown == "header" else None, **asked, **more
    )

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert person.stack.dump() == before


def test_a_token_revokes_another_in_place_of_the_header(person: Person) -> None:
    asked = {"token": person.keeper.bearer, "mom_id": person.other.mom_id}

    answer = person.stack.invoke("revoke_token", None, json=asked)

    assert answer.status == 204
    assert person.list(person.other).status == 401
    assert person.list(person.keeper).status == 200


def test_the_token_that_is_named_is_revoked_and_not_that_of_the_header(person: Person) -> None:
    token = person.mint("AT")

    answer = person.stack.invoke("revoke_token", person.keeper, json={"token": token.bearer})

    assert answer.status == 204
    assert person.introspect(token).status == 401
    assert person.list(person.keeper).status == 200


@pytest.mark.parametrize("more", UNUSABLE, ids=str)
def test_where_a_token_may_not_be_used_it_revokes_no_other(
    person: Person, more: dict[str, Any]
) -> None:
    token = with_claims(person.stack, person.mint(), **more)
    child = person.mint(parent=token.mom_id)
    before = person.stack.dump()

    answers = [_revoke(person, token, one.mom_id) for one in (person.other, child)]

    assert {(a.status, a.json["error"]) for a in answers} == {(403, "usage_restricted")}
    assert person.stack.dump() == before


def test_an_expired_token_of_ones_own_may_be_revoked(person: Person) -> None:
    expired = person.mint(expires_in=DAY, at=1_700_000_000)

    answer = _revoke(person, person.keeper, expired.mom_id)

    assert answer.status == 204
    listed = person.stack.invoke("tokeninfo", person.keeper, json={"action": "list_mytokens"})
    assert expired.mom_id not in listed.text


def test_a_token_that_revokes_its_ancestor_is_gone_with_it(person: Person) -> None:
    parent = person.mint()
    token = person.mint("manage_mytokens", parent=parent.mom_id)

    answer = _revoke(person, token, parent.mom_id, recursive=True)

    assert answer.status == 204
    assert {person.list(one).status for one in (parent, token)} == {401}
    assert person.list(person.keeper).status == 200


# --- what is dead already -------------------------------------------------------------------------

Dead = Callable[[Person], str]

DEAD = [
    pytest.param(lambda p: p.mint(expires_in=1, at=1_700_000_000).bearer, id="expired"),
    pytest.param(lambda p: _revoked(p).bearer, id="revoked"),
    pytest.param(lambda p: _below_a_revoked(p).bearer, id="whose-ancestor-is-revoked"),
    pytest.param(lambda p: _rotated(p).bearer, id="rotated"),
    pytest.param(lambda p: p.stack.mint().bearer + "A", id="forged"),
    pytest.param(lambda p: "x" * 64, id="none-at-all"),
    pytest.param(lambda p: "\u00e9" * 64, id="no-ascii"),
    pytest.param(lambda p: "x" * 20_000, id="too-long"),
]


@pytest.mark.found("A6")
@pytest.mark.parametrize("shown", ["once-more-in-the-header", "alone", "beside-another"])
@pytest.mark.parametrize("recursive", [True, False], ids=["recursive", "plain"])
@pytest.mark.parametrize("dead", DEAD)
def test_a_token_that_is_dead_is_revoked_without_a_change(
    person: Person, dead: Dead, shown: str, *, recursive: bool
) -> None:
    bearer = dead(person)
    before = person.stack.dump()

    header = {"once-more-in-the-header": bearer, "beside-another": person.keeper}.get(shown)
    asked = {"token": bearer, "recursive": recursive}
    answer = person.stack.invoke("revoke_token", header, json=asked)

    assert (answer.status, answer.body) == (204, b"")
    assert person.stack.dump() == before


@pytest.mark.parametrize("asked", OWN)
@pytest.mark.parametrize(
    "claims", [{}, {"rotation": REVOKED_WHEN_REPLAYED}], ids=["plain", "rotates"]
)
def test_a_token_may_be_revoked_once_more(
    person: Person, asked: Callable[[Token], dict[str, Any]], claims: dict[str, Any]
) -> None:
    token = person.mint("AT", **claims)

    answers = [person.stack.invoke("revoke_token", None, **asked(token)) for _ in range(3)]

    assert {(answer.status, answer.body) for answer in answers} == {(204, b"")}
    assert len({answer.cookies for answer in answers}) == 1


@pytest.mark.parametrize("recursive", [True, False], ids=["recursive", "plain"])
@pytest.mark.parametrize(
    ("capability", "parent"),
    [("manage_mytokens:revoke", False), ("manage_mytokens", False), ("AT", True)],
    ids=["by-capability", "by-a-wider-one", "by-its-ancestor"],
)
def test_another_token_may_be_revoked_once_more(
    person: Person, capability: str, *, parent: bool, recursive: bool
) -> None:
    token = person.mint(capability)
    other = person.mint(parent=token.mom_id if parent else None)
    child = person.mint(parent=other.mom_id)
    first = _revoke(person, token, other.mom_id, recursive=recursive)
    after_the_first = person.stack.dump()

    again = [_revoke(person, token, other.mom_id, recursive=recursive) for _ in range(2)]

    assert {(answer.status, answer.body) for answer in (first, *again)} == {(204, b"")}
    assert person.stack.dump() == after_the_first
    assert person.list(child).status == (401 if recursive else 200)


def test_an_ancestor_may_be_revoked_once_more(person: Person) -> None:
    parent = person.mint()
    token = person.mint("manage_mytokens", parent=parent.mom_id)
    below = person.mint("manage_mytokens", parent=token.mom_id)

    answers = [_revoke(person, one, parent.mom_id) for one in (token, token, below)]

    assert [answer.status for answer in answers] == [204, 204, 204]
    assert _revoke(person, below, parent.mom_id, recursive=True).status == 204
    assert person.list(below).status == 401


def test_revoking_once_more_is_a_use(person: Person) -> None:
    token = person.mint(restrictions=[{"usages_other": 2}])

    answers = [_revoke(person, token, person.other.mom_id) for _ in range(3)]

    assert [answer.status for answer in answers] == [204, 204, 403]


def test_a_revoked_sibling_is_as_unknown_without_the_capability(person: Person) -> None:
    parent = person.mint()
    token, sibling = (person.mint("AT", parent=parent.mom_id) for _ in range(2))
    person.stack.revoke(sibling)

    answers = [_revoke(person, token, mom_id) for mom_id in (sibling.mom_id, _unknown())]

    assert {answer.status for answer in answers} == {403}
    assert len({answer.body for answer in answers}) == 1


# --- the cookie of a dead token -------------------------------------------------------------------

EXPIRED_COOKIE = "mytoken=; Max-Age=0; Path=/api; HttpOnly; SameSite=Strict"


@pytest.mark.found("A30")
@pytest.mark.parametrize("named", ["token", "mom_id"])
@pytest.mark.parametrize("times", [1, 2])
def test_the_cookie_of_a_revoked_token_is_expired(person: Person, named: str, times: int) -> None:
    token = person.mint()
    asked = {"token": {"token": token.bearer}, "mom_id": {"mom_id": token.mom_id}}[named]

    for _ in range(times):
        answer = _by_cookie(person, token.bearer, json=asked)

    assert (answer.status, answer.cookies) == (204, (EXPIRED_COOKIE,))


def test_an_expired_cookie_has_the_attributes_it_was_set_with(person: Person) -> None:
    token = person.mint(rotation=ROTATING)
    used = person.list(None, cookies=[f"mytoken={token.bearer}"])
    made = successor(used)

    revoked = _by_cookie(person, made.bearer, json={"token": made.bearer})

    (was_set,), (is_expired,) = used.cookies, revoked.cookies
    lifeless = was_set.replace(made.bearer, "").replace("Max-Age=345600", "Max-Age=0")
    assert is_expired == lifeless


@pytest.mark.parametrize("dead", [dead for dead in DEAD if dead.id != "rotated"])
def test_the_cookie_of_a_token_without_a_successor_is_expired(person: Person, dead: Dead) -> None:
    bearer = dead(person)

    answer = _by_cookie(person, bearer, json={"token": bearer})

    assert (answer.status, answer.cookies) == (204, (EXPIRED_COOKIE,))


def test_the_cookie_of_a_rotated_token_stays(person: Person) -> None:
    bearer = _rotated(person).bearer

    answer = _by_cookie(person, bearer, json={"token": bearer})

    # The browser may have the successor in it by now.
    assert (answer.status, answer.cookies) == (204, ())


def test_a_cookie_dies_with_the_ancestor_of_its_token(person: Person) -> None:
    parent = person.mint()
    token = person.mint("manage_mytokens", parent=parent.mom_id)

    asked = {"mom_id": parent.mom_id, "recursive": True}
    answer = _by_cookie(person, token.bearer, json=asked)

    assert (answer.status, answer.cookies) == (204, (EXPIRED_COOKIE,))


@pytest.mark.parametrize("cookies", [[], ["mytoken=a"], ["mytoken=a", "mytoken={}"]], ids=str)
def test_another_cookie_stays(person: Person, cookies: list[str]) -> None:
    token = person.mint()
    sent = [cookie.format(token.bearer) for cookie in cookies]

    answer = person.stack.invoke("revoke_token", None, json={"token": token.bearer}, cookies=sent)

    assert (answer.status, answer.cookies) == (204, ())


# --- who may not ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dead", DEAD)
def test_a_dead_token_revokes_no_other(person: Person, dead: Dead) -> None:
    bearer = dead(person)
    before = person.stack.dump()

    named = {"token": bearer, "mom_id": person.other.mom_id}
    answer = person.stack.invoke("revoke_token", None, json=named)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="mytoken", error="invalid_token"'
    assert person.stack.dump() == before


@pytest.mark.parametrize("named", ["token", "mom_id", "another"])
@pytest.mark.parametrize(
    "early",
    [
        pytest.param(lambda p: p.mint(at=4_000_000_000), id="from-the-future"),
        pytest.param(
            lambda p: with_claims(p.stack, p.mint(), nbf=4_000_000_000), id="not-valid-yet"
        ),
        pytest.param(
            lambda p: with_claims(p.stack, p.mint(), seq_no=2), id="ahead-of-the-registry"
        ),
    ],
)
def test_a_token_that_may_live_later_is_not_taken_for_revoked(
    person: Person, early: Callable[[Person], Token], named: str
) -> None:
    token = early(person)
    before = person.stack.dump()

    asked = {
        "token": {"token": token.bearer},
        "mom_id": {"mom_id": token.mom_id},
        "another": {"mom_id": person.other.mom_id},
    }[named]
    answer = person.stack.invoke("revoke_token", token, json=asked)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert person.stack.dump() == before


@pytest.mark.parametrize("of", ["itself", "another"])
def test_a_superseded_token_revokes_nothing_and_its_successor_does(
    person: Person, clock: Clock, of: str
) -> None:
    token = person.mint(rotation=ROTATING)
    made = successor(person.list(token))
    mom_id = token.mom_id if of == "itself" else person.other.mom_id
    clock.passes(LATER)

    answers = [_revoke(person, one, mom_id) for one in (token, made)]

    assert [answer.status for answer in answers] == [401, 204 if of == "itself" else 200]


@pytest.mark.parametrize("rotated", [True, False], ids=["superseded", "the-last"])
def test_a_chain_is_not_dead_while_a_successor_outlives_the_tokens_lifetime(
    person: Person, clock: Clock, *, rotated: bool
) -> None:
    token = person.mint("manage_mytokens", rotation={**ROTATING, "lifetime": 600})
    clock.passes(500)
    made = successor(person.list(token)) if rotated else token
    clock.passes(LATER + 1)

    answer = _revoke(person, token, token.mom_id)

    assert answer.status == (401 if rotated else 204)
    assert person.list(made).status == (200 if rotated else 401)


def test_a_superseded_token_that_shall_be_revoked_when_replayed_is(
    person: Person, clock: Clock
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    made = successor(person.list(token))
    clock.passes(LATER)

    answer = person.stack.invoke("revoke_token", None, json={"token": token.bearer})

    assert answer.status == 204
    assert person.list(made).status == 401


@pytest.mark.parametrize("key", [None, "k"], ids=["without-a-key", "with-a-key"])
def test_a_replay_that_ends_its_chain_is_401_also_if_it_is_tried_again(
    person: Person, clock: Clock, key: str | None
) -> None:
    token = person.mint(rotation=REVOKED_WHEN_REPLAYED)
    made = successor(person.list(token))
    clock.passes(LATER)

    answer = person.stack.invoke(
        "revoke_token", token, json={"mom_id": token.mom_id}, headers={"idempotency-key": key}
    )

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert person.list(made).status == 401


@pytest.mark.parametrize("asked", [{"json": {}}, {"json": {"token": ""}}, {"form": {"x": "y"}}])
def test_without_a_token_it_answers_401_and_a_challenge(
    person: Person, asked: dict[str, Any]
) -> None:
    answer = person.stack.invoke("revoke_token", None, **asked)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="mytoken"'


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}], ids=str
)
def test_another_site_revokes_nothing_by_cookie(person: Person, headers: dict[str, str]) -> None:
    cookies = [f"mytoken={person.keeper.bearer}"]

    answer = person.stack.invoke("revoke_token", None, json={}, cookies=cookies, headers=headers)

    assert answer.status == 401
    assert person.list(person.keeper).status == 200


# --- meanwhile ------------------------------------------------------------------------------------


def test_a_token_that_is_revoked_meanwhile_revokes_no_other(person: Person) -> None:
    token = person.mint()
    client = person.stack.door("revoke_token", "authority").calendars.client

    with before_each(client, "TransactWriteItems", lambda: person.stack.revoke(token)):
        answer = _revoke(person, token, person.other.mom_id)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert person.list(person.other).status == 200


def test_who_revokes_at_the_same_time_as_another_is_answered_that_it_is_revoked(
    person: Person,
) -> None:
    client = person.stack.door("revoke_token", "authority").calendars.client
    mom_id = person.other.mom_id

    with before_each(client, "TransactWriteItems", lambda: person.stack.revoke(person.other)):
        answer = _revoke(person, person.keeper, mom_id)

    assert answer.status == 204
    assert person.list(person.other).status == 401


# --- many -----------------------------------------------------------------------------------------


def test_however_many_descendants_there_are_they_are_revoked_in_one_transaction(
    engine: Stack,
) -> None:
    # Not on moto, which copies its tables in every transaction.
    person, stack = Person.on(engine), engine
    root = person.mint()
    branches = [person.mint(parent=root.mom_id) for _ in range(3)]
    leaves = [person.mint(name="leaf", parent=branch.mom_id) for branch in branches]
    _register(stack, person.user, 300 - 6, [(branch.mom_id, root.mom_id) for branch in branches])
    for leaf in leaves:
        add(stack, person.keeper, person.calendar, leaf.mom_id)
    known = stack.feed(person.calendar)
    mine = stack.invoke("tokeninfo", root, json={"action": "subtokens"}).json["mytokens"]
    assert sum(len(branch["children"]) for branch in mine["children"]) + 3 == 300

    with watched(stack.door("revoke_token", "authority").calendars.client) as calls:
        answer = _revoke(person, root, root.mom_id, recursive=True)

    assert answer.status == 204
    assert [call for call in calls if call != "GetItem"] == ["TransactWriteItems"]
    assert len(summaries(known)) == 3
    headers = {"if-none-match": known.headers["etag"]}
    assert summaries(stack.feed(person.calendar, headers=headers)) == []
    assert {person.list(one).status for one in (root, *branches, *leaves)} == {401}
    listed = stack.invoke("tokeninfo", person.keeper, json={"action": "list_mytokens"}).json
    assert {tree["token"]["mom_id"] for tree in listed["mytokens"]} == {
        person.keeper.mom_id,
        person.other.mom_id,
    }


def _revoke(person: Person, token: Token | str, mom_id: Any, **more: Any) -> Answer:
    return person.stack.invoke("revoke_token", token, json={"mom_id": mom_id, **more})


def _revoked(person: Person) -> Token:
    token = person.mint()
    person.stack.revoke(token)
    return token


def _below_a_revoked(person: Person) -> Token:
    parent = person.mint()
    token = person.mint(parent=parent.mom_id)
    person.stack.revoke(parent, recursive=True)
    return token


def _rotated(person: Person) -> Token:
    token = person.mint(rotation=ROTATING)
    person.list(token)
    return token


def _by_cookie(person: Person, bearer: str, **more: Any) -> Answer:
    return person.stack.invoke("revoke_token", None, cookies=[f"mytoken={bearer}"], **more)


def _unknown() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _register(stack: Stack, user: str, count: int, lineages: list[tuple[str, ...]]) -> None:
    """Registers that many tokens, which nobody needs to hold, below each parent in turn."""
    registry, now = stack.authority.registry, 1_800_000_000
    tokens = [
        TokenRecord(_unknown(), None, now, now + DAY, lineages[number % len(lineages)])
        for number in range(count)
    ]
    for first in range(0, count, 49):
        added = [
            registry.registration_writes(owner(user), token, user)
            for token in tokens[first : first + 49]
        ]
        registry.table.commit(Change.new(now), *(write for writes in added for write in writes))


def test_a_revocation_that_the_owners_marks_have_no_room_for_is_refused_and_revokes_nothing(
    stack: Stack, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, *others = (stack.mint("manage_mytokens", user=user) for _ in range(3))
    monkeypatch.setattr("mytoken_calendars.limits.MARKS_TIDIED", 1)
    monkeypatch.setattr("mytoken_calendars.limits.MARKS", 1)

    answers = [
        stack.invoke("revoke_token", keeper, json={"mom_id": other.mom_id}) for other in others
    ]

    assert [answer.status for answer in answers] == [204, 503]
    assert [stack.invoke("list_calendars", other).status for other in others] == [401, 200]
