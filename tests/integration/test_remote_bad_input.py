"""Bad inputs by number, of mytokens that another server vouches for: it is told as little of them
as can be, and nobody else is told anything.

Each is asked twice: as an event of the handlers, and over HTTP of the local server.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.doubles import mytoken_server
from tests.harness import engines, openapi
from tests.harness.connections import Address, watched_connections
from tests.harness.forged_tokens import FORGERIES, LONGEST_IN_A_HEADER, Forger, Forgery
from tests.harness.server import ServedRemoteStack, ServedStack, Server
from tests.harness.stacks import DAY, Answer, RemoteStack, Token, sample_event, set_token
from tests.harness.steps import Document, add, create, new_user
from tests.harness.tally import Tally

NAME = "CI Mytokens"
FULL, LIST, BELOW = "manage_mytokens:notify", "manage_mytokens:list", "tokeninfo:subtokens"
USELESS = ("AT", "tokeninfo:history", "manage_mytokens:notifyX", "MANAGE_MYTOKENS:NOTIFY")

NO_TOKEN = {"www-authenticate": 'Bearer realm="mytoken"'}
BAD_TOKEN = {"www-authenticate": 'Bearer realm="mytoken", error="invalid_token"'}
LATER = {"retry-after": "2"}


@dataclass(frozen=True)
class World:
    """A user with all kinds of mytokens and a calendar; and whoever forges some."""

    stack: RemoteStack
    user: str
    tokens: Mapping[str, Token]

    @classmethod
    def on(cls, stack: RemoteStack) -> "World":
        user = new_user()
        counted = {"usages_other": 9}

        def mint(*capabilities: str, **more: Any) -> Token:
            return stack.mint(*capabilities, **{"user": user, "expires_in": None, **more})

        def limited(clause: Document, **more: Any) -> Token:
            return mint(FULL, LIST, BELOW, restrictions=[clause], **more)

        full = mint(FULL, LIST)
        family = {"rotation": {"on_other": True, "auto_revoke": True}}
        tokens = {
            "full": full,
            "other": mint(FULL),
            "stranger": stack.mint(),
            "useless": mint(*USELESS, LIST, restrictions=[counted]),
            "reader": mint("read@manage_mytokens:notify", BELOW, restrictions=[counted]),
            "own": mint("tokeninfo:notify", LIST, parent=full.mom_id),
            "sibling": mint(FULL, parent=full.mom_id),
            "revoked": mint(FULL),
            "orphan": mint(FULL, parent=mint(FULL).mom_id),
            "superseded": limited({}, rotation={"on_other": True}),
            "replayed": limited({}, **family),
            "elsewhere": limited({**counted, "hosts": ["198.51.100.9"]}),
            "never": limited({"usages_other": 0}),
            "once": limited({"usages_other": 1}),
            "used-up": mint(FULL, BELOW, restrictions=[{"exp": 1}, {"usages_other": 0}]),
            "abroad": limited({**counted, "geoip_allow": ["de"]}),
            "short": mint(FULL, "tokeninfo:introspect", short=True),
        }
        ledger = stack.server.ledger
        stack.revoke(tokens["revoked"])
        stack.revoke(Token("", ledger.entries[tokens["orphan"].mom_id].parent), recursive=True)
        for used in ("superseded", "replayed", "once"):
            ledger.tokeninfo("subtokens", tokens[used].bearer, "127.0.0.1")
        calendar = create(stack, full, NAME)
        watched = mint("AT", expires_in=40 * DAY)
        add(stack, full, calendar, watched.mom_id, comment="as it was")
        return cls(stack, user, tokens)

    @property
    def how(self) -> str:
        return "over HTTP" if isinstance(self.stack, ServedStack) else "as events"

    @property
    def reachable(self) -> set[Address]:
        """Where whoever asks may connect to: the issuer alone, or the server alone."""
        server = urlsplit(
            self.stack.url if isinstance(self.stack, ServedStack) else self.stack.server.url
        )
        return {(server.hostname, server.port)}

    @property
    def state(self) -> dict[str, Any]:
        """All that must not change: both tables, and the tokens as the issuer has them."""
        return {**self.stack.dump(), "issuer": dict(self.stack.server.ledger.entries)}

    def bearer(self, token: str) -> str:
        return self.tokens[token].bearer

    def ask(self, operation: str, token: str | None = "full", **request: Any) -> Answer:
        presented = self.tokens.get(token, token) if token else None
        return self.stack.invoke(operation, presented, **request)

    def list(self, token: str | None = "full", **request: Any) -> Answer:
        return self.ask("list_calendars", token, **request)

    def create(self, token: str | None = "full", **request: Any) -> Answer:
        return self.ask("create_calendar", token, **{"json": {"name": "x"}, **request})

    def add(self, mom_id: str, token: str = "full") -> Answer:
        return self.ask("add_token", token, path={"calendar": NAME}, json={"mom_id": mom_id})

    def in_query(self, name: str) -> Answer:
        event = sample_event("list_calendars")
        set_token(event, None)
        event["rawQueryString"] = f"{name}={self.bearer('full')}"
        event["queryStringParameters"] = {name: self.bearer("full")}
        return self.stack.send("list_calendars", event)

    @cached_property
    def forger(self) -> Forger:
        ledger = self.stack.server.ledger

        def sign(header: Document, claims: Document) -> str:
            bearer: str = ledger.sign(claims, **header)
            return bearer

        return Forger(self.bearer("full"), sign, ledger.key.public_key)

    def present(self, bearer: str) -> Answer:
        """In the body if it is too long for the gateway's headers."""
        if len(bearer) <= LONGEST_IN_A_HEADER:
            return self.list(bearer)
        return self.create(None, json={"name": "x", "mytoken": bearer})


Ask = Callable[[World], Answer]


@dataclass(frozen=True)
class Row:
    """A request, and its answer. The issuer is asked for `actions` meanwhile, and for no other."""

    id: str
    ask: Ask
    status: int
    error: str
    headers: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    words: str = ""
    given: Callable[[World], AbstractContextManager[None]] = lambda world: nullcontext()


ONCE = ("introspect",)
LOOKED_FOR = ("introspect", "list_mytokens")


def refused(row: str, headers: Mapping[str, str], *asks: Ask, **more: Any) -> list[Row]:
    return [
        Row(f"{row}-{number}", ask, 401, "invalid_token", headers, **more)
        for number, ask in enumerate(asks)
    ]


def forgeries(row: str, *makes: Forgery) -> list[Row]:
    """Tokens of which the issuer is told nothing."""
    return refused(
        row, BAD_TOKEN, *[lambda w, make=make: w.present(make(w.forger)) for make in makes]
    )


def dead(row: str, token: str) -> list[Row]:
    return refused(row, BAD_TOKEN, lambda w: w.create(token), actions=ONCE)


def invalid(row: str, ask: Ask) -> Row:
    return Row(row, ask, 400, "invalid_request")


def lacking(row: str, ask: Ask, actions: tuple[str, ...] = ONCE) -> Row:
    return Row(row, ask, 403, "insufficient_capabilities", actions=actions)


def restricted(row: str, ask: Ask, actions: tuple[str, ...] = ONCE, **more: Any) -> Row:
    return Row(row, ask, 403, "usage_restricted", actions=actions, **more)


def no_grant(row: str, token: str) -> Row:
    return Row(
        row, lambda w: w.add(w.tokens[token].mom_id), 403, "invalid_grant", actions=LOOKED_FOR
    )


@contextmanager
def issuer_down(world: World) -> Iterator[None]:
    with world.stack.server.down():
        yield


@contextmanager
def other_kid(world: World) -> Iterator[None]:
    """The issuer names its key, and this is known."""
    ledger = world.stack.server.ledger
    ledger.kid = "k-1"
    with world.stack.cold("list_calendars"):
        assert world.list(world.forger.signed()).status == 200
        world.stack.server.requests.clear()
        yield
        ledger.kid = None


ROWS = [
    *refused(
        "row-1-none",
        NO_TOKEN,
        lambda w: w.list(None),
        lambda w: w.list(None, cookies=["other=x"]),
        lambda w: w.list("", headers={"authorization": ""}),
    ),
    *refused(
        "row-2-other-scheme",
        NO_TOKEN,
        lambda w: w.list(None, headers={"authorization": "Basic dXNlcjpwYXNz"}),
        lambda w: w.list(None, headers={"authorization": w.bearer("full")}),
    ),
    *refused(
        "row-3-nothing-after-bearer",
        BAD_TOKEN,
        lambda w: w.list(None, headers={"authorization": "Bearer"}),
    ),
    invalid("row-4-two", lambda w: w.list(f"{w.bearer('full')}, Bearer {w.bearer('full')}")),
    invalid("row-4-comma", lambda w: w.list(f"{w.bearer('full')},")),
    invalid("row-5-json", lambda w: w.create(json={"name": "x", "mytoken": w.bearer("other")})),
    invalid(
        "row-5-form",
        lambda w: w.ask("create_calendar", form={"name": "x", "mytoken": w.bearer("other")}),
    ),
    *refused(
        "row-6-query",
        NO_TOKEN,
        lambda w: w.in_query("access_token"),
        lambda w: w.in_query("mytoken"),
    ),
    *refused(
        "row-7-cookie-of-a-foreign-origin",
        NO_TOKEN,
        lambda w: w.ask(
            "delete_calendar",
            None,
            path={"calendar": NAME},
            cookies=[f"mytoken={w.bearer('full')}"],
            headers={"origin": "https://evil.example"},
        ),
    ),
    *refused("row-9-short-token", BAD_TOKEN, lambda w: w.list("x" * 64), actions=ONCE),
    *[row for name, makes in FORGERIES.items() for row in forgeries(name, *makes)],
    *refused(
        "row-24-17-kB",
        BAD_TOKEN,
        lambda w: w.create(None, json={"name": "x", "mytoken": "x" * 17_000}),
        lambda w: w.create(None, json={"name": "x", "mytoken": w.forger.signed(name="x" * 17_000)}),
    ),
    *dead("row-25-revoked", "revoked"),
    *dead("row-26-ancestor-revoked", "orphan"),
    *dead("row-28-superseded", "superseded"),
    *refused(
        "row-29-seq-no-ahead",
        BAD_TOKEN,
        lambda w: w.create(w.forger.signed(seq_no=7)),
        actions=ONCE,
    ),
    *refused(
        "row-30-unknown-to-the-issuer",
        BAD_TOKEN,
        lambda w: w.create(w.forger.signed(jti=str(uuid4()))),
        actions=ONCE,
    ),
    Row(
        "row-31-issuer-unreachable",
        lambda w: w.create(),
        503,
        "temporarily_unavailable",
        LATER,
        given=issuer_down,
    ),
    Row(
        "row-31-issuer-unreachable-short",
        lambda w: w.create("short"),
        503,
        "temporarily_unavailable",
        LATER,
        given=issuer_down,
    ),
    lacking("row-32-list-with-AT", lambda w: w.list("useless")),
    lacking("row-33-create-with-read", lambda w: w.create("reader")),
    lacking("row-34-longer-or-upper-case", lambda w: w.create("useless")),
    lacking("row-35-get-without-any", lambda w: w.ask("get_calendar", "useless")),
    restricted("row-36-hosts", lambda w: w.create("elsewhere")),
    *[
        restricted(
            f"row-37-{header}",
            lambda w, header=header, value=value: w.create("elsewhere", headers={header: value}),
        )
        for header, value in [
            ("x-forwarded-for", "198.51.100.9"),
            ("forwarded", "for=198.51.100.9"),
            ("x-real-ip", "198.51.100.9"),
        ]
    ],
    restricted("row-38-never", lambda w: w.create("never")),
    restricted("row-39-second-use", lambda w: w.create("once"), ("introspect", "subtokens")),
    restricted("row-40-no-clause-holds", lambda w: w.create("used-up")),
    restricted("row-41-country-unknown", lambda w: w.create("abroad")),
    no_grant("row-42-mom-id-of-another-user", "stranger"),
    Row(
        "row-43-unknown-mom-id",
        lambda w: w.add(base64.b64encode(b"\x01" * 64).decode()),
        403,
        "invalid_grant",
        actions=LOOKED_FOR,
    ),
    no_grant("row-44-revoked-token", "revoked"),
    lacking("row-45-sibling", lambda w: w.add(w.tokens["sibling"].mom_id, "own"), LOOKED_FOR),
]

# Here a function has to be started anew, which only those in this process are.
NAMED_KEY = [
    replace(row, given=other_kid)
    for row in forgeries(
        "row-13-known-kid", lambda f: f.signed({"kid": "k-2"}), lambda f: f.forged(kid="k-1")
    )
]


@pytest.fixture(scope="module")
@engines.runs("ministack")
def served_remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRemoteStack]:
    """A local server for whose mytokens another double vouches."""
    folder = tmp_path_factory.mktemp("served")
    with mytoken_server.running(folder) as issuer:
        trusted = {"MYTOKEN_ISSUER": issuer.url, "SSL_CERT_FILE": str(issuer.trusted)}
        with Server.running(folder / "state", **trusted) as server:
            yield ServedRemoteStack.of(server, server=issuer)


@pytest.fixture(scope="module", params=["remote_stack", "served_remote"])
def world(request: pytest.FixtureRequest) -> World:
    return World.on(request.getfixturevalue(request.param))


as_events = pytest.mark.parametrize("world", ["remote_stack"], indirect=True)


@pytest.fixture(scope="module")
def untouched(world: World) -> dict[str, Any]:
    return world.state


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_bad_input_is_answered_as_an_error_and_changes_nothing_here_nor_at_the_issuer(
    world: World, untouched: dict[str, Any], tally: Tally, row: Row
) -> None:
    with tally.case(f"hostile rows {world.how}, another issuer"):
        _is_refused(world, untouched, row)


@as_events
@pytest.mark.parametrize("row", NAMED_KEY, ids=lambda row: row.id)
def test_a_token_of_another_key_than_the_issuers_is_refused(
    world: World, untouched: dict[str, Any], tally: Tally, row: Row
) -> None:
    with tally.case(f"hostile rows {world.how}, another issuer"):
        _is_refused(world, untouched, row)


def _is_refused(world: World, untouched: dict[str, Any], row: Row) -> None:
    server = world.stack.server
    server.requests.clear()

    with row.given(world), watched_connections() as reached:
        answer = row.ask(world)
        actions = tuple(server.actions)

    faults = list(openapi.faults(answer))
    description = answer.json.pop("error_description")
    assert (answer.status, answer.json) == (row.status, {"error": row.error})
    assert isinstance(description, str)
    assert description
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.items() >= row.headers.items()
    assert faults == []
    assert actions == row.actions
    assert reached <= world.reachable
    assert world.state == untouched


def test_an_unknown_mom_id_and_somebody_elses_are_answered_alike(world: World) -> None:
    unknown = world.add(base64.b64encode(b"\x02" * 64).decode())
    foreign = world.add(world.tokens["stranger"].mom_id)

    assert (unknown.status, unknown.body) == (foreign.status, foreign.body)
    assert unknown.undated == foreign.undated


def test_row_27_a_replayed_token_ends_its_family_at_the_issuer_alone(
    world: World, untouched: dict[str, Any]
) -> None:
    token = world.tokens["replayed"]

    answer = world.create("replayed")

    entries = untouched["issuer"]
    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert world.stack.dump().items() <= untouched.items()
    assert world.stack.server.ledger.entries == {
        mom_id: entry for mom_id, entry in entries.items() if mom_id != token.mom_id
    }


@as_events
def test_a_flood_of_forged_tokens_makes_the_issuer_publish_its_keys_once_more_at_most(
    world: World,
) -> None:
    with world.stack.cold("list_calendars"):
        world.stack.server.requests.clear()
        answers = [world.list(world.forger.forged(kid=f"k-{number}")) for number in range(20)]
        asked = len(world.stack.server.requests)

    assert {answer.status for answer in answers} == {401}
    assert asked <= 2


@as_events
def test_every_connection_of_a_good_request_goes_to_the_issuer_too(world: World) -> None:
    with watched_connections() as reached:
        answer = world.list()

    assert answer.status == 200
    assert reached == world.reachable


@as_events
def test_the_stack_is_not_told_by_a_request_whom_to_ask(world: World) -> None:
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}

    with watched_connections() as reached:
        answer = world.list(headers=headers)

    assert answer.status == 200
    assert reached == world.reachable
