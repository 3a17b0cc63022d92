"""Requests that another one overtakes, between what they read and what they write."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import (
    add,
    before_each,
    calendars,
    changes_of,
    create,
    create_feed,
    delete,
    error,
    events,
    feeds,
    subscriptions,
    summaries,
)

pytestmark = pytest.mark.usefixtures("emptied")

NAME = "CI Mytokens"
CHANGES: dict[str, dict[str, Any]] = {
    "create_calendar": {"json": {"name": "new"}},
    "add_token": {"path": {"calendar": NAME}, "json": {"mom_id": ""}},
    "update_calendar": {"path": {"calendar": NAME}, "json": {"name": "new"}},
    "remove_token": {"path": {"calendar": NAME}, "json": {"mom_id": ""}},
    "create_feed": {"path": {"calendar": NAME}},
    "delete_calendar": {"path": {"calendar": NAME}},
}
OF_A_FEED = ("update_feed", "reset_feed", "delete_feed")


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("recursive", [True, False], ids=["recursive", "plain"])
def test_a_mytoken_that_is_revoked_meanwhile_changes_nothing(
    stack: Stack, user: str, operation: str, *, recursive: bool
) -> None:
    keeper, token = stack.mint(user=user), stack.mint(user=user)
    calendar = create(stack, keeper, NAME)

    with _just_before_the_change(
        stack, operation, lambda: stack.revoke(token, recursive=recursive)
    ):
        answer = stack.invoke(operation, token, **CHANGES[operation])

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert calendars(stack, keeper) == [calendar]


@pytest.mark.parametrize("operation", CHANGES)
def test_a_mytoken_whose_ancestor_is_revoked_meanwhile_changes_nothing(
    stack: Stack, user: str, operation: str
) -> None:
    keeper, ancestor = stack.mint(user=user), stack.mint(user=user)
    token = stack.mint(user=user, parent=stack.mint(user=user, parent=ancestor.mom_id).mom_id)
    calendar = create(stack, keeper, NAME)

    with _just_before_the_change(stack, operation, lambda: stack.revoke(ancestor, recursive=True)):
        answer = stack.invoke(operation, token, **CHANGES[operation])

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert calendars(stack, keeper) == [calendar]


@pytest.mark.parametrize("comment", ["", "a new one"], ids=["for-the-first-time", "again"])
@pytest.mark.parametrize("recursive", [True, False], ids=["with-its-ancestor", "alone"])
def test_a_token_that_is_revoked_while_it_is_added_is_refused(
    stack: Stack, user: str, comment: str, *, recursive: bool
) -> None:
    token, parent = stack.mint(user=user), stack.mint(user=user)
    target = stack.mint(user=user, parent=parent.mom_id)
    calendar = create(stack, token, NAME)
    if comment:
        add(stack, token, calendar, target.mom_id, comment="the old one")
    doomed = parent if recursive else target

    with _just_before_the_change(
        stack, "add_token", lambda: stack.revoke(doomed, recursive=recursive)
    ):
        answer = _add(stack, token, target.mom_id, comment=comment)

    assert (answer.status, answer.json["error"]) == (403, "invalid_grant")
    assert calendars(stack, token) == [calendar]
    assert events(stack.feed(calendar)) == []


def test_a_calendar_that_is_deleted_meanwhile_is_not_found(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)

    with _just_before_the_change(stack, "add_token", lambda: delete(stack, token, calendar)):
        answer = _add(stack, token)

    assert (answer.status, answer.json["error"]) == (404, "not_found")
    assert calendars(stack, token) == []
    assert stack.feed(calendar).status == 410


@pytest.mark.parametrize("known", [True, False], ids=["known-token", "new-token"])
def test_a_token_that_is_added_while_the_calendar_is_made_anew_is_in_the_new_one(
    stack: Stack, *, known: bool
) -> None:
    token = stack.mint(name="mine")
    first = create(stack, token, NAME)
    if known:
        add(stack, token, first, "")

    with _just_before_the_change(stack, "add_token", lambda: _make_anew(stack, token)):
        answer = _add(stack, token)

    (second,) = calendars(stack, token)
    assert (answer.status, answer.json) == (200, second)
    assert second["ics_path"] != first["ics_path"]
    assert summaries(stack.feed(second)) == ["mine: mytoken expires"]
    assert stack.feed(first).status == 410


def test_a_calendar_that_is_made_anew_while_it_is_deleted_is_deleted(stack: Stack) -> None:
    token = stack.mint()
    first = create(stack, token, NAME)
    made: list[dict[str, Any]] = []

    with _just_before_the_change(
        stack, "delete_calendar", lambda: made.append(_make_anew(stack, token))
    ):
        answer = stack.invoke("delete_calendar", token, path={"calendar": NAME})

    assert answer.status == 204
    assert calendars(stack, token) == []
    assert [stack.feed(calendar).status for calendar in (first, *made)] == [410, 410]


def test_a_calendar_that_gets_a_token_while_it_is_deleted_is_deleted_with_it(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)

    with _just_before_the_change(stack, "delete_calendar", lambda: add(stack, token, calendar, "")):
        answer = stack.invoke("delete_calendar", token, path={"calendar": NAME})

    assert answer.status == 204
    assert calendars(stack, token) == []
    assert stack.feed(calendar).status == 410


def test_a_calendar_that_was_deleted_by_another_meanwhile_is_not_found(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)

    with _just_before_the_change(stack, "delete_calendar", lambda: delete(stack, token, calendar)):
        answer = stack.invoke("delete_calendar", token, path={"calendar": NAME})

    assert (answer.status, answer.json["error"]) == (404, "not_found")


@pytest.mark.parametrize("operation", ["update_calendar", "remove_token", "create_feed"])
def test_whatever_is_asked_of_a_calendar_that_is_deleted_meanwhile_is_not_found(
    stack: Stack, operation: str
) -> None:
    token = stack.mint()
    calendar = add(stack, token, create(stack, token, NAME), "")

    with _just_before_the_change(stack, operation, lambda: delete(stack, token, calendar)):
        answer = stack.invoke(operation, token, **CHANGES[operation])

    assert error(answer) == (404, "not_found")
    assert calendars(stack, token) == []
    assert stack.feed(calendar).status == 410


# --- names, and tokens that leave -----------------------------------------------------------------


def test_a_name_that_is_taken_meanwhile_by_a_new_calendar_is_none_of_a_rename(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)

    with _just_before_the_change(stack, "update_calendar", lambda: create(stack, token, "NEW")):
        answer = stack.invoke("update_calendar", token, **CHANGES["update_calendar"])

    assert error(answer) == (409, "conflict")
    assert calendar in calendars(stack, token)


@pytest.mark.parametrize(("by", "status"), [("name", 404), ("id", 200)])
def test_of_two_renames_the_later_one_holds_if_it_names_the_id(
    stack: Stack, by: str, status: int
) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)
    theirs = {"path": {"calendar": NAME}, "json": {"name": "theirs"}}

    with _just_before_the_change(
        stack, "update_calendar", lambda: stack.invoke("update_calendar", token, **theirs)
    ):
        answer = stack.invoke(
            "update_calendar", token, path={"calendar": calendar[by]}, json={"name": "mine"}
        )

    assert answer.status == status
    assert [one["name"] for one in calendars(stack, token)] == [
        "mine" if status == 200 else "theirs"
    ]


def test_of_a_new_name_and_a_new_description_both_hold(stack: Stack) -> None:
    token = stack.mint()
    path = {"calendar": create(stack, token, NAME)["id"]}

    with _just_before_the_change(
        stack,
        "update_calendar",
        lambda: stack.invoke("update_calendar", token, path=path, json={"description": "x"}),
    ):
        answer = stack.invoke("update_calendar", token, path=path, json={"name": "new"})

    assert calendars(stack, token) == [answer.json]
    assert (answer.json["name"], answer.json["description"]) == ("new", "x")


def test_a_name_that_a_calendar_gets_meanwhile_is_its_title_whatever_describes_it(
    stack: Stack,
) -> None:
    token = stack.mint()
    calendar = stack.invoke("create_calendar", token, json={"description": "first"}).json
    path = {"calendar": calendar["id"]}

    def name() -> None:
        stack.invoke("update_calendar", token, path=path, json={"name": "first"})

    with _just_before_the_change(stack, "update_calendar", name):
        answer = stack.invoke("update_calendar", token, path=path, json={"description": "second"})

    assert (answer.status, answer.json["name"]) == (200, "first")
    assert "\r\nX-WR-CALNAME:first\r\n" in stack.feed(calendar).text


def test_a_token_that_is_added_while_the_calendar_is_renamed_is_in_it(stack: Stack) -> None:
    token = stack.mint(name="mine")
    calendar = create(stack, token, NAME)

    with _just_before_the_change(stack, "update_calendar", lambda: add(stack, token, calendar, "")):
        answer = stack.invoke("update_calendar", token, **CHANGES["update_calendar"])

    (listed,) = calendars(stack, token)
    assert (answer.status, listed["name"]) == (200, "new")
    assert listed["subscribed_tokens"] == [token.mom_id]
    assert summaries(stack.feed(calendar)) == ["mine: mytoken expires"]


@pytest.mark.parametrize("meanwhile", ["removed", "changed", "revoked", "renamed"])
def test_a_token_that_is_removed_leaves_whatever_happens_to_it_meanwhile(
    stack: Stack, user: str, meanwhile: str
) -> None:
    token, other = stack.mint(user=user), stack.mint(user=user)
    calendar = add(stack, token, create(stack, token, NAME), other.mom_id)
    path, body = {"calendar": calendar["id"]}, {"mom_id": other.mom_id}
    acts: dict[str, Callable[[], object]] = {
        "removed": lambda: stack.invoke("remove_token", token, path=path, json=body),
        "changed": lambda: add(stack, token, calendar, other.mom_id, comment="new"),
        "revoked": lambda: stack.revoke(other),
        "renamed": lambda: stack.invoke("update_calendar", token, path=path, json={"name": "new"}),
    }

    with _just_before_the_change(stack, "remove_token", acts[meanwhile]):
        answer = stack.invoke("remove_token", token, path=path, json=body)

    assert (answer.status, answer.body) == (204, b"")
    assert subscriptions(stack, calendar) == {}
    assert events(stack.feed(calendar)) == []


# --- feeds ----------------------------------------------------------------------------------------


def test_a_feed_that_is_made_while_a_token_is_added_shows_it(stack: Stack) -> None:
    token = stack.mint(name="mine")
    calendar = create(stack, token, NAME)
    made: list[dict[str, Any]] = []

    with _just_before_the_change(
        stack, "add_token", lambda: made.append(create_feed(stack, token, calendar))
    ):
        _add(stack, token)

    shown = [summaries(stack.feed(feed)) for feed in (calendar, *made)]
    assert shown == [["mine: mytoken expires"]] * 2


def test_a_feed_that_a_token_overtakes_shows_it(stack: Stack) -> None:
    token = stack.mint(name="mine")
    calendar = create(stack, token, NAME)

    with _just_before_the_change(stack, "create_feed", lambda: add(stack, token, calendar, "")):
        made = create_feed(stack, token, calendar)

    shown = [summaries(stack.feed(feed)) for feed in (calendar, made)]
    assert shown == [["mine: mytoken expires"]] * 2


@pytest.mark.parametrize("operation", OF_A_FEED)
def test_a_feed_that_is_deleted_meanwhile_is_not_found(stack: Stack, operation: str) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)
    feed = create_feed(stack, token, calendar)
    others, path = Stack(stack.environment), {"calendar": NAME, "feed": feed["id"]}

    with _just_before_the_change(
        stack, operation, lambda: others.invoke("delete_feed", token, path=path)
    ):
        answer = stack.invoke(operation, token, path=path, **_body(operation))

    assert error(answer) == (404, "not_found")
    assert stack.feed(feed).status == 410
    assert len(feeds(stack, token, calendar)) == 1


@pytest.mark.parametrize("operation", OF_A_FEED)
def test_a_feed_that_gets_a_new_address_meanwhile_is_the_one_that_is_asked_for(
    stack: Stack, operation: str
) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)
    feed = create_feed(stack, token, calendar)
    others, path = Stack(stack.environment), {"calendar": NAME, "feed": feed["id"]}
    moved: list[dict[str, Any]] = []

    with _just_before_the_change(
        stack, operation, lambda: moved.append(others.invoke("reset_feed", token, path=path).json)
    ):
        answer = stack.invoke(operation, token, path=path, **_body(operation))

    assert answer.status in (200, 204)
    assert stack.feed(feed).status == 410
    assert stack.feed(moved[0]).status == (200 if operation == "update_feed" else 410)
    assert feeds(stack, token, calendar)[1:] == ([answer.json] if answer.body else [])


def test_a_style_that_is_set_while_the_address_is_reset_is_that_of_the_new_address(
    stack: Stack,
) -> None:
    token = stack.mint()
    feed = create_feed(stack, token, create(stack, token, NAME))
    others, path = Stack(stack.environment), {"calendar": NAME, "feed": feed["id"]}

    with _just_before_the_change(
        stack,
        "reset_feed",
        lambda: others.invoke("update_feed", token, path=path, json={"detail": "name"}),
    ):
        reset = stack.invoke("reset_feed", token, path=path)

    assert (reset.status, reset.json["detail"]) == (200, "name")


def test_of_two_new_styles_both_hold_and_are_counted(stack: Stack) -> None:
    token = stack.mint()
    calendar = add(stack, token, create(stack, token, NAME), "")
    feed = create_feed(stack, token, calendar)
    others, path = Stack(stack.environment), {"calendar": NAME, "feed": feed["id"]}
    (before,) = events(stack.feed(feed))

    with _just_before_the_change(
        stack,
        "update_feed",
        lambda: others.invoke("update_feed", token, path=path, json={"days": [2]}),
    ):
        answer = stack.invoke("update_feed", token, path=path, json={"detail": "name"})

    (after,) = events(stack.feed(feed))
    assert (answer.json["days"], answer.json["detail"]) == ([2], "name")
    assert after["sequence"] == before["sequence"] + 2


# --- names that are taken, and comments -----------------------------------------------------------


def test_a_name_that_is_taken_meanwhile_is_a_conflict(stack: Stack) -> None:
    token = stack.mint()
    taken: list[dict[str, Any]] = []

    with _just_before_the_change(
        stack, "create_calendar", lambda: taken.append(create(stack, token, NAME))
    ):
        answer = stack.invoke("create_calendar", token, json={"name": NAME.upper()})

    assert (answer.status, answer.json["error"]) == (409, "conflict")
    assert calendars(stack, token) == taken


@pytest.mark.parametrize("comment", ["", "mine"], ids=["without", "with"])
def test_a_token_that_another_adds_meanwhile_is_in_it_once(stack: Stack, comment: str) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)

    with _just_before_the_change(
        stack, "add_token", lambda: add(stack, token, calendar, "", comment="theirs")
    ):
        answer = _add(stack, token, comment=comment)

    (event,) = events(stack.feed(calendar))
    assert (answer.status, answer.json["subscribed_tokens"]) == (200, [token.mom_id])
    assert event["description"].startswith(comment or "theirs")
    assert changes_of(stack, calendar, token.mom_id) == (1 if comment else 0)


def test_of_two_new_comments_the_later_one_remains_and_both_are_counted(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token, NAME)
    add(stack, token, calendar, "")

    with _just_before_the_change(
        stack, "add_token", lambda: add(stack, token, calendar, "", comment="theirs")
    ):
        answer = _add(stack, token, comment="mine")

    (event,) = events(stack.feed(calendar))
    assert answer.status == 200
    assert event["description"].startswith("mine")
    assert changes_of(stack, calendar, token.mom_id) == 2


def test_a_calendar_that_is_deleted_while_the_list_is_collected_is_not_in_it(stack: Stack) -> None:
    token = stack.mint()
    client = stack.door("list_calendars", "store").table.client
    first, second = (create(stack, token, name) for name in ("first", "second"))

    with before_each(client, "BatchGetItem", lambda: delete(stack, token, first)):
        answer = stack.invoke("list_calendars", token)

    assert answer.json["calendars"] == [second]


def test_a_token_that_is_revoked_before_the_calendars_are_read_is_in_no_list(
    stack: Stack, user: str
) -> None:
    token, other = stack.mint(user=user), stack.mint(user=user)
    client = stack.door("list_calendars", "store").table.client
    calendar = add(stack, token, create(stack, token), "")
    add(stack, token, calendar, other.mom_id)

    with before_each(client, "Query", lambda: stack.revoke(other)):
        answer = stack.invoke("list_calendars", token)

    assert answer.json["calendars"] == [calendar]


@pytest.mark.usefixtures("impatient")
def test_who_is_overtaken_again_and_again_is_asked_to_come_later(stack: Stack) -> None:
    token, others = stack.mint(), Stack(stack.environment)
    calendar = create(stack, token, NAME)
    words = [lambda n=n: add(others, token, calendar, "", comment=f"{n}") for n in range(99)]

    with _just_before_the_change(stack, "add_token", *words):
        answer = _add(stack, token, comment="mine")

    assert (answer.status, answer.json["error"]) == (503, "temporarily_unavailable")
    assert int(answer.headers["retry-after"]) > 0


def _body(operation: str) -> dict[str, Any]:
    return {"json": {"label": "x"}} if operation == "update_feed" else {}


def _just_before_the_change(
    stack: Stack, operation: str, *acts: Callable[[], object]
) -> AbstractContextManager[None]:
    client = stack.door(operation, "store").table.client
    return before_each(client, "TransactWriteItems", *acts)


def _add(stack: Stack, token: Token, mom_id: str = "", **more: str) -> Answer:
    return stack.invoke(
        "add_token", token, path={"calendar": NAME}, json={"mom_id": mom_id, **more}
    )


def _make_anew(stack: Stack, token: Token) -> dict[str, Any]:
    delete(stack, token, {"name": NAME})
    return create(stack, token, NAME)
