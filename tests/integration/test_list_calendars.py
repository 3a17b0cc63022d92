"""list_calendars: all calendars of the mytoken's owner, with their tokens, and nobody else's."""

import pytest

from tests.harness.stacks import CORS, Stack
from tests.harness.steps import add, calendars, create, delete

pytestmark = pytest.mark.usefixtures("emptied")


def test_somebody_new_has_no_calendars(stack: Stack) -> None:
    token = stack.mint()

    answer = stack.invoke("list_calendars", token)

    assert answer.status == 200
    assert answer.json == {"calendars": []}
    assert answer.undated == {
        **CORS,
        "content-type": "application/json",
        "cache-control": "no-store",
    }


def test_calendars_are_listed_by_name_as_their_documents(stack: Stack, user: str) -> None:
    token, other = stack.mint(user=user), stack.mint(user=user)
    zebra = create(stack, token, "zebra")
    apple = create(stack, token, "Apple")
    add(stack, token, apple, token.mom_id)
    add(stack, token, apple, other.mom_id)

    answer = stack.invoke("list_calendars", token)

    assert [calendar["name"] for calendar in answer.json["calendars"]] == ["Apple", "zebra"]
    listed, empty = answer.json["calendars"]
    assert listed.keys() == {"id", "name", "ics_path", "tags", "subscribed_tokens"}
    assert listed["ics_path"] == apple["ics_path"]
    assert listed["subscribed_tokens"] == [token.mom_id, other.mom_id]
    assert empty == zebra
    assert empty.keys() == {"id", "name", "ics_path", "tags"}


@pytest.mark.parametrize("body", [b"null\n", b"", b"{}", b'{"mytoken": null}', b'{"mytoken": ""}'])
def test_the_list_comes_with_every_body_that_clients_send(stack: Stack, body: bytes) -> None:
    token = stack.mint()
    created = create(stack, token)

    answer = stack.invoke("list_calendars", token, body=body)

    assert (answer.status, answer.json) == (200, {"calendars": [created]})


def test_listing_changes_nothing(stack: Stack) -> None:
    token = stack.mint()
    add(stack, token, create(stack, token), "")
    before = stack.dump()

    stack.invoke("list_calendars", token)

    assert stack.dump() == before


def test_calendars_of_others_are_not_listed(stack: Stack) -> None:
    alice, bob = stack.mint(), stack.mint()
    create(stack, alice, "Alice's")

    listed = calendars(stack, bob)

    assert listed == []


def test_a_deleted_calendar_is_not_listed_nor_are_its_tokens_under_a_namesake(stack: Stack) -> None:
    token = stack.mint()
    kept = create(stack, token, "Kept")
    doomed = create(stack, token, "Doomed")
    add(stack, token, doomed, "")
    delete(stack, token, doomed)
    after_deletion = calendars(stack, token)

    namesake = create(stack, token, "Doomed")

    assert after_deletion == [kept]
    assert calendars(stack, token) == [namesake, kept]
    assert "subscribed_tokens" not in namesake


def test_a_revoked_token_is_not_among_the_subscribed_ones(stack: Stack, user: str) -> None:
    token, doomed = stack.mint(user=user), stack.mint(user=user)
    calendar = create(stack, token)
    add(stack, token, calendar, token.mom_id)
    add(stack, token, calendar, doomed.mom_id)

    stack.revoke(doomed)

    (listed,) = calendars(stack, token)
    assert listed["subscribed_tokens"] == [token.mom_id]


def test_a_calendar_whose_tokens_are_all_revoked_has_none(stack: Stack, user: str) -> None:
    token, doomed = stack.mint(user=user), stack.mint(user=user)
    calendar = create(stack, token)
    add(stack, token, calendar, doomed.mom_id)

    stack.revoke(doomed)

    assert calendars(stack, token) == [calendar]


@pytest.mark.parametrize("recursive", [True, False], ids=["recursive", "plain"])
def test_descendants_leave_with_their_ancestor_only_if_it_is_revoked_recursively(
    stack: Stack, user: str, *, recursive: bool
) -> None:
    token, parent = stack.mint(user=user), stack.mint(user=user)
    child = stack.mint(user=user, parent=parent.mom_id)
    grandchild = stack.mint(user=user, parent=child.mom_id)
    calendar = create(stack, token)
    for one in (parent, child, grandchild):
        add(stack, token, calendar, one.mom_id)

    stack.revoke(parent, recursive=recursive)

    (listed,) = calendars(stack, token)
    remaining = [] if recursive else sorted([child.mom_id, grandchild.mom_id])
    assert sorted(listed.get("subscribed_tokens", [])) == remaining


def test_a_revocation_that_becomes_recursive_later_takes_the_descendants(
    stack: Stack, user: str
) -> None:
    token, parent = stack.mint(user=user), stack.mint(user=user)
    child = stack.mint(user=user, parent=parent.mom_id)
    calendar = create(stack, token)
    add(stack, token, calendar, child.mom_id)

    stack.revoke(parent)
    at_first = calendars(stack, token)
    stack.revoke(parent, recursive=True)
    stack.revoke(parent)

    assert at_first == [{**calendar, "subscribed_tokens": [child.mom_id]}]
    assert calendars(stack, token) == [calendar]
