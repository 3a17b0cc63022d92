"""Every limit at every door: what is at the limit comes in whole, and what is beyond it does not.

The doors are the API, a remote issuer, and `issue`, by which operators make mytokens. `make import`
has tests of its own.
"""

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from mytoken_calendars import limits
from mytoken_calendars.authorities.remote.key_set import keys_of
from mytoken_calendars.calendars import weight
from mytoken_calendars.errors import InvalidRequest
from tests.doubles.mytoken_server import CONFIGURATION, JWKS, TOKENINFO, Exchange, Fault, answering
from tests.harness.stacks import DAY, RemoteStack, Stack, Token
from tests.harness.steps import add, create, create_feed, feeds, new_user, summaries
from tests.harness.token_uses import with_claims

pytestmark = pytest.mark.slow

FULL, LIST, BELOW = "manage_mytokens:notify", "manage_mytokens:list", "tokeninfo:subtokens"
INTROSPECT = "tokeninfo:introspect"
HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"  # the first is the client's of the sample events
FEW = 3  # in place of a limit that takes long to reach


@dataclass(frozen=True)
class World:
    """Both stacks, and the limits, which a test may lower."""

    stack: Stack
    remote: RemoteStack
    patch: pytest.MonkeyPatch

    def lower(self, limit: str, value: int = FEW) -> int:
        self.patch.setattr(limits, limit, value)
        return value

    def holds(self, door: str, clauses: list[Any]) -> bool:
        """Whether a token with these clauses may be used."""
        if door == "API":
            token = with_claims(self.stack, self.stack.mint(), restrictions=clauses)
            return self.stack.invoke("list_calendars", token).status == 200
        minted = self.remote.mint(FULL, expires_in=None)
        claims = self.remote.server.ledger.entries[minted.mom_id].claims
        signed = self.remote.server.ledger.sign({**claims, "restrictions": clauses})
        return self.remote.invoke("list_calendars", signed).status == 200

    def issues(self, **wishes: Any) -> bool:
        """Whether an operator gets such a token."""
        try:
            self.stack.mint(**wishes)
        except InvalidRequest:
            return False
        return True

    def creates(self, **request: Any) -> bool:
        return self.stack.invoke("create_calendar", self.stack.mint(), **request).status == 201

    def lists_while(self, fault: Fault | None, path: str, bearer: Token | None = None) -> bool:
        """Whether calendars are listed by a function that starts while the issuer answers so."""
        token = bearer or self.remote.mint(FULL)
        with (
            self.remote.cold("list_calendars"),
            self.remote.server.failing(fault or _as_it_is, path),
        ):
            return self.remote.invoke("list_calendars", token).status == 200


def _as_it_is(exchange: Exchange) -> None:
    double = exchange.server.double
    exchange.answer(*double.respond(double.requests[-1], "127.0.0.1"))


# --- the API --------------------------------------------------------------------------------------


def _body(world: World, over: int) -> bool:
    room = limits.BODY - len(json.dumps({"name": "n", "x": ""})) + over
    return world.creates(body=json.dumps({"name": "n", "x": "x" * room}))


def _form(world: World, over: int) -> bool:
    more = [(f"x{number}", "1") for number in range(limits.FORM_FIELDS - 1 + over)]
    return world.creates(form=[("name", "n"), *more])


def _nesting(world: World, over: int) -> bool:
    inner = limits.NESTING - 1 + over  # the body itself is the first level
    return world.creates(body='{"name": "n", "x": ' + "[" * inner + "]" * inner + "}")


def _asked_headers(world: World, over: int) -> bool:
    asked = "x" * (limits.ASKED_HEADERS + over)
    answer = world.stack.invoke("preflight", headers={"access-control-request-headers": asked})
    return asked in answer.headers["access-control-allow-headers"]


def _cookies(world: World, over: int) -> bool:
    dead = [f"mytoken=dead-{number}" for number in range(limits.COOKIES - 1 + over)]
    cookies = [*dead, f"mytoken={world.stack.mint().bearer}"]
    return world.stack.invoke("list_calendars", cookies=cookies).status == 200


def _media_type(world: World, over: int) -> bool:
    start = "application/json; x="
    media_type = start + "x" * (limits.MEDIA_TYPE - len(start) + over)
    return world.creates(body='{"name": "n"}', headers={"content-type": media_type})


def _idempotency_key(world: World, over: int) -> bool:
    key = "k" * (limits.IDEMPOTENCY_KEY + over)
    return world.creates(json={"name": "n"}, headers={"idempotency-key": key})


def _name(world: World, over: int) -> bool:
    return world.creates(json={"name": "n" * (limits.NAME + over)})


def _comment(world: World, over: int) -> bool:
    token = world.stack.mint()
    request = {"mom_id": "", "comment": "c" * (limits.COMMENT + over)}
    path = {"calendar": create(world.stack, token)["name"]}
    return world.stack.invoke("add_token", token, path=path, json=request).status == 200


def _updated(world: World, over: int, *, field: str, limit: str) -> bool:
    token = world.stack.mint()
    request = {field: "c" * (getattr(limits, limit) + over)}
    path = {"calendar": create(world.stack, token)["name"]}
    return world.stack.invoke("update_calendar", token, path=path, json=request).status == 200


def _described(world: World, over: int) -> bool:
    return world.creates(json={"name": "n", "description": "c" * (limits.COMMENT + over)})


def _feeds(world: World, over: int, *, operation: str) -> bool:
    """Whether the last of so many feeds is made, with a calendar or for one."""
    token, most = world.stack.mint(), world.lower("FEEDS")
    calendars = [create(world.stack, token, f"n{number}") for number in range(most - 1 + over)]
    path = {"calendar": calendars[0]["name"]}
    answer = world.stack.invoke(operation, token, path=path, json={"name": "the last"})
    return answer.status == 201


def _feeds_of_calendar(world: World, over: int) -> bool:
    token, most = world.stack.mint(), world.lower("FEEDS_OF_CALENDAR")
    calendar = create(world.stack, token)
    for _ in range(most - 2 + over):
        create_feed(world.stack, token, calendar)
    path = {"calendar": calendar["name"]}
    return world.stack.invoke("create_feed", token, path=path).status == 201


def _feed(world: World, over: int, *, wish: Callable[[int], dict[str, Any]], of: str) -> bool:
    """Whether a feed is made so, or becomes so."""
    token = world.stack.mint()
    calendar = create(world.stack, token)
    path = {"calendar": calendar["name"], "feed": feeds(world.stack, token, calendar)[0]["id"]}
    return world.stack.invoke(of, token, path=path, json=wish(over)).status in (200, 201)


def _of_feeds(wish: Callable[[int], dict[str, Any]]) -> dict[str, "Case"]:
    return {
        "API": partial(_feed, wish=wish, of="create_feed"),
        "API, changed": partial(_feed, wish=wish, of="update_feed"),
    }


def _tag(world: World, over: int, *, door: str) -> bool:
    """Whether a name of a tag is taken there."""
    token, name = world.stack.mint(FULL, "settings:tags"), "t" * (limits.TAG + over)
    path = {"calendar": create(world.stack, token)["name"], "tag": name}
    body: dict[str, Any] = {"update_calendar": {"tags": [name]}, "tag_calendar": {"tag": name}}
    if door == "update_tag":
        path, body = {"tag": "t"}, {door: {"tag": name}}
        world.stack.invoke("create_tag", token, path=path)
    return world.stack.invoke(door, token, path=path, json=body.get(door, {})).status < 300


def _tags(world: World, over: int, *, door: str) -> bool:
    """Whether the last of so many tags is made."""
    token, most = world.stack.mint(), world.lower("TAGS")
    calendar = create(world.stack, token)["name"]
    for number in range(most - 1 + over):
        world.stack.invoke("create_tag", token, path={"tag": f"t{number}"})
    path, body = {"calendar": calendar, "tag": "last"}, {"tag": "last", "tags": ["last"]}
    return world.stack.invoke(door, token, path=path, json=body).status < 300


def _tags_of_calendar(world: World, over: int, *, door: str) -> bool:
    token, most = world.stack.mint(), world.lower("TAGS_OF_CALENDAR")
    path = {"calendar": create(world.stack, token)["name"]}
    names = [f"t{number}" for number in range(most + over)]
    for name in names[:-1]:
        world.stack.invoke("tag_calendar", token, path=path, json={"tag": name})
    body: dict[str, Any] = {"tag": names[-1]} if door == "tag_calendar" else {"tags": names}
    return world.stack.invoke(door, token, path=path, json=body).status < 300


def _asked_tokens(world: World, over: int) -> bool:
    token = world.stack.mint("manage_mytokens")
    mom_ids = [token.mom_id] * (limits.ASKED_TOKENS + over)
    question = {"action": "notifications", "mom_ids": mom_ids}
    return world.stack.invoke("tokeninfo", token, json=question).status == 200


def _calendars(world: World, over: int) -> bool:
    token, most = world.stack.mint(), world.lower("CALENDARS")
    names = [f"n{number}" for number in range(most + over)]
    answers = [world.stack.invoke("create_calendar", token, json={"name": n}) for n in names]
    return answers[-1].status == 201


def _weight(world: World, over: int, *, limit: str, calendars: int) -> bool:
    user, names = new_user(), [f"n{number}" for number in range(calendars)]
    tokens = [world.stack.mint(user=user) for _ in range(2)]
    most = sum(weight.of_calendar(name, "", 0) for name in names) + 2 * weight.of_token("", "", 0)
    world.lower(limit, most - over)
    made = [create(world.stack, tokens[0], name) for name in names]
    answers = [
        world.stack.invoke("add_token", t, path={"calendar": c["name"]}, json={"mom_id": ""})
        for t, c in zip(tokens, cycle(made), strict=False)
    ]
    return [answer.status for answer in answers] == [200, 200]


def _answer(world: World, over: int) -> bool:
    token = world.stack.mint("manage_mytokens")
    asked = partial(world.stack.invoke, "tokeninfo", token, json={"action": "list_mytokens"})
    size = len(json.dumps(json.dumps(asked().json)))
    world.lower("ANSWER", size - over)
    return asked().status == 200


def _client_names(world: World, over: int) -> bool:
    names = [f"n{number}.example" for number in range(limits.CLIENT_NAMES - 1 + over)]
    network = "mytoken_calendars.authorities.client_network.socket"
    world.patch.setattr(
        f"{network}.gethostbyaddr", lambda address: (names[0], [*names[1:], "good.example"], [])
    )
    known = [(0, 0, 0, "", (HERE, 0))]
    world.patch.setattr(
        f"{network}.getaddrinfo", lambda name, *_, **__: known if name == "good.example" else []
    )
    return world.holds("API", [{"hosts": ["good.example"]}])


# --- mytokens, whoever has issued them ------------------------------------------------------------


def _token(world: World, over: int, *, door: str) -> bool:
    def padded(size: int) -> str:
        if door == "API":
            return with_claims(world.stack, minted, x="x" * size).bearer
        ledger = world.remote.server.ledger
        bearer: str = ledger.sign({**ledger.entries[minted.mom_id].claims, "x": "x" * size})
        return bearer

    stack = world.stack if door == "API" else world.remote
    minted = stack.mint()
    room = (limits.TOKEN - len(padded(0))) * 3 // 4  # base64 makes four characters of three bytes
    sizes = range(room - 4, room + 5)
    fitting = [size for size in sizes if len(padded(size)) <= limits.TOKEN]
    bearer = padded(fitting[-1] + over)
    answer = stack.invoke("create_calendar", None, json={"name": "n", "mytoken": bearer})
    return answer.status == 201


def _clauses(world: World, over: int, *, door: str) -> bool:
    return world.holds(door, [{"exp": 1}] * (limits.CLAUSES - 1 + over) + [{}])


def _hosts(world: World, over: int, *, door: str) -> bool:
    return world.holds(door, [{"hosts": [ELSEWHERE] * (limits.HOSTS - 1 + over) + [HERE]}])


def _uses(world: World, over: int, *, door: str) -> bool:
    if door == "API":
        return world.holds(door, [{"usages_other": limits.USES + over}])
    token = world.remote.mint(FULL, BELOW, restrictions=[{"usages_other": limits.USES + over}])
    return world.remote.invoke("list_calendars", token).status == 200


def _latest_time(world: World, over: int, *, door: str) -> bool:
    return world.holds(door, [{"exp": limits.LATEST_TIME + over}])


def _issued(world: World, over: int, *, wishes: Callable[[int], dict[str, Any]]) -> bool:
    return world.issues(**wishes(over))


def _ancestors(world: World, over: int) -> bool:
    user, parent = new_user(), None
    for _ in range(limits.ANCESTORS + over):
        parent = world.stack.mint(user=user, parent=parent).mom_id
    return world.issues(user=user, parent=parent)


def _issued_length(world: World, over: int) -> bool:
    """Of the issued tokens that fit, the longest has no room for another byte but successors'."""
    most = limits.TOKEN - limits.ROOM_FOR_SUCCESSORS
    empty = len(world.stack.mint(restrictions=[{"scope": ""}]).bearer)
    return world.issues(restrictions=[{"scope": "x" * ((most - empty) * 3 // 4 - 4 + 8 * over)}])


# --- a remote issuer ------------------------------------------------------------------------------


def _token_name(world: World, over: int, *, whose: str) -> bool:
    name, user = "n" * (limits.TOKEN_NAME + over), new_user()
    token = world.remote.mint(FULL, LIST, user=user, name=name)
    other = world.remote.mint("AT", user=user, name=name)
    calendar = create(world.remote, token)
    add(world.remote, token, calendar, "" if whose == "own" else other.mom_id)
    return summaries(world.remote.feed(calendar)) == [f"{name}: mytoken expires"]


def _listed_ancestors(world: World, over: int) -> bool:
    user = new_user()
    token = world.remote.mint(FULL, LIST, user=user)
    last = token.mom_id
    for _ in range(limits.LISTED_ANCESTORS + over):
        last = world.remote.mint("AT", user=user, parent=last).mom_id
    return _is_added(world, token, last)


def _is_added(world: World, token: Token, mom_id: str) -> bool:
    path = {"calendar": create(world.remote, token)["name"]}
    answer = world.remote.invoke("add_token", token, path=path, json={"mom_id": mom_id})
    return answer.status == 200


def _listed_tokens(world: World, over: int) -> bool:
    most, user = world.lower("LISTED_TOKENS"), new_user()
    tokens = [world.remote.mint(FULL, LIST, user=user) for _ in range(most + over)]
    return _is_added(world, tokens[0], tokens[-1].mom_id)


def _listed_time(world: World, over: int) -> bool:
    user = new_user()
    token, other = world.remote.mint(FULL, LIST, user=user), world.remote.mint(user=user)

    def later(exchange: Exchange) -> None:
        request = exchange.server.double.requests[-1]
        status, document, *more = exchange.server.double.respond(request, "127.0.0.1")
        for tree in document.get("mytokens", ()):
            tree["token"]["expires_at"] = limits.LATEST_TIME + over
        exchange.answer(status, document, *more)

    with world.remote.server.failing(later, TOKENINFO):
        return _is_added(world, token, other.mom_id)


def _padded(world: World, over: int, *, path: str, most: int) -> bool:
    """Whether an answer of so many bytes is read: JSON may end with spaces."""

    def pad(exchange: Exchange) -> None:
        request = exchange.server.double.requests[-1]
        status, document, *_ = exchange.server.double.respond(request, "127.0.0.1")
        body = json.dumps(document).encode()
        exchange.answer(status, body + b" " * (most - len(body) + over))

    return world.lists_while(pad, path, world.remote.mint(FULL, INTROSPECT))


def _head(world: World, over: int) -> bool:
    """The head may take what the limit says, and what the body leaves of its own."""
    lines = [f"X-{number}: {'x' * 8_000}" for number in range(15 if not over else 20)]
    body = json.dumps(world.remote.server.ledger.jwks).encode()
    body += b" " * (limits.METADATA_BYTES - len(body) if over else 0)
    lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()
    return world.lists_while(lambda exchange: exchange.wfile.write(head + body), JWKS)


def _issuer_keys(world: World, over: int) -> bool:
    good = world.remote.server.ledger.jwks["keys"]
    other = {**good[0], "x": good[0]["x"], "kid": "other"}
    others = [{**other, "kid": f"k{number}"} for number in range(limits.ISSUER_KEYS - 1 + over)]
    keys = keys_of({"keys": [*others, *good]}, world.remote.server.ledger.algorithm)
    return keys[-1].kid is None


def _key_id(world: World, over: int) -> bool:
    kid = "k" * (limits.KEY_ID + over)
    keys = {"keys": [{**key, "kid": kid} for key in world.remote.server.ledger.jwks["keys"]]}
    return world.lists_while(answering(200, keys), JWKS)


def _key_id_of_a_token(world: World, over: int) -> bool:
    ledger, token = world.remote.server.ledger, world.remote.mint(FULL)
    claims = ledger.entries[token.mom_id].claims
    bearer = ledger.sign(claims, kid="k" * (limits.KEY_ID + over))
    return world.remote.invoke("list_calendars", bearer).status == 200


_RSA = RSAKey.generate_key(2048).as_dict(private=False)


def _is_rsa_key(**changes: Any) -> bool:
    try:
        return bool(keys_of({"keys": [{**_RSA, **changes}]}, "RS256"))
    except ValueError:
        return False


def _key_number(world: World, over: int) -> bool:
    number = base64.urlsafe_b64decode(_RSA["n"] + "==")
    padded = base64.urlsafe_b64encode(number.rjust(1024 + over, b"\0")).decode().rstrip("=")
    assert len(padded) == limits.KEY_NUMBER + over
    return _is_rsa_key(n=padded)


def _rsa_exponent(world: World, over: int) -> bool:
    exponent = limits.RSA_EXPONENT + (1 if over else -1)  # it is odd
    text = base64.urlsafe_b64encode(exponent.to_bytes(5)).decode().rstrip("=")
    return _is_rsa_key(e=text)


def _unknown_short_tokens(world: World, over: int) -> bool:
    shown = [secrets.token_hex(32) for _ in range(limits.UNKNOWN_SHORT_TOKENS + over)]
    with world.remote.cold("list_calendars"):
        answers = [world.remote.invoke("list_calendars", bearer) for bearer in shown]
    return answers[-1].status == 401


Case = Callable[[World, int], bool]

# Each limit, the doors that it concerns, and whether what is `over` it by so much comes in whole.
DOORS: dict[str, dict[str, Case]] = {
    "BODY": {"API": _body},
    "FORM_FIELDS": {"API": _form},
    "NESTING": {"API": _nesting},
    "ASKED_HEADERS": {"API": _asked_headers},
    "COOKIES": {"API": _cookies},
    "MEDIA_TYPE": {"API": _media_type},
    "IDEMPOTENCY_KEY": {"API": _idempotency_key},
    "NAME": {"API": _name, "API, changed": partial(_updated, field="name", limit="NAME")},
    "COMMENT": {
        "API": _comment,
        "API, a description": _described,
        "API, changed": partial(_updated, field="description", limit="COMMENT"),
    },
    "LABEL": _of_feeds(lambda n: {"label": "l" * (limits.LABEL + n)}),
    "REMINDERS": _of_feeds(lambda n: {"days": [*range(limits.REMINDERS + n)]}),
    "DAYS_AHEAD": _of_feeds(lambda n: {"days": [limits.DAYS_AHEAD + n]}),
    "FEEDS": {
        "API": partial(_feeds, operation="create_feed"),
        "API, with a calendar": partial(_feeds, operation="create_calendar"),
    },
    "FEEDS_OF_CALENDAR": {"API": _feeds_of_calendar},
    "TAG": {
        f"API, {door}": partial(_tag, door=door)
        for door in ("create_tag", "update_tag", "tag_calendar", "update_calendar")
    },
    "TAGS": {
        f"API, {door}": partial(_tags, door=door)
        for door in ("create_tag", "tag_calendar", "update_calendar")
    },
    "TAGS_OF_CALENDAR": {
        f"API, {door}": partial(_tags_of_calendar, door=door)
        for door in ("tag_calendar", "update_calendar")
    },
    "ASKED_TOKENS": {"API": _asked_tokens},
    "CALENDARS": {"API": _calendars},
    "CALENDAR_WEIGHT": {"API": partial(_weight, limit="CALENDAR_WEIGHT", calendars=1)},
    "OWNER_WEIGHT": {"API": partial(_weight, limit="OWNER_WEIGHT", calendars=2)},
    "ANSWER": {"API": _answer},
    "CLIENT_NAMES": {"API": _client_names},
    "TOKEN": {
        "API": partial(_token, door="API"),
        "remote": partial(_token, door="remote"),
        "issue": _issued_length,
    },
    "TOKEN_NAME": {
        "remote": partial(_token_name, whose="own"),
        "remote, listed": partial(_token_name, whose="another"),
        "issue": partial(_issued, wishes=lambda n: {"name": "n" * (limits.TOKEN_NAME + n)}),
    },
    "ANCESTORS": {"issue": _ancestors},
    "CLAUSES": {
        "API": partial(_clauses, door="API"),
        "remote": partial(_clauses, door="remote"),
        "issue": partial(
            _issued, wishes=lambda n: {"restrictions": [{"nbf": 1}] * (limits.CLAUSES + n)}
        ),
    },
    "HOSTS": {
        "API": partial(_hosts, door="API"),
        "remote": partial(_hosts, door="remote"),
        "issue": partial(
            _issued, wishes=lambda n: {"restrictions": [{"hosts": [HERE] * (limits.HOSTS + n)}]}
        ),
    },
    "USES": {
        "API": partial(_uses, door="API"),
        "remote": partial(_uses, door="remote"),
        "issue": partial(
            _issued, wishes=lambda n: {"restrictions": [{"usages_other": limits.USES + n}]}
        ),
    },
    "LATEST_TIME": {
        "API": partial(_latest_time, door="API"),
        "remote": partial(_latest_time, door="remote"),
        "remote, listed": _listed_time,
        "issue": partial(
            _issued, wishes=lambda n: {"at": limits.LATEST_TIME - DAY + n, "expires_in": DAY}
        ),
        "issue, a clause": partial(
            _issued, wishes=lambda n: {"restrictions": [{"exp": limits.LATEST_TIME + n}]}
        ),
    },
    "METADATA_BYTES": {
        "remote": partial(_padded, path=CONFIGURATION, most=limits.METADATA_BYTES),
        "remote, keys": partial(_padded, path=JWKS, most=limits.METADATA_BYTES),
    },
    "TOKENINFO_BYTES": {"remote": partial(_padded, path=TOKENINFO, most=limits.TOKENINFO_BYTES)},
    "ISSUER_HEAD": {"remote": _head},
    "UNKNOWN_SHORT_TOKENS": {"remote": _unknown_short_tokens},
    "ISSUER_KEYS": {"remote": _issuer_keys},
    "KEY_ID": {"remote": _key_id, "remote, a token": _key_id_of_a_token},
    "KEY_NUMBER": {"remote": _key_number},
    "RSA_EXPONENT": {"remote": _rsa_exponent},
    "LISTED_TOKENS": {"remote": _listed_tokens},
    "LISTED_ANCESTORS": {"remote": _listed_ancestors},
}
# What limits no input: how long and how often the stack itself waits, tries and remembers, by how
# much clocks may differ, and how long the parameters of the template may be.
OF_ITS_OWN_WORK = {
    *("RETRIED", "LOOKS"),
    *("MARKS", "MARKS_TIDIED", "MARK_KEPT", "OWNER_ROOM"),
    *("EXPIRED_KEPT", "EXPIRED_AT_ONCE", "TIDYING"),
    *("NAME_TO_NORMALISE", "ROOM_FOR_SUCCESSORS", "CLIENT_LOOK_UP"),
    *("FEED_GONE", "FEED_MEMORY", "REMEMBERED_OWNERS", "PUBLIC_URL", "RENEWAL_PAGE"),
    *("REPEATABLE", "LIST_REPEATED", "SUCCESSOR_REPEATED", "COOKIE", "GENERATIONS", "COMMIT"),
    *("CLOCK_LEEWAY", "JSON_MARKS", "NAME_IN_ADDRESS", "NAME_FROM_DESCRIPTION"),
    *("FIRST_PAUSE", "LONGEST_PAUSE", "RETRY_AFTER", "GRIDS", "ASSET_KEPT"),
    *("AWS_CONNECT", "AWS_ANSWER", "AWS_ATTEMPTS", "READ_AT_ONCE"),
    *("CONFIGURATION_FRESH", "CONFIGURATION_KEPT", "CONFIGURATION_COOLDOWN"),
    *("METADATA_SECONDS", "TOKENINFO_SECONDS", "GONE_AT_ONCE"),
    *("DEAD_TOKENS", "DEAD_TOKENS_REMEMBERED"),
    *("KNOWN_SHORT_TOKENS", "KNOWN_SHORT_TOKENS_REMEMBERED"),
}
CASES = [
    pytest.param(case, id=f"{limit}, {door}")
    for limit, doors in DOORS.items()
    for door, case in doors.items()
]


def test_each_limit_has_its_doors() -> None:
    names = {name for name in vars(limits) if name.isupper() and not name.startswith("_")}

    assert DOORS.keys() | OF_ITS_OWN_WORK == names
    assert DOORS.keys().isdisjoint(OF_ITS_OWN_WORK)


@pytest.fixture
def world(stack: Stack, remote_stack: RemoteStack, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(stack, remote_stack, monkeypatch)


@pytest.mark.found("A18")
@pytest.mark.parametrize("case", CASES)
def test_a_door_takes_what_is_at_the_limit(world: World, case: Case) -> None:
    assert case(world, 0)


@pytest.mark.found("A18")
@pytest.mark.parametrize("case", CASES)
def test_a_door_refuses_or_cuts_what_is_beyond(world: World, case: Case) -> None:
    assert not case(world, 1)
