"""create_calendar as newer clients ask for it, which know of no names: a description, or tags."""

from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.identifiers import is_calendar_id
from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import Document, before_each, calendars, create, error

pytestmark = pytest.mark.usefixtures("emptied")

MALFORMED = (400, "invalid_request")


@pytest.fixture
def token(stack: Stack, user: str) -> Token:
    return stack.mint(user=user)


def ask(stack: Stack, token: Token, **fields: Any) -> Answer:
    return stack.invoke("create_calendar", token, json=fields)


def described(stack: Stack, token: Token, description: str) -> Document:
    answer = ask(stack, token, description=description)
    assert answer.status == 201, answer.text
    document: Document = answer.json
    return document


def title(stack: Stack, calendar: Document) -> str:
    """The name that the feed shows in calendar apps."""
    lines = stack.feed(calendar).text.replace("\r\n ", "").splitlines()
    (name,) = (line.partition(":")[2] for line in lines if line.startswith("X-WR-CALNAME:"))
    return name


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("For the release", "For the release"),
        ("first line\nsecond", "first line"),
        ("first line\r\nsecond", "first line"),
        ("  padded\t", "padded"),
        ("a/b\\c?d#e%f", "a-b-c-d-e-f"),
        ("a\tb", "a-b"),
        ("a\u202eb", "a-b"),
        ("x" * 1024, "x" * limits.NAME_FROM_DESCRIPTION),
        ("x" * 119 + " y", "x" * 119),
        ("e\N{COMBINING ACUTE ACCENT}", "é"),
        ("🚀 日本", "🚀 日本"),
        ("", "Mytokens"),
        ("\nsecond", "Mytokens"),
        (" ", "Mytokens"),
        ("..", "Mytokens"),
        ("00000000-0000-4000-8000-000000000000", "Mytokens"),
    ],
    ids=ascii,
)
def test_its_name_is_the_first_line_of_its_description(
    stack: Stack, token: Token, description: str, name: str
) -> None:
    calendar = described(stack, token, description)

    found = stack.invoke("get_calendar", token, path={"calendar": name})
    assert calendar["name"] == name
    assert calendar.get("description", "") == description.replace("\r\n", "\n")
    assert found.headers["location"] == calendar["ics_path"]
    assert calendars(stack, token) == [calendar]


@pytest.mark.parametrize(
    "request_",
    [
        {"body": b'{"tags":null}\n'},
        {"json": {"tags": []}},
        {"json": {"tags": ["ci"]}},
        {"json": {"description": None}},
        {"json": {"description": "", "tags": None}},
        {"json": {"description": None, "name": None}},
        {"form": {"description": ""}},
    ],
    ids=str,
)
def test_a_calendar_without_a_description_is_called_mytokens(
    stack: Stack, token: Token, request_: dict[str, Any]
) -> None:
    answer = stack.invoke("create_calendar", token, **request_)

    assert (answer.status, answer.json["name"]) == (201, "Mytokens")
    assert is_calendar_id(answer.json["id"])
    assert "description" not in answer.json
    assert isinstance(answer.json["tags"], list)


@pytest.mark.parametrize(
    "body", [b"{}", b"null\n", b"", b'{"name": null}', b'{"name": ""}', b'{"title": "x"}']
)
def test_a_body_without_any_of_the_fields_is_refused(
    stack: Stack, token: Token, body: bytes
) -> None:
    before = stack.dump()

    assert error(stack.invoke("create_calendar", token, body=body)) == MALFORMED
    assert stack.dump() == before


def test_an_empty_name_is_refused_beside_a_description(stack: Stack, token: Token) -> None:
    assert error(ask(stack, token, name="", description="x")) == MALFORMED


def test_a_name_that_is_taken_gets_a_number(stack: Stack, token: Token) -> None:
    create(stack, token, "MYTOKENS 3")

    made = [ask(stack, token, tags=None).json["name"] for _ in range(3)]

    assert made == ["Mytokens", "Mytokens 2", "Mytokens 4"]


def test_the_longest_name_has_room_for_a_number(stack: Stack, token: Token) -> None:
    made = [described(stack, token, "x" * 200)["name"] for _ in range(2)]

    assert made == ["x" * limits.NAME_FROM_DESCRIPTION, "x" * limits.NAME_FROM_DESCRIPTION + " 2"]


def test_of_two_at_once_each_gets_a_name(stack: Stack, token: Token) -> None:
    client = stack.door("create_calendar", "store").table.client

    with before_each(client, "TransactWriteItems", lambda: described(stack, token, "a")):
        calendar = described(stack, token, "a")

    assert calendar["name"] == "a 2"
    assert [one["name"] for one in calendars(stack, token)] == ["a", "a 2"]


def test_its_name_stays_and_the_title_follows_the_description(stack: Stack, token: Token) -> None:
    calendar = described(stack, token, "first")

    changed = _put(stack, token, calendar, description="second\nline")

    assert changed["name"] == "first"
    assert changed["ics_path"] == calendar["ics_path"]
    assert title(stack, calendar) == "second"
    assert title(stack, _put(stack, token, calendar, description="")) == "Mytokens"


def test_once_it_is_renamed_the_title_is_the_name(stack: Stack, token: Token) -> None:
    calendar = described(stack, token, "first")

    _put(stack, token, calendar, name="Nightly")
    _put(stack, token, calendar, description="third")

    assert title(stack, calendar) == "Nightly"


def test_a_calendar_with_a_name_keeps_it_as_its_title(stack: Stack, token: Token) -> None:
    calendar = create(stack, token, "Nightly", description="first")

    _put(stack, token, calendar, description="second")

    assert title(stack, calendar) == "Nightly"


def test_a_repeated_request_makes_no_second_calendar(stack: Stack, token: Token) -> None:
    request: dict[str, Any] = {"json": {"tags": None}, "headers": {"idempotency-key": "k"}}

    first, again = (stack.invoke("create_calendar", token, **request) for _ in range(2))

    assert (first.status, again.status) == (201, 201)
    assert calendars(stack, token) == [first.json] == [again.json]


def _put(stack: Stack, token: Token, calendar: Document, **fields: Any) -> Document:
    path = {"calendar": calendar["id"]}
    answer = stack.invoke("update_calendar", token, path=path, json=fields)
    assert answer.status == 200, answer.text
    document: Document = answer.json
    return document
