"""get_calendar: leads from the name of a calendar to its feed, and changes nothing."""

import pytest

from tests.harness.stacks import CORS, Stack
from tests.harness.steps import create

pytestmark = pytest.mark.usefixtures("emptied")


def test_get_redirects_to_the_feed_without_a_body(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token)

    answer = stack.invoke("get_calendar", token, path={"calendar": "CI Mytokens"})

    assert (answer.status, answer.body) == (302, b"")
    assert answer.undated == {**CORS, "location": calendar["ics_path"], "cache-control": "no-store"}


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        pytest.param("CI Mytokens", "ci mytokens", id="other-case"),
        pytest.param("Café", "Cafe\N{COMBINING ACUTE ACCENT}", id="other-normal-form"),
        pytest.param("Straße", "STRASSE", id="folded-to-two-letters"),
    ],
)
def test_a_calendar_is_found_by_whatever_would_be_in_conflict_with_it(
    stack: Stack, name: str, asked: str
) -> None:
    token = stack.mint()
    calendar = create(stack, token, name)

    answer = stack.invoke("get_calendar", token, path={"calendar": asked})

    assert (answer.status, answer.headers["location"]) == (302, calendar["ics_path"])


def test_a_plus_in_the_path_is_a_plus(stack: Stack) -> None:
    token = stack.mint()
    plus = create(stack, token, "a+b")
    space = create(stack, token, "a b")

    answers = [
        stack.invoke("get_calendar", token, path={"calendar": name}) for name in ("a+b", "a b")
    ]

    locations = [answer.headers["location"] for answer in answers]
    assert locations == [plus["ics_path"], space["ics_path"]]


def test_looking_up_a_calendar_changes_nothing(stack: Stack) -> None:
    token = stack.mint()
    create(stack, token)
    before = stack.dump()

    stack.invoke("get_calendar", token, path={"calendar": "CI Mytokens"})

    assert stack.dump() == before


def test_the_read_form_of_the_capability_is_enough(stack: Stack, user: str) -> None:
    calendar = create(stack, stack.mint(user=user))
    reader = stack.mint("read@manage_mytokens:notify", user=user)

    answer = stack.invoke("get_calendar", reader, path={"calendar": "CI Mytokens"})

    assert answer.headers["location"] == calendar["ics_path"]
