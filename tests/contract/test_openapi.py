"""docs/openapi.yaml is valid, is complete, and says what the handlers really answer."""

import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import product
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from local.template import Template
from mytoken_calendars import limits
from mytoken_calendars.authorities.remote.key_set import ALGORITHMS
from mytoken_calendars.calendars import weight
from mytoken_calendars.errors import FeedGone
from mytoken_calendars.feeds.style import DEFAULT, Detail, Reminders
from mytoken_calendars.http import idempotency_key
from mytoken_calendars.http.cookie import NAME as NAME_OF_COOKIE
from mytoken_calendars.http.error_response import STATUS_AND_CODE
from mytoken_calendars.tokens import tokeninfo
from mytoken_calendars.tokens.mytoken import Capability
from tests.doubles import mytoken_server
from tests.doubles.mytoken_server import MytokenServer
from tests.harness import openapi
from tests.harness.documented_answers import (
    BODIES,
    CALENDAR,
    NOBODYS,
    OF_THE_API,
    REPEATABLE,
    REPEATED,
    REPEATED_AND_UPDATED,
    REQUESTS,
    UPDATED,
    WITH_A_KEY,
    WITH_A_MYTOKEN,
    Key,
    Request,
    feed,
    malformed_key,
    one_token_of_a_calendar,
    request_for,
    reused_key,
    rotated_cookie,
    rotating,
    user_with_calendar,
)
from tests.harness.feeds.fixed_feeds import GOLDEN
from tests.harness.openapi import Operation
from tests.harness.samples import WITHOUT_A_MYTOKEN
from tests.harness.stacks import DAY, PUBLIC_URL, ROOT, Answer, Stack, Token, sample_event
from tests.harness.steps import new_user

OPERATIONS = {(o.folder, o.method): o for o in openapi.operations()}
READABLE_ANYWAY = ("cache-control", "content-type")  # CORS-safelisted (Fetch, 2.2.2)
SCHEMAS = openapi.DOCUMENT["components"]["schemas"]
WITH_A_BODY = {
    key: o.definition["requestBody"]
    for key, o in OPERATIONS.items()
    if "requestBody" in o.definition
}


def _name(case: tuple[Key, Request]) -> str:
    return " ".join(str(part) for part in case[0])


@pytest.fixture(scope="module")
def user(stack: Stack) -> dict[str, Token]:
    """A user with a calendar, and a mytoken of each capability, by capability."""
    tokens = {capability.value: stack.mint(capability, user="openapi") for capability in Capability}
    stack.invoke("create_calendar", tokens["manage_mytokens:notify"], json={"name": CALENDAR})
    return tokens


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MytokenServer]:
    """Another mytoken server, whose tokens a stack may serve."""
    with mytoken_server.running(tmp_path_factory.mktemp("issuer")) as server:
        yield server


@pytest.fixture(scope="module")
def serving(stack: Stack, issuer: MytokenServer) -> Stack:
    """The stack as it serves the tokens of that issuer."""
    return Stack({**stack.environment, "MYTOKEN_ISSUER": issuer.url})


# --- what is documented -------------------------------------------------------------------------


def test_the_document_is_valid_openapi() -> None:
    errors = OpenAPIV31SpecValidator(openapi.DOCUMENT).iter_errors()

    assert list(errors) == []


def test_the_document_has_exactly_the_routes_of_the_template() -> None:
    routes = {(r.method, r.path.replace("+}", "}"), r.folder) for r in Template.read().plain_routes}

    documented = {(o.method, o.path, o.folder) for o in openapi.operations()}

    assert documented == routes


def test_no_operation_id_is_given_twice() -> None:
    definitions = [operation.definition for operation in openapi.operations()]

    ids = [d["operationId"] for d in definitions if "operationId" in d]

    assert len(ids) == len(set(ids))
    assert sum(operation.method == "HEAD" for operation in openapi.operations()) == len(
        definitions
    ) - len(ids)


def test_the_document_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert openapi.DOCUMENT["info"]["version"] == project["version"]


def test_the_server_is_a_variable_that_begins_with_the_local_one() -> None:
    (server,) = openapi.DOCUMENT["servers"]

    assert server["url"] == "{publicUrl}"
    assert server["variables"]["publicUrl"]["default"] == PUBLIC_URL


def test_the_errors_of_the_code_are_documented_and_no_others() -> None:
    in_code = {(status.value, code) for status, code in STATUS_AND_CODE.values()}

    documented = {
        (status, code)
        for operation in openapi.operations()
        for status, response in operation.responses.items()
        for code in response.error_codes
        if code is not None
    }

    assert documented == in_code
    assert set(SCHEMAS["Error"]["properties"]["error"]["enum"]) == {code for _, code in in_code}


def test_every_component_is_used() -> None:
    text = (ROOT / "docs" / "openapi.yaml").read_text()
    components = openapi.DOCUMENT["components"]

    unused = [
        name
        for kind in ("parameters", "headers", "responses", "schemas")
        for name in components[kind]
        if f"#/components/{kind}/{name}" not in text
    ]

    assert unused == []


@pytest.mark.parametrize(
    ("schema", "example"),
    [pytest.param(schema, value, id=place) for place, schema, value in openapi.examples()],
)
def test_an_example_is_valid(schema: Mapping[str, Any], example: Any) -> None:
    errors = openapi.validator(schema).iter_errors(example)

    assert [error.message for error in errors] == []


def test_the_feed_in_the_examples_is_the_golden_one() -> None:
    content = OPERATIONS["get_feed", "GET"].responses[200].media_types
    (media_type,) = content.values()

    example = media_type["examples"]["one mytoken"]["value"]

    assert example.replace("\n", "\r\n").encode() == (GOLDEN / "one_token.ics").read_bytes()


# --- what is asked for --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "model", "schema"),
    [
        ("create_calendar", "NewCalendar", "NewCalendar"),
        ("update_calendar", "CalendarChanges", "CalendarChanges"),
        ("tag_calendar", "OneTag", "OneTag"),
        ("untag_calendar", "OneTag", "OneTag"),
        ("create_tag", "NewTag", "NewTag"),
        ("update_tag", "TagChanges", "TagChanges"),
        ("add_token", "NewSubscription", "NewSubscription"),
        ("remove_token", "body.GoneSubscription", "GoneSubscription"),
        ("delete_calendar", "body.TokenOrCalendar", "GoneSubscriptionOrCalendar"),
        ("create_feed", "FeedFields", "FeedFields"),
        ("update_feed", "FeedChanges", "FeedChanges"),
        ("reset_feed", "body.Nothing", "NothingButMytoken"),
        ("tokeninfo", "Question", "Question"),
        ("revoke_token", "Revocation", "Revocation"),
    ],
)
def test_the_fields_of_a_body_are_those_of_the_handler(
    stack: Stack, folder: str, model: str, schema: str
) -> None:
    fields = attrgetter(model)(_handlers_module(stack, folder)).model_fields

    documented = SCHEMAS[schema]

    assert documented["properties"].keys() == fields.keys() | {"mytoken"}
    required = {name for name, field in fields.items() if field.is_required()}
    assert set(documented.get("required", [])) == required


def _handlers_module(stack: Stack, folder: str) -> SimpleNamespace:
    handler: Any = stack.handlers[folder]
    return SimpleNamespace(**handler.__wrapped__.__globals__)


def test_every_operation_that_changes_something_has_a_body() -> None:
    changing = {folder for folder, method in WITH_A_MYTOKEN.items() if method != "GET"}

    with_a_body = {folder for folder, _ in WITH_A_BODY}

    assert with_a_body == changing - {"delete_feed", "delete_tag"}  # their paths say it all


@pytest.mark.parametrize(("folder", "method"), WITH_A_BODY)
def test_a_body_comes_as_json_or_as_a_form_with_the_same_fields(folder: str, method: str) -> None:
    content = WITH_A_BODY[folder, method]["content"]

    schemas = [media_type["schema"] for media_type in content.values()]

    assert list(content) == ["application/json", "application/x-www-form-urlencoded"]
    assert schemas[0] == schemas[1]


def test_the_limits_are_those_of_the_code() -> None:
    new_subscription = SCHEMAS["NewSubscription"]["properties"]

    assert SCHEMAS["Name"]["maxLength"] == limits.NAME
    assert new_subscription["comment"]["maxLength"] == limits.COMMENT
    assert SCHEMAS["BodyMytoken"]["maxLength"] == limits.TOKEN
    assert SCHEMAS["Revocation"]["properties"]["token"]["maxLength"] == limits.TOKEN
    name = SCHEMAS["MytokenTree"]["properties"]["token"]["properties"]["name"]
    assert name["maxLength"] == limits.TOKEN_NAME
    assert SCHEMAS["CalendarList"]["properties"]["calendars"]["maxItems"] == limits.CALENDARS
    most_tokens = limits.CALENDAR_WEIGHT // weight.of_token("", "", 0)
    assert SCHEMAS["SubscribedTokens"]["maxItems"] == most_tokens
    assert f"{limits.BODY // 1024} KiB" in openapi.DOCUMENT["info"]["description"]
    assert f"{limits.FORM_FIELDS} fields" in openapi.DOCUMENT["info"]["description"]
    add_token = OPERATIONS["add_token", "POST"].definition["description"]
    assert f"{limits.CALENDAR_WEIGHT:,}" in add_token
    assert f"{limits.OWNER_WEIGHT:,}" in add_token
    create_calendar = OPERATIONS["create_calendar", "POST"].definition["description"]
    assert f"{limits.CALENDARS:,}" in create_calendar
    assert f"{limits.FEEDS:,}" in create_calendar


def test_the_limits_of_feeds_and_descriptions_are_those_of_the_code() -> None:
    feed, days = SCHEMAS["Feed"]["properties"], SCHEMAS["NewDays"]["anyOf"][0]

    assert SCHEMAS["NewDescription"]["maxLength"] == limits.COMMENT
    assert SCHEMAS["Description"]["maxLength"] == limits.COMMENT
    assert SCHEMAS["NewLabel"]["maxLength"] == feed["label"]["maxLength"] == limits.LABEL
    assert days["maxItems"] == feed["days"]["maxItems"] == limits.REMINDERS
    assert days["items"] == feed["days"]["items"]
    assert days["items"] == {"type": "integer", "minimum": 0, "maximum": limits.DAYS_AHEAD}
    assert SCHEMAS["FeedList"]["properties"]["feeds"]["maxItems"] == limits.FEEDS_OF_CALENDAR
    create_feed = OPERATIONS["create_feed", "POST"].definition["description"]
    assert f"at most {limits.FEEDS_OF_CALENDAR} feeds" in create_feed
    assert f"{limits.FEEDS:,}" in create_feed
    gone = f"410 for {limits.FEED_GONE // DAY} days"
    for folder in ("delete_calendar", "delete_feed", "reset_feed"):
        assert gone in OPERATIONS[folder, WITH_A_MYTOKEN[folder]].definition["description"]


@pytest.mark.parametrize(("name", "words"), [("reminders", Reminders), ("detail", Detail)])
def test_the_words_of_a_style_are_those_of_the_code(name: str, words: type[StrEnum]) -> None:
    shown, given = SCHEMAS["Feed"]["properties"][name], SCHEMAS[f"New{name.title()}"]

    assert shown["enum"] == [*words]
    assert given["enum"] == [*words, "", None]
    assert all(f"- `{word}`: " in shown["description"] for word in words)


def test_the_default_style_is_that_of_the_code() -> None:
    told = {
        name: " ".join(SCHEMAS[f"New{name.title()}"]["description"].split())
        for name in ("reminders", "days", "detail")
    }

    *days, last = map(str, DEFAULT.days)
    assert f"By default {', '.join(days)}, and {last}." in told["days"]
    assert f"By default `{DEFAULT.reminders}`." in told["reminders"]
    assert f"By default `{DEFAULT.detail}`." in told["detail"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": ""},
        {"name": None},
        {"name": 1},
        {"name": ["x"]},
        {"name": "."},
        {"name": ".."},
        {"name": "..."},
        {"name": " x"},
        {"name": "x "},
        {"name": "x y"},
        {"name": "a/b"},
        {"name": "a\\b"},
        {"name": "a?b"},
        {"name": "a#b"},
        {"name": "50%"},
        {"name": "a\tb"},
        {"name": "a\x85b"},
        {"name": "ü" * 128},
        {"name": "x" * 129},
        {"name": '日本語 📅, (1); "2"'},
        {"name": "and more", "unknown": 1},
        {"name": "x", "mytoken": 1},
        {"name": "x description", "description": "\ttwo\nlines, ü 📅 \\"},
        {"name": "x description of its longest", "description": "x" * 1024},
        {"name": "x", "description": "x" * 1025},
        {"name": "x no description", "description": ""},
        {"name": "x null", "description": None},
        {"name": "x", "description": 1},
        {"name": "x", "description": "a\x00b"},
        {"description": "x"},
    ],
    ids=repr,
)
def test_create_takes_what_the_schema_allows_and_nothing_else(
    stack: Stack, user: dict[str, Token], document: Any
) -> None:
    answer = stack.invoke("create_calendar", user["manage_mytokens:notify"], json=document)

    allowed = openapi.validator(SCHEMAS["NewCalendar"]).is_valid(document)
    assert answer.status == (201 if allowed else 400)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": None},
        {"name": None, "description": None},
        {"name": ""},
        {"name": "a/b"},
        {"name": CALENDAR},
        {"name": CALENDAR, "description": None},
        {"name": None, "description": ""},
        {"description": ""},
        {"description": "two\nlines"},
        {"description": "x" * 1025},
        {"description": "\x00"},
        {"description": ["x"]},
        {"mytoken": None},
        {"unknown": 1},
    ],
    ids=repr,
)
def test_update_takes_what_the_schema_allows_and_nothing_else(
    stack: Stack, user: dict[str, Token], document: Any
) -> None:
    answer = stack.invoke("update_calendar", user["manage_mytokens:notify"], json=document)

    allowed = openapi.validator(SCHEMAS["CalendarChanges"]).is_valid(document)
    assert answer.status == (200 if allowed else 400)


@pytest.mark.parametrize("folder", ["create_feed", "update_feed"])
@pytest.mark.parametrize(
    "document",
    [
        {},
        {"label": ""},
        {"label": None},
        {"label": "for Google / mine ü 📅"},
        {"label": " "},
        {"label": "x" * 64},
        {"label": "x" * 65},
        {"label": "a\tb"},
        {"label": 1},
        *({"reminders": given} for given in ("alarms", "events", "both", "none", "", None)),
        *({"reminders": given} for given in ("Alarms", "all", ["alarms"], True)),
        *({"days": given} for given in ([0], [365], [1, 2, 3, 4, 5, 6], [1, 1], "", None)),
        *({"days": given} for given in ([], [-1], [366], [1, 2, 3, 4, 5, 6, 7], "1", "1,2", 1)),
        *({"days": given} for given in ([True], ["1"], [1.5], [None], [[1]], {"1": 1})),
        *({"detail": given} for given in ("full", "name", "minimal", "", None)),
        *({"detail": given} for given in ("FULL", "none", 0)),
        {"label": None, "reminders": None, "days": None, "detail": None},
        {"label": None, "reminders": None, "days": None, "detail": "full"},
        {"mytoken": None},
        {"unknown": 1},
    ],
    ids=repr,
)
def test_feeds_take_what_the_schema_allows_and_nothing_else(
    stack: Stack, folder: str, document: Any
) -> None:
    user = new_user()
    user_with_calendar(stack, user)
    request = {**request_for(stack, folder, user), "json": document}

    answer = stack.invoke(folder, stack.mint(user=user), **request)

    content = WITH_A_BODY[folder, WITH_A_MYTOKEN[folder]]["content"]
    allowed = openapi.validator(content["application/json"]["schema"]).is_valid(document)
    assert (answer.status < 300) == allowed
    assert answer.status in (200, 201, 400)


@pytest.mark.parametrize("folder", ["create_feed", "update_feed"])
def test_a_form_has_the_days_as_the_document_encodes_them(stack: Stack, folder: str) -> None:
    user = new_user()
    user_with_calendar(stack, user)
    request = {**request_for(stack, folder, user), "json": None, "form": {"days": "1,30,7"}}

    answer = stack.invoke(folder, stack.mint(user=user), **request)

    content = WITH_A_BODY[folder, WITH_A_MYTOKEN[folder]]["content"]
    encoding = content["application/x-www-form-urlencoded"]["encoding"]
    assert encoding == {"days": {"style": "form", "explode": False}}
    assert answer.json["days"] == [30, 7, 1]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"mom_id": None},
        {"mom_id": ""},
        {"mom_id": "x"},
        {"mom_id": 1},
        {"mom_id": "A" * 86 + "=="},
        {"mom_id": "A" * 85 + "B=="},
        {"mom_id": "A" * 88},
        {"mom_id": "", "mytoken": 1},
        {"mytoken": None},
        {"unknown": 1},
    ],
    ids=repr,
)
@pytest.mark.parametrize("folder", ["remove_token", "delete_calendar"])
def test_delete_takes_what_the_schema_allows_and_nothing_else(
    stack: Stack, folder: str, document: Any
) -> None:
    token = user_with_calendar(stack)

    answer = stack.invoke(folder, token, json=document)

    content = WITH_A_BODY[folder, "DELETE"]["content"]
    allowed = openapi.validator(content["application/json"]["schema"]).is_valid(document)
    assert answer.status == (204 if allowed else 400)
    deleted = allowed and folder == "delete_calendar" and "mom_id" not in document
    assert len(stack.invoke("list_calendars", token).json["calendars"]) == (0 if deleted else 1)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"mom_id": None},
        {"mom_id": ""},
        {"mom_id": "x"},
        {"mom_id": " "},
        {"mom_id": "A" * 86 + "=="},
        {"mom_id": "A" * 85 + "B=="},
        {"mom_id": "A" * 86},
        {"mom_id": "-" * 86 + "=="},
        {"mom_id": "A" * 88},
        {"mom_id": "A" * 86 + "==\n"},
        {"mom_id": "", "comment": None},
        {"mom_id": "", "comment": 1},
        {"mom_id": "", "comment": "x" * 1024},
        {"mom_id": "", "comment": "x" * 1025},
        {"mom_id": "", "comment": "\ttwo\nlines, ü 📅 \\"},
        {"mom_id": "", "comment": "a\rb"},
        {"mom_id": "", "comment": "\x00"},
        {"mom_id": "", "comment": "a\x9fb"},
    ],
    ids=repr,
)
def test_add_takes_what_the_schema_allows_and_nothing_else(
    stack: Stack, user: dict[str, Token], document: Any
) -> None:
    answer = stack.invoke("add_token", user["manage_mytokens:notify"], json=document)

    allowed = openapi.validator(SCHEMAS["NewSubscription"]).is_valid(document)
    unknown = answer.status == 403 and answer.json["error"] == "invalid_grant"
    assert (answer.status == 200 or unknown) == allowed
    assert answer.status in (200, 400, 403)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"action": None},
        {"action": ""},
        {"action": "introspect"},
        {"action": "list_mytokens"},
        {"action": "subtokens"},
        {"action": "event_history"},
        {"action": "Introspect"},
        {"action": ["introspect"]},
        {"action": "introspect", "mom_ids": ["this"]},
    ],
    ids=repr,
)
def test_tokeninfo_takes_what_the_schema_allows_and_nothing_else(
    stack: Stack, document: Any
) -> None:
    answer = stack.invoke("tokeninfo", stack.mint("manage_mytokens", "tokeninfo"), json=document)

    allowed = openapi.validator(SCHEMAS["Question"]).is_valid(document)
    assert answer.status == (200 if allowed else 400)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"token": ""},
        {"token": "a mytoken"},
        {"token": "a mytoken", "mom_id": ""},
        {"token": "a mytoken", "mom_id": None, "recursive": True},
        {"token": None},
        {"token": 1},
        {"mytoken": None},
        {"mytoken": 1},
        {"mom_id": ""},
        {"mom_id": None},
        {"mom_id": "x"},
        pytest.param({"mom_id": NOBODYS}, id="a-mom_id"),
        pytest.param({"mom_id": NOBODYS[:-2]}, id="a-mom_id-without-its-padding"),
        {"recursive": True},
        {"recursive": False},
        {"recursive": None},
        {"recursive": []},
        {"recursive": 0},
        {"recursive": "on"},
        {"recursive": True, "unknown": 1},
    ],
    ids=repr,
)
def test_revoke_takes_what_the_schema_allows_and_nothing_else(stack: Stack, document: Any) -> None:
    token = stack.mint("manage_mytokens")
    if document.get("token") == "a mytoken":
        document["token"] = token.bearer

    answer = stack.invoke("revoke_token", token, json=document)

    allowed = openapi.validator(SCHEMAS["Revocation"]).is_valid(document)
    unknown = document.get("mom_id") == NOBODYS
    assert answer.status == ((403 if unknown else 204) if allowed else 400)


@pytest.mark.parametrize("key", ["k", "!~", "x" * 255, "", " ", "a b", "x" * 256, "ü", "a\tb"])
@pytest.mark.parametrize("folder", REPEATABLE)
def test_an_idempotency_key_is_what_the_schema_allows(stack: Stack, folder: str, key: str) -> None:
    token = stack.mint()

    answer = stack.invoke(folder, token, json=BODIES.get(folder), headers={"idempotency-key": key})

    (parameter,) = OPERATIONS[folder, WITH_A_MYTOKEN[folder]].definition["parameters"]
    schema = openapi.resolved(parameter)["schema"]
    assert (answer.status != 400) == openapi.validator(schema).is_valid(key)


def test_the_idempotency_key_is_a_parameter_where_it_means_something_and_nowhere_else() -> None:
    documented = {
        folder
        for (folder, _), operation in OPERATIONS.items()
        if {"$ref": "#/components/parameters/IdempotencyKey"}
        in operation.definition.get("parameters", [])
    }

    assert documented == set(WITH_A_KEY)
    assert idempotency_key._KEY.pattern == "[!-~]{1,255}"


@pytest.mark.parametrize(("folder", "capability"), list(product(OF_THE_API, Capability)))
def test_a_mytoken_is_let_in_exactly_if_it_covers_a_documented_capability(
    stack: Stack, user: dict[str, Token], folder: str, capability: Capability
) -> None:
    operation = OPERATIONS[folder, OF_THE_API[folder]]

    answer = stack.invoke(folder, user[capability], json=BODIES.get(folder))

    needed = [Capability(needed) for needed in operation.capabilities]
    assert (answer.status != 403) == any(n.is_covered_by(capability) for n in needed)
    assert answer.status not in (400, 401, 500)
    assert all(f"`{n.value}`" in operation.definition["description"] for n in needed)


@pytest.mark.parametrize(("action", "capability"), list(product(tokeninfo.Action, Capability)))
def test_what_a_mytoken_may_ask_for_is_documented(
    stack: Stack, user: dict[str, Token], action: tokeninfo.Action, capability: Capability
) -> None:
    operation = OPERATIONS["tokeninfo", "POST"]
    paragraphs = operation.definition["description"].split("- `")
    (paragraph,) = [p for p in paragraphs if p.startswith(f"{action.value}`")]

    answer = stack.invoke("tokeninfo", user[capability], json={"action": action})

    needed = [Capability(n) for n in operation.capabilities if f"`{n}`" in paragraph]
    assert answer.status == (200 if any(n.is_covered_by(capability) for n in needed) else 403)


@pytest.mark.parametrize("capability", Capability)
def test_any_mytoken_may_be_revoked_by_who_holds_it(stack: Stack, capability: Capability) -> None:
    token = stack.mint(capability)

    answer = stack.invoke("revoke_token", json={"token": token.bearer})

    assert OPERATIONS["revoke_token", "POST"].capabilities == []
    assert answer.status == 204
    assert stack.invoke("list_calendars", token).status == 401


@pytest.mark.parametrize(
    ("folder", "method"), [key for key in OPERATIONS if key[0] not in (*WITH_A_MYTOKEN, "no_route")]
)
def test_what_asks_for_no_mytoken_says_so(folder: str, method: str) -> None:
    operation = OPERATIONS[folder, method]

    assert operation.definition["security"] == []
    assert "Needs no mytoken" in operation.definition["description"]


@pytest.mark.parametrize("folder", WITH_A_MYTOKEN)
@pytest.mark.parametrize("place", ["header", "body", "cookie"])
def test_the_mytoken_is_found_in_each_documented_place(
    stack: Stack, user: dict[str, Token], folder: str, place: str
) -> None:
    token = user["manage_mytokens:notify"]
    fields = dict(BODIES.get(folder, {}))

    answer = stack.invoke(
        folder,
        token if place == "header" else None,
        json=fields | {"mytoken": token.bearer} if place == "body" else fields,
        cookies=[f"{NAME_OF_COOKIE}={token.bearer}"] if place == "cookie" else None,
    )

    assert answer.status not in (400, 401, 500)
    cookie = openapi.DOCUMENT["components"]["securitySchemes"]["cookie"]
    assert (cookie["in"], cookie["name"]) == ("cookie", NAME_OF_COOKIE)


# --- what is answered ---------------------------------------------------------------------------


def test_each_documented_answer_is_tried_and_no_other() -> None:
    documented = {
        (*key, status, code)
        for key, operation in OPERATIONS.items()
        for status, response in operation.responses.items()
        if not response.is_of_the_gateway
        for code in response.error_codes
    }

    assert documented == REQUESTS.keys()


@pytest.mark.found("A13")
@pytest.mark.found("A40")
@pytest.mark.parametrize("key", REQUESTS, ids=lambda key: " ".join(str(part) for part in key))
def test_a_real_answer_is_as_documented_and_all_its_headers_can_be_read(
    stack: Stack, key: Key
) -> None:
    answer = REQUESTS[key](stack)

    sent = sample_event(key[0])
    assert list(_faults(key, answer)) == []
    assert answer.headers.get("x-request-id") == sent["requestContext"]["requestId"]
    assert key[0] in WITHOUT_A_MYTOKEN or _unreadable(answer) == set()


def _unreadable(answer: Answer) -> set[str]:
    """The headers that pages of other origins cannot read."""
    exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
    of_cors = {name for name in answer.headers if name.startswith("access-control-")}
    return answer.headers.keys() - of_cors - {*exposed, *READABLE_ANYWAY}


@pytest.mark.parametrize(
    ("key", "request_it"), [pytest.param(*case, id=_name(case)) for case in UPDATED]
)
def test_a_successor_is_in_the_answer_as_documented(
    stack: Stack, key: Key, request_it: Request
) -> None:
    answer = request_it(stack)

    assert list(_faults(key, answer)) == []
    assert answer.json["token_update"]["mytoken_type"] == "token"
    assert "idempotent-replayed" not in answer.headers


@pytest.mark.parametrize(
    ("key", "request_it"), [pytest.param(*case, id=_name(case)) for case in REPEATED]
)
def test_a_repeated_request_is_answered_as_documented(
    stack: Stack, key: Key, request_it: Request
) -> None:
    answer = request_it(stack)

    assert list(_faults(key, answer)) == []
    assert answer.headers["idempotent-replayed"] == "true"
    assert "Idempotent-Replayed" in answer.headers["access-control-expose-headers"]
    assert b"token_update" not in answer.body


@pytest.mark.parametrize(
    ("key", "request_it"), [pytest.param(*case, id=_name(case)) for case in REPEATED_AND_UPDATED]
)
def test_a_repeated_request_has_the_successor_again(
    stack: Stack, key: Key, request_it: Request
) -> None:
    answer = request_it(stack)

    assert list(_faults(key, answer)) == []
    assert answer.headers["idempotent-replayed"] == "true"
    assert answer.json["token_update"]["mytoken_type"] == "token"


def test_a_successor_leaves_in_the_cookie_that_is_documented(stack: Stack) -> None:
    header = OPERATIONS["list_calendars", "GET"].responses[200].headers["set-cookie"]

    answer = rotated_cookie(stack)

    (cookie,) = answer.cookies
    assert list(openapi.validator(header["schema"]).iter_errors(cookie)) == []


def test_a_gone_feed_is_told_in_the_words_of_the_code() -> None:
    (media_type,) = OPERATIONS["get_feed", "GET"].responses[410].media_types.values()

    (example,) = media_type["examples"].values()

    assert example["value"]["error_description"] == FeedGone.description


@pytest.mark.parametrize("rotates", [False, True], ids=["plain", "rotates"])
def test_removing_a_token_as_other_clients_do_is_answered_as_documented(
    stack: Stack, *, rotates: bool
) -> None:
    user = new_user()
    user_with_calendar(stack, user)
    token = rotating(stack, user) if rotates else stack.mint(user=user)

    answer = one_token_of_a_calendar(stack, token)

    assert list(_faults(("delete_calendar", "DELETE", 200 if rotates else 204, None), answer)) == []


@pytest.mark.parametrize("folder", ["remove_token", "delete_calendar"])
@pytest.mark.parametrize("capability", Capability)
def test_who_may_remove_its_own_token_is_documented(
    stack: Stack, folder: str, capability: Capability
) -> None:
    user = new_user()
    user_with_calendar(stack, user)
    token = stack.mint(capability, user=user)

    answer = stack.invoke(folder, token, json={"mom_id": ""})

    needed = OPERATIONS["remove_token", "DELETE"].capabilities
    allowed = any(Capability(one).is_covered_by(capability) for one in needed)
    assert answer.status == (204 if allowed else 403)


@pytest.mark.parametrize("folder", ["add_token", "delete_calendar"])
@pytest.mark.parametrize("request_it", [reused_key, malformed_key])
def test_a_key_that_cannot_be_is_answered_as_documented(
    stack: Stack, folder: str, request_it: Any
) -> None:
    answer = request_it(stack, folder)

    assert list(_faults((folder, WITH_A_MYTOKEN[folder], 400, "invalid_request"), answer)) == []
    assert answer.status == 400


# --- what is answered if another server is the issuer -------------------------------------------


@pytest.mark.parametrize("folder", ["get_configuration", "get_jwks"])
def test_what_the_issuer_publishes_is_as_documented(serving: Stack, folder: str) -> None:
    answer = serving.invoke(folder)

    assert list(_faults((folder, "GET", 200, None), answer)) == []


def test_the_configuration_is_the_issuers_but_for_where_calendars_are(
    serving: Stack, issuer: MytokenServer
) -> None:
    answer = serving.invoke("get_configuration")

    own = {
        "notifications_endpoint": f"{PUBLIC_URL}/api/v0/notifications",
        "usersettings_endpoint": f"{PUBLIC_URL}/api/v0/settings",
    }
    assert answer.json == {**issuer.configuration, **own}
    assert not answer.json.keys() <= SCHEMAS["Configuration"]["properties"].keys()


def test_the_stacks_own_configuration_and_keys_are_documented_to_the_last_member(
    stack: Stack,
) -> None:
    configuration = stack.invoke("get_configuration").json
    jwks = stack.invoke("get_jwks").json

    properties = SCHEMAS["Configuration"]["properties"]
    assert configuration.keys() == properties.keys()
    assert set(properties["token_signing_alg_value"]["enum"]) == ALGORITHMS
    assert openapi.validator(SCHEMAS["Jwks"]).is_valid(jwks)
    examples = OPERATIONS["get_configuration", "GET"].responses[200].media_types
    example = examples["application/json"]["examples"]["this service is the issuer"]["value"]
    base = example["issuer"]
    assert configuration == _with(example, base, PUBLIC_URL)


def _with(document: Mapping[str, Any], base: str, other: str) -> dict[str, Any]:
    return {n: v.replace(base, other) if isinstance(v, str) else v for n, v in document.items()}


def test_an_error_has_the_successor_of_a_mytoken_that_the_issuer_has_rotated(
    serving: Stack, issuer: MytokenServer
) -> None:
    token = issuer.mint("manage_mytokens", rotation={"on_other": True})
    serving.invoke("create_calendar", issuer.mint().bearer)

    answer = serving.invoke("add_token", token.bearer, json={"mom_id": NOBODYS})

    assert list(_faults(("add_token", "POST", 403, "invalid_grant"), answer)) == []
    assert answer.json["token_update"]["mom_id"] == token.mom_id


@pytest.mark.parametrize("folder", OF_THE_API)
def test_an_issuer_that_cannot_be_reached_is_answered_as_documented(
    serving: Stack, issuer: MytokenServer, folder: str
) -> None:
    token = issuer.mint()
    serving.invoke("list_calendars", token.bearer)

    with issuer.down():
        answer = serving.invoke(folder, token.bearer, json=BODIES.get(folder))

    key = (folder, OF_THE_API[folder], 503, "temporarily_unavailable")
    assert list(_faults(key, answer)) == []
    assert answer.headers["retry-after"]


def _faults(key: Key, answer: Answer) -> Iterator[str]:
    """What of an answer is not as documented under the key."""
    folder, method, status, error = key
    assert (answer.operation, answer.method) == (folder, method) or folder == "no_route"
    yield from openapi.faults(answer)
    if answer.status != status:
        yield f"it is {answer.status}"
    elif error is not None and method != "HEAD" and answer.json["error"] != error:
        yield f"the error is {answer.json['error']}"


@pytest.mark.parametrize("folder", [*WITH_A_MYTOKEN, "get_configuration", "get_jwks", "preflight"])
def test_pages_of_every_origin_may_read_the_answer(stack: Stack, folder: str) -> None:
    answer = stack.invoke(folder)

    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_compressed_feed_is_as_documented(stack: Stack, method: str) -> None:
    answer = feed(stack, method, **{"accept-encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert list(openapi.faults(answer)) == []


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (429, "Too Many Requests"),
        (431, "Request Header Fields Too Large"),
        (500, "Internal Server Error"),
        (503, "Service Unavailable"),
    ],
)
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda o: f"{o.folder} {o.method}")
def test_an_answer_of_the_gateway_itself_is_documented(
    operation: Operation, status: int, message: str
) -> None:
    schema = operation.responses[status].media_types["application/json"]["schema"]

    errors = openapi.validator(schema).iter_errors({"message": message})

    assert [error.message for error in errors] == []
