"""Requests that race while AWS is in turbulence: exact winners, and answers that stay true."""

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from typing import Any

import pytest

from tests.harness.reliability.racing import Race, Timed, refused, statuses, timed
from tests.harness.reliability.variants import ONE_USE, REVOKES, ROTATES
from tests.harness.stacks import DAY, Answer, Token
from tests.harness.steps import (
    Document,
    add,
    calendars,
    changes_of,
    create,
    create_feed,
    delete,
    events,
    feeds,
    owner,
    summaries,
)
from tests.harness.token_uses import USES, Person, claims, successor

PATIENCE = 20  # seconds, with what should soon be gone

# --- for a name, and for the place in a calendar --------------------------------------------------


def test_of_many_who_create_a_calendar_of_one_name_one_succeeds(race: Race) -> None:
    names = [*islice(cycle(["one", "ONE", "One", "oNe"]), race.threads)]

    for person in race.rounds("same name"):
        (answers,) = race.at_once([partial(_create, person, name) for name in names])

        (created,) = [answer.json for answer in answers if answer.status == 201]
        assert statuses(answers) == {201: 1, 409: race.threads - 1}
        assert calendars(race.stack, person.keeper) == [person.calendar, created]
        assert race.stack.feed(created).status == 200


def test_many_who_add_one_token_all_succeed_and_give_one_event(race: Race) -> None:
    for person in race.rounds("same token"):
        (answers,) = race.at_once([partial(_add, person, person.other)] * race.threads)

        added = {**person.calendar, "subscribed_tokens": [person.other.mom_id]}
        assert statuses(answers) == {200: race.threads}
        assert [answer.json for answer in answers] == [added] * race.threads
        assert calendars(race.stack, person.keeper) == [added]
        assert len(events(race.stack.feed(person.calendar))) == 1
        assert changes_of(race.stack, person.calendar, person.other.mom_id) == 0


def test_of_many_who_add_different_tokens_all_are_there(race: Race) -> None:
    for person in race.rounds("different tokens"):
        tokens = _minted(person, race.threads)

        (answers,) = race.at_once([partial(_add, person, token) for token in tokens])

        (listed,) = calendars(race.stack, person.keeper)
        assert statuses(answers) == {200: race.threads}
        assert all(
            token.mom_id in answer.json["subscribed_tokens"]
            for token, answer in zip(tokens, answers, strict=True)
        )
        assert sorted(listed["subscribed_tokens"]) == sorted(token.mom_id for token in tokens)
        assert len(events(race.stack.feed(person.calendar))) == race.threads


def test_of_comments_that_race_each_is_counted_and_one_remains(race: Race) -> None:
    comments = [f"comment {number}" for number in range(race.threads)]

    for person in race.rounds("comments"):
        _add(person, person.other)

        (answers,) = race.at_once([partial(_add, person, person.other, c) for c in comments])

        (event,) = events(race.stack.feed(person.calendar))
        accepted = [c for c, answer in zip(comments, answers, strict=True) if answer.status == 200]
        assert {*statuses(answers)} <= {200, 503}
        changes = changes_of(race.stack, person.calendar, person.other.mom_id)
        assert changes == len(accepted) > 0
        assert event["description"].partition("\n")[0] in accepted


@pytest.mark.parametrize(
    "some",
    [
        ("create_calendar", "add_token", "delete_calendar"),
        ("remove_token", "update_calendar", "update_feed"),
        ("create_feed", "delete_feed", "reset_feed"),
    ],
    ids=" ".join,
)
def test_of_many_with_one_key_all_get_the_answer_of_the_one_that_is_done(
    race: Race, some: tuple[str, ...]
) -> None:
    operations, limits = cycle(some), cycle((REVOKES, {}, ONE_USE, REVOKES))

    for person in race.rounds("same Idempotency-Key"):
        operation, token = next(operations), person.mint(**next(limits))
        key, request = {"idempotency-key": "a-key"}, USES[operation].request(person)
        asking = partial(race.stack.invoke, operation, token, headers=key, **request)

        (answers,) = race.at_once([asking] * race.threads)

        assert answers[0].status < 300
        assert len({(answer.status, answer.body) for answer in answers}) == 1
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


def test_of_many_who_rename_calendars_to_one_name_one_succeeds(race: Race) -> None:
    names = [*islice(cycle(["one", "ONE", "One", "oNe"]), race.threads)]

    for person in race.rounds("rename to one name"):
        made = [create(race.stack, person.keeper, f"Calendar {n}") for n in range(race.threads)]

        (answers,) = race.at_once(
            [partial(_update, person, c, name=n) for c, n in zip(made, names, strict=True)]
        )

        listed = {one["id"]: one for one in calendars(race.stack, person.keeper)}
        (renamed,) = [answer.json for answer in answers if answer.status == 200]
        others = [one for one in made if one["id"] != renamed["id"]]
        assert statuses(answers) == {200: 1, **({409: len(others)} if others else {})}
        assert renamed == listed[renamed["id"]]
        assert [listed[one["id"]] for one in others] == others
        assert {race.stack.feed(one).status for one in made} == {200}


def test_adds_and_renames_of_one_calendar_all_succeed(race: Race) -> None:
    names = [f"Calendar {number}" for number in range(race.threads // 2)]

    for person in race.rounds("rename beside adds"):
        tokens = _minted(person, race.threads - len(names))

        renamed, added = race.at_once(
            [partial(_update, person, person.calendar, name=name) for name in names],
            [partial(_add, person, token, name=person.calendar["id"]) for token in tokens],
        )

        (listed,) = calendars(race.stack, person.keeper)
        assert {*statuses([*renamed, *added])} == {200}
        assert listed["name"] in names
        assert sorted(listed["subscribed_tokens"]) == sorted(token.mom_id for token in tokens)
        assert len(events(race.stack.feed(person.calendar))) == len(tokens)


def test_a_calendar_that_is_renamed_is_in_every_list_and_always_found_by_its_id(race: Race) -> None:
    names = [f"Calendar {number}" for number in range(6)]

    for person in race.rounds("list beside renames"):
        renaming = [partial(_update, person, person.calendar, name=name) for name in names]
        (renamed,), lists, found = race.at_once(
            [partial(_in_turn, renaming)],
            [partial(_lists, person, 6)] * (race.threads // 2),
            [partial(_in_turn, [partial(_feeds_of, person)] * 6)] * ((race.threads - 1) // 2),
        )

        in_turn = [person.calendar["name"], *names]
        assert statuses(renamed) == {200: len(names)}
        assert {answer.status for one in found for answer in one} <= {200}
        for looks in lists:
            listed = [look.answer.json["calendars"] for look in looks]
            assert [[one["id"] for one in each] for each in listed] == [[person.calendar["id"]]] * 6
            shown = [in_turn.index(one["name"]) for each in listed for one in each]
            assert shown == sorted(shown)


def test_a_token_that_is_added_and_removed_at_once_is_there_once_or_not_at_all(race: Race) -> None:
    for person in race.rounds("remove while adding"):
        added, removed = race.at_once(
            [partial(_add, person, person.other)] * (race.threads // 2),
            [partial(_remove, person, person.other)] * (race.threads // 2),
        )

        (listed,) = calendars(race.stack, person.keeper)
        tokens = listed.get("subscribed_tokens", [])
        assert (statuses(added), statuses(removed)) == (
            {200: race.threads // 2},
            {204: race.threads // 2},
        )
        assert tokens in ([], [person.other.mom_id])
        assert len(events(race.stack.feed(person.calendar))) == len(tokens)
        assert _remove(person, person.other).status == 204
        assert events(race.stack.feed(person.calendar)) == []


# --- for the feeds of a calendar ------------------------------------------------------------------


def test_of_many_who_reset_a_feed_the_last_has_its_one_address(race: Race) -> None:
    for person in race.rounds("reset at once"):
        _add(person, person.other)
        feed = create_feed(race.stack, person.keeper, person.calendar, detail="name")

        (answers,) = race.at_once([partial(_reset, person, feed)] * race.threads)

        given = [answer.json for answer in answers if answer.status == 200]
        _, left = feeds(race.stack, person.keeper, person.calendar)
        assert {*statuses(answers)} <= {200, 503}
        assert left in given
        assert len({one["ics_path"] for one in (feed, *given)}) == len(given) + 1
        assert {race.stack.feed(one).status for one in (feed, *given) if one != left} == {410}
        assert len(events(race.stack.feed(left))) == 1
        assert [{**one, "ics_path": ""} for one in given] == [{**feed, "ics_path": ""}] * len(given)


def test_an_address_is_never_served_after_the_answer_to_its_reset(race: Race) -> None:
    for person in race.rounds("feed while it is reset"):
        _add(person, person.other)
        (feed,) = feeds(race.stack, person.keeper, person.calendar)

        (reset,), looks = race.at_once(
            [lambda p=person, f=feed: timed(partial(_reset, p, f))],
            [partial(_feeds_until_gone, person)] * race.threads,
        )

        (listed,) = calendars(race.stack, person.keeper)
        seen = [look for one in [*looks, _feeds(person, 1)] for look in one]
        assert reset.answer.status == 200
        assert listed["ics_path"] == reset.answer.json["ics_path"]
        assert {look.answer.status for look in seen} <= {200, 410}
        assert {look.answer.status for look in seen if look.began > reset.ended} == {410}
        assert len(events(race.stack.feed(listed))) == 1


def test_feeds_that_are_made_while_tokens_are_added_show_all_of_them(race: Race) -> None:
    """None keeps an ETag of before, for which it would answer 304 for ever."""
    for person in race.rounds("feeds beside adds"):
        tokens = _minted(person, (race.threads + 1) // 2)

        added, made = race.at_once(
            [partial(_add, person, token) for token in tokens],
            [partial(_made_and_polled, person)] * min(race.threads - len(tokens), 16),
        )

        everything = {token.mom_id[:8] for token in tokens}
        assert statuses(added) == {200: len(tokens)}
        assert {answer.status for answer, _ in made} == {201}
        for answer, first in made:
            again = race.stack.feed(answer.json, headers={"if-none-match": first.headers["etag"]})
            assert _mom_ids(first if again.status == 304 else again) == everything


def test_a_feed_whose_style_changes_is_always_in_one_of_its_styles(race: Race) -> None:
    for person in race.rounds("feed while its style changes"):
        _add(person, person.mint(expires_in=100 * DAY))
        feed = create_feed(race.stack, person.keeper, person.calendar, days=[99])
        styles = [{"days": [days + 1], "label": str(days)} for days in range(race.threads)]

        changed, looks = race.at_once(
            [partial(_update_feed, person, feed, **style) for style in styles],
            [partial(_polls, person, feed, 5)] * 2,
        )

        _, left = feeds(race.stack, person.keeper, person.calendar)
        given = [answer.json for answer in changed if answer.status == 200]
        texts: dict[str, str] = {}
        for look in [look for one in looks for look in one]:
            etag = look.headers["etag"]
            assert texts.setdefault(etag, look.text) == look.text
        assert {*statuses(changed)} <= {200, 503}
        possible = [[99], *(style["days"] for style in styles)]
        assert [text for text in texts.values() if _days(text) not in possible] == []
        assert left in given
        assert _days(race.stack.feed(left).text) == left["days"]
        before = _sequence(race.stack.feed(person.calendar))
        assert _sequence(race.stack.feed(left)) == before + len(given)


def test_feeds_that_are_made_while_their_calendar_is_deleted_are_gone_with_it(race: Race) -> None:
    for person in race.rounds("feeds while deleting"):
        number = min(race.threads - 1, 16)

        (deleted,), made = race.at_once(
            [partial(_delete, person)], [partial(_create_feed, person)] * number
        )

        assert deleted.status == 204
        assert {*statuses(made)} <= {201, 404}
        assert calendars(race.stack, person.keeper) == []
        addresses = [answer.json for answer in made if answer.status == 201]
        assert {race.stack.feed(one).status for one in [person.calendar, *addresses]} == {410}


def test_a_feed_that_is_reset_while_all_is_tidied_shows_what_lives(race: Race) -> None:
    for person in race.rounds("reset while tidying"):
        dead = _minted(person, 2)
        for token in (*dead, person.other):
            _add(person, token)
        for token in dead:
            _revoke(person, token)
        (feed,) = feeds(race.stack, person.keeper, person.calendar)
        tidying = partial(race.stack.store.tidy, owner(person.user), int(time.time()))

        reset, _, looks = race.at_once(
            [partial(_reset, person, feed)] * (race.threads // 2),
            [tidying] * ((race.threads + 1) // 2),
            [partial(_lists, person, 3)],
        )

        assert tidying()
        (left,) = feeds(race.stack, person.keeper, person.calendar)
        given = [answer.json for answer in reset if answer.status == 200]
        listed = [look.answer.json["calendars"][0] for one in looks for look in one]
        assert {*statuses(reset)} <= {200, 503}
        assert left in given
        assert {race.stack.feed(one).status for one in (feed, *given) if one != left} == {410}
        assert {*map(tuple, (one["subscribed_tokens"] for one in listed))} == {
            (person.other.mom_id,)
        }
        assert len(events(race.stack.feed(left))) == 1


# --- for the uses of a token ----------------------------------------------------------------------

MANY_USES = {"restrictions": [{"usages_other": 1000}]}


@pytest.mark.parametrize("uses", [1, 3])
def test_of_many_who_race_for_some_uses_as_many_get_them(race: Race, uses: int) -> None:
    winners = min(uses, race.threads)

    for person in race.rounds(f"a token for {uses} uses"):
        token = person.mint(restrictions=[{"usages_other": uses}])

        (answers,) = race.at_once(_uses(person, token, race.threads))

        assert refused(answers) == [(403, "usage_restricted")] * (race.threads - winners)
        assert person.done(token) == [winners]


@pytest.mark.parametrize(
    ("limits", "scenario"),
    [
        pytest.param(ROTATES, "a rotating token", id="rotating"),
        pytest.param(REVOKES, "a token with auto_revoke", id="revoked-when-replayed"),
        pytest.param(
            {**REVOKES, **MANY_USES}, "a token with auto_revoke, counted", id="and-counted"
        ),
    ],
)
def test_of_many_who_race_with_a_rotating_token_one_gets_its_successor_which_is_alive(
    race: Race, limits: Mapping[str, Any], scenario: str
) -> None:
    for person in race.rounds(scenario):
        token = person.mint(**limits)
        for seq_no in (2, 3):
            (answers,) = race.at_once(_uses(person, token, race.threads))

            (won,) = [answer for answer in answers if answer.status < 400]
            token = successor(won)
            assert refused(answers) == [(401, "invalid_token")] * (race.threads - 1)
            assert not [a for a in answers if a.status == 401 and "token_update" in a.json]
            assert claims(token)["seq_no"] == seq_no
            assert person.introspect(token).status == 200


# --- against an end -------------------------------------------------------------------------------


def test_of_many_who_delete_a_calendar_while_others_add_to_it_one_succeeds(race: Race) -> None:
    for person in race.rounds("add while deleting"):
        tokens = _minted(person, race.threads // 2)
        adding = [partial(_add, person, token) for token in tokens]

        deleted, added = race.at_once([partial(_delete, person)] * len(tokens), adding)

        assert sorted(answer.status for answer in deleted) == [204, *[404] * (len(tokens) - 1)]
        assert {*statuses(added)} <= {200, 404}
        assert calendars(race.stack, person.keeper) == []
        assert race.stack.feed(person.calendar).status == 410


def test_adding_to_a_calendar_that_is_deleted_and_made_again_never_mixes_the_two(
    race: Race,
) -> None:
    for person in race.rounds("add while it is deleted and made again"):
        adding = [partial(_add, person, token) for token in _minted(person, race.threads - 1)]

        _, added = race.at_once([partial(_make_anew, person)], adding)

        (second,) = calendars(race.stack, person.keeper)
        assert second["ics_path"] != person.calendar["ics_path"]
        assert race.stack.feed(person.calendar).status == 410
        assert len(events(race.stack.feed(second))) == len(second.get("subscribed_tokens", []))
        assert {*statuses(added)} <= {200, 404}


def test_a_feed_is_never_given_out_after_the_answer_to_its_deletion(race: Race) -> None:
    for person in race.rounds("feed while it is deleted"):
        _add(person, person.other)

        (deleted,), looks = race.at_once(
            [lambda p=person: timed(partial(_delete, p))],
            [partial(_feeds_until_gone, person)] * race.threads,
        )

        # Once more: those who saw that it is gone may all have done so before the answer came.
        seen = [look for one in [*looks, _feeds(person, 1)] for look in one]
        assert deleted.answer.status == 204
        assert {look.answer.status for look in seen} <= {200, 410}
        assert {look.answer.status for look in seen if look.began > deleted.ended} == {410}


def test_a_revoked_token_is_not_added_nor_given_out_after_the_answer_to_its_revocation(
    race: Race,
) -> None:
    for person in race.rounds("revoke while adding, and while the feed is fetched"):
        parents = _minted(person, (race.threads + 1) // 2)
        children = [person.mint("AT", parent=p.mom_id, name=p.mom_id) for p in parents]

        added, revoked, looks = race.at_once(
            [partial(_add, person, child) for child in children],
            [partial(timed, partial(_revoke, person, parent)) for parent in parents],
            [partial(_feeds, person, 5)] * 2,
        )

        seen = [look for one in looks for look in one]
        ends = {p.mom_id: one.ended for p, one in zip(parents, revoked, strict=True)}
        again = [_add(person, child) for child in children]
        assert {*statuses(added)} <= {200, 403}
        assert {one.answer.status for one in revoked} == {204}
        assert not [
            mom_id
            for look in seen
            for mom_id, ended in ends.items()
            if look.began > ended and any(mom_id in s for s in summaries(look.answer))
        ]
        assert refused(again) == [(403, "invalid_grant")] * len(children)
        assert events(race.stack.feed(person.calendar)) == []
        assert calendars(race.stack, person.keeper) == [person.calendar]


def test_a_list_has_what_was_made_before_it_and_nothing_from_after_it(race: Race) -> None:
    names = [f"Calendar {number}" for number in range((race.threads + 1) // 2)]

    for person in race.rounds("list beside creates"):
        made, lists = race.at_once(
            [partial(timed, partial(_create, person, name)) for name in names],
            [partial(_lists, person, 4)] * (race.threads - len(names)),
        )

        assert {one.answer.status for one in made} == {201}
        for look in (look for one in lists for look in one):
            assert look.answer.status == 200
            shown = {calendar["name"] for calendar in look.answer.json["calendars"]}
            before = {n for n, one in zip(names, made, strict=True) if one.ended < look.began}
            later = {n for n, one in zip(names, made, strict=True) if one.began > look.ended}
            assert {person.calendar["name"], *before} <= shown
            assert shown.isdisjoint(later)
        assert len(calendars(race.stack, person.keeper)) == len(names) + 1


def test_lists_and_feeds_show_a_calendar_as_at_one_moment(race: Race) -> None:
    for person in race.rounds("lists and feeds beside adds in turn"):
        tokens = [person.mint(name=f"{number:02}") for number in range(6)]
        adding = [partial(_add, person, token) for token in tokens]

        (added,), lists, feeds = race.at_once(
            [partial(_in_turn, adding)],
            [partial(_lists, person, 6)] * (race.threads // 2),
            [partial(_feeds, person, 6)] * ((race.threads - 1) // 2),
        )

        in_turn = [token.mom_id for token in tokens]
        listed = [look.answer.json["calendars"][0] for one in lists for look in one]
        fed = [summaries(look.answer) for one in feeds for look in one]
        assert statuses(added) == {200: len(tokens)}
        assert [c for c in listed if not _begins(in_turn, c.get("subscribed_tokens", []))] == []
        assert [f for f in fed if not _begins(range(6), [int(s[:2]) for s in f])] == []


def test_whatever_is_mixed_list_and_feeds_agree(race: Race) -> None:
    for person in race.rounds("everything mixed"):
        acts = _mixed(person, race.chance)

        (results,) = race.at_once(
            [partial(_in_turn, [*islice(acts, 5)]) for _ in range(race.threads)]
        )

        answers = [answer for one in results for answer in one]
        assert {*statuses(answers)} <= {200, 201, 204, 403, 404, 409, 503}
        for calendar in calendars(race.stack, person.keeper):
            shown = len(calendar.get("subscribed_tokens", []))
            first, *others = feeds(race.stack, person.keeper, calendar)
            assert first["ics_path"].split("/")[-2] == calendar["ics_path"].split("/")[-2]
            assert {len(events(race.stack.feed(one))) for one in (first, *others)} == {shown}


# --- how it is done -------------------------------------------------------------------------------


def _create(person: Person, name: str) -> Answer:
    return person.stack.invoke("create_calendar", person.keeper, json={"name": name})


def _add(person: Person, token: Token, comment: str = "", name: str | None = None) -> Answer:
    added = {"mom_id": token.mom_id, "comment": comment}
    path = {"calendar": name or person.calendar["name"]}
    return person.stack.invoke("add_token", person.keeper, path=path, json=added)


def _delete(person: Person, name: str | None = None) -> Answer:
    path = {"calendar": name or person.calendar["name"]}
    return person.stack.invoke("delete_calendar", person.keeper, path=path)


def _revoke(person: Person, token: Token, *, recursive: bool = True) -> Answer:
    revoked = {"mom_id": token.mom_id, "recursive": recursive}
    return person.stack.invoke("revoke_token", person.keeper, json=revoked)


def _update(person: Person, calendar: Document, **fields: str) -> Answer:
    path = {"calendar": calendar["id"]}
    return person.stack.invoke("update_calendar", person.keeper, path=path, json=fields)


def _remove(person: Person, token: Token, name: str | None = None) -> Answer:
    path, body = {"calendar": name or person.calendar["id"]}, {"mom_id": token.mom_id}
    return person.stack.invoke("remove_token", person.keeper, path=path, json=body)


def _create_feed(person: Person, name: str | None = None) -> Answer:
    path = {"calendar": name or person.calendar["id"]}
    return person.stack.invoke("create_feed", person.keeper, path=path, json={})


def _reset(person: Person, feed: Document) -> Answer:
    path = {"calendar": person.calendar["id"], "feed": feed["id"]}
    return person.stack.invoke("reset_feed", person.keeper, path=path)


def _update_feed(person: Person, feed: Document, **wish: Any) -> Answer:
    path = {"calendar": person.calendar["id"], "feed": feed["id"]}
    return person.stack.invoke("update_feed", person.keeper, path=path, json=wish)


def _feeds_of(person: Person) -> Answer:
    path = {"calendar": person.calendar["id"]}
    return person.stack.invoke("list_feeds", person.keeper, path=path)


def _change_a_feed(person: Person, name: str, operation: str, number: float) -> Answer:
    """Of those that the calendar has now, one whose place is so far in the list, from 0 to 1."""
    found = person.stack.invoke("list_feeds", person.keeper, path={"calendar": name})
    if found.status != 200:
        return found
    feed = found.json["feeds"][int(number * len(found.json["feeds"]))]
    path = {"calendar": name, "feed": feed["id"]}
    body = {"detail": "minimal", "days": [int(number * 100)]} if operation == "update_feed" else {}
    return person.stack.invoke(operation, person.keeper, path=path, json=body)


def _made_and_polled(person: Person) -> tuple[Answer, Answer]:
    made = _create_feed(person)
    return made, person.stack.feed(made.json)


def _polls(person: Person, feed: Document, number: int) -> list[Answer]:
    return [person.stack.feed(feed) for _ in range(number)]


def _mom_ids(feed: Answer) -> set[str]:
    """As much of them as a feed shows."""
    return {*re.findall(r"begins with (\S{8})", feed.text.replace("\r\n ", ""))}


def _days(text: str) -> list[int]:
    """How many days ahead the alarms of a feed's one event are."""
    return [int(days) for days in re.findall(r"TRIGGER;RELATED=START:-P(\d+)D", text)]


def _sequence(feed: Answer) -> int:
    (event,) = events(feed)
    return int(event["sequence"])


def _list(person: Person) -> Answer:
    return person.stack.invoke("list_calendars", person.keeper)


def _lists(person: Person, number: int) -> list[Timed]:
    return [timed(partial(_list, person)) for _ in range(number)]


def _feeds(person: Person, number: int) -> list[Timed]:
    return [timed(partial(person.stack.feed, person.calendar)) for _ in range(number)]


def _feeds_until_gone(person: Person) -> list[Timed]:
    """Those that are fetched, with two more after the first that is gone."""
    fetched: list[Timed] = []
    end = time.monotonic() + PATIENCE
    while not fetched or (fetched[-1].answer.status == 200 and time.monotonic() < end):
        fetched += _feeds(person, 1)
    return [*fetched, *_feeds(person, 2)]


def _make_anew(person: Person, *tokens: Token) -> Document:
    """The calendar that takes the place of the person's, with these tokens in it."""
    delete(person.stack, person.keeper, person.calendar)
    calendar = create(person.stack, person.keeper, person.calendar["name"])
    for token in tokens:
        calendar = add(person.stack, person.keeper, calendar, token.mom_id)
    return calendar


def _uses(person: Person, token: Token, number: int) -> list[Callable[[], Answer]]:
    """Uses of the token for a calendar, or to list all, by turns."""
    arrived = time.time()  # of all: the gateway has them before the first is done
    uses = islice(cycle(("list_calendars", "create_calendar")), number)
    return [partial(person.use, use, token, arrived=arrived) for use in uses]


def _mixed(person: Person, chance: random.Random) -> Iterator[Callable[[], Answer]]:
    """Whatever can be done to two calendars, and to tokens that are in them or not."""
    parents = _minted(person, 3)
    children = [person.mint("AT", parent=p.mom_id) for p in parents for _ in range(3)]
    while True:
        name = chance.choice(["one", "two"])
        act = chance.choices(
            [
                partial(_create, person, name),
                partial(_delete, person, name),
                partial(_add, person, chance.choice(children), chance.choice("abc"), name),
                partial(_revoke, person, chance.choice(parents), recursive=chance.random() < 0.5),
                partial(_list, person),
                partial(_remove, person, chance.choice(children), name),
                partial(_update, person, {"id": name}, name=chance.choice(["one", "two", "three"])),
                partial(_create_feed, person, name),
                partial(_change_a_feed, person, name, "update_feed", chance.random()),
                partial(_change_a_feed, person, name, "reset_feed", chance.random()),
                partial(_change_a_feed, person, name, "delete_feed", chance.random()),
            ],
            weights=[12, 8, 40, 3, 3, 6, 4, 6, 3, 3, 3],
        )
        yield from act


def _in_turn(acts: Iterable[Callable[[], Answer]]) -> list[Answer]:
    return [act() for act in acts]


def _begins(whole: Sequence[Any], part: Sequence[Any]) -> bool:
    return [*whole[: len(part)]] == [*part]


def _minted(person: Person, number: int) -> list[Token]:
    return [person.mint() for _ in range(number)]
