"""What the stock client of mytoken servers sends, byte for byte, and what it needs of the answers.

It was watched at version 0.7.1. Clients before it know calendars by their names.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import pytest
from werkzeug.test import Client, TestResponse

from local.gateway import Gateway
from local.template import Template
from mytoken_calendars.identifiers import mom_id_of
from tests.harness.stacks import CALENDARS, PUBLIC_URL, RemoteStack, Stack, Token
from tests.harness.steps import Document, new_user
from tests.harness.token_uses import EVERYTHING, REVOKED_WHEN_REPLAYED, ROTATING

CONFIGURATION = "/.well-known/mytoken-configuration"
SETTINGS, TAGS, TOKENINFO = "/api/v0/settings", "/api/v0/settings/tags", "/api/v0/tokeninfo"
NOTHING = b"null\n"  # also with GET and DELETE, and then without a Content-Type
KINDS: dict[str, Any] = {
    "plain": {},
    "rotating": {"rotation": ROTATING},
    "revoked-when-replayed": {"rotation": REVOKED_WHEN_REPLAYED},
}


@dataclass
class StockClient:
    """The client with its file, in which it keeps the successor of a token that rotates."""

    gateway: Gateway
    entered: Callable[[], AbstractContextManager[None]]
    file: str
    token: Token
    replaced: list[Document] = field(default_factory=list)

    def start(self) -> Document:
        """What each command begins with, without a token; the settings."""
        settings = urlsplit(
            self.told("GET", CONFIGURATION, is_public=True)["usersettings_endpoint"]
        )
        return self.told("GET", settings.path, is_public=True)

    def told(
        self, method: str, path: str, document: Any = None, *, keeps: bool = True, **more: Any
    ) -> Document:
        """The answer to a request that succeeds, as the client decodes it.

        Some of its commands do not keep a successor.
        """
        answer = self.ask(method, path, document, **more)
        assert answer.status_code < 300, (method, path, answer.text)
        # What has no length is decoded, too, and an empty text is no JSON.
        assert answer.content_length if answer.status_code != 204 else not answer.data
        decoded: Document = json.loads(answer.data) if answer.data else {}
        if update := decoded.get("token_update"):
            assert type(update["expires_in"]) is int
            assert update["expires_in"] >= 0
            assert update["mom_id"] == self.token.mom_id
            self.replaced.append(update)
            if keeps:
                self.file = update["mytoken"]
        return decoded

    def refused(self, method: str, path: str, document: Any = None) -> tuple[int, str]:
        """An error, which it can only read with both of its members."""
        answer = self.ask(method, path, document)
        decoded = json.loads(answer.data)
        assert answer.status_code >= 400
        assert isinstance(decoded["error_description"], str)
        return answer.status_code, decoded["error"]

    def ask(
        self, method: str, path: str, document: Any = None, *, is_public: bool = False
    ) -> TestResponse:
        """Sends a request as the client spells it."""
        is_tokeninfo = path == TOKENINFO
        if is_tokeninfo:
            document = {**document, "mytoken": self.file}
        body = NOTHING if document is None else _json(document)
        headers = {
            "User-Agent": "mytoken client 0.7.1",
            "Accept-Encoding": "gzip",
            "Content-Length": str(len(body)),
        }
        if document is not None:
            headers["Content-Type"] = "application/json"
        if not (method == "POST" and path.startswith(TAGS)):
            headers["Accept"] = "application/json"
        if not (is_public or is_tokeninfo):
            headers["Authorization"] = f"Bearer {self.file}"
        with self.entered():
            return Client(self.gateway).open(path, method=method, headers=headers, data=body)

    # The commands, each with its requests.

    def calendars(self) -> list[Document]:
        self.start()
        return _calendars(self.told("GET", CALENDARS))

    def create(self, description: str = "", *tags: str) -> str:
        """The new calendar's id."""
        self.start()
        self._make_missing(tags)
        wish = {"description": description} if description else {}
        made = self.told("POST", CALENDARS, {**wish, "tags": [*tags] or None}, keeps=False)
        identifier: str = made["id"]
        return identifier

    def update(
        self, of: str, description: str = "", add: tuple[str, ...] = (), remove: str = ""
    ) -> None:
        self.start()
        listed = self.told("GET", CALENDARS, keeps=False)
        (found,) = [one for one in _calendars(listed) if one["id"] == of]
        self._make_missing(add)
        tags = {*(tag["tag"] for tag in found["tags"]), *add} - {remove}
        about = description or found.get("description", "")
        wish = {"description": about} if about else {}
        self.told("PUT", f"{CALENDARS}/{of}", {**wish, "tags": sorted(tags)})

    def delete(self, of: str) -> None:
        self.start()
        self.told("DELETE", f"{CALENDARS}/{of}")

    def subscribe(self, of: str, mom_id: str = "", comment: str = "") -> None:
        self.start()
        self.told("POST", f"{CALENDARS}/{of}", {"mom_id": mom_id, "comment": comment})

    def unsubscribe(self, of: str, mom_id: str = "") -> None:
        self.start()
        self.told("DELETE", f"{CALENDARS}/{of}", {"mom_id": mom_id, "comment": ""})

    def tags(self) -> list[Document]:
        self.start()
        return _tags(self.told("GET", TAGS))

    def create_tag(self, name: str, color: str = "") -> None:
        self.start()
        self.told("POST", _tag(name), {"color": color} if color else {}, keeps=False)

    def update_tag(self, name: str, **wish: str) -> None:
        self.start()
        self.told("PUT", _tag(name), wish)

    def delete_tag(self, name: str) -> None:
        self.start()
        self.told("DELETE", _tag(name))

    def info(self, action: str, *mom_ids: str) -> Document:
        self.start()
        asked = {"mom_ids": [*mom_ids]} if mom_ids else {}
        return self.told("POST", TOKENINFO, {"action": action, **asked})

    def _make_missing(self, wanted: tuple[str, ...]) -> None:
        """What `create` and `update` do first, for tags also of which there are none."""
        known = {tag["tag"] for tag in _tags(self.told("GET", TAGS, keeps=False))}
        for name in wanted:
            if name not in known:
                self.told("POST", _tag(name), {}, keeps=False)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _tag(name: str) -> str:
    return f"{TAGS}/{quote(name)}"


def _tags(document: Document) -> list[Document]:
    """Each has exactly these members, which are strings: one that is a string itself ends it."""
    tags: list[Document] = document["tags"]
    for tag in tags:
        assert {name: type(value) for name, value in tag.items()} == {"tag": str, "color": str}
    return tags


def _calendars(document: Document) -> list[Document]:
    found: list[Document] = document["calendars"]
    for calendar in found:
        _tags(calendar)
        assert isinstance(calendar.get("subscribed_tokens", []), list)
        assert {type(calendar[name]) for name in ("id", "ics_path")} == {str}
        assert quote(calendar["id"], safe="") == calendar["id"]  # it is pasted into paths
    return found


# --- whom it asks ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """A stack behind the gateway, and its users' clients."""

    stack: Stack
    gateway: Gateway

    def client(self, user: str, **claims: Any) -> StockClient:
        token = self.stack.mint(*EVERYTHING, user=user, **claims)
        return StockClient(self.gateway, self.stack.entered, token.bearer, token)


def _served(stack: Stack) -> Served:
    with stack.entered():
        gateway = Gateway(Template.read(), PUBLIC_URL)
    gateway.handlers.update(stack.handlers)
    return Served(stack, gateway)


@pytest.fixture(scope="module")
def embedded(stack: Stack) -> Served:
    return _served(stack)


@pytest.fixture(scope="module")
def remote(remote_stack: RemoteStack) -> Served:
    """For whose mytokens another server vouches. Tokeninfo is that server's."""
    return _served(remote_stack)


@pytest.fixture(params=["embedded", "remote"])
def served(request: pytest.FixtureRequest, empty: Callable[[Stack], None]) -> Iterator[Served]:
    served: Served = request.getfixturevalue(request.param)
    yield served
    empty(served.stack)


@pytest.fixture
def own(embedded: Served, empty: Callable[[Stack], None]) -> Iterator[Served]:
    """The stack that issues mytokens itself."""
    yield embedded
    empty(embedded.stack)


@pytest.fixture(params=KINDS)
def claims(request: pytest.FixtureRequest) -> Document:
    """Of the client's mytoken."""
    claims: Document = KINDS[request.param]
    return claims


@pytest.fixture
def user() -> str:
    return new_user()


@pytest.fixture
def plain(served: Served, user: str) -> StockClient:
    return served.client(user)


@pytest.fixture
def client(served: Served, user: str, claims: Document) -> StockClient:
    """With a mytoken of each kind."""
    return served.client(user, **claims)


# --- how it starts --------------------------------------------------------------------------------


def test_the_configuration_leads_to_the_endpoints(plain: StockClient) -> None:
    configuration = plain.told("GET", CONFIGURATION, is_public=True)

    # It appends /calendars to this one as it is.
    assert configuration["notifications_endpoint"] == PUBLIC_URL + CALENDARS.rpartition("/")[0]
    assert configuration["usersettings_endpoint"] == f"{PUBLIC_URL}{SETTINGS}"
    assert configuration["tokeninfo_endpoint"].endswith(TOKENINFO)


def test_the_settings_name_each_endpoint(plain: StockClient) -> None:
    assert plain.start() == {
        "grant_type_endpoint": f"{PUBLIC_URL}{SETTINGS}/grants",
        "email_endpoint": f"{PUBLIC_URL}{SETTINGS}/email",
        "tags_endpoint": f"{PUBLIC_URL}{TAGS}",
    }


@pytest.mark.parametrize("setting", ["grants", "email", "made-up"])
def test_other_settings_are_errors_that_it_can_read(plain: StockClient, setting: str) -> None:
    assert plain.refused("GET", f"{SETTINGS}/{setting}") == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/api/v0/notifications", "/api/v0/token/my/tags", f"{CALENDARS}/x"]
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_is_not_there_is_an_error_that_it_can_read(
    plain: StockClient, path: str, method: str
) -> None:
    assert plain.refused(method, path) == (404, "not_found")


# --- what it does ---------------------------------------------------------------------------------


def test_a_user_walks_through_all_commands(own: Served, user: str) -> None:
    """The table of its commands, in order, each with what it leaves behind."""
    client = own.client(user)
    watched = own.stack.mint(user=user, parent=client.token.mom_id).mom_id
    mine = client.token.mom_id

    assert client.calendars() == []
    first, second, third = client.create("My cal"), client.create(), client.create("", "a", "b c")
    client.update(first, "Words", ("a", "new"))
    client.update(first, remove="a")
    client.subscribe(first)
    client.subscribe(first, watched, "watch, me")
    client.unsubscribe(first)
    client.subscribe(second)
    client.create_tag("red", "FF0000")
    client.update_tag("red", color="0000FF", tag="blue")
    client.delete_tag("b c")

    listed = {calendar["id"]: calendar for calendar in client.calendars()}
    assert [listed[first]["description"], listed[first]["subscribed_tokens"]] == [
        "Words",
        [watched],
    ]
    assert [tag["tag"] for tag in listed[first]["tags"]] == ["new"]
    assert listed[second]["subscribed_tokens"] == [mine]
    assert [tag["tag"] for tag in listed[third]["tags"]] == ["a"]
    assert [tag["tag"] for tag in client.tags()] == ["a", "blue", "new"]
    assert {"tag": "blue", "color": "0000FF"} in client.tags()
    assert client.info("notifications")["calendars"] == [listed[second]]
    assert client.info("notifications", "children")["calendars"] == [listed[first]]
    assert len(client.info("notifications", "this", "children")["calendars"]) == 2
    assert client.info("list_mytokens")["mytokens"][0]["token"]["mom_id"] == mine
    assert client.info("introspect")["valid"] is True

    for calendar in (first, second, third):
        client.delete(calendar)
    assert client.calendars() == []
    assert client.replaced == []


@pytest.mark.parametrize(
    ("description", "tags"), [("", ()), ("My cal", ()), ("", ("a",)), ("My cal", ("a", "b c", "ü"))]
)
def test_a_calendar_that_it_creates_is_listed_under_its_id(
    plain: StockClient, description: str, tags: tuple[str, ...]
) -> None:
    created = plain.create(description, *tags)

    (listed,) = plain.calendars()
    assert (listed["id"], listed.get("description", "")) == (created, description)
    assert [tag["tag"] for tag in listed["tags"]] == [*tags]
    assert [tag["tag"] for tag in plain.tags()] == sorted(tags)


def test_an_update_gives_the_calendar_its_new_state(plain: StockClient) -> None:
    created = plain.create("Words", "a", "b")

    plain.update(created, add=("c",), remove="a")
    plain.update(created, description="Others")
    (changed,) = plain.calendars()
    plain.update(created, remove="b")
    plain.update(created, remove="c")

    assert (changed["description"], [tag["tag"] for tag in changed["tags"]]) == (
        "Others",
        ["b", "c"],
    )
    assert plain.calendars() == [{**changed, "tags": []}]


def test_unsubscribing_keeps_the_calendar(client: StockClient, plain: StockClient) -> None:
    created = plain.create("Words")
    client.subscribe(created)
    plain.subscribe(created, comment="mine")

    client.unsubscribe(created)

    (left,) = plain.calendars()
    assert left["subscribed_tokens"] == [plain.token.mom_id]


def test_unsubscribing_a_token_that_is_not_there_changes_nothing(
    client: StockClient, plain: StockClient
) -> None:
    created = plain.create("Words")

    client.unsubscribe(created)
    client.unsubscribe(created, client.token.mom_id)

    assert [calendar["id"] for calendar in client.calendars()] == [created]


def test_deleting_with_null_deletes_the_calendar(client: StockClient, plain: StockClient) -> None:
    created, kept = plain.create("Words"), plain.create("Others")

    client.delete(created)

    assert [calendar["id"] for calendar in plain.calendars()] == [kept]


def test_subscribing_without_a_mom_id_adds_its_own_token(
    client: StockClient, plain: StockClient
) -> None:
    created = plain.create("Words")

    client.subscribe(created, comment="watch, me")
    client.subscribe(created, client.token.mom_id)

    (listed,) = plain.calendars()
    assert listed["subscribed_tokens"] == [client.token.mom_id]


def test_the_capability_of_calendars_is_enough_for_its_calendars(own: Served, user: str) -> None:
    token = own.stack.mint("manage_mytokens:notify", user=user)
    client = StockClient(own.gateway, own.stack.entered, token.bearer, token)

    created = client.create("Words", "a")
    client.update(created, add=("b",))
    client.subscribe(created)
    client.unsubscribe(created)
    client.delete(created)

    assert client.calendars() == []
    assert client.info("notifications")["calendars"] == []
    assert client.refused("DELETE", f"{TAGS}/a") == (403, "insufficient_capabilities")


def test_tags_cost_no_use_and_leave_the_token(client: StockClient) -> None:
    client.create_tag("a")
    client.create_tag("a", "00FF00")
    client.update_tag("a", tag="b")
    client.tags()
    client.delete_tag("b")

    assert client.tags() == client.replaced == []


def test_each_use_of_a_rotating_token_leaves_its_successor_in_the_file(
    own: Served, user: str, claims: Document
) -> None:
    client, plain = own.client(user, **claims), own.client(user)
    created = plain.create("Words")

    client.calendars()
    client.subscribe(created)
    client.unsubscribe(created)
    client.info("notifications", "this", "children")
    client.info("list_mytokens")
    client.info("introspect")
    client.delete(created)

    assert len(client.replaced) == (6 if claims else 0)
    assert client.calendars() == []


# --- what no server can save ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rotating", "revoked-when-replayed"])
def test_create_makes_the_calendar_and_drops_the_successor(
    own: Served, user: str, kind: str
) -> None:
    client, plain = own.client(user, **KINDS[kind]), own.client(user)

    created = client.create("Words", "a")

    assert [calendar["id"] for calendar in plain.calendars()] == [created]
    assert client.refused("GET", CALENDARS) == (401, "invalid_token")


@pytest.mark.parametrize("kind", ["rotating", "revoked-when-replayed"])
def test_update_lists_and_is_then_refused(own: Served, user: str, kind: str) -> None:
    client, plain = own.client(user, **KINDS[kind]), own.client(user)
    created = plain.create("Words")
    client.told("GET", CALENDARS, keeps=False)

    assert client.refused("GET", TAGS) == (401, "invalid_token")
    assert client.refused("PUT", f"{CALENDARS}/{created}", {"tags": []}) == (401, "invalid_token")
    (listed,) = plain.calendars()
    assert listed["description"] == "Words"


def test_the_successor_that_create_dropped_ends_with_its_chain(own: Served, user: str) -> None:
    client = own.client(user, **KINDS["revoked-when-replayed"])
    client.create("Words")
    client.refused("GET", CALENDARS)

    client.file = client.replaced[-1]["mytoken"]

    assert client.refused("GET", CALENDARS) == (401, "invalid_token")


# --- older clients, which know calendars by their names -------------------------------------------


def test_both_generations_see_one_calendar(plain: StockClient) -> None:
    by_id = plain.create("Newer")
    older = plain.told("POST", CALENDARS, {"name": "Older"})

    listed = {calendar["name"]: calendar for calendar in plain.calendars()}

    assert {name: calendar["id"] for name, calendar in listed.items()} == {
        "Newer": by_id,
        "Older": older["id"],
    }
    for name, calendar in listed.items():
        found = [plain.ask("GET", f"{CALENDARS}/{of}") for of in (name, calendar["id"])]
        assert {(one.status_code, one.location) for one in found} == {(302, calendar["ics_path"])}


@pytest.mark.parametrize("made", ["by-name", "by-id"])
def test_each_generation_changes_what_the_other_has_made(plain: StockClient, made: str) -> None:
    if made == "by-name":
        identifier = plain.told("POST", CALENDARS, {"name": "Words"})["id"]
    else:
        identifier = plain.create("Words")

    added = plain.told("POST", f"{CALENDARS}/Words", {"mom_id": plain.token.mom_id})
    plain.update(identifier, add=("a",))
    (listed,) = plain.calendars()
    plain.unsubscribe(identifier)
    plain.told("DELETE", f"{CALENDARS}/Words")

    assert added["subscribed_tokens"] == listed["subscribed_tokens"] == [plain.token.mom_id]
    assert [tag["tag"] for tag in listed["tags"]] == ["a"]
    assert plain.calendars() == []


def test_an_older_client_gets_400_without_a_name(plain: StockClient) -> None:
    assert plain.refused("POST", CALENDARS, {}) == (400, "invalid_request")


# --- odd input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "document", "outcome"),
    [
        ("DELETE", f"{CALENDARS}/", None, (405, "method_not_allowed")),  # calendars delete ""
        ("POST", f"{TAGS}/a/b", {}, (404, "not_found")),
        ("POST", f"{TAGS}/..", {}, (400, "invalid_request")),
        ("POST", f"{TAGS}/a", {"color": "zzzzzz"}, (400, "invalid_request")),
        ("PUT", f"{TAGS}/unknown", {"color": "00FF00"}, (404, "not_found")),
        ("DELETE", f"{TAGS}/unknown", None, (404, "not_found")),
        ("POST", f"{CALENDARS}/unknown", {"mom_id": "", "comment": ""}, (404, "not_found")),
        ("DELETE", f"{CALENDARS}/unknown", None, (404, "not_found")),
        ("DELETE", f"{CALENDARS}/unknown", {"mom_id": "", "comment": ""}, (404, "not_found")),
    ],
)
def test_a_refusal_says_why(
    plain: StockClient, method: str, path: str, document: Any, outcome: tuple[int, str]
) -> None:
    assert plain.refused(method, path, document) == outcome


def test_a_token_that_is_nobodys_is_refused(plain: StockClient) -> None:
    created, nobodys = plain.create("Words"), mom_id_of(UUID(int=1))

    refused = plain.refused("POST", f"{CALENDARS}/{created}", {"mom_id": nobodys, "comment": ""})

    assert refused == (403, "invalid_grant")
