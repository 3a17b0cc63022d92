"""Tags of a user, and what becomes of a calendar whose tags a client wishes for."""

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from mytoken_calendars import limits
from mytoken_calendars.calendars.calendar import Calendar
from mytoken_calendars.calendars.tags import NO_TAGS, Tag, Tags
from mytoken_calendars.calendars.wish import Wish
from mytoken_calendars.errors import LimitReached, NoSuchTag, Outdated, TagExists
from mytoken_calendars.identifiers import Owner

NIGHTLY, WEEKLY = Tag("1" * 16, "nightly", "00FF00"), Tag("2" * 16, "weekly", "0000FF")
BOTH = Tags("v", {tag.id: tag for tag in (NIGHTLY, WEEKLY)})
CI = Calendar("an-id", Owner("o" * 40), "CI", ())


@dataclass(frozen=True)
class FakeStore:
    """The tags that an owner has when they are looked at once more."""

    found: Tags

    def tags(self, owner: Owner) -> Tags:
        return self.found


def granted(wish: Wish, found: Tags, *tags: Tag) -> tuple[Calendar, Tags]:
    """What is granted to a calendar that was found with these tags."""
    return wish.granted(replace(CI, tags=tags), cast("Any", FakeStore(found)))


# --- of a user ------------------------------------------------------------------------------------


def test_naming_tags_makes_those_that_are_none_yet() -> None:
    tags = BOTH.with_names(["daily", "nightly", "daily"])

    assert sorted(tag.name for tag in tags.by_id.values()) == ["daily", "nightly", "weekly"]
    assert (tags.version, tags.are_new) == ("v", True)


def test_naming_a_tag_that_there_is_changes_nothing() -> None:
    assert BOTH.with_names(["weekly", "nightly"], "FF0000") == BOTH


def test_a_user_has_at_most_100_tags() -> None:
    full = NO_TAGS.with_names([f"tag {number}" for number in range(limits.TAGS)])

    assert full.with_names(["tag 0"]) is full
    with pytest.raises(LimitReached):
        full.with_names(["one more"])


def test_a_tag_that_is_renamed_stays_the_same_one() -> None:
    assert BOTH.changed("nightly", "daily", None).by_id[NIGHTLY.id] == NIGHTLY._replace(
        name="daily"
    )


def test_a_tag_does_not_get_the_name_of_another() -> None:
    with pytest.raises(TagExists):
        BOTH.changed("nightly", "weekly", None)


def test_an_empty_colour_is_the_first_one_again() -> None:
    first = NO_TAGS.with_names(["nightly"]).named(["nightly"])[0].color

    assert BOTH.changed("nightly", None, "").named(["nightly"])[0].color == first


def test_a_tag_that_was_deleted_is_none_of_a_calendars() -> None:
    left = BOTH.without("nightly")

    assert left.of_ids([NIGHTLY.id, WEEKLY.id]) == (WEEKLY,)
    with pytest.raises(NoSuchTag):
        left.without("nightly")


# --- of a calendar --------------------------------------------------------------------------------


def test_a_tag_is_added_behind_those_that_are_there() -> None:
    calendar, tags = granted(Wish(with_tag="weekly"), BOTH, NIGHTLY)

    assert calendar.tags == (NIGHTLY, WEEKLY)
    assert not tags.are_new


def test_a_tag_is_taken_away_without_a_look_at_all_of_them() -> None:
    assert granted(Wish(without_tag="nightly"), NO_TAGS, NIGHTLY, WEEKLY)[0].tags == (WEEKLY,)


@pytest.mark.parametrize("tags", [None, ()])
def test_tags_stay_unless_they_are_wished_for(tags: tuple[str, ...] | None) -> None:
    calendar, _ = granted(Wish(description="new", tags=tags), BOTH, NIGHTLY)

    assert calendar.tags == ((NIGHTLY,) if tags is None else ())


def test_a_calendar_has_at_most_20_tags() -> None:
    names = tuple(f"tag {number}" for number in range(limits.TAGS_OF_CALENDAR))
    full = granted(Wish(tags=names), NO_TAGS)[1]
    tags = full.named(names)

    assert granted(Wish(with_tag="tag 0"), full, *tags)[0].tags == tags
    with pytest.raises(LimitReached):
        granted(Wish(with_tag="one more"), full, *tags)


def test_a_tag_that_gets_the_wished_name_meanwhile_is_not_there_twice() -> None:
    renamed = {NIGHTLY.id: NIGHTLY._replace(name="weekly")}

    with pytest.raises(Outdated):
        granted(Wish(with_tag="weekly"), Tags("v", renamed), NIGHTLY)


@pytest.mark.parametrize(
    ("wish", "is_unnamed"), [(Wish(description="new"), True), (Wish(name="new"), False)]
)
def test_a_calendar_that_nobody_has_named_is_so_until_it_is_renamed(
    wish: Wish, *, is_unnamed: bool
) -> None:
    calendar, _ = wish.granted(replace(CI, is_unnamed=True), cast("Any", FakeStore(NO_TAGS)))

    assert calendar.is_unnamed == is_unnamed
