"""Issued tokens: which are found, and on which guards an operation may rely on them."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from mytoken_calendars.aws import dynamodb_parameters
from mytoken_calendars.errors import InvalidGrant, InvalidToken
from mytoken_calendars.registry import Registry
from mytoken_calendars.table import Table
from tests.unit.examples import DAY, MOM_ID, NOW, OTHER_MOM_ID, mytoken, registered

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

    def _find(self, key: Any) -> dict[str, Any]:
        assert key["pk"] == {"S": f"OWNER#{OWNER}"}
        item = self.tokens.get(key["sk"]["S"])
        return {**dynamodb_parameters({"Item": item})["Item"], **key} if item else {}


def registry(**changes: Any) -> Registry:
    tokens = {MOM_ID: {**ITEM, **changes}, OTHER_MOM_ID: ITEM}
    return Registry(Table(cast("Any", FakeClient(tokens)), "tokens"))


def test_the_presented_token_is_guarded_to_be_alive_and_not_succeeded() -> None:
    token = registry().look_up(mytoken())

    first, second = token.guards
    assert token == registered()
    assert first.action == "ConditionCheck"
    assert first.parameters["Key"] == {"pk": f"OWNER#{OWNER}", "sk": MOM_ID}
    assert first.parameters["ConditionExpression"].split(" AND ") == [
        "attribute_exists(#pk)",
        "attribute_not_exists(#revoked)",
        "#seq_no = :seq_no",
    ]
    assert first.parameters["ExpressionAttributeValues"] == {":seq_no": 1}
    assert second.parameters["Key"] == first.parameters["Key"]
    assert {type(guard.refusal) for guard in token.guards} == {InvalidToken}


def test_another_token_is_guarded_to_be_alive_whatever_has_succeeded_it() -> None:
    token = registry(seq_no=7).find(OWNER, MOM_ID)

    (guard,) = token.guards
    assert token == registered()
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

    guard = token.guards[-1]
    assert token.ancestors == (OTHER_MOM_ID,)
    assert guard.parameters["Key"] == {"pk": f"OWNER#{OWNER}", "sk": OTHER_MOM_ID}
    assert guard.parameters["ConditionExpression"] == "attribute_not_exists(#revoked_tree)"
    assert type(guard.refusal) is (InvalidToken if presented else InvalidGrant)


@pytest.mark.parametrize("seq_no", [0, 2])
def test_a_presented_token_that_another_has_succeeded_is_invalid(seq_no: int) -> None:
    with pytest.raises(InvalidToken):
        registry(seq_no=seq_no).look_up(mytoken())


def test_a_revoked_token_is_not_found() -> None:
    revoked = registry(revoked=NOW)

    with pytest.raises(InvalidToken):
        revoked.look_up(mytoken())
    with pytest.raises(InvalidGrant):
        revoked.find(OWNER, MOM_ID)
