"""create_calendar: a new, empty calendar, once for each name."""

import json
import re
from typing import Any
from uuid import UUID

import pytest

from tests.harness.stacks import CORS, PUBLIC_URL, Stack
from tests.harness.steps import calendars, create, secret_of

pytestmark = pytest.mark.usefixtures("emptied")

LARGEST_BODY = 64 * 1024


def test_create_answers_201_with_the_calendar_object(stack: Stack) -> None:
    token = stack.mint()

    answer = stack.invoke("create_calendar", token, json={"name": "CI Mytokens"})

    assert answer.status == 201
    assert answer.undated == {
        **CORS,
        "content-type": "application/json",
        "cache-control": "no-store",
    }
    assert answer.json.keys() == {"id", "name", "ics_path", "tags"}
    assert UUID(answer.json["id"]).version == 4
    assert answer.json["name"] == "CI Mytokens"
    address = rf"{PUBLIC_URL}/calendars/[A-Za-z0-9]{{32}}/CI%20Mytokens\.ics"
    assert re.fullmatch(address, answer.json["ics_path"])


def test_a_new_calendar_is_listed_found_by_name_and_has_an_empty_feed(stack: Stack) -> None:
    token = stack.mint()

    created = create(stack, token)

    found = stack.invoke("get_calendar", token, path={"calendar": created["name"]})
    feed = stack.feed(created)
    assert calendars(stack, token) == [created]
    assert found.headers["location"] == created["ics_path"]
    assert feed.status == 200
    assert "BEGIN:VEVENT" not in feed.text


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"form": {"name": "a+b c&d=é"}}, id="form"),
        pytest.param({"json": {"name": "a+b c&d=é"}}, id="json"),
        pytest.param(
            {
                "json": {"name": "a+b c&d=é"},
                "headers": {"content-type": 'Application/JSON; charset="UTF-8"'},
            },
            id="json-with-charset",
        ),
        pytest.param(
            {"json": {"name": "a+b c&d=é"}, "headers": {"content-type": None}},
            id="json-without-content-type",
        ),
        pytest.param({"json": {"name": "a+b c&d=é", "color": "red"}}, id="json-with-more-fields"),
        pytest.param({"body": '{"name": "a+b c&d=é"}'}, id="json-unescaped"),
        pytest.param({"form": {"name": "a+b c&d=é", "color": "red"}}, id="form-with-more-fields"),
    ],
)
def test_the_name_comes_as_json_or_as_form(stack: Stack, request_: dict[str, Any]) -> None:
    token = stack.mint()

    answer = stack.invoke("create_calendar", token, **request_)

    assert answer.status == 201
    assert answer.json["name"] == "a+b c&d=é"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a", id="one-character"),
        pytest.param("x" * 128, id="128-characters"),
        pytest.param("😀" * 128, id="128-emoji"),
        pytest.param("two  words", id="spaces"),
        pytest.param("1+1=2 & more; \"quoted\", 'too'", id="punctuation"),
        pytest.param("Übergröße ÷ Привет 日本語 עברית", id="many-scripts"),
        pytest.param("🚀 release 🇪🇺", id="emoji"),
        pytest.param("...", id="three-dots"),
        pytest.param("~:@!$()*,[]{}<>|^`", id="symbols"),
    ],
)
def test_the_name_is_shown_and_found_as_it_was_given(stack: Stack, name: str) -> None:
    token = stack.mint()

    created = create(stack, token, name)

    found = stack.invoke("get_calendar", token, path={"calendar": name})
    assert created["name"] == name
    assert [calendar["name"] for calendar in calendars(stack, token)] == [name]
    assert found.headers["location"] == created["ics_path"]


def test_a_decomposed_name_is_shown_composed(stack: Stack) -> None:
    token = stack.mint()

    created = create(stack, token, "Cafe\N{COMBINING ACUTE ACCENT}")

    assert created["name"] == "Café"


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        pytest.param("CI Mytokens", "CI Mytokens", id="equal"),
        pytest.param("CI Mytokens", "ci mYTOKENS", id="other-case"),
        pytest.param("Café", "Cafe\N{COMBINING ACUTE ACCENT}", id="other-normal-form"),
        pytest.param("CAFÉ", "cafe\N{COMBINING ACUTE ACCENT}", id="other-case-and-normal-form"),
        pytest.param("Straße", "STRASSE", id="folded-to-two-letters"),
        pytest.param("ΑΣ", "ας", id="final-sigma"),
    ],
)
def test_a_name_that_exists_is_a_conflict_and_changes_nothing(
    stack: Stack, name: str, twin: str
) -> None:
    token = stack.mint()
    created = create(stack, token, name)

    answer = stack.invoke("create_calendar", token, json={"name": twin})

    assert (answer.status, answer.json["error"]) == (409, "conflict")
    assert calendars(stack, token) == [created]
    assert stack.feed(created).status == 200


def test_names_that_only_look_alike_are_two(stack: Stack) -> None:
    token = stack.mint()

    names = [create(stack, token, name)["name"] for name in ("2 a", "2  a", "² a", "２ a")]

    assert sorted(c["name"] for c in calendars(stack, token)) == sorted(names)


def test_two_users_may_have_the_same_name_at_different_addresses(stack: Stack) -> None:
    alice, bob = stack.mint(), stack.mint()

    of_alice, of_bob = create(stack, alice, "Mine"), create(stack, bob, "Mine")

    assert of_alice["ics_path"] != of_bob["ics_path"]
    assert calendars(stack, alice) == [of_alice]
    assert calendars(stack, bob) == [of_bob]


def test_all_tokens_of_a_user_see_the_same_calendars(stack: Stack, user: str) -> None:
    one, other = stack.mint(user=user), stack.mint(user=user)

    created = create(stack, one)

    assert calendars(stack, other) == [created]


def test_every_calendar_has_an_address_of_its_own(stack: Stack) -> None:
    token = stack.mint()

    addresses = {secret_of(create(stack, token, f"Calendar {number}")) for number in range(5)}

    assert len(addresses) == 5


def test_a_body_of_exactly_64_kib_is_read(stack: Stack) -> None:
    token = stack.mint()
    body = json.dumps({"name": "large"}).encode().ljust(LARGEST_BODY)

    answer = stack.invoke("create_calendar", token, body=body)

    assert len(body) == LARGEST_BODY
    assert answer.status == 201


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"x-forwarded-host": "evil.example"}, {"forwarded": "host=evil"}],
    ids=lambda headers: next(iter(headers)),
)
def test_no_header_moves_the_address_elsewhere(stack: Stack, headers: dict[str, str]) -> None:
    token = stack.mint()

    answer = stack.invoke("create_calendar", token, json={"name": "Mine"}, headers=headers)

    assert answer.json["ics_path"].startswith(f"{PUBLIC_URL}/calendars/")
