"""Who is let in: the same rules for every operation that needs a mytoken, whichever there are."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from local.template import Template
from mytoken_calendars.identifiers import mom_id_of
from tests.harness.stacks import DAY, Answer, Stack, Token, sample_event, set_token
from tests.harness.steps import Document, add, calendars, create, create_feed, feeds, new_user
from tests.harness.token_uses import with_claims

TEMPLATE = Template.read()
# The calendar endpoint. `tokeninfo` and `revoke_token` have tests of their own.
ROUTES = {
    route.folder: route
    for route in TEMPLATE.plain_routes
    if route.path.startswith(("/api/v0/notifications/", "/api/v0/settings/tags"))
    and route.method != "OPTIONS"
}
OPERATIONS = sorted(ROUTES)
READING = [operation for operation in OPERATIONS if ROUTES[operation].method == "GET"]
CHANGING = [operation for operation in OPERATIONS if operation not in READING]
NAMED = [operation for operation in OPERATIONS if "{calendar}" in ROUTES[operation].path]
OF_A_FEED = [operation for operation in OPERATIONS if "{feed}" in ROUTES[operation].path]
OF_A_TAG = ["delete_tag", "update_tag"]  # which only its own capability may change
ADDING = ["add_token", "remove_token"]  # for its own token a lesser capability serves

NOW = int(time.time())

FULL = "manage_mytokens:notify"
READ = f"read@{FULL}"
TAGS = "settings:tags"
CHALLENGE = 'Bearer realm="mytoken"'
CHALLENGE_AND_ERROR = 'Bearer realm="mytoken", error="invalid_token"'


@dataclass(frozen=True)
class World:
    """Somebody with a tag, and a calendar of two feeds; `feed` is the second."""

    stack: Stack
    user: str
    token: Token
    calendar: Document
    feed: Document
    minted: dict[str, Token] = field(default_factory=dict)
    tag: str = "kept"

    def ask(self, operation: str, token: Token | None, **more: Any) -> Answer:
        """Calls an operation with what it needs to succeed; `mytoken` puts it into the body."""
        path = {"calendar": self.calendar["name"], **more.pop("path", {})}
        if operation in OF_A_FEED:
            path = {"feed": self.feed["id"], **path}
        if "{tag}" in ROUTES[operation].path:
            path = {"tag": self.tag}
        bodies: dict[str, dict[str, Any]] = {
            "create_calendar": {"name": f"Calendar {uuid4()}"},
            "update_calendar": {"description": f"Described by {uuid4()}"},
            "update_feed": {"label": f"Label {uuid4()}"},
            "update_tag": {"color": "3357FF"},
            "tag_calendar": {"tag": "nightly"},
            "untag_calendar": {"tag": "nightly"},
            "add_token": {"mom_id": ""},
            "remove_token": {"mom_id": ""},
        }
        body = bodies.get(operation, {}) | more.pop("fields", {})
        kind = more.pop("kind", "json")
        named = {"path": path} if "{" in ROUTES[operation].path else {}
        return self.stack.invoke(operation, token, **named, **{kind: body}, **more)

    def mint(self, *capabilities: str, **more: Any) -> Token:
        return self.stack.mint(*(capabilities or (FULL, TAGS)), user=self.user, **more)

    def token_with(self, *capabilities: str, **more: Any) -> Token:
        """One token for all operations, not to be revoked."""
        key = f"{capabilities} {more}"
        if key not in self.minted:
            self.minted[key] = self.mint(*capabilities, **more)
        return self.minted[key]

    def prepared_for(self, operation: str) -> "World":
        """The same user; with another calendar for what deletes it or its feed, or fills it."""
        if ROUTES[operation].method != "DELETE" and operation != "create_feed":
            return self
        calendar, tag = create(self.stack, self.token, f"Calendar {uuid4()}"), f"Tag {uuid4()}"
        feed = create_feed(self.stack, self.token, calendar)
        self.stack.invoke("create_tag", self.token, path={"tag": tag})
        return replace(self, calendar=calendar, feed=feed, tag=tag)


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    user = new_user()
    token = stack.mint(FULL, TAGS, user=user)
    calendar = create(stack, token, "Kept")
    assert stack.invoke("create_tag", token, path={"tag": World.tag}).status == 204
    return World(stack, user, token, calendar, create_feed(stack, token, calendar))


def test_every_function_that_can_look_up_mytokens_is_among_the_operations() -> None:
    admitting = {
        folder
        for folder, properties in TEMPLATE.functions.items()
        if {"Ref": "AdmitCallers"} in properties.get("Policies", [])
    }

    assert admitting == {*OPERATIONS, "tokeninfo", "revoke_token"}
    assert len(OPERATIONS) >= 5


# --- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
def test_without_a_mytoken_it_answers_401_and_a_challenge_without_an_error(
    world: World, operation: str
) -> None:
    answer = world.ask(operation, None)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == CHALLENGE


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_sample_events_mytoken_is_none(world: World, operation: str) -> None:
    answer = world.stack.send(operation, sample_event(operation))

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == CHALLENGE_AND_ERROR


Claims = Callable[[int], dict[str, Any]]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(lambda now: {"at": now - 2 * DAY, "expires_in": DAY}, id="expired"),
        pytest.param(lambda now: {"at": now + DAY}, id="not-valid-yet"),
    ],
)
def test_outside_of_its_life_a_mytoken_is_answered_401(
    world: World, operation: str, claims: Claims
) -> None:
    token = world.token_with(**claims(NOW))

    answer = world.ask(operation, token)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == CHALLENGE_AND_ERROR


@pytest.mark.found("A34")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("claims", "told"),
    [
        pytest.param({"exp": NOW - 1}, "has expired", id="expired"),
        pytest.param(
            {"iat": NOW - DAY, "rotation": {"lifetime": 60}}, "has expired", id="lifetime-over"
        ),
        pytest.param({"nbf": NOW + DAY}, "is not valid yet", id="not-valid-yet"),
        pytest.param({"iat": NOW + DAY}, "was issued in the future", id="from-the-future"),
        pytest.param({"seq_no": 2}, "is not valid.", id="otherwise"),
    ],
)
def test_why_a_mytoken_is_refused_at_this_time_is_told(
    world: World, operation: str, claims: dict[str, Any], told: str
) -> None:
    token = with_claims(world.stack, world.token, **claims)

    answer = world.ask(operation, token)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.json["error_description"].startswith(f"The mytoken {told}")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("recursive", [True, False], ids=["recursive", "plain"])
def test_a_revoked_mytoken_is_answered_401(
    world: World, operation: str, *, recursive: bool
) -> None:
    token = world.mint()
    world.stack.revoke(token, recursive=recursive)

    answer = world.ask(operation, token)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == CHALLENGE_AND_ERROR


@pytest.mark.parametrize("operation", OPERATIONS)
def test_with_a_recursively_revoked_ancestor_it_answers_401(world: World, operation: str) -> None:
    ancestor = world.mint()
    parent = world.mint(parent=ancestor.mom_id)
    token = world.mint(parent=parent.mom_id)
    world.stack.revoke(ancestor, recursive=True)

    answer = world.ask(operation, token)

    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == CHALLENGE_AND_ERROR


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_mytoken_of_an_address_that_the_stack_had_is_answered_503_in_a_sentence(
    world: World, operation: str
) -> None:
    before = world.stack.dump()

    answer = at_another_address(world, operation, world.token)

    assert (answer.status, answer.json["error"]) == (503, "temporarily_unavailable")
    assert "address of this service has changed" in answer.json["error_description"]
    assert world.stack.dump() == before


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_dead_mytoken_of_an_address_that_the_stack_had_is_answered_401(
    world: World, operation: str
) -> None:
    revoked, expired = world.mint(), world.mint(expires_in=1, at=NOW - 60)
    world.stack.revoke(revoked)

    answers = [at_another_address(world, operation, token) for token in (revoked, expired)]

    assert [answer.status for answer in answers] == [401, 401]


def test_an_old_cookie_of_another_address_is_passed_over_beside_the_current_one(
    world: World,
) -> None:
    moved = replace(world.stack, issuer="https://other.example")
    cookies = [f"mytoken={token.bearer}" for token in (moved.mint(), world.token)]

    assert world.stack.invoke("list_calendars", None, cookies=cookies).status == 200


def at_another_address(world: World, operation: str, token: Token) -> Answer:
    event = sample_event(operation)
    event["stageVariables"]["publicUrl"] = "https://other.example"
    set_token(event, token)
    return world.stack.send(operation, event)


@pytest.mark.parametrize(
    ("operation", "capability"),
    [
        *[(operation, "AT") for operation in OPERATIONS],
        *[(operation, f"{FULL}X") for operation in OPERATIONS],
        *[(operation, FULL.upper()) for operation in OPERATIONS],
        *[(operation, f"{FULL}:calendars") for operation in OPERATIONS],
        *[(operation, READ) for operation in CHANGING],
        *[(operation, "read@tokeninfo:notify") for operation in OPERATIONS],
        *[(operation, "tokeninfo:notify") for operation in OPERATIONS if operation not in ADDING],
    ],
)
def test_without_the_capability_it_answers_403(
    world: World, operation: str, capability: str
) -> None:
    token = world.token_with(capability)

    answer = world.ask(operation, token)

    assert (answer.status, answer.json["error"]) == (403, "insufficient_capabilities")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"restrictions": [{"hosts": ["198.51.100.9"]}]}, id="hosts"),
        pytest.param({"restrictions": [{"usages_other": 0}]}, id="usages_other"),
        pytest.param({"restrictions": [{"geoip_allow": ["de"]}]}, id="geoip_allow"),
        pytest.param({"restrictions": [{"schedule": "* * * * *"}]}, id="schedule"),
        pytest.param({"restrictions": [{"made_up": None}]}, id="unknown"),
        pytest.param({"restrictions": [{"exp": 1_700_000_000}]}, id="expired"),
        pytest.param({"restrictions": [{"nbf": 4_000_000_000}]}, id="not-yet"),
        pytest.param({"restrictions": [{"exp": 1}, {"usages_other": 0}]}, id="none-of-two"),
        pytest.param({"rotation": {"made_up": True}}, id="rotates-who-knows-when"),
    ],
)
def test_a_restriction_that_does_not_hold_or_is_not_enforced_is_answered_403(
    world: World, operation: str, claims: dict[str, Any]
) -> None:
    token = with_claims(world.stack, world.token_with(), **claims)

    answer = world.ask(operation, token)

    assert (answer.status, answer.json["error"]) == (403, "usage_restricted")


# --- in which order -------------------------------------------------------------------------------


def test_a_revoked_mytoken_without_the_capability_is_revoked_first(world: World) -> None:
    token = world.mint("AT")
    world.stack.revoke(token)

    answers = [world.ask(operation, token) for operation in OPERATIONS]

    assert {answer.status for answer in answers} == {401}


def test_a_restricted_mytoken_without_the_capability_lacks_the_capability_first(
    world: World,
) -> None:
    token = world.token_with("AT", restrictions=[{"exp": 1}])

    answers = [world.ask(operation, token) for operation in OPERATIONS]

    assert {answer.json["error"] for answer in answers} == {"insufficient_capabilities"}


@pytest.mark.parametrize(
    ("token", "status"),
    [
        pytest.param(lambda world: None, 401, id="no-mytoken"),
        pytest.param(lambda world: world.mint("AT"), 403, id="no-capability"),
        pytest.param(lambda world: world.mint(restrictions=[{"exp": 1}]), 403, id="restricted"),
    ],
)
def test_who_is_not_let_in_learns_nothing_of_bodies_and_calendars(
    world: World, token: Callable[[World], Token | None], status: int
) -> None:
    presented, nowhere = token(world), {"calendar": "No Such Calendar"}

    answers = [
        *[world.ask(operation, presented, path=nowhere) for operation in NAMED],
        *[world.stack.invoke(o, presented, body=b"{", path=nowhere) for o in CHANGING],
    ]

    assert {answer.status for answer in answers} == {status}


# --- let in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(lambda now: {"restrictions": []}, id="no-clause"),
        pytest.param(lambda now: {"restrictions": [{"nbf": now, "exp": now + DAY}]}, id="in-time"),
        pytest.param(
            lambda now: {"restrictions": [{"scope": "openid", "audience": ["a"], "usages_AT": 0}]},
            id="for-access-tokens",
        ),
        pytest.param(
            lambda now: {"restrictions": [{"exp": 1}, {"hosts": []}, {"exp": now + DAY}]},
            id="one-of-three",
        ),
        pytest.param(lambda now: {"rotation": {"on_AT": True}}, id="rotates-for-access-tokens"),
        pytest.param(lambda now: {"expires_in": None}, id="never-expires"),
    ],
)
def test_a_restriction_that_holds_lets_in(world: World, operation: str, claims: Claims) -> None:
    # A token that never expires cannot be put into a calendar, so it adds another one.
    fields = {"mom_id": world.token.mom_id} if operation == "add_token" else {}
    token = world.token_with(**claims(NOW))

    answer = world.prepared_for(operation).ask(operation, token, fields=fields)

    assert answer.status < 400


@pytest.mark.parametrize(
    ("operation", "capability"),
    [
        *[(operation, "manage_mytokens") for operation in OPERATIONS if operation not in OF_A_TAG],
        *[(operation, "settings") for operation in OF_A_TAG],
        *[(operation, READ) for operation in READING],
        *[(operation, "read@manage_mytokens") for operation in READING],
    ],
)
def test_a_capability_covers_those_below_it_and_its_read_form(
    world: World, operation: str, capability: str
) -> None:
    token = world.token_with("AT", capability)

    answer = world.prepared_for(operation).ask(operation, token)

    assert answer.status < 400


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_child_of_a_mytoken_that_was_revoked_alone_is_let_in(
    world: World, operation: str
) -> None:
    parent = world.mint()
    child = world.mint(parent=parent.mom_id)
    world.stack.revoke(parent)

    answer = world.prepared_for(operation).ask(operation, child)

    assert answer.status < 400


Presented = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "presented",
    [
        pytest.param(lambda t: {"headers": {"authorization": f"bearer {t}"}}, id="header"),
        pytest.param(lambda t: {"fields": {"mytoken": t}}, id="json"),
        pytest.param(lambda t: {"fields": {"mytoken": t}, "kind": "form"}, id="form"),
        pytest.param(lambda t: {"cookies": [f"mytoken={t}"]}, id="cookie"),
    ],
)
def test_the_mytoken_comes_in_header_body_or_cookie(
    world: World, operation: str, presented: Presented
) -> None:
    more = presented(world.token.bearer)

    answer = world.prepared_for(operation).ask(operation, None, **more)

    assert answer.status < 400


@pytest.mark.parametrize(
    "presented",
    [
        pytest.param(
            lambda t: {"headers": {"authorization": f"BEARER {t}"}, "fields": {"mytoken": t}},
            id="header-and-body-agree",
        ),
        pytest.param(
            lambda t: {"headers": {"authorization": f"Bearer {t}"}, "fields": {"mytoken": ""}},
            id="header-and-empty-field",
        ),
        pytest.param(
            lambda t: {"headers": {"authorization": f"Bearer {t}"}, "cookies": ["mytoken=other"]},
            id="header-and-another-cookie",
        ),
        pytest.param(
            lambda t: {"fields": {"mytoken": t}, "cookies": ["mytoken=other"]},
            id="body-and-another-cookie",
        ),
        pytest.param(lambda t: {"cookies": ["a=b", f"mytoken={t}", "c"]}, id="one-of-the-cookies"),
        pytest.param(
            lambda t: {
                "cookies": [f"mytoken={t}"],
                "headers": {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"},
            },
            id="cookie-from-the-same-origin",
        ),
    ],
)
def test_header_and_body_come_before_a_cookie_which_comes_from_the_same_origin(
    world: World, presented: Presented
) -> None:
    more = presented(world.token.bearer)

    answer = world.ask("list_calendars", None, **more)

    assert answer.status == 200


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_a_cookie_that_another_site_made_the_browser_send_is_none(
    world: World, operation: str, headers: dict[str, str]
) -> None:
    answer = world.ask(operation, None, cookies=[f"mytoken={world.token.bearer}"], headers=headers)

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == CHALLENGE


# --- whose calendars ------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", NAMED)
def test_calendars_of_others_do_not_exist(world: World, operation: str) -> None:
    stranger = world.stack.mint()

    of_another = world.ask(operation, stranger)
    of_nobody = world.ask(operation, stranger, path={"calendar": "No Such Calendar"})

    assert (of_another.status, of_another.json["error"]) == (404, "not_found")
    assert (of_another.body, of_another.headers) == (of_nobody.body, of_nobody.headers)
    assert world.ask("get_calendar", world.token).status == 302
    assert len(feeds(world.stack, world.token, world.calendar)) == 2


@pytest.mark.parametrize("operation", OF_A_FEED)
def test_feeds_of_another_calendar_do_not_exist(world: World, operation: str) -> None:
    other = create(world.stack, world.token, f"Calendar {uuid4()}")
    feed = create_feed(world.stack, world.token, other)

    answers = [
        world.ask(operation, world.token, path={"feed": feed_id})
        for feed_id in (feed["id"], "0123456789abcdef", feed["id"].upper(), "", "é", "a/b")
    ]

    assert {(a.status, a.json["error"]) for a in answers} == {(404, "not_found")}
    assert len({a.body for a in answers}) == 1
    assert feeds(world.stack, world.token, other)[1] == feed


@pytest.mark.parametrize("operation", ["add_token", "remove_token", "delete_calendar"])
@pytest.mark.parametrize("capability", ["tokeninfo:notify", "tokeninfo", FULL, "manage_mytokens"])
def test_these_serve_for_the_token_that_is_presented(
    world: World, operation: str, capability: str
) -> None:
    token = world.mint(capability)

    answer = world.ask(operation, token, fields={"mom_id": token.mom_id})

    assert answer.status < 300
    assert world.ask("get_calendar", world.token).status == 302


@pytest.mark.parametrize("operation", ["remove_token", "delete_calendar"])
def test_the_lesser_capability_does_not_reach_other_tokens(world: World, operation: str) -> None:
    token, other = world.mint("tokeninfo:notify"), world.mint()
    add(world.stack, world.token, world.calendar, other.mom_id)

    answers = [
        world.ask(operation, token, fields={"mom_id": mom_id})
        for mom_id in (other.mom_id, world.mint().mom_id, mom_id_of(uuid4()))
    ]

    assert {(a.status, a.json["error"]) for a in answers} == {(403, "insufficient_capabilities")}
    assert len({a.body for a in answers}) == 1
    (calendar,) = (c for c in calendars(world.stack, world.token) if c["name"] == "Kept")
    assert other.mom_id in calendar["subscribed_tokens"]
