"""The marks of revoked tokens: they only grow, and hide tokens; the head has their version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars import limits
from mytoken_calendars.aws.clients import dynamodb_parameters
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.revocations import (
    Marks,
    attribute,
    listing_writes,
    mark_writes,
    read,
    tidied_writes,
)
from mytoken_calendars.aws.dynamodb.table import Item, Table
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import MarksFull, Outdated
from mytoken_calendars.identifiers import Owner, short_mom_id
from tests.harness.examples import DAY, MOM_ID, NOW, OTHER_MOM_ID, subscription

MOST = 700
OWNER = Owner("o" * 40)
CHANGE = Change("0c9a2b5e-6f0d-4c1b-9a57-2f7d3c1e8b40", NOW)
SHORT, OTHER = short_mom_id(MOM_ID), short_mom_id(OTHER_MOM_ID)
MARKS_KEY, HEAD_KEY = keys.revocations(OWNER), keys.revocations_head(OWNER)


@dataclass
class FakeClient:
    """Has one item, or none, and notes which was asked for."""

    item: Item | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_item(self, **parameters: Any) -> Any:
        self.asked.append(parameters)
        return dynamodb_parameters({"Item": self.item}) if self.item else {}


def table(item: Item | None = None) -> Table:
    return Table(cast("Any", FakeClient(item)), "calendars")


def marks(**tokens: tuple[int, bool]) -> Marks:
    return Marks("version-1", tokens)


def by_key(writes: tuple[Write, ...]) -> dict[str, Mapping[str, Any]]:
    assert {write.action for write in writes} == {"Update"}
    assert {write.parameters["Key"]["pk"] for write in writes} == {MARKS_KEY["pk"]}
    return {write.parameters["Key"]["sk"]: write.parameters for write in writes}


# --- reading --------------------------------------------------------------------------------------


def test_marks_are_read_with_their_version() -> None:
    item = {**MARKS_KEY, "version": "version-1", "owner": "o" * 40}
    item |= {attribute(SHORT): [NOW, False], attribute(OTHER): [NOW + 1, True]}
    reading = table(item)

    found = read(reading, OWNER)

    assert found == Marks("version-1", {SHORT: (NOW, False), OTHER: (NOW + 1, True)})
    (asked,) = cast("Any", reading.client).asked
    assert asked["ConsistentRead"] is True
    assert {name: value["S"] for name, value in asked["Key"].items()} == MARKS_KEY


def test_before_the_first_mark_there_is_no_version() -> None:
    assert read(table(), OWNER) == Marks("", {})


def test_a_token_without_a_mark_is_alive() -> None:
    tokens = {SHORT: subscription()}

    assert marks().alive(tokens) == marks(**{OTHER: (NOW, True)}).alive(tokens) == tokens


@pytest.mark.parametrize("tree", [False, True])
def test_a_token_with_a_mark_is_not_alive(*, tree: bool) -> None:
    other = subscription(mom_id=OTHER_MOM_ID)

    alive = marks(**{SHORT: (NOW, tree)}).alive({SHORT: subscription(), OTHER: other})

    assert alive == {OTHER: other}


def test_descendants_go_only_with_the_mark_of_a_tree() -> None:
    tokens = {OTHER: subscription(mom_id=OTHER_MOM_ID, ancestors=("x" * 16, SHORT))}

    assert marks(**{SHORT: (NOW, False)}).alive(tokens) == tokens
    assert marks(**{SHORT: (NOW, True)}).alive(tokens) == {}


short_ids = st.sampled_from([letter * 16 for letter in "abcdef"])


@given(
    st.dictionaries(short_ids, st.tuples(st.integers(0, NOW), st.booleans())),
    st.dictionaries(short_ids, st.lists(short_ids, max_size=3).map(tuple)),
)
def test_alive_is_what_no_mark_names_by_itself_or_as_a_descendant(
    marked: dict[str, tuple[int, bool]], families: dict[str, tuple[str, ...]]
) -> None:
    tokens = {one: subscription(mom_id=one, ancestors=above) for one, above in families.items()}

    alive = marks(**marked).alive(tokens)

    for short_id, token in tokens.items():
        above = any(marked.get(one, (0, False))[1] for one in token.ancestors)
        assert (short_id in alive) is not (short_id in marked or above)
    assert [*alive] == [short_id for short_id in tokens if short_id in alive]


# --- a revocation ---------------------------------------------------------------------------------


def revoking(*, recursive: bool) -> tuple[Write, ...]:
    return mark_writes(table(), OWNER, MOM_ID, recursive=recursive, change=CHANGE, most=MOST)


def test_a_mark_of_a_token_alone_never_replaces_another() -> None:
    writes = by_key(revoking(recursive=False))

    assert writes[keys.MARKS] == {
        "TableName": "calendars",
        "Key": MARKS_KEY,
        "UpdateExpression": "SET #mark = if_not_exists(#mark, :mark), #version = :version",
        "ExpressionAttributeNames": {"#mark": attribute(SHORT)},
        "ExpressionAttributeValues": {":mark": [NOW, False], ":version": CHANGE.id},
    }


def test_a_mark_of_a_tree_replaces_that_of_a_token_alone() -> None:
    writes = by_key(revoking(recursive=True))

    update = writes[keys.MARKS]
    assert update["UpdateExpression"] == "SET #mark = :mark, #version = :version"
    assert update["ExpressionAttributeValues"][":mark"] == [NOW, True]


def test_the_largest_marks_fit_into_half_an_item_and_chains_have_room_when_others_tidy() -> None:
    mark = len(attribute(SHORT)) + 3 + 1 + 6 + 1 + 1 + 1  # as DynamoDB counts lists and numbers

    assert limits.MARKS * mark + 1_000 < 200 * 1024
    assert (limits.MARKS - limits.MARKS_TIDIED) * mark >= 30_000


LISTINGS = {
    "gone": ({SHORT: None}, {}),
    "back": ({}, {SHORT: (NOW - DAY, False)}),
    "both": ({SHORT: None}, {OTHER: (NOW - DAY, False)}),
}


def listing(gone: Any, back: Any) -> tuple[Write, ...]:
    return listing_writes(table(), OWNER, gone, back, CHANGE)


@pytest.mark.parametrize(
    ("writes", "more", "most"),
    [
        pytest.param(
            mark_writes(table(), OWNER, MOM_ID, recursive=True, change=CHANGE, most=MOST),
            1,
            MOST,
            id="tree",
        ),
        pytest.param(
            mark_writes(table(), OWNER, MOM_ID, recursive=False, change=CHANGE, most=MOST),
            1,
            MOST,
            id="one",
        ),
        *(
            pytest.param(listing(*shown), len(shown[0]) - len(shown[1]), limits.MARKS, id=name)
            for name, shown in LISTINGS.items()
        ),
    ],
)
def test_the_head_announces_the_version_of_the_marks_and_counts_them(
    writes: tuple[Write, ...], more: int, most: int
) -> None:
    of_marks, of_head = (by_key(writes)[sk] for sk in (keys.MARKS, keys.HEAD))

    assert len(writes) == 2
    assert "#version = :version" in of_marks["UpdateExpression"]
    assert of_marks["ExpressionAttributeValues"][":version"] == CHANGE.id
    assert of_head == {
        "TableName": "calendars",
        "Key": HEAD_KEY,
        "UpdateExpression": "SET #version = :version ADD #marks :more",
        "ConditionExpression": "attribute_not_exists(#marks) OR #marks <= :room",
        "ExpressionAttributeValues": {
            ":version": CHANGE.id,
            ":more": more,
            ":room": most - max(more, 0),
        },
    }
    (refusal,) = {type(w.refusal) for w in writes if w.parameters["Key"] == HEAD_KEY}
    assert refusal is MarksFull


def test_marks_are_taken_away_if_they_are_as_they_were_read() -> None:
    found = marks(**{SHORT: (NOW, False), OTHER: (NOW, True)})

    of_marks, of_head = tidied_writes(table(), OWNER, found, {OTHER: (NOW, True)}, CHANGE)

    item = {**MARKS_KEY, "version": CHANGE.id, attribute(OTHER): [NOW, True]}
    assert (of_marks.action, of_marks.parameters["Item"]) == ("Put", item)
    assert of_head.parameters["Key"] == HEAD_KEY
    assert of_head.parameters["UpdateExpression"] == "SET #version = :version, #marks = :marks"
    values = {":version": CHANGE.id, ":marks": 1, ":found": "version-1"}
    assert of_head.parameters["ExpressionAttributeValues"] == values
    for write in (of_marks, of_head):
        assert write.parameters["ConditionExpression"] == "#version = :found"
        assert type(write.refusal) is Outdated


# --- a listing ------------------------------------------------------------------------------------


def test_a_token_that_is_listed_no_more_gets_a_mark_if_it_has_none() -> None:
    update = by_key(listing(*LISTINGS["gone"]))[keys.MARKS]

    assert update == {
        "TableName": "calendars",
        "Key": MARKS_KEY,
        "UpdateExpression": "SET #version = :version, #new0 = :mark",
        "ConditionExpression": "attribute_not_exists(#new0)",
        "ExpressionAttributeNames": {"#new0": attribute(SHORT)},
        "ExpressionAttributeValues": {":version": CHANGE.id, ":mark": [NOW, False]},
    }


def test_a_mark_of_a_token_that_is_listed_is_lifted_if_it_is_as_it_was_read() -> None:
    (write, _) = listing(*LISTINGS["back"])

    assert write.parameters == {
        "TableName": "calendars",
        "Key": MARKS_KEY,
        "UpdateExpression": "SET #version = :version REMOVE #old0",
        "ConditionExpression": "#old0 = :old0",
        "ExpressionAttributeNames": {"#old0": attribute(SHORT)},
        "ExpressionAttributeValues": {":version": CHANGE.id, ":old0": [NOW - DAY, False]},
    }
    assert type(write.refusal) is Outdated


def test_what_is_gone_and_what_is_back_is_one_write() -> None:
    back = {OTHER: (NOW - DAY, False), "t" * 16: (NOW - 2, True)}

    update = by_key(listing([SHORT, "z" * 16], back))[keys.MARKS]

    assert update["UpdateExpression"] == (
        "SET #version = :version, #new0 = :mark, #new1 = :mark REMOVE #old0, #old1"
    )
    assert update["ConditionExpression"] == (
        "attribute_not_exists(#new0) AND attribute_not_exists(#new1) "
        "AND #old0 = :old0 AND #old1 = :old1"
    )
    assert update["ExpressionAttributeNames"] == {
        "#new0": attribute(SHORT),
        "#new1": attribute("z" * 16),
        "#old0": attribute(OTHER),
        "#old1": attribute("t" * 16),
    }
    assert update["ExpressionAttributeValues"] == {
        ":version": CHANGE.id,
        ":mark": [NOW, False],
        ":old0": [NOW - DAY, False],
        ":old1": [NOW - 2, True],
    }
