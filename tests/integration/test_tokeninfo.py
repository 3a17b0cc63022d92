"""What the tokeninfo endpoint tells of mytokens, and whom."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.stacks import DAY, Answer, Stack, Token
from tests.harness.steps import Clock, Document, before_each, new_user
from tests.harness.token_uses import EVERYTHING, UNUSABLE, Person, claims, with_claims

pytestmark = pytest.mark.usefixtures("emptied")

ACTIONS = ("introspect", "subtokens", "list_mytokens")
KIB = 1024
CAPABILITIES = {
    "introspect": "tokeninfo:introspect",
    "subtokens": "tokeninfo:subtokens",
    "list_mytokens": "manage_mytokens:list",
}


@pytest.fixture
def user() -> str:
    return new_user()


# --- introspection --------------------------------------------------------------------------------


def test_introspection_tells_the_claims_and_the_mom_id(stack: Stack) -> None:
    token = stack.mint("tokeninfo:introspect", name="mine", rotation={"on_AT": True})

    answer = _ask(stack, token, "introspect")

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json == {
        "valid": True,
        "token_type": "token",
        "token": claims(token),
        "mom_id": token.mom_id,
    }
    assert answer.json["token"]["name"] == "mine"


def test_introspection_tells_how_often_each_limited_clause_was_used(stack: Stack) -> None:
    clauses: list[dict[str, Any]] = [
        {"usages_other": 1, "hosts": ["192.0.2.7"]},
        {"usages_other": 5},
        {"exp": 1, "usages_AT": 3},
    ]
    token = stack.mint(*EVERYTHING, restrictions=clauses)
    for _ in range(3):
        assert stack.invoke("list_calendars", token).status == 200

    introspected = _ask(stack, token, "introspect").json["token"]

    assert introspected["restrictions"] == [
        {**clauses[0], "usages_other_done": 1},
        {**clauses[1], "usages_other_done": 2},
        clauses[2],
    ]
    assert {**introspected, "restrictions": clauses} == claims(token)


@pytest.mark.parametrize("asked", [{"json": {}}, {"json": {"mytoken": ""}}, {"body": b"{}"}])
def test_without_an_action_it_introspects(stack: Stack, asked: dict[str, Any]) -> None:
    token = stack.mint("tokeninfo")

    answer = stack.invoke("tokeninfo", token, **asked)

    assert (answer.status, answer.json["mom_id"]) == (200, token.mom_id)


@pytest.mark.parametrize("more", UNUSABLE, ids=str)
def test_a_token_is_introspected_wherever_it_may_be_used(
    stack: Stack, more: dict[str, Any]
) -> None:
    token = with_claims(stack, stack.mint(*EVERYTHING), **more)
    before = stack.dump()

    answers = {action: _ask(stack, token, action) for action in ACTIONS}

    assert answers["introspect"].json["valid"] is True
    assert {answers[action].status for action in ACTIONS[1:]} == {403}
    assert {answers[action].json["error"] for action in ACTIONS[1:]} == {"usage_restricted"}
    assert stack.dump() == before


# --- trees ----------------------------------------------------------------------------------------


@pytest.fixture
def family(stack: Stack, user: str, clock: Clock) -> dict[str, Token]:
    """root > (child > grandchild, sibling), and a token that is alone; each a second younger."""
    family: dict[str, Token] = {}
    for name, parent in [
        ("root", None),
        ("child", "root"),
        ("sibling", "root"),
        ("grandchild", "child"),
        ("alone", None),
    ]:
        clock.passes(1)
        family[name] = stack.mint(
            *EVERYTHING, user=user, name=name, parent=parent and family[parent].mom_id
        )
    stack.mint(*EVERYTHING, name="a stranger's")
    return family


def test_the_list_is_of_all_tokens_of_the_user_below_their_parents(
    stack: Stack, family: dict[str, Token]
) -> None:
    answer = _ask(stack, family["alone"], "list_mytokens")

    assert answer.status == 200
    assert set(answer.json) == {"mytokens"}
    assert [_names(tree) for tree in answer.json["mytokens"]] == [
        ("root", [("child", [("grandchild", [])]), ("sibling", [])]),
        ("alone", []),
    ]


@pytest.mark.parametrize(
    ("who", "tree"),
    [
        ("root", ("root", [("child", [("grandchild", [])]), ("sibling", [])])),
        ("child", ("child", [("grandchild", [])])),
        ("sibling", ("sibling", [])),
        ("grandchild", ("grandchild", [])),
    ],
)
def test_the_subtokens_are_the_token_itself_and_its_descendants(
    stack: Stack, family: dict[str, Token], who: str, tree: tuple[str, list[Any]]
) -> None:
    answer = _ask(stack, family[who], "subtokens")

    assert answer.status == 200
    assert set(answer.json) == {"mytokens"}
    assert _names(answer.json["mytokens"]) == tree


@pytest.mark.found("A37")
@pytest.mark.parametrize("action", ["list_mytokens", "subtokens"])
@pytest.mark.parametrize("name", [None, "", "ci"])
@pytest.mark.parametrize("expires_in", [None, DAY])
def test_every_entry_has_what_the_original_always_sends(
    stack: Stack, user: str, action: str, name: str | None, expires_in: int | None
) -> None:
    token = stack.mint(*EVERYTHING, user=user, name=name, expires_in=expires_in)
    stack.mint(*EVERYTHING, user=user, name=name, expires_in=expires_in, parent=token.mom_id)

    mytokens = _ask(stack, token, action).json["mytokens"]

    (tree,) = mytokens if action == "list_mytokens" else [mytokens]
    entries = [tree["token"], *(child["token"] for child in tree["children"])]
    assert len(entries) == 2
    assert all({"mom_id", "name", "created"} <= entry.keys() for entry in entries)
    assert {entry["name"] for entry in entries} == {name or ""}


def test_an_entry_tells_what_is_known_of_a_token_and_no_more(
    stack: Stack, user: str, clock: Clock
) -> None:
    now = int(clock.now)
    token = stack.mint(*EVERYTHING, user=user, name="mine", expires_in=DAY)
    clock.passes(1)
    nameless = stack.mint(user=user, expires_in=None)

    listed = _ask(stack, token, "list_mytokens").json["mytokens"]

    assert listed == [
        {
            "token": {
                "mom_id": token.mom_id,
                "name": "mine",
                "created": now,
                "expires_at": now + DAY,
            }
        },
        {"token": {"mom_id": nameless.mom_id, "name": "", "created": now + 1}},
    ]


def test_expired_tokens_are_listed_and_revoked_ones_are_not(
    stack: Stack, user: str, family: dict[str, Token]
) -> None:
    stack.mint(user=user, name="expired", expires_in=DAY, at=int(time.time()) - 9 * DAY)
    stack.revoke(family["sibling"])

    listed = _ask(stack, family["alone"], "list_mytokens").json["mytokens"]

    assert [_names(tree) for tree in listed] == [
        ("expired", []),
        ("root", [("child", [("grandchild", [])])]),
        ("alone", []),
    ]


def test_the_child_of_a_token_that_was_revoked_alone_stands_by_itself(
    stack: Stack, family: dict[str, Token]
) -> None:
    stack.revoke(family["root"])

    listed = _ask(stack, family["alone"], "list_mytokens").json["mytokens"]

    assert [_names(tree) for tree in listed] == [
        ("child", [("grandchild", [])]),
        ("sibling", []),
        ("alone", []),
    ]
    assert _names(_ask(stack, family["child"], "subtokens").json["mytokens"]) == (
        "child",
        [("grandchild", [])],
    )


def test_a_descendant_whose_parent_was_revoked_alone_is_below_the_next_ancestor(
    stack: Stack, family: dict[str, Token]
) -> None:
    stack.revoke(family["child"])

    mine = _ask(stack, family["root"], "subtokens").json["mytokens"]
    listed = _ask(stack, family["root"], "list_mytokens").json["mytokens"]

    assert _names(mine) == ("root", [("sibling", []), ("grandchild", [])])
    assert [_names(tree) for tree in listed] == [_names(mine), ("alone", [])]


def test_of_a_tree_that_was_revoked_nothing_is_left(stack: Stack, family: dict[str, Token]) -> None:
    stack.revoke(family["child"], recursive=True)

    listed = _ask(stack, family["root"], "list_mytokens").json["mytokens"]

    assert [_names(tree) for tree in listed] == [("root", [("sibling", [])]), ("alone", [])]
    assert _ask(stack, family["grandchild"], "subtokens").status == 401


def test_a_token_that_is_revoked_while_the_list_is_read_is_told_nothing(
    stack: Stack, user: str
) -> None:
    token = stack.mint(*EVERYTHING, user=user, restrictions=[{"usages_other": 1}])
    client = stack.door("tokeninfo", "authority").registry.table.client

    with before_each(client, "Query", lambda: stack.revoke(token)):
        answers = [_ask(stack, token, action) for action in ("list_mytokens", "subtokens")]

    assert {answer.status for answer in answers} == {401}


def test_other_users_tokens_are_never_listed(stack: Stack, family: dict[str, Token]) -> None:
    stranger = stack.mint(*EVERYTHING)

    listed = _ask(stack, stranger, "list_mytokens")

    assert [tree["token"]["mom_id"] for tree in listed.json["mytokens"]] == [stranger.mom_id]
    assert not [token for token in family.values() if token.mom_id in listed.text]


# --- who may ask ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capability", "allowed"),
    [
        ("tokeninfo", {"introspect", "subtokens"}),
        ("tokeninfo:introspect", {"introspect"}),
        ("tokeninfo:subtokens", {"subtokens"}),
        ("manage_mytokens", {"list_mytokens"}),
        ("manage_mytokens:list", {"list_mytokens"}),
        ("read@manage_mytokens", set()),
        ("read@tokeninfo", set()),
        ("read@tokeninfo:introspect", set()),
        ("tokeninfo:introspect:more", set()),
        ("tokeninfo:intro", set()),
        ("TOKENINFO", set()),
        ("manage_mytokens:notify", set()),
        ("manage_mytokens:revoke", set()),
        ("AT", set()),
    ],
)
def test_each_action_takes_its_capability(stack: Stack, capability: str, allowed: set[str]) -> None:
    token = stack.mint(capability)

    answers = {action: _ask(stack, token, action) for action in ACTIONS}

    assert {action for action, answer in answers.items() if answer.status == 200} == allowed
    refused = [answer for action, answer in answers.items() if action not in allowed]
    assert {(answer.status, answer.json["error"]) for answer in refused} <= {
        (403, "insufficient_capabilities")
    }


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "dead",
    [
        pytest.param(lambda s: s.mint(*EVERYTHING, expires_in=1, at=1_700_000_000), id="expired"),
        pytest.param(lambda s: s.mint(*EVERYTHING, at=4_000_000_000), id="not-valid-yet"),
        pytest.param(lambda s: _revoked(s, recursive=False), id="revoked"),
        pytest.param(lambda s: _revoked(s, recursive=True), id="revoked-with-descendants"),
        pytest.param(lambda s: _child_of_revoked(s), id="whose-parent-was"),  # noqa: PLW0108
    ],
)
def test_a_dead_token_is_answered_401(
    stack: Stack, action: str, dead: Callable[[Stack], Token]
) -> None:
    token = dead(stack)
    before = stack.dump()

    answer = _ask(stack, token, action)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="mytoken", error="invalid_token"'
    assert stack.dump() == before


@pytest.mark.parametrize("action", [*ACTIONS, "no such action"])
@pytest.mark.parametrize(
    "more", [{}, {"cookies": ["mytoken=x"], "headers": {"origin": "https://evil.example"}}], ids=str
)
def test_without_a_token_it_answers_401_and_a_challenge(
    stack: Stack, action: str, more: dict[str, Any]
) -> None:
    answer = _ask(stack, None, action, **more)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="mytoken"'


@pytest.mark.parametrize(
    "action", ["event_history", "notification", "", "INTROSPECT", "introspect ", 5, []]
)
def test_an_unknown_action_is_refused(stack: Stack, action: Any) -> None:
    token = stack.mint(*EVERYTHING)
    before = stack.dump()

    answer = _ask(stack, token, action)

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert answer.json["error_description"].startswith("action: ")
    assert stack.dump() == before


# --- how it is asked ------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(lambda a, t: {"json": {"action": a, "mytoken": t}}, id="json"),
        pytest.param(lambda a, t: {"form": {"action": a, "mytoken": t}}, id="form"),
        pytest.param(
            lambda a, t: {"form": {"action": a}, "headers": {"authorization": f"Bearer {t}"}},
            id="form-and-header",
        ),
        pytest.param(
            lambda a, t: {"json": {"action": a}, "cookies": [f"mytoken={t}"]}, id="cookie"
        ),
        pytest.param(
            lambda a, t: {"json": {"action": a, "mytoken": t, "mom_ids": ["this"]}},
            id="more-fields",
        ),
    ],
)
def test_it_is_asked_in_json_or_a_form_with_the_token_anywhere(
    stack: Stack, action: str, asked: Callable[[str, str], dict[str, Any]]
) -> None:
    token = stack.mint(*EVERYTHING)

    answer = stack.invoke("tokeninfo", None, **asked(action, token.bearer))

    assert answer.status == 200
    assert answer.json.keys() & {"mytokens", "token"}
    assert answer.cookies == ()


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"body": b"{"}, 400),
        ({"body": b"[]"}, 400),
        ({"body": b'{"action": "introspect", "action": "introspect"}'}, 400),
        ({"body": b"x" * (64 * KIB + 1)}, 413),
        ({"body": b"x", "headers": {"content-type": "text/plain"}}, 415),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_body_that_cannot_be_read_is_refused(
    stack: Stack, asked: dict[str, Any], status: int
) -> None:
    token = stack.mint(*EVERYTHING)

    answer = stack.invoke("tokeninfo", token, **asked)

    assert answer.status == status


@pytest.mark.parametrize("action", ACTIONS)
def test_neither_list_nor_introspection_writes_for_a_token_without_limits(
    stack: Stack, action: str
) -> None:
    token = stack.mint(*EVERYTHING)
    before = stack.dump()

    answer = _ask(stack, token, action)

    assert answer.status == 200
    assert stack.dump() == before


def _ask(stack: Stack, token: Token | None, action: Any, **more: Any) -> Answer:
    return stack.invoke("tokeninfo", token, json={"action": action}, **more)


def _names(tree: Document) -> tuple[str, list[Any]]:
    """A tree with nothing but the names of its tokens."""
    return tree["token"]["name"], [_names(child) for child in tree.get("children", [])]


def _revoked(stack: Stack, *, recursive: bool) -> Token:
    token = stack.mint(*EVERYTHING)
    stack.revoke(token, recursive=recursive)
    return token


def _child_of_revoked(stack: Stack) -> Token:
    person = Person.on(stack)
    parent = person.mint()
    token = person.mint(parent=parent.mom_id)
    stack.revoke(parent, recursive=True)
    return token


@pytest.mark.parametrize("action", ["list_mytokens", "subtokens"])
def test_more_mytokens_than_an_answer_holds_are_refused_before_the_token_is_used(
    stack: Stack, user: str, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    token = stack.mint(*EVERYTHING, user=user, restrictions=[{"usages_other": 1}])
    for _ in range(3):
        stack.mint(user=user, parent=token.mom_id)
    monkeypatch.setattr("mytoken_calendars.limits.ANSWER", 500)

    refused = stack.invoke("tokeninfo", token, json={"action": action})

    monkeypatch.setattr("mytoken_calendars.limits.ANSWER", 5_000)
    answered = stack.invoke("tokeninfo", token, json={"action": action})
    assert (refused.status, refused.json["error"]) == (400, "invalid_request")
    assert "more than one answer holds" in refused.json["error_description"]
    assert answered.status == 200
