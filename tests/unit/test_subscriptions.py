"""A subscription: what it keeps of a token, and what it becomes when the token is added again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.errors import InvalidRequest
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
        ancestors=(OTHER_MOM_ID,),
        comment="nightly",
        added=NOW_MS,
        changed=NOW,
        changes=0,
    )


def test_a_token_without_a_name_has_an_empty_one() -> None:
    assert added(name=None).name == ""


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
