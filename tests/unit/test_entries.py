"""Tokens as the texts of their calendar's item: they are read as they were stored, in order."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars import limits
from mytoken_calendars.aws.clients import dynamodb_parameters, from_dynamodb
from mytoken_calendars.aws.dynamodb import entries
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.identifiers import mom_id_of, short_mom_id
from tests.harness import hostile_words
from tests.harness.examples import DAY, MOM_ID, NOW, OTHER_MOM_ID, subscription

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
mom_ids = st.uuids().map(mom_id_of)
times = st.integers(0, limits.LATEST_TIME)
subscriptions = st.builds(
    Subscription,
    mom_id=mom_ids,
    name=hostile_words.token_names | texts,
    created=times,
    expires=times,
    ancestors=st.lists(mom_ids.map(short_mom_id), max_size=limits.ANCESTORS).map(tuple),
    comment=hostile_words.comments | texts,
    added=st.integers(0, 1000 * limits.LATEST_TIME),
    changed=times,
    changes=st.integers(0, 2**31),
    weight=st.integers(0, limits.CALENDAR_WEIGHT),
)
HOSTILE = [
    '"',
    "\\",
    '","',
    "]",
    '"],["x',
    "\n",
    "\x00",
    "\u2028",
    "\ufeff",
    "🙂",
    "語",
    "{}",
    "null",
]


def by_short_id(*tokens: Subscription) -> dict[str, Subscription]:
    return {token.short_id: token for token in tokens}


@given(st.lists(subscriptions, max_size=5, unique_by=lambda one: one.short_id))
def test_tokens_are_read_as_they_were_stored(tokens: list[Subscription]) -> None:
    stored = entries.packed_all(by_short_id(*tokens))

    read = entries.unpacked(stored)

    assert read == by_short_id(*tokens)
    for one in read.values():
        assert type(one) is Subscription
        assert type(one.ancestors) is tuple


@given(st.lists(subscriptions, max_size=5, unique_by=lambda one: one.short_id))
def test_tokens_pass_through_dynamodbs_types(tokens: list[Subscription]) -> None:
    packed = entries.packed_all(by_short_id(*tokens))

    item = from_dynamodb(dynamodb_parameters({"Item": {"tokens": packed}})["Item"])

    assert item["tokens"] == packed


@pytest.mark.parametrize("word", HOSTILE, ids=ascii)
def test_a_hostile_word_stays_in_its_own_field(word: str) -> None:
    one = subscription(name=word, comment=word * 3)
    other = subscription(mom_id=OTHER_MOM_ID, name="other")

    read = entries.unpacked(entries.packed_all(by_short_id(one, other)))

    assert read == by_short_id(one, other)


def test_an_entry_is_an_array_without_what_its_key_says() -> None:
    token = subscription(comment="é", ancestors=("a" * 16,))

    assert entries.packed(token) == (
        f'["{MOM_ID[16:]}","ci",{token.created},{token.expires},["{"a" * 16}"],"é",'
        f"{token.added},{token.changed},0,{token.weight}]"
    )
    assert entries.packed_all(by_short_id(token)) == {MOM_ID[:16]: entries.packed(token)}


def test_equal_tokens_have_equal_entries_and_others_have_not() -> None:
    tokens = [
        subscription(),
        subscription(name="other"),
        subscription(comment="other"),
        subscription(created=NOW),
        subscription(expires=NOW + DAY),
        subscription(ancestors=("a" * 16,)),
        subscription(added=NOW),
        subscription(changed=NOW),
        subscription(changes=1),
        subscription(weight=1),
    ]

    assert entries.packed(subscription()) == entries.packed(tokens[0])
    assert len({entries.packed(token) for token in tokens}) == len(tokens)


def test_no_tokens_are_none() -> None:
    assert entries.packed_all({}) == {}
    assert entries.unpacked({}) == {}


@pytest.mark.parametrize("first", [MOM_ID, OTHER_MOM_ID])
def test_tokens_are_in_the_order_of_adding_also_within_a_second(first: str) -> None:
    second = OTHER_MOM_ID if first == MOM_ID else MOM_ID
    later = subscription(mom_id=second, added=NOW * 1000 + 1)
    earlier = subscription(mom_id=first, added=NOW * 1000)

    read = entries.unpacked(entries.packed_all(by_short_id(later, earlier)))

    assert [one.mom_id for one in read.values()] == [first, second]


@given(st.permutations([mom_id_of(UUID(int=number)) for number in range(6)]))
def test_tokens_of_one_moment_are_in_the_order_of_their_mom_ids(mom_ids: list[str]) -> None:
    tokens = by_short_id(*(subscription(mom_id=mom_id) for mom_id in mom_ids))

    read = entries.unpacked(entries.packed_all(tokens))

    assert [one.mom_id for one in read.values()] == sorted(mom_ids)


def test_an_entry_that_is_damaged_is_a_fault() -> None:
    stored = entries.packed_all(by_short_id(subscription()))

    with pytest.raises(json.JSONDecodeError):
        entries.unpacked({short_id: text[:-1] for short_id, text in stored.items()})
    with pytest.raises(ValueError, match="argument 2"):
        entries.unpacked({short_id: f"{text},[]" for short_id, text in stored.items()})
