"""A change is named by an id that never repeats and that DynamoDB takes as its token."""

from uuid import UUID

from mytoken_calendars.changes import Change


def test_a_new_change_has_the_time_it_was_given() -> None:
    assert Change.new(1_800_000_000).at == 1_800_000_000


def test_a_new_change_is_named_by_a_random_uuid() -> None:
    change = Change.new(0)

    assert UUID(change.id).version == 4
    assert len(change.id) <= 36  # the most that a ClientRequestToken has


def test_no_two_changes_have_one_name_even_at_the_same_time() -> None:
    changes = {Change.new(0).id for _ in range(100)}

    assert len(changes) == 100
