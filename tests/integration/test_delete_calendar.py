"""delete_calendar: a calendar goes, and its feed in the same instant."""

import time

import pytest

from mytoken_calendars.aws.dynamodb import keys
from tests.harness.stacks import CORS, DAY, Stack
from tests.harness.steps import add, calendars, create, delete, overwrite, owner, secret_of

pytestmark = pytest.mark.usefixtures("emptied")


def test_delete_answers_204_without_a_body(stack: Stack) -> None:
    token = stack.mint()
    create(stack, token)

    answer = stack.invoke("delete_calendar", token, path={"calendar": "CI Mytokens"})

    assert (answer.status, answer.body) == (204, b"")
    assert answer.undated == CORS
    assert calendars(stack, token) == []


@pytest.mark.parametrize("name", ["ci mytokens", "CI MYTOKENS"])
def test_a_calendar_is_deleted_by_its_name_in_any_case(stack: Stack, name: str) -> None:
    token = stack.mint()
    create(stack, token, "CI Mytokens")

    answer = stack.invoke("delete_calendar", token, path={"calendar": name})

    assert answer.status == 204
    assert calendars(stack, token) == []


def test_the_feed_is_gone_with_the_next_request_even_for_those_who_know_it(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token)
    add(stack, token, calendar, "")
    known = stack.feed(calendar)

    delete(stack, token, calendar)

    asked = [
        stack.feed(calendar),
        stack.feed(calendar, headers={"accept-encoding": "gzip"}),
        stack.feed(calendar, headers={"if-none-match": known.headers["etag"]}),
        stack.feed(calendar, headers={"if-none-match": "*"}),
    ]
    assert {(feed.status, feed.json["error"]) for feed in asked} == {(410, "gone")}
    assert stack.feed(calendar, method="HEAD").status == 410


def test_the_feed_is_410_for_90_days_and_404_ever_after(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token)
    delete(stack, token, calendar)
    key = keys.feed_head(secret_of(calendar))
    left = stack.store.table.get(key) or {}

    overwrite(stack, key, ttl=int(time.time()) + 60)
    nearly_over = stack.feed(calendar)
    overwrite(stack, key, ttl=int(time.time()) - 1)
    over = stack.feed(calendar)

    assert left["ttl"] - left["deleted"] == 90 * DAY
    assert abs(left["deleted"] - time.time()) < 60
    assert (nearly_over.status, nearly_over.json["error"]) == (410, "gone")
    assert (over.status, over.json["error"]) == (404, "not_found")


def test_nothing_is_left_of_a_deleted_feed_but_when_it_was_deleted(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token)

    delete(stack, token, calendar)

    left = stack.store.table.get(keys.feed_head(secret_of(calendar))) or {}
    assert left.keys() == {"pk", "sk", "deleted", "ttl"}


def test_a_calendar_of_the_same_name_gets_a_new_address_and_no_tokens(stack: Stack) -> None:
    token = stack.mint()
    first = create(stack, token)
    add(stack, token, first, "")
    delete(stack, token, first)

    second = create(stack, token)

    assert second["ics_path"] != first["ics_path"]
    assert stack.feed(first).status == 410
    assert stack.feed(second).status == 200
    assert "BEGIN:VEVENT" not in stack.feed(second).text
    assert calendars(stack, token) == [second]


def test_the_same_token_can_join_a_calendar_of_the_same_name(stack: Stack) -> None:
    token = stack.mint()
    first = create(stack, token)
    add(stack, token, first, "")
    delete(stack, token, first)
    second = create(stack, token)

    added = add(stack, token, second, "")

    assert added == {**second, "subscribed_tokens": [token.mom_id]}
    assert stack.feed(second).text.count("BEGIN:VEVENT") == 1


def test_deleting_makes_room_for_as_many_tokens_as_the_calendar_had(
    stack: Stack, user: str
) -> None:
    token, other = stack.mint(user=user), stack.mint(user=user)
    kept, doomed = create(stack, token, "Kept"), create(stack, token, "Doomed")
    for mom_id in (token.mom_id, other.mom_id):
        add(stack, token, doomed, mom_id)
    add(stack, token, kept, token.mom_id)

    delete(stack, token, doomed)

    head = stack.store.table.get(keys.owner_head(owner(user))) or {}
    left = stack.store.table.get(keys.calendar(kept["id"])) or {}
    assert (head["calendars"], head["weight"]) == (1, left["weight"])


def test_other_calendars_and_their_feeds_stay_as_they_are(stack: Stack) -> None:
    token = stack.mint()
    kept, doomed = create(stack, token, "Kept"), create(stack, token, "Doomed")
    for calendar in (kept, doomed):
        add(stack, token, calendar, "")
    before, listed = stack.feed(kept), calendars(stack, token)

    delete(stack, token, doomed)

    after = stack.feed(kept)
    assert (after.body, after.headers["etag"]) == (before.body, before.headers["etag"])
    assert calendars(stack, token) == [c for c in listed if c["name"] == "Kept"]


def test_a_deleted_calendar_is_not_found_by_any_operation(stack: Stack) -> None:
    token = stack.mint()
    delete(stack, token, create(stack, token))
    path = {"calendar": "CI Mytokens"}

    answers = [
        stack.invoke("get_calendar", token, path=path),
        stack.invoke("add_token", token, path=path, json={"mom_id": ""}),
        stack.invoke("delete_calendar", token, path=path),
    ]

    assert [answer.status for answer in answers] == [404, 404, 404]
