"""Issued tokens: which are found, on which guards one may rely on them, and what a use writes."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from mytoken_calendars.aws.clients import dynamodb_parameters
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.aws.dynamodb.tokens import Registry
from mytoken_calendars.changes import Write
from mytoken_calendars.errors import (
    AheadOfRegistry,
    InvalidGrant,
    InvalidToken,
    Outdated,
    Refusal,
    Superseded,
)
from mytoken_calendars.tokens.mytoken import Mytoken
from tests.harness.examples import DAY, MOM_ID, NOW, OTHER_MOM_ID, mytoken, record

OWNER = mytoken().owner
ITEM = {"name": "ci", "created": NOW - DAY, "expires": NOW + 30 * DAY, "seq_no": 1}


@dataclass
class FakeClient:
    """The tokens of one user by their mom_id."""

    tokens: dict[str, dict[str, Any]] = field(default_factory=lambda: {MOM_ID: ITEM})

    def get_item(self, **parameters: Any) -> Any:
        found = self._find(parameters["Key"])
        return {"Item": found} if found else {}

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803 - boto3's word
        found = [self._find(key) for key in RequestItems["tokens"]["Keys"]]
        return {"Responses": {"tokens": [item for item in found if item]}, "UnprocessedKeys": {}}

    def get_paginator(self, operation: str) -> "FakeClient":
        assert operation == "query"
        return self

    def paginate(self, **parameters: Any) -> Any:
        pk = parameters["ExpressionAttributeValues"][":pk"]
        return [{"Items": [self._find({"pk": pk, "sk": {"S": mom_id}})]} for mom_id in self.tokens]

    def _find(self, key: Any) -> dict[str, Any]:
        assert key["pk"] == {"S": f"OWNER#{OWNER}"}
        item = self.tokens.get(key["sk"]["S"])
        return {**dynamodb_parameters({"Item": item})["Item"], **key} if item else {}


def registry(**changes: Any) -> Registry:
    return registry_of({MOM_ID: {**ITEM, **changes}, OTHER_MOM_ID: ITEM})


def registry_of(tokens: dict[str, dict[str, Any]]) -> Registry:
    return Registry(Table(cast("Any", FakeClient(tokens)), "tokens"))


def test_the_presented_token_is_guarded_to_be_alive_and_not_succeeded() -> None:
    token = registry().look_up(mytoken())

    first, second = token.conditions
    assert token == record()
    assert first.action == "ConditionCheck"
    assert first.parameters["Key"] == {"pk": f"OWNER#{OWNER}", "sk": MOM_ID}
    assert first.parameters["ConditionExpression"].split(" AND ") == [
        "attribute_exists(#pk)",
        "attribute_not_exists(#revoked)",
        "#seq_no = :seq_no",
    ]
    assert first.parameters["ExpressionAttributeValues"] == {":seq_no": 1}
    assert second.parameters["Key"] == first.parameters["Key"]
    assert {type(guard.refusal) for guard in token.conditions} == {InvalidToken}


def test_another_token_is_guarded_to_be_alive_whatever_has_succeeded_it() -> None:
    token = registry(seq_no=7).find(OWNER, MOM_ID)

    (guard,) = token.conditions
    assert token == record()
    assert guard.parameters["ConditionExpression"].split(" AND ") == [
        "attribute_exists(#pk)",
        "attribute_not_exists(#revoked)",
    ]
    assert "ExpressionAttributeValues" not in guard.parameters
    assert type(guard.refusal) is InvalidGrant


@pytest.mark.parametrize("presented", [True, False])
def test_each_ancestor_is_guarded_not_to_be_revoked_with_its_descendants(
    *, presented: bool
) -> None:
    tokens = registry(ancestors=[OTHER_MOM_ID])

    token = tokens.look_up(mytoken()) if presented else tokens.find(OWNER, MOM_ID)

    guard = token.conditions[-1]
    assert token.ancestors == (OTHER_MOM_ID,)
    assert guard.parameters["Key"] == {"pk": f"OWNER#{OWNER}", "sk": OTHER_MOM_ID}
    assert guard.parameters["ConditionExpression"] == "attribute_not_exists(#revoked_tree)"
    assert type(guard.refusal) is (InvalidToken if presented else InvalidGrant)


@pytest.mark.parametrize(
    ("presented", "current", "since"),
    [
        (1, 2, 200),
        (1, 3, 200),  # since its own successor, not since the newest one
        (2, 3, 300),
        (4, 99, 0),  # so long ago that nobody knows
    ],
)
def test_a_presented_token_that_has_a_successor_says_since_when(
    presented: int, current: int, since: int
) -> None:
    tokens = registry(seq_no=current, made_2=200, made_3=300)

    with pytest.raises(Superseded) as refused:
        tokens.look_up(mytoken(seq_no=presented))

    assert refused.value.committed_ms == since
    assert refused.value.description == InvalidToken.description


@pytest.mark.parametrize(("presented", "current"), [(2, 1), (9, 1), (5, 4)])
def test_a_presented_token_that_the_registry_does_not_know_of_yet_is_ahead_of_it(
    presented: int, current: int
) -> None:
    with pytest.raises(AheadOfRegistry):
        registry(seq_no=current, made_2=NOW * 1000).look_up(mytoken(seq_no=presented))


@pytest.mark.parametrize("revoked", [{"revoked": NOW}, {"ancestors": [OTHER_MOM_ID]}])
@pytest.mark.parametrize("seq_no", [1, 2, 3])
def test_a_token_that_is_revoked_is_so_whatever_has_succeeded_it(
    seq_no: int, revoked: dict[str, Any]
) -> None:
    parent = {**ITEM, "revoked": NOW, "revoked_tree": NOW}
    child = {**ITEM, "seq_no": 2, "made_2": NOW * 1000, **revoked}
    tokens = registry_of({MOM_ID: child, OTHER_MOM_ID: parent})

    with pytest.raises(InvalidToken) as refused:
        tokens.look_up(mytoken(seq_no=seq_no))

    assert type(refused.value) is InvalidToken


def test_a_successor_is_guarded_by_its_own_number() -> None:
    token = registry(seq_no=7, made_2=NOW * 1000).look_up(mytoken(seq_no=7))

    assert token.conditions[0].parameters["ExpressionAttributeValues"] == {":seq_no": 7}


def test_a_revoked_token_is_not_found() -> None:
    revoked = registry(revoked=NOW)

    with pytest.raises(InvalidToken):
        revoked.look_up(mytoken())
    with pytest.raises(InvalidGrant):
        revoked.find(OWNER, MOM_ID)


def test_a_parent_that_was_revoked_alone_leaves_its_children_alive() -> None:
    tokens = registry_of({MOM_ID: {**ITEM, "ancestors": ["p"]}, "p": {**ITEM, "revoked": NOW}})

    assert tokens.look_up(mytoken()).ancestors == ("p",)
    assert [token.mom_id for token in tokens.all(OWNER)] == [MOM_ID]


@pytest.mark.parametrize("look_up", [True, False])
def test_the_uses_of_each_clause_are_read_from_its_counter(*, look_up: bool) -> None:
    tokens = registry(uses_abc=3, uses_def=1, user="alice", made_2=5)

    token = tokens.look_up(mytoken()) if look_up else tokens.find(OWNER, MOM_ID)

    assert token.uses == {"abc": 3, "def": 1}


def test_all_tokens_are_those_that_neither_they_nor_an_ancestor_have_lost() -> None:
    tokens = registry_of(
        {
            "root": ITEM,
            "child": {**ITEM, "ancestors": ["root"], "uses_abc": 2, "name": "child"},
            "expired": {"created": 5, "expires": 6, "seq_no": 9, "made_2": 7},
            "never": {"created": 5, "seq_no": 1},
            "revoked": {**ITEM, "revoked": NOW},
            "child of revoked": {**ITEM, "ancestors": ["revoked"]},
            "tree": {**ITEM, "revoked": NOW, "revoked_tree": NOW},
            "child of tree": {**ITEM, "ancestors": ["tree"]},
            "grandchild of tree": {**ITEM, "ancestors": ["child of tree", "tree"]},
        }
    )

    found = {token.mom_id: token for token in tokens.all(OWNER)}

    assert found == {
        "root": record(mom_id="root"),
        "child": record(mom_id="child", name="child", ancestors=("root",)),
        "expired": record(mom_id="expired", name=None, created=5, expires=6),
        "never": record(mom_id="never", name=None, created=5, expires=None),
        "child of revoked": record(mom_id="child of revoked", ancestors=("revoked",)),
    }
    assert found["child"].uses == {"abc": 2}
    assert all(token.conditions == () for token in found.values())


def test_operators_see_all_tokens_of_an_owner_and_which_of_them_are_revoked() -> None:
    tokens = registry_of(
        {
            "root": {**ITEM, "user": "alice", "seq_no": 3, "made_2": 7},
            "unnamed": ITEM,
            "tree": {**ITEM, "user": "alice", "revoked": NOW, "revoked_tree": NOW},
            "child of tree": {**ITEM, "user": "alice", "ancestors": ["tree"]},
        }
    )

    assert [
        (issued.token.mom_id, issued.user, issued.seq_no, issued.revoked)
        for issued in tokens.issued(OWNER)
    ] == [
        ("root", "alice", 3, False),
        ("unnamed", "-", 1, False),
        ("tree", "alice", 1, True),
        ("child of tree", "alice", 1, True),
    ]


def test_a_user_without_tokens_has_none() -> None:
    assert registry_of({}).all(OWNER) == []


def test_a_new_token_is_registered_as_its_first_and_for_its_user() -> None:
    token = record(ancestors=(OTHER_MOM_ID,), uses={"abc": 1})

    own, owner = registry().registration_writes(OWNER, token, "alice")

    assert own.parameters["Item"] == {
        "pk": f"OWNER#{OWNER}",
        "sk": MOM_ID,
        "user": "alice",
        "name": "ci",
        "created": NOW - DAY,
        "expires": NOW + 30 * DAY,
        "ancestors": [OTHER_MOM_ID],
        "seq_no": 1,
    }
    assert owner.parameters["Item"] == {"pk": f"TOKEN#{MOM_ID}", "sk": "#OWNER", "owner": OWNER}
    for write in (own, owner):
        assert write.parameters["ConditionExpression"] == "attribute_not_exists(#pk)"
        assert type(write.refusal) is InvalidGrant


ROTATING = {"rotation": {"on_other": True}}
COUNTED = {"restrictions": [{"usages_other": 3, "nbf": 0}]}
DIGEST = mytoken(**COUNTED).restrictions[0].digest
NEVER = {"restrictions": [{"usages_other": 0}]}
ZERO = mytoken(**NEVER).restrictions[0].digest
COUNTER = f"#uses_{DIGEST}"
ROTATE = "SET #seq_no = :successor, #made_5 = :made REMOVE #made_0"
COUNT = f"ADD {COUNTER} :one"
LEFT = f"attribute_not_exists({COUNTER}) OR {COUNTER} < :most"


@pytest.mark.parametrize(
    ("claims", "expression", "condition", "values", "refusal"),
    [
        (ROTATING, ROTATE, None, {":successor": 5, ":made": NOW * 1000 + 60_000}, Outdated),
        (COUNTED, COUNT, LEFT, {":one": 1, ":most": 3}, Outdated),
        (
            NEVER,
            COUNT.replace(DIGEST, ZERO),
            LEFT.replace(DIGEST, ZERO),
            {":one": 1, ":most": 0},
            Outdated,
        ),
        (
            ROTATING | COUNTED,
            f"{ROTATE} {COUNT}",
            LEFT,
            {":successor": 5, ":made": NOW * 1000 + 60_000, ":one": 1, ":most": 3},
            Outdated,
        ),
        (
            ROTATING | {"restrictions": [{"nbf": 0}]},
            ROTATE,
            None,
            {":successor": 5, ":made": NOW * 1000 + 60_000},
            Outdated,
        ),
    ],
)
def test_a_use_that_leaves_a_trace_is_one_write_of_the_token(
    claims: dict[str, Any],
    expression: str,
    condition: str | None,
    values: dict[str, int],
    refusal: type[Refusal],
) -> None:
    write = used(mytoken(seq_no=4, **claims))

    assert write is not None
    assert write.action == "Update"
    assert write.parameters["Key"] == {"pk": f"OWNER#{OWNER}", "sk": MOM_ID}
    assert write.parameters["UpdateExpression"].strip() == expression
    assert write.parameters.get("ConditionExpression") == condition
    assert write.parameters["ExpressionAttributeValues"] == values
    assert type(write.refusal) is refusal


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"restrictions": [{}]},
        {"restrictions": [{"nbf": 0, "usages_AT": 1}]},
        {"rotation": {"on_AT": True, "lifetime": DAY, "auto_revoke": True}},
    ],
)
def test_a_use_that_leaves_no_trace_writes_nothing(claims: dict[str, Any]) -> None:
    assert used(mytoken(**claims)) is None


def test_a_clause_that_has_not_let_the_caller_in_is_not_counted() -> None:
    token = mytoken(restrictions=[{"usages_other": 3}, {}])

    assert registry().use_writes(token, token.restrictions[1], NOW) == ()


def used(token: Mytoken) -> Write | None:
    """The write of a use under the first clause, if there is one."""
    writes = registry().use_writes(token, next(iter(token.restrictions), None), NOW)
    assert len(writes) <= 1
    return next(iter(writes), None)


def test_of_sixteen_successors_it_is_known_when_they_were_made() -> None:
    write = used(mytoken(seq_no=40, **ROTATING))

    assert write is not None
    assert write.parameters["UpdateExpression"].split() == [
        *["SET", "#seq_no", "=", ":successor,", "#made_41", "=", ":made", "REMOVE", "#made_25"]
    ]


def test_when_a_successor_was_committed_is_written_beside_the_others() -> None:
    write = registry().commit_time_write(mytoken(seq_no=4, **ROTATING), 1_800_000_000_123)

    assert write.action == "Update"
    assert write.parameters["Key"] == {"pk": f"OWNER#{OWNER}", "sk": MOM_ID}
    assert write.parameters["UpdateExpression"] == "SET #made_5 = :at"
    assert write.parameters["ConditionExpression"] == "attribute_exists(#pk)"
    assert write.parameters["ExpressionAttributeValues"] == {":at": 1_800_000_000_123}
