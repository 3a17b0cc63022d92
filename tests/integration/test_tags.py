"""Tags: words with a colour, of one user, that calendars can have."""

import zlib
from functools import partial
from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.calendars import weight
from tests.harness.reliability import half_seen
from tests.harness.stacks import CORS, Answer, Stack, Token
from tests.harness.steps import (
    Document,
    before_each,
    calendars,
    create,
    delete,
    error,
    new_user,
    summaries,
)
from tests.harness.token_uses import ROTATING, Person

pytestmark = pytest.mark.usefixtures("emptied")

NAME = "CI Mytokens"
GREEN, BLUE = "00FF00", "0000FF"
MALFORMED, NOT_FOUND, CONFLICT = (400, "invalid_request"), (404, "not_found"), (409, "conflict")
FORBIDDEN = (403, "insufficient_capabilities")
NO_NAMES = [
    *(".", "..", "a/b", "a\\b", "a?b", "a#b", "a%b", " a", "a ", "a\nb", "\u202ea", "\u200b"),
    "x" * 65,
]


@pytest.fixture
def token(stack: Stack, user: str) -> Token:
    return stack.mint("manage_mytokens:notify", "settings:tags", user=user)


@pytest.fixture
def calendar(stack: Stack, token: Token) -> Document:
    return create(stack, token, NAME)


def tagged(color: str, *names: str) -> list[Document]:
    return [{"tag": name, "color": color} for name in names]


def first_color(name: str) -> str:
    """The one that a tag has to which none was given."""
    return f"{zlib.crc32(name.encode()):08X}"[:6]


def own_color(*names: str) -> list[Document]:
    return [{"tag": name, "color": first_color(name)} for name in names]


def ask(stack: Stack, operation: str, token: Token, of: str, **fields: Any) -> Answer:
    """An operation on a tag of the user, which is in the path."""
    return stack.invoke(operation, token, path={"tag": of}, json=fields)


def make(stack: Stack, token: Token, tag: str, color: str = GREEN) -> None:
    answer = ask(stack, "create_tag", token, tag, color=color)
    assert (answer.status, answer.body) == (204, b"")


def tags(stack: Stack, token: Token) -> list[Document]:
    answer = stack.invoke("list_tags", token)
    assert answer.status == 200, answer.text
    assert answer.json.keys() == {"tags"}
    documents: list[Document] = answer.json["tags"]
    return documents


def put(stack: Stack, token: Token, **fields: Any) -> Answer:
    """Changes the calendar."""
    return stack.invoke("update_calendar", token, path={"calendar": NAME}, json=fields)


def on_calendar(stack: Stack, operation: str, token: Token, tag: Any) -> Answer:
    """tag_calendar or untag_calendar."""
    return stack.invoke(operation, token, path={"calendar": NAME}, json={"tag": tag})


def shown(stack: Stack, token: Token) -> list[Document]:
    """The tags of the one calendar."""
    (calendar,) = calendars(stack, token)
    found: list[Document] = calendar["tags"]
    return found


# --- the tags of a user ---------------------------------------------------------------------------


def test_tags_are_listed_by_name(stack: Stack, token: Token) -> None:
    for name in ("nightly", "CI", "é"):
        make(stack, token, name)

    answer = stack.invoke("list_tags", token)

    assert answer.json == {"tags": tagged(GREEN, "CI", "nightly", "é")}
    assert answer.undated == {
        **CORS,
        "content-type": "application/json",
        "cache-control": "no-store",
    }


def test_a_user_without_tags_has_an_empty_list(stack: Stack, token: Token) -> None:
    assert stack.invoke("list_tags", token).json == {"tags": []}


def test_a_tag_that_exists_stays_as_it_is(stack: Stack, token: Token) -> None:
    make(stack, token, "ci", GREEN)
    before = stack.dump()

    make(stack, token, "ci", BLUE)

    assert stack.dump() == before


@pytest.mark.parametrize("color", ["#3357ff", "3357ff", "3357FF", "#3357FF"])
@pytest.mark.parametrize("kind", ["json", "form"])
def test_a_colour_is_given_with_or_without_a_number_sign(
    stack: Stack, token: Token, color: str, kind: str
) -> None:
    fields: dict[str, Any] = {kind: {"color": color}}

    answer = stack.invoke("create_tag", token, path={"tag": "ci"}, **fields)

    assert answer.status == 204
    assert tags(stack, token) == tagged("3357FF", "ci")


@pytest.mark.parametrize("name", ["ci", "é", "nightly"])  # the last one's begins with a zero
@pytest.mark.parametrize("body", [b"", b"null\n", b"{}\n", b'{"color": null}', b'{"color": ""}'])
def test_a_tag_without_a_colour_gets_that_of_the_original_server(
    stack: Stack, token: Token, name: str, body: bytes
) -> None:
    headers = {"content-type": None}

    stack.invoke("create_tag", token, path={"tag": name}, body=body, headers=headers)

    assert tags(stack, token) == tagged(first_color(name), name)
    assert first_color("nightly").startswith("0")


@pytest.mark.parametrize(
    "color", ["red", "12345", "1234567", "##12345", "12345G", 5, [], "１２３４５６"]
)
def test_what_is_no_colour_is_refused(stack: Stack, token: Token, color: Any) -> None:
    make(stack, token, "ci")
    before = stack.dump()

    assert error(ask(stack, "create_tag", token, "new", color=color)) == MALFORMED
    assert error(ask(stack, "update_tag", token, "ci", color=color)) == MALFORMED
    assert stack.dump() == before


def test_a_renamed_tag_has_its_new_name_in_all_calendars(stack: Stack, token: Token) -> None:
    for calendar in "ab":
        create(stack, token, calendar, tags=["ci", "nightly"])

    answer = ask(stack, "update_tag", token, "ci", tag="zz", color="#00ff00")

    expected = [*tagged(GREEN, "zz"), *own_color("nightly")]
    assert (answer.status, answer.body) == (204, b"")
    assert [calendar["tags"] for calendar in calendars(stack, token)] == [expected, expected]
    assert tags(stack, token) == expected[::-1]


@pytest.mark.parametrize(
    ("fields", "becomes"),
    [
        ({"color": BLUE}, {"tag": "ci", "color": BLUE}),
        ({"color": ""}, {"tag": "ci", "color": first_color("ci")}),
        ({"tag": "CI"}, {"tag": "CI", "color": GREEN}),
        ({"tag": "CI", "color": None}, {"tag": "CI", "color": GREEN}),
        ({"tag": "ci"}, {"tag": "ci", "color": GREEN}),
    ],
    ids=str,
)
def test_what_is_absent_or_null_stays_as_it_is(
    stack: Stack, token: Token, fields: Document, becomes: Document
) -> None:
    make(stack, token, "ci")

    assert ask(stack, "update_tag", token, "ci", **fields).status == 204
    assert tags(stack, token) == [becomes]


@pytest.mark.parametrize("fields", [{}, {"tag": None}, {"name": "x"}])
def test_a_change_of_nothing_is_refused(stack: Stack, token: Token, fields: Document) -> None:
    make(stack, token, "ci")

    assert error(ask(stack, "update_tag", token, "ci", **fields)) == MALFORMED


def test_the_name_of_another_tag_is_a_conflict(stack: Stack, token: Token) -> None:
    make(stack, token, "ci")
    make(stack, token, "nightly")
    before = stack.dump()

    assert error(ask(stack, "update_tag", token, "ci", tag="nightly")) == CONFLICT
    assert stack.dump() == before


def test_a_deleted_tag_leaves_its_calendars(stack: Stack, token: Token) -> None:
    calendar = create(stack, token, NAME, tags=["ci", "nightly"])

    answer = ask(stack, "delete_tag", token, "ci")

    assert (answer.status, answer.body) == (204, b"")
    assert tags(stack, token) == own_color("nightly")
    assert calendars(stack, token) == [{**calendar, "tags": own_color("nightly")}]


def test_a_tag_that_is_made_again_is_another(
    stack: Stack, token: Token, calendar: Document
) -> None:
    put(stack, token, tags=["ci"])

    ask(stack, "delete_tag", token, "ci")
    make(stack, token, "ci")

    assert shown(stack, token) == []


@pytest.mark.parametrize("name", ["ci", "CI", "..", "a/b", "x" * 65, ""])
@pytest.mark.parametrize("operation", ["update_tag", "delete_tag"])
def test_a_tag_that_is_none_is_not_found(
    stack: Stack, token: Token, name: str, operation: str
) -> None:
    make(stack, token, "Ci")

    assert error(ask(stack, operation, token, name, color=BLUE)) == NOT_FOUND


@pytest.mark.parametrize(
    "name", ["a", "a b", "é", "日本", "🚀" * 64, "x" * 64, "a+b&c=d;e", "v1.2"]
)
def test_a_tag_has_the_characters_that_names_have(stack: Stack, token: Token, name: str) -> None:
    create(stack, token, NAME, tags=[name])
    make(stack, token, name)

    assert tags(stack, token) == shown(stack, token) == own_color(name)
    assert ask(stack, "delete_tag", token, name).status == 204


@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
def test_what_is_no_name_of_a_tag_is_refused(
    stack: Stack, token: Token, calendar: Document, name: str
) -> None:
    make(stack, token, "ci")
    before = stack.dump()

    answers = [
        ask(stack, "create_tag", token, name),
        ask(stack, "update_tag", token, "ci", tag=name),
        on_calendar(stack, "tag_calendar", token, name),
        on_calendar(stack, "untag_calendar", token, name),
        put(stack, token, tags=[name]),
        stack.invoke("create_calendar", token, json={"name": "x", "tags": [name]}),
    ]

    assert [error(answer) for answer in answers] == [MALFORMED] * len(answers)
    assert stack.dump() == before


def test_names_are_compared_composed_and_in_their_case(stack: Stack, token: Token) -> None:
    for name in ("é", "e\N{COMBINING ACUTE ACCENT}", "ci", "CI"):
        make(stack, token, name)

    assert [tag["tag"] for tag in tags(stack, token)] == ["CI", "ci", "é"]


def test_a_user_has_at_most_100_tags(stack: Stack, token: Token, calendar: Document) -> None:
    names = [f"t{number:03}" for number in range(100)]
    for number in range(5):
        put(stack, token, tags=names[number * 20 : number * 20 + 20])
    put(stack, token, tags=[])
    before = stack.dump()

    answers = [
        ask(stack, "create_tag", token, "more"),
        on_calendar(stack, "tag_calendar", token, "more"),
        put(stack, token, tags=["more"]),
        stack.invoke("create_calendar", token, json={"tags": ["more"]}),
    ]

    assert [error(answer) for answer in answers] == [MALFORMED] * 4
    assert {"at most 100 tags" in answer.text for answer in answers} == {True}
    assert tags(stack, token) == own_color(*names)
    assert stack.dump() == before


def test_tags_of_two_users_are_not_mixed(stack: Stack, token: Token, calendar: Document) -> None:
    put(stack, token, tags=["ci"])
    stranger = stack.mint("settings:tags", user=new_user())

    assert tags(stack, stranger) == []
    assert error(ask(stack, "delete_tag", stranger, "ci")) == NOT_FOUND
    assert error(ask(stack, "update_tag", stranger, "ci", tag="x")) == NOT_FOUND
    make(stack, stranger, "ci", BLUE)
    assert tags(stack, token) == shown(stack, token) == own_color("ci")


# --- who may, and what it costs -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capability", "allowed"),
    [
        ("settings:tags", {"list_tags", "create_tag", "update_tag", "delete_tag"}),
        ("settings", {"list_tags", "create_tag", "update_tag", "delete_tag"}),
        ("read@settings:tags", {"list_tags"}),
        ("manage_mytokens:notify", {"list_tags", "create_tag"}),
        ("manage_mytokens", {"list_tags", "create_tag"}),
        ("read@manage_mytokens:notify", {"list_tags"}),
        ("tokeninfo:notify", set()),
        ("settings:grants", set()),
    ],
)
def test_who_manages_calendars_may_read_and_create_tags(
    stack: Stack, user: str, token: Token, capability: str, allowed: set[str]
) -> None:
    make(stack, token, "ci")
    one = stack.mint(capability, user=user)
    before = stack.dump()

    answers = {
        "list_tags": stack.invoke("list_tags", one),
        "create_tag": ask(stack, "create_tag", one, "new"),
        "update_tag": ask(stack, "update_tag", one, "ci", color=BLUE),
        "delete_tag": ask(stack, "delete_tag", one, "ci"),
    }

    done = {operation for operation, answer in answers.items() if answer.status < 300}
    assert done == allowed
    assert {error(answer) for name, answer in answers.items() if name not in done} <= {FORBIDDEN}
    assert "create_tag" in allowed or stack.dump() == before


def test_tags_are_no_use_of_a_mytoken(stack: Stack) -> None:
    person = Person.on(stack)
    token = person.mint(rotation=ROTATING, restrictions=[{"usages_other": 1}])

    answers = [
        ask(stack, "create_tag", token, "ci"),
        ask(stack, "update_tag", token, "ci", tag="nightly"),
        stack.invoke("list_tags", token),
        ask(stack, "delete_tag", token, "nightly"),
    ]

    assert [answer.status for answer in answers] == [204, 204, 200, 204]
    assert person.done(token) == [0]
    assert "token_update" in person.list(token).json


def test_a_mytoken_that_is_used_up_reaches_no_tags(stack: Stack, user: str) -> None:
    token = stack.mint("settings:tags", user=user, restrictions=[{"usages_other": 0}])

    answers = [
        stack.invoke("list_tags", token),
        *(ask(stack, f"{what}_tag", token, "ci", color=GREEN) for what in ("create", "update")),
        ask(stack, "delete_tag", token, "ci"),
    ]

    assert {error(answer) for answer in answers} == {(403, "usage_restricted")}


@pytest.mark.parametrize(
    ("operation", "fields"),
    [("update_tag", {"tag": "nightly"}), ("delete_tag", {}), ("create_tag", {"color": BLUE})],
)
def test_a_repeated_request_is_answered_as_before(
    stack: Stack, token: Token, operation: str, fields: Document
) -> None:
    if operation != "create_tag":
        make(stack, token, "ci")
    request: dict[str, Any] = {
        "path": {"tag": "ci"},
        "json": fields,
        "headers": {"idempotency-key": "k"},
    }
    first, after = stack.invoke(operation, token, **request), tags(stack, token)

    again = stack.invoke(operation, token, **request)

    assert [(one.status, one.body) for one in (first, again)] == [(204, b"")] * 2
    assert again.headers["idempotent-replayed"] == "true"
    assert tags(stack, token) == after


def test_a_tag_that_another_request_makes_meanwhile_is_kept(stack: Stack, token: Token) -> None:
    make(stack, token, "first")
    client = stack.door("create_tag", "store").table.client

    with before_each(client, "TransactWriteItems", lambda: _meanwhile(stack, token)):
        make(stack, token, "ci")

    assert tags(stack, token) == tagged(GREEN, "ci", "first", "meanwhile")


# --- the tags of a calendar -----------------------------------------------------------------------


def test_a_calendar_gets_and_loses_a_tag(stack: Stack, token: Token, calendar: Document) -> None:
    given = [on_calendar(stack, "tag_calendar", token, tag) for tag in ("z", "a", "z")]
    with_both = shown(stack, token)
    taken = [on_calendar(stack, "untag_calendar", token, tag) for tag in ("z", "z", "never")]

    assert {(answer.status, answer.body) for answer in given + taken} == {(204, b"")}
    assert with_both == own_color("z", "a")
    assert shown(stack, token) == own_color("a")
    assert tags(stack, token) == own_color("a", "z")


@pytest.mark.parametrize("operation", ["tag_calendar", "untag_calendar"])
def test_a_repeated_change_of_its_tags_writes_nothing(
    stack: Stack, token: Token, calendar: Document, operation: str
) -> None:
    on_calendar(stack, operation, token, "ci")
    before, etag = stack.dump(), stack.feed(calendar).headers["etag"]

    on_calendar(stack, operation, token, "ci")

    assert stack.dump() == before
    assert stack.feed(calendar, headers={"if-none-match": etag}).status == 304


@pytest.mark.parametrize(
    ("fields", "becomes"),
    [
        ({"tags": ["c", "b", "a"]}, ["c", "b", "a"]),
        ({"tags": ["b", "b", "new", "b"]}, ["b", "new"]),
        ({"tags": []}, []),
        ({"tags": "", "description": "x"}, []),
        ({"tags": None, "description": "x"}, ["a", "b"]),
        ({"description": "x"}, ["a", "b"]),
        ({"name": "CI MYTOKENS"}, ["a", "b"]),
    ],
    ids=str,
)
def test_a_change_replaces_all_tags_or_leaves_them(
    stack: Stack, token: Token, calendar: Document, fields: Document, becomes: list[str]
) -> None:
    put(stack, token, tags=["a", "b"])

    answer = put(stack, token, **fields)

    assert (answer.status, answer.json["tags"]) == (200, own_color(*becomes))
    assert shown(stack, token) == own_color(*becomes)


def test_a_form_has_tags_with_commas_between(
    stack: Stack, token: Token, calendar: Document
) -> None:
    form = {"tags": "b,a b"}

    answer = stack.invoke("update_calendar", token, path={"calendar": NAME}, form=form)

    assert answer.json["tags"] == own_color("b", "a b")


@pytest.mark.parametrize("tags", ["a", [1], [None], {"a": 1}, 5, [["a"]], ["a", ""]], ids=str)
def test_what_is_no_list_of_tags_is_refused(
    stack: Stack, token: Token, calendar: Document, tags: Any
) -> None:
    before = stack.dump()

    answers = [
        put(stack, token, tags=tags),
        stack.invoke("create_calendar", token, json={"tags": tags}),
    ]

    assert [error(answer) for answer in answers] == [MALFORMED] * 2
    assert stack.dump() == before


@pytest.mark.parametrize("body", [{}, {"tag": None}, {"tag": ""}, {"tag": 5}, {"tags": ["a"]}])
@pytest.mark.parametrize("operation", ["tag_calendar", "untag_calendar"])
def test_no_tag_is_no_request(
    stack: Stack, token: Token, calendar: Document, operation: str, body: Document
) -> None:
    answer = stack.invoke(operation, token, path={"calendar": NAME}, json=body)

    assert error(answer) == MALFORMED


def test_a_calendar_has_at_most_20_tags(stack: Stack, token: Token, calendar: Document) -> None:
    names = [f"t{number:02}" for number in range(21)]
    full = put(stack, token, tags=names[:20])
    before = stack.dump()

    answers = [
        put(stack, token, tags=names),
        on_calendar(stack, "tag_calendar", token, names[20]),
        stack.invoke("create_calendar", token, json={"tags": names}),
    ]

    assert len(full.json["tags"]) == 20
    assert [error(answer) for answer in answers] == [MALFORMED] * 3
    assert stack.dump() == before
    assert on_calendar(stack, "tag_calendar", token, names[0]).status == 204


def test_a_tag_that_was_deleted_makes_room(stack: Stack, token: Token, calendar: Document) -> None:
    put(stack, token, tags=[f"t{number:02}" for number in range(20)])
    ask(stack, "delete_tag", token, "t00")

    assert on_calendar(stack, "tag_calendar", token, "new").status == 204
    assert len(shown(stack, token)) == 20


def test_tags_of_a_calendar_that_other_requests_change_meanwhile_are_all_there(
    stack: Stack, token: Token, calendar: Document
) -> None:
    for name in ("a", "b", "c"):
        make(stack, token, name)
    client = stack.door("tag_calendar", "store").table.client
    other = partial(on_calendar, stack, "tag_calendar", token)

    with before_each(client, "TransactWriteItems", partial(other, "b"), partial(other, "c")):
        answer = other("a")

    assert answer.status == 204
    assert sorted(tag["tag"] for tag in shown(stack, token)) == ["a", "b", "c"]


def test_a_list_has_the_tags_that_a_calendar_gets_meanwhile(
    stack: Stack, token: Token, calendar: Document
) -> None:
    put(stack, token, tags=["a"])
    client = stack.door("list_calendars", "store").table.client
    change = partial(put, stack, token, description="new", tags=["b"])

    with before_each(client, "BatchGetItem", change):
        (listed,) = calendars(stack, token)

    assert (listed["description"], listed["tags"]) == ("new", own_color("b"))


def test_a_new_tag_stays_when_only_its_calendar_is_seen_yet(
    stack: Stack, token: Token, calendar: Document
) -> None:
    """Reads of several items are not isolated from a transaction that writes them."""
    make(stack, token, "old")
    before = stack.dump()
    put(stack, token, tags=["new"])
    late = [item for item in half_seen.changed(before, stack.dump()) if item.sk == keys.TAGS]
    client = stack.door("update_calendar", "store").table.client
    half_seen.write(stack, late, done=False)

    with before_each(client, "TransactWriteItems", lambda: half_seen.write(stack, late, done=True)):
        answer = put(stack, token, description="new")

    assert (len(late), answer.status) == (1, 200)
    assert shown(stack, token) == own_color("new")


def test_a_full_calendar_has_no_room_for_a_tag(
    stack: Stack, token: Token, calendar: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = weight.of_calendar(NAME, "", 0)
    monkeypatch.setattr(limits, "CALENDAR_WEIGHT", weight.of_calendar(NAME, "", 1) - 1)

    answer = on_calendar(stack, "tag_calendar", token, "ci")

    assert own < limits.CALENDAR_WEIGHT
    assert error(answer) == MALFORMED
    assert "weighs at most" in answer.text
    assert shown(stack, token) == []


def test_who_only_reads_changes_no_tags(
    stack: Stack, user: str, token: Token, calendar: Document
) -> None:
    reader = stack.mint("read@manage_mytokens:notify", user=user)

    for operation in ("tag_calendar", "untag_calendar"):
        assert error(on_calendar(stack, operation, reader, "ci")) == FORBIDDEN
    assert shown(stack, reader) == []


@pytest.mark.parametrize("operation", ["tag_calendar", "untag_calendar"])
def test_a_calendar_that_is_not_the_users_gets_no_tag(
    stack: Stack, token: Token, calendar: Document, operation: str
) -> None:
    stranger = stack.mint(user=new_user())

    assert error(on_calendar(stack, operation, stranger, "ci")) == NOT_FOUND
    assert tags(stack, stranger) == []


def test_tags_are_labels_and_add_no_token_to_a_feed(
    stack: Stack, token: Token, calendar: Document
) -> None:
    before = stack.feed(calendar).body

    put(stack, token, tags=["ci"])

    assert stack.feed(calendar).body == before
    assert summaries(stack.feed(calendar)) == []


def test_tags_outlive_their_calendars(stack: Stack, token: Token, calendar: Document) -> None:
    put(stack, token, tags=["ci"])

    delete(stack, token, calendar)

    assert tags(stack, token) == own_color("ci")


def _meanwhile(stack: Stack, token: Token) -> None:
    assert ask(stack, "create_tag", token, "meanwhile", color=GREEN).status == 204
