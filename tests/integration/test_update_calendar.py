"""update_calendar: another name or description of a calendar, whose addresses and tokens stay."""

from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.calendars import weight
from tests.harness.stacks import CORS, Answer, Stack, Token
from tests.harness.steps import (
    Document,
    add,
    calendars,
    create,
    create_feed,
    delete,
    error,
    feeds,
    owner,
    secret_of,
    summaries,
)
from tests.harness.token_uses import ROTATING, successor, update

pytestmark = pytest.mark.usefixtures("emptied")

NAME, ABOUT = "CI Mytokens", "For the release"
BY_DEFAULT = "When your mytokens expire."
CONFLICT, MALFORMED, NOT_FOUND = (409, "conflict"), (400, "invalid_request"), (404, "not_found")


@pytest.fixture
def token(stack: Stack, user: str) -> Token:
    return stack.mint(user=user, name="mine")


@pytest.fixture
def calendar(stack: Stack, token: Token) -> Document:
    """With a description, and one token in it."""
    return add(stack, token, create(stack, token, NAME, description=ABOUT), "")


def put(stack: Stack, token: Token, of: str = NAME, **fields: Any) -> Answer:
    return stack.invoke("update_calendar", token, path={"calendar": of}, json=fields)


def lines(feed: Answer, *names: str) -> list[str]:
    """The values of these properties of the calendar, unfolded."""
    text = feed.text.replace("\r\n ", "")
    split = [line.partition(":") for line in text.splitlines()]
    return [value for wanted in names for name, _, value in split if name == wanted]


def address(name: str, document: Document) -> str:
    """The address of a calendar or feed with another name in it."""
    return f"{document['ics_path'].rpartition('/')[0]}/{name}.ics"


# --- what it answers ------------------------------------------------------------------------------


def test_it_answers_200_with_the_calendar_and_all_its_tokens(
    stack: Stack, token: Token, calendar: Document
) -> None:
    answer = put(stack, token, name="Nightly", description="x")

    assert answer.status == 200
    assert answer.undated == {
        **CORS,
        "content-type": "application/json",
        "cache-control": "no-store",
    }
    assert answer.json == {
        **calendar,
        "name": "Nightly",
        "description": "x",
        "ics_path": address("Nightly", calendar),
    }
    assert calendars(stack, token) == [answer.json]


@pytest.mark.parametrize("kind", ["json", "form"])
@pytest.mark.parametrize("of", ["name", "id"])
def test_the_fields_come_as_json_or_as_form(
    stack: Stack, token: Token, calendar: Document, kind: str, of: str
) -> None:
    fields: dict[str, Any] = {kind: {"name": "a+b c&d=é", "description": "50 % + 1"}}

    answer = stack.invoke("update_calendar", token, path={"calendar": calendar[of]}, **fields)

    assert (answer.status, answer.json["name"]) == (200, "a+b c&d=é")
    assert answer.json["description"] == "50 % + 1"


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"name": "Nightly"}, {"name": "Nightly"}),
        ({"name": "Nightly", "description": None}, {"name": "Nightly"}),
        ({"description": "x"}, {"description": "x"}),
        ({"description": "x", "name": None}, {"description": "x"}),
        ({"name": NAME, "description": "x"}, {"description": "x"}),
        ({"name": "Nightly", "description": ABOUT}, {"name": "Nightly"}),
    ],
    ids=str,
)
def test_what_is_absent_or_null_stays_as_it_is(
    stack: Stack, token: Token, calendar: Document, fields: Document, changed: Document
) -> None:
    answer = put(stack, token, **fields)

    (listed,) = calendars(stack, token)
    assert answer.status == 200
    assert listed == {**calendar, **changed, "ics_path": listed["ics_path"]}


@pytest.mark.parametrize("fields", [{}, {"name": None}, {"description": None}, {"title": "x"}])
def test_a_change_of_nothing_is_refused(
    stack: Stack, token: Token, calendar: Document, fields: Document
) -> None:
    before = stack.dump()

    assert error(put(stack, token, **fields)) == MALFORMED
    assert stack.dump() == before


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Café"},
        {"name": "Cafe\N{COMBINING ACUTE ACCENT}"},
        {"description": "a\nb"},
        {"description": "a\r\nb"},
        {"name": "Café", "description": "a\rb"},
    ],
    ids=ascii,
)
def test_a_change_to_what_it_is_already_writes_nothing(
    stack: Stack, token: Token, fields: Document
) -> None:
    calendar = create(stack, token, "Café", description="a\nb")
    before, etag = stack.dump(), stack.feed(calendar).headers["etag"]

    answer = put(stack, token, of="Café", **fields)

    assert (answer.status, answer.json) == (200, calendar)
    assert stack.dump() == before
    assert stack.feed(calendar, headers={"if-none-match": etag}).status == 304


# --- another name ---------------------------------------------------------------------------------


def test_a_renamed_calendar_is_found_by_its_new_name_and_its_id_and_not_by_the_old_one(
    stack: Stack, token: Token, calendar: Document
) -> None:
    put(stack, token, name="Nightly")

    found = [
        stack.invoke("get_calendar", token, path={"calendar": of})
        for of in ("Nightly", "NIGHTLY", calendar["id"], NAME)
    ]
    assert [answer.status for answer in found] == [302, 302, 302, 404]
    assert {answer.headers.get("location") for answer in found[:3]} == {
        address("Nightly", calendar)
    }


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("add_token", {"mom_id": ""}),
        ("update_calendar", {"name": "x"}),
        ("remove_token", {"mom_id": ""}),
        ("list_feeds", None),
        ("create_feed", {}),
        ("delete_calendar", None),
    ],
)
def test_every_operation_takes_the_new_name_and_the_id_and_not_the_old_name(
    stack: Stack, token: Token, calendar: Document, operation: str, body: Document | None
) -> None:
    put(stack, token, name="Nightly")
    fields = {} if body is None else {"json": body}

    old, new = (
        stack.invoke(operation, token, path={"calendar": of}, **fields) for of in (NAME, "Nightly")
    )

    assert error(old) == NOT_FOUND
    assert new.status < 300


def test_all_addresses_stay_with_the_old_name_in_them_and_with_the_new_one(
    stack: Stack, token: Token, calendar: Document
) -> None:
    create_feed(stack, token, calendar, detail="name")
    before = feeds(stack, token, calendar)

    renamed = put(stack, token, name="Nightly").json

    after = feeds(stack, token, calendar)
    assert after == [{**feed, "ics_path": address("Nightly", feed)} for feed in before]
    assert renamed["ics_path"] == after[0]["ics_path"]
    for old, new in zip(before, after, strict=True):
        assert stack.feed(old).body == stack.feed(new).body
        assert lines(stack.feed(old), "NAME", "X-WR-CALNAME") == ["Nightly", "Nightly"]
        assert 'filename="Nightly.ics"' in stack.feed(old).headers["content-disposition"]
        assert summaries(stack.feed(new)) == ["mine: mytoken expires"]


def test_a_renamed_calendar_keeps_its_tokens_as_they_were(
    stack: Stack, token: Token, calendar: Document
) -> None:
    before = _events(stack.feed(calendar))

    put(stack, token, name="Nightly")

    assert _events(stack.feed(calendar)) == before


@pytest.mark.parametrize("name", ["ci mytokens", "CI MYTOKENS", "Ci Mytokens"])
@pytest.mark.parametrize("description", [None, "x"])
def test_a_name_that_differs_in_case_alone_is_taken_in_place(
    stack: Stack, token: Token, calendar: Document, name: str, description: str | None
) -> None:
    answer = put(stack, token, name=name, description=description)

    (listed,) = calendars(stack, token)
    assert (answer.status, answer.json["name"], listed["name"]) == (200, name, name)
    assert lines(stack.feed(calendar), "NAME") == [name]
    assert error(stack.invoke("create_calendar", token, json={"name": NAME})) == CONFLICT


@pytest.mark.parametrize("name", ["Taken", "TAKEN", "taken"])
@pytest.mark.parametrize("description", [None, "x"])
def test_a_name_that_is_taken_is_a_conflict(
    stack: Stack, token: Token, calendar: Document, name: str, description: str | None
) -> None:
    create(stack, token, "Taken")
    before = stack.dump()

    answer = put(stack, token, name=name, description=description)

    assert error(answer) == CONFLICT
    assert stack.dump() == before


def test_the_name_of_somebody_elses_calendar_is_free(
    stack: Stack, token: Token, calendar: Document
) -> None:
    create(stack, stack.mint(), "Theirs")

    assert put(stack, token, name="Theirs").status == 200


def test_an_old_name_is_free_at_once(stack: Stack, token: Token, calendar: Document) -> None:
    put(stack, token, name="Nightly")

    second = create(stack, token, NAME)

    assert second["id"] != calendar["id"]
    assert secret_of(second) != secret_of(calendar)
    assert [one["name"] for one in calendars(stack, token)] == [NAME, "Nightly"]


def test_two_calendars_swap_their_names(stack: Stack, token: Token) -> None:
    a, b = (create(stack, token, name) for name in "ab")

    for of, name in ((a["id"], "c"), (b["id"], "a"), ("c", "b")):
        assert put(stack, token, of=of, name=name).status == 200

    assert [(one["name"], one["id"]) for one in calendars(stack, token)] == [
        ("a", b["id"]),
        ("b", a["id"]),
    ]
    assert lines(stack.feed(a), "NAME") == ["b"]
    assert lines(stack.feed(b), "NAME") == ["a"]


def test_calendars_are_listed_by_their_new_names(stack: Stack, token: Token) -> None:
    for name in ("b", "d", "f"):
        create(stack, token, name)

    put(stack, token, of="d", name="A")
    put(stack, token, of="b", name="é")
    put(stack, token, of="f", name="E")

    assert [one["name"] for one in calendars(stack, token)] == ["A", "E", "é"]


def test_a_renamed_calendar_is_deleted_with_its_feeds(
    stack: Stack, token: Token, calendar: Document
) -> None:
    further = create_feed(stack, token, calendar)
    put(stack, token, name="Nightly")

    delete(stack, token, {"name": "Nightly"})

    assert calendars(stack, token) == []
    assert {stack.feed(feed).status for feed in (calendar, further)} == {410}


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "..", "x" * 129, "a\nb", "a\u202eb", 5, [], {}, True], ids=ascii
)
def test_what_is_no_name_is_refused(
    stack: Stack, token: Token, calendar: Document, name: Any
) -> None:
    before = stack.dump()

    answer = put(stack, token, name=name, description="x")

    assert error(answer) == MALFORMED
    assert answer.json["error_description"].startswith("name")
    assert stack.dump() == before


def test_an_id_is_no_name(stack: Stack, token: Token, calendar: Document) -> None:
    assert error(put(stack, token, name=calendar["id"])) == MALFORMED


# --- a description --------------------------------------------------------------------------------


def test_a_description_is_shown_by_the_calendar_and_by_its_feed(
    stack: Stack, token: Token, calendar: Document
) -> None:
    etag = stack.feed(calendar).headers["etag"]

    answer = put(stack, token, description="The nightly builds; ask: ops,\nor nobody")

    feed = stack.feed(calendar, headers={"if-none-match": etag})
    told = "The nightly builds\\; ask: ops\\,\\nor nobody"
    assert answer.json["description"] == "The nightly builds; ask: ops,\nor nobody"
    assert calendars(stack, token) == [answer.json]
    assert add(stack, token, calendar, "") == answer.json
    assert lines(feed, "X-WR-CALDESC") == [told]
    assert lines(feed, "DESCRIPTION")[0] == told


@pytest.mark.parametrize("kind", ["json", "form"])
def test_an_empty_description_clears_it(
    stack: Stack, token: Token, calendar: Document, kind: str
) -> None:
    body: dict[str, Any] = {kind: {"description": ""}}

    answer = stack.invoke("update_calendar", token, path={"calendar": NAME}, **body)

    without = {name: value for name, value in calendar.items() if name != "description"}
    assert answer.json == without
    assert calendars(stack, token) == [without]
    assert lines(stack.feed(calendar), "X-WR-CALDESC") == [BY_DEFAULT]


@pytest.mark.parametrize("sent", ["a\r\nb", "a\rb", "a\nb"])
def test_lines_of_a_description_end_by_line_feeds(stack: Stack, token: Token, sent: str) -> None:
    made = create(stack, token, NAME, description=sent)

    changed = put(stack, token, description=f"{sent}!").json

    assert (made["description"], changed["description"]) == ("a\nb", "a\nb!")
    assert lines(stack.feed(changed), "X-WR-CALDESC") == ["a\\nb!"]


@pytest.mark.parametrize("description", ["x" * 1024, "🚀" * 1024, "\ta\n ", "\u202ea", "\u200b"])
def test_a_description_is_any_text_of_up_to_1024_characters(
    stack: Stack, token: Token, description: str
) -> None:
    made = create(stack, token, NAME, description=description)
    create(stack, token, "Other")

    changed = put(stack, token, of="Other", description=description)

    assert made["description"] == changed.json["description"] == description
    assert {stack.feed(one).status for one in (made, changed.json)} == {200}


@pytest.mark.parametrize(
    "description",
    ["x" * 1025, "a\x0bb", "a\x00", "\x7f", "\u2028", "\ufffe", 5, 1.5, True, [], ["x"], {}],
    ids=lambda value: ascii(value)[:20],
)
@pytest.mark.parametrize("operation", ["update_calendar", "create_calendar"])
def test_what_is_no_description_is_refused(
    stack: Stack, token: Token, calendar: Document, operation: str, description: Any
) -> None:
    before = stack.dump()

    answer = stack.invoke(
        operation,
        token,
        path={"calendar": NAME},
        json={"name": "Nightly", "description": description},
    )

    assert error(answer) == MALFORMED
    assert answer.json["error_description"].startswith("description")
    assert stack.dump() == before


@pytest.mark.parametrize("more", [{}, {"description": ""}, {"description": None}], ids=str)
def test_a_new_calendar_needs_no_description(stack: Stack, token: Token, more: Document) -> None:
    calendar = create(stack, token, NAME, **more)

    assert "description" not in calendar
    assert lines(stack.feed(calendar), "X-WR-CALDESC") == [BY_DEFAULT]


# --- weight ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["CALENDAR_WEIGHT", "OWNER_WEIGHT"])
@pytest.mark.parametrize(
    "longer",
    [{"description": f"{ABOUT}+"}, {"name": f"{NAME}+"}, {"name": "Ä", "description": ABOUT * 9}],
)
def test_what_a_full_calendar_has_no_room_for_is_refused(
    stack: Stack,
    user: str,
    token: Token,
    calendar: Document,
    *,
    longer: Document,
    limit: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, limit, _weight(stack, user))
    before = stack.dump()

    answer = put(stack, token, **longer)

    assert error(answer) == MALFORMED
    assert f"at most {_weight(stack, user):,}" in answer.json["error_description"]
    assert answer.json["error_description"].endswith(weight.MAKES_ROOM)
    assert stack.dump() == before


@pytest.mark.parametrize("limit", ["CALENDAR_WEIGHT", "OWNER_WEIGHT"])
@pytest.mark.parametrize(
    "fields",
    [
        {"description": ""},
        {"description": ABOUT.upper()},
        {"name": "x"},
        {"name": NAME.lower()},
        {"name": "x", "description": f"{ABOUT}{'+' * 5}"},
    ],
    ids=str,
)
def test_what_is_no_heavier_is_taken_by_a_full_calendar(
    stack: Stack,
    user: str,
    token: Token,
    calendar: Document,
    *,
    fields: Document,
    limit: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, limit, _weight(stack, user))

    answer = put(stack, token, **fields)

    assert answer.status == 200, answer.text


def test_calendar_and_owner_weigh_what_the_words_weigh(
    stack: Stack, user: str, token: Token, calendar: Document
) -> None:
    rest = _weight(stack, user) - weight.of_calendar(NAME, ABOUT, 0)

    for name, description in [("x", "y" * 1024), ("🚀" * 128, "\n" * 1024), (NAME, "")]:
        put(stack, token, of=calendar["id"], name=name, description=description)

        head = stack.store.table.get(keys.owner_head(owner(user))) or {}
        item = stack.store.table.get(keys.calendar(calendar["id"])) or {}
        wanted = rest + weight.of_calendar(name, description, 0)
        assert (item["weight"], head["weight"]) == (wanted, wanted)


# --- repeated, and by whom ------------------------------------------------------------------------


@pytest.mark.parametrize("rotation", [None, ROTATING], ids=["plain", "rotating"])
def test_a_rename_by_name_that_is_repeated_has_the_same_answer(
    stack: Stack, user: str, calendar: Document, rotation: Any
) -> None:
    token, headers = stack.mint(user=user, rotation=rotation), {"idempotency-key": "k" * 20}
    request: dict[str, Any] = {"path": {"calendar": NAME}, "json": {"name": "Nightly"}}
    first = stack.invoke("update_calendar", token, headers=headers, **request)
    before = stack.dump()

    again = stack.invoke("update_calendar", token, headers=headers, **request)

    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert stack.dump() == before


def test_a_rename_that_is_repeated_after_another_one_tells_the_name_that_is_now(
    stack: Stack, token: Token, calendar: Document
) -> None:
    request: dict[str, Any] = {
        "path": {"calendar": NAME},
        "json": {"name": "Nightly"},
        "headers": {"idempotency-key": "k" * 20},
    }
    stack.invoke("update_calendar", token, **request)
    put(stack, token, of="Nightly", name="Weekly")

    again = stack.invoke("update_calendar", token, **request)

    assert (again.status, again.json["name"]) == (200, "Weekly")
    assert [one["name"] for one in calendars(stack, token)] == ["Weekly"]


def test_a_rotating_token_gets_its_successor_with_the_calendar(
    stack: Stack, user: str, calendar: Document
) -> None:
    answer = put(stack, stack.mint(user=user, rotation=ROTATING), description="x")

    assert answer.json == {**calendar, "description": "x", "token_update": update(answer)}
    assert stack.invoke("list_calendars", successor(answer)).status == 200


@pytest.mark.parametrize(
    "capability",
    ["read@manage_mytokens:notify", "tokeninfo:notify", "tokeninfo", "manage_mytokens:list", "AT"],
)
def test_who_may_not_change_calendars_changes_none(
    stack: Stack, user: str, calendar: Document, capability: str
) -> None:
    token = stack.mint(capability, user=user)
    before = stack.dump()

    assert error(put(stack, token, name="x")) == (403, "insufficient_capabilities")
    assert stack.dump() == before


@pytest.mark.parametrize("of", ["no such calendar", "Theirs", "Gone", "a/b", "x" * 999])
@pytest.mark.parametrize("name", [None, "New", "Theirs", NAME])
def test_a_calendar_that_is_not_there_is_not_found(
    stack: Stack, token: Token, calendar: Document, of: str, name: str | None
) -> None:
    create(stack, stack.mint(), "Theirs")
    delete(stack, token, create(stack, token, "Gone"))
    before = stack.dump()

    assert error(put(stack, token, of=of, name=name, description="x")) == NOT_FOUND
    assert stack.dump() == before


def _weight(stack: Stack, user: str) -> int:
    """What all calendars of the user weigh."""
    head = stack.store.table.get(keys.owner_head(owner(user))) or {}
    return int(head["weight"])


def _events(feed: Answer) -> str:
    """The part of a feed in which its events are."""
    return feed.text.partition("BEGIN:VEVENT")[2]
