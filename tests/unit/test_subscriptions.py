"""A subscription: what it keeps of a token, and what it becomes when the token is added again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.errors import InvalidRequest
from mytoken_calendars.identifiers import short_mom_id
from tests.harness.examples import DAY, MOM_ID, NOW, OTHER_MOM_ID, record

NOW_MS = NOW * 1000 + 999


def added(comment: str = "", at: int = NOW_MS, **token: object) -> Subscription:
    return Subscription.of(record(**token), comment, added=at)


def test_a_new_subscription_has_what_a_feed_shows_of_the_token() -> None:
    assert added("nightly", ancestors=(OTHER_MOM_ID,)) == Subscription(
        mom_id=MOM_ID,
        name="ci",
        created=NOW - DAY,
        expires=NOW + 30 * DAY,
        ancestors=(short_mom_id(OTHER_MOM_ID),),
        comment="nightly",
        added=NOW_MS,
        changed=NOW,
        changes=0,
        weight=weight.of_token("ci", "nightly", 1),
    )


def test_a_token_without_a_name_has_an_empty_one() -> None:
    assert added(name=None).name == ""


@pytest.mark.parametrize("name", ["ci", "", None, "語" * 100])
@pytest.mark.parametrize("comment", ["", "🙂" * 1024])
@pytest.mark.parametrize("ancestors", [(), (OTHER_MOM_ID,) * 20])
def test_a_subscription_weighs_what_its_texts_and_ancestors_do(
    name: str | None, comment: str, ancestors: tuple[str, ...]
) -> None:
    one = added(comment, name=name, ancestors=ancestors)

    assert one.weight == weight.of_token(name or "", comment, len(ancestors))


def test_a_subscription_is_known_by_the_beginning_of_its_mom_id() -> None:
    assert added().short_id == MOM_ID[:16]


def test_when_a_token_was_added_is_known_in_seconds_too() -> None:
    assert added().added_at == NOW


@pytest.mark.parametrize(
    ("expires", "words"), [(None, "never expires"), (NOW - 1, "already expired")]
)
def test_a_token_without_an_expiry_to_come_is_refused(expires: int | None, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        added(expires=expires)


def test_a_token_in_the_last_second_of_its_life_is_taken() -> None:
    assert added(expires=NOW).expires == NOW


@pytest.mark.parametrize("comment", ["", "nightly"])
@pytest.mark.parametrize("at", [NOW_MS, NOW_MS + DAY * 1000, NOW_MS - DAY * 1000])
def test_nothing_new_leaves_a_subscription_as_it_is(at: int, comment: str) -> None:
    known = added("nightly")

    assert known.renewed(added(comment, at)) == known


@pytest.mark.parametrize(
    "change",
    [
        {"comment": "weekly"},
        {"name": "new"},
        {"name": None},
        {"created": NOW},
        {"expires": NOW + 60 * DAY},
        {"ancestors": (OTHER_MOM_ID,)},
    ],
)
def test_what_is_new_replaces_what_was_known_and_counts_as_a_change(
    change: dict[str, object],
) -> None:
    again = added(**{"comment": "nightly", "at": NOW_MS + DAY * 1000, **change})

    renewed = added("nightly")._replace(changes=3).renewed(again)

    assert renewed == again._replace(added=NOW_MS, changed=NOW + DAY, changes=4)


@pytest.mark.parametrize(
    "change",
    [
        {"comment": "x" * 1024},
        {"name": "語" * 100},
        {"name": None},
        {"ancestors": (OTHER_MOM_ID,) * 20},
    ],
)
def test_a_change_is_weighed_anew(change: dict[str, object]) -> None:
    known = added("nightly")._replace(weight=7)

    renewed = known.renewed(added(**{"comment": "nightly", **change}))

    assert renewed.weight == weight.of_token(renewed.name, renewed.comment, len(renewed.ancestors))


def test_what_does_not_change_keeps_the_weight_that_it_was_found_to_have() -> None:
    known = added("nightly")._replace(weight=7)

    assert known.renewed(added("nightly")).weight == 7
    assert known.renewed(added(expires=NOW + 60 * DAY)).weight == added("nightly").weight


def test_an_empty_comment_leaves_the_old_one_when_something_else_is_new() -> None:
    renewed = added("nightly").renewed(added(name="new"))

    assert (renewed.name, renewed.comment) == ("new", "nightly")


@given(st.lists(st.integers(-2 * DAY, 2 * DAY), max_size=5))
def test_the_time_of_a_change_never_falls_when_the_clock_goes_back(clock: list[int]) -> None:
    steps = [added()]
    for number, seconds in enumerate(clock):
        steps.append(steps[-1].renewed(added(str(number), NOW_MS + seconds * 1000)))

    changed = [step.changed for step in steps]
    assert changed == sorted(changed)
    assert [step.changes for step in steps] == [*range(len(steps))]
