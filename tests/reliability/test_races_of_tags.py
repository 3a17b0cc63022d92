"""Tags that several change at once, and calendars that take them meanwhile."""

from functools import partial
from itertools import cycle, islice
from typing import Any

from mytoken_calendars import limits
from tests.harness.reliability.racing import Race, statuses
from tests.harness.stacks import Answer
from tests.harness.steps import Document, calendars, create
from tests.harness.token_uses import Person

TAG, OTHER = "nightly", "weekly"


def test_many_who_make_one_tag_make_one(race: Race) -> None:
    for person in race.rounds("same tag"):
        (answers,) = race.at_once([partial(_make, person, TAG)] * race.threads)

        assert {*statuses(answers)} <= {204, 503}
        assert _names(person) == [TAG]


def test_of_many_who_make_different_tags_all_are_there(race: Race) -> None:
    names = [f"tag {number:02}" for number in range(race.threads)]

    for person in race.rounds("different tags"):
        (answers,) = race.at_once([partial(_make, person, name) for name in names])

        made = [name for name, one in zip(names, answers, strict=True) if one.status == 204]
        assert {*statuses(answers)} <= {204, 503}
        assert _names(person) == made


def test_calendars_that_take_tags_at_once_have_them_and_share_them(race: Race) -> None:
    names = [*islice(cycle([TAG, OTHER]), race.threads)]

    for person in race.rounds("calendars take tags"):
        made = _calendars(person, race.threads)

        (answers,) = race.at_once(
            [partial(_take, person, one, name) for one, name in zip(made, names, strict=True)]
        )

        taken = [[n] if a.status == 204 else [] for n, a in zip(names, answers, strict=True)]
        assert {*statuses(answers)} <= {204, 503}
        assert _tags_of(person, made) == taken
        assert {*_names(person)} == {name for some in taken for name in some}


def test_of_many_tags_of_one_calendar_all_are_there_up_to_the_limit(race: Race) -> None:
    names = [f"tag {number:02}" for number in range(race.threads)]

    for person in race.rounds("tags of one calendar"):
        (answers,) = race.at_once([partial(_take, person, person.calendar, n) for n in names])

        taken = [name for name, one in zip(names, answers, strict=True) if one.status == 204]
        (shown,) = _tags_of(person, [person.calendar])
        assert {*statuses(answers)} <= {204, 400, 503}
        assert sorted(shown) == _names(person) == taken
        assert len(taken) <= limits.TAGS_OF_CALENDAR


def test_a_tag_that_is_renamed_while_calendars_take_it_is_one_of_the_two_in_each(
    race: Race,
) -> None:
    for person in race.rounds("rename a tag while it is taken"):
        _make(person, TAG)
        made = _calendars(person, race.threads - 1)

        (renamed,), taken = race.at_once(
            [partial(_update, person, TAG, tag=OTHER)],
            [partial(_take, person, calendar, TAG) for calendar in made],
        )

        shown = _tags_of(person, made)
        assert (renamed.status, {*statuses(taken)} <= {204, 503}) == (204, True)
        assert all(some in ([TAG], [OTHER]) for some in _successes(taken, shown))
        assert {OTHER, *(name for some in shown for name in some)} == {*_names(person)}


def test_of_many_who_rename_a_tag_one_succeeds(race: Race) -> None:
    names = [f"tag {number:02}" for number in range(race.threads)]

    for person in race.rounds("rename a tag"):
        _take(person, person.calendar, TAG)

        (answers,) = race.at_once([partial(_update, person, TAG, tag=name) for name in names])

        (won,) = [n for n, one in zip(names, answers, strict=True) if one.status == 204]
        assert {*statuses(answers)} <= {204, 404, 503}
        assert _names(person) == [won]
        assert _tags_of(person, [person.calendar]) == [[won]]


def test_of_many_tags_that_are_to_have_one_name_one_gets_it(race: Race) -> None:
    names = [f"tag {number:02}" for number in range(race.threads)]

    for person in race.rounds("one name for many tags"):
        for name in names:
            _make(person, name)

        (answers,) = race.at_once([partial(_update, person, name, tag=TAG) for name in names])

        (won,) = [n for n, one in zip(names, answers, strict=True) if one.status == 204]
        assert {*statuses(answers)} <= {204, 409, 503}
        assert _names(person) == sorted({TAG, *names} - {won})


def test_a_tag_that_is_updated_while_it_is_deleted_is_not_there_again(race: Race) -> None:
    for person in race.rounds("update a tag while it is deleted"):
        _take(person, person.calendar, TAG)

        deleted, painted = race.at_once(
            [partial(_delete, person, TAG)] * ((race.threads + 1) // 2),
            [partial(_update, person, TAG, color="00FF00")] * (race.threads // 2),
        )

        assert statuses(deleted)[204] == 1
        assert {*statuses([*deleted, *painted])} <= {204, 404, 503}
        assert _names(person) == []
        assert _tags_of(person, [person.calendar]) == [[]]


def test_a_tag_that_is_deleted_while_calendars_take_it_is_in_all_lists_or_in_none(
    race: Race,
) -> None:
    for person in race.rounds("delete a tag while it is taken"):
        _make(person, TAG)
        made = _calendars(person, race.threads - 1)

        (deleted,), taken = race.at_once(
            [partial(_delete, person, TAG)],
            [partial(_take, person, calendar, TAG) for calendar in made],
        )

        shown = _tags_of(person, made)
        assert (deleted.status, {*statuses(taken)} <= {204, 503}) == (204, True)
        assert _names(person) == sorted({name for some in shown for name in some})


def test_of_many_calendars_without_a_name_each_gets_its_own(race: Race) -> None:
    for person in race.rounds("no names"):
        (answers,) = race.at_once([partial(_create_unnamed, person)] * race.threads)

        made = [answer.json["name"] for answer in answers if answer.status == 201]
        assert {*statuses(answers)} <= {201, 503}
        assert len({*made}) == len(made) > 0
        assert [one["name"] for one in calendars(race.stack, person.keeper)] == sorted(
            [person.calendar["name"], *made], key=str.casefold
        )


# --- how it is done -------------------------------------------------------------------------------


def _calendars(person: Person, number: int) -> list[Document]:
    return [create(person.stack, person.keeper, f"Calendar {n:02}") for n in range(number)]


def _make(person: Person, tag: str) -> Answer:
    return person.stack.invoke("create_tag", person.keeper, path={"tag": tag})


def _update(person: Person, tag: str, /, **fields: Any) -> Answer:
    return person.stack.invoke("update_tag", person.keeper, path={"tag": tag}, json=fields)


def _delete(person: Person, tag: str) -> Answer:
    return person.stack.invoke("delete_tag", person.keeper, path={"tag": tag})


def _take(person: Person, calendar: Document, tag: str) -> Answer:
    path = {"calendar": calendar["id"]}
    return person.stack.invoke("tag_calendar", person.keeper, path=path, json={"tag": tag})


def _create_unnamed(person: Person) -> Answer:
    return person.stack.invoke("create_calendar", person.keeper, json={"tags": None})


def _names(person: Person) -> list[str]:
    """Those of all tags of the person."""
    answer = person.stack.invoke("list_tags", person.keeper)
    return [tag["tag"] for tag in answer.json["tags"]]


def _tags_of(person: Person, made: list[Document]) -> list[list[str]]:
    """The names of the tags that each calendar has now."""
    listed = {one["id"]: one["tags"] for one in calendars(person.stack, person.keeper)}
    return [[tag["tag"] for tag in listed[one["id"]]] for one in made]


def _successes(answers: list[Answer], shown: list[list[str]]) -> list[list[str]]:
    return [some for answer, some in zip(answers, shown, strict=True) if answer.status == 204]
