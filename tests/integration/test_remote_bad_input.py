"""Bad inputs by number, of mytokens that another server vouches for: it is told as little of them
as can be, and nobody else is told anything."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws

from tests.integration.connections import watched_connections
from tests.integration.steps import Document, add, create, new_user
from tests.mytoken_ledger import new_key
from tests.support import DAY, Answer, RemoteStack, Token, sample_event, set_token

NAME = "CI Mytokens"
FULL, LIST, BELOW = "manage_mytokens:notify", "manage_mytokens:list", "tokeninfo:subtokens"
USELESS = ("AT", "tokeninfo:history", "manage_mytokens:notifyX", "MANAGE_MYTOKENS:NOTIFY")

NO_TOKEN = {"www-authenticate": 'Bearer realm="mytoken"'}
BAD_TOKEN = {"www-authenticate": 'Bearer realm="mytoken", error="invalid_token"'}
LATER = {"retry-after": "2"}
INTERNAL = ["http://127.0.0.1:9001/", "http://169.254.170.2/", "https://localhost/", "file:///etc"]

Header = dict[str, Any]


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(segment: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(segment + "=="))


@dataclass(frozen=True)
class World:
    """A user with all kinds of mytokens and a calendar; and whoever forges some."""

    stack: RemoteStack
    user: str
    tokens: Mapping[str, Token]
    forger: Any = field(default_factory=lambda: new_key("ES512"))

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
        return self.ask("add_token", token, path={"name": NAME}, json={"mom_id": mom_id})

    def in_query(self, name: str) -> Answer:
        event = sample_event("list_calendars")
        set_token(event, None)
        event["rawQueryString"] = f"{name}={self.bearer('full')}"
        event["queryStringParameters"] = {name: self.bearer("full")}
        return self.stack.send("list_calendars", event)

    @property
    def claims(self) -> Document:
        claims: Document = decoded(self.bearer("full").split(".")[1])
        return claims

    def signed(self, header: Header | None = None, **changes: Any) -> str:
        """What the issuer's own key would sign; a change to None removes a claim."""
        claims = {n: v for n, v in {**self.claims, **changes}.items() if v is not None}
        bearer: str = self.stack.server.ledger.sign(claims, **(header or {}))
        return bearer

    def forged(self, **header: Any) -> str:
        """The claims of a good token, signed with a key of the forger's own."""
        head = {"alg": "ES512", "typ": "MT+JWT", **header}
        registry = jws.JWSRegistry(algorithms=["ES512"], strict_check_header=False)
        payload = json.dumps(self.claims).encode()
        return jws.serialize_compact(head, payload, self.forger, registry=registry)

    def under(self, head: Any, signature: Callable[[bytes], bytes] | None = None) -> str:
        """A good token's claims under another header, with its signature or another one."""
        _, payload, own = self.bearer("full").split(".")
        raw = head if isinstance(head, bytes) else json.dumps(head).encode()
        message = f"{base64url(raw)}.{payload}"
        return f"{message}.{base64url(signature(message.encode())) if signature else own}"

    def with_public_key(self, message: bytes) -> bytes:
        """HMAC with what everybody knows of the issuer's key."""
        public = self.stack.server.ledger.key.public_key
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return hmac.digest(pem, message, "sha256")

    @property
    def forgers_jwk(self) -> Document:
        jwk: Document = self.forger.as_dict(private=False)
        return jwk


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


def forgeries(row: str, *makes: Callable[[World], str]) -> list[Row]:
    """Tokens of which the issuer is told nothing."""
    return refused(row, BAD_TOKEN, *[lambda w, make=make: w.list(make(w)) for make in makes])


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
    world.stack.restart("list_calendars")
    assert world.list(world.signed()).status == 200
    world.stack.server.requests.clear()
    yield
    ledger.kid = None
    world.stack.restart("list_calendars")


NOW = int(time.time())

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
        lambda w: w.list(None, headers={"authorization": f"Bearer  {w.bearer('full')}"}),
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
            path={"name": NAME},
            cookies=[f"mytoken={w.bearer('full')}"],
            headers={"origin": "https://evil.example"},
        ),
    ),
    *forgeries("row-8-31-characters", lambda w: "x" * 31),
    *refused("row-9-short-token", BAD_TOKEN, lambda w: w.list("x" * 64), actions=ONCE),
    *forgeries(
        "row-10-none",
        lambda w: w.under({"alg": "none", "typ": "MT+JWT"}, lambda message: b""),
        lambda w: w.under({"alg": "none", "typ": "MT+JWT"}),
        lambda w: w.under({"alg": "NoNe", "typ": "MT+JWT"}, lambda message: b"x"),
        lambda w: w.under({"typ": "MT+JWT"}),
    ),
    *forgeries(
        "row-11-hmac", lambda w: w.under({"alg": "HS256", "typ": "MT+JWT"}, w.with_public_key)
    ),
    *forgeries(
        "row-12-other-algorithm",
        lambda w: w.under({"alg": "PS256", "typ": "MT+JWT"}),
        lambda w: w.under({"alg": "ES256", "typ": "MT+JWT"}),
        lambda w: w.under({"alg": ["ES512"], "typ": "MT+JWT"}),
    ),
    *forgeries("row-13-unknown-kid-forged", lambda w: w.forged(kid="unknown")),
    *[
        replace(row, given=other_kid)
        for row in forgeries(
            "row-13-unknown-kid", lambda w: w.signed({"kid": "k-2"}), lambda w: w.forged(kid="k-1")
        )
    ],
    *forgeries(
        "row-14-kid",
        lambda w: w.forged(kid="../../dev/null"),
        lambda w: w.forged(kid="file:///dev/null"),
        lambda w: w.under({"alg": "ES512", "typ": "MT+JWT", "kid": ["k"]}),
        lambda w: w.under({"alg": "ES512", "typ": "MT+JWT", "kid": None}),
        lambda w: w.forged(kid="k" * 10_000),
    ),
    *forgeries(
        "row-15-own-key",
        lambda w: w.forged(jku="https://evil.example/jwks"),
        lambda w: w.forged(x5u="https://evil.example/x5u"),
        lambda w: w.forged(jwk=w.forgers_jwk),
        lambda w: w.forged(x5c=["MIIB"]),
        lambda w: w.forged(),
    ),
    *forgeries(
        "row-16-crit",
        lambda w: w.under({"alg": "ES512", "typ": "MT+JWT", "crit": ["x"], "x": 1}),
        lambda w: w.under({"alg": "ES512", "typ": "MT+JWT", "b64": False}),
        lambda w: w.under({"alg": "ES512", "typ": "MT+JWT", "zip": "DEF"}),
        lambda w: w.under(b'{"alg": "ES512", "typ": "MT+JWT", "alg": "ES512"}'),
    ),
    *forgeries(
        "row-17-signature",
        lambda w: w.under({"alg": "ES512", "typ": "MT+JWT"}, lambda message: b"x" * 131),
        lambda w: f"{w.bearer('full')}=",
        lambda w: f"{w.bearer('full')[:-4]}",
        lambda w: f"{w.bearer('full')}.x",
    ),
    *forgeries(
        "row-18-issuer",
        lambda w: w.signed(iss="https://unknown.example"),
        *[lambda w, url=url: w.signed(iss=url) for url in INTERNAL],
        *[lambda w, url=url: w.signed(iss=url, aud=url) for url in INTERNAL],
        lambda w: w.signed(iss=f"{w.claims['iss']}/"),
    ),
    *forgeries(
        "row-19-audience",
        lambda w: w.signed(aud="https://other.example"),
        lambda w: w.signed(aud=[w.claims["aud"]]),
        lambda w: w.signed(aud=None),
    ),
    *forgeries(
        "row-20-exp",
        lambda w: w.signed(exp=int(time.time()) - 1),
        lambda w: w.signed(exp=str(NOW + DAY)),
        lambda w: w.signed(exp=float(NOW + DAY)),
        lambda w: w.signed(exp=10**400),
    ),
    *forgeries("row-21-nbf", lambda w: w.signed(nbf=NOW + 3600), lambda w: w.signed(nbf="1")),
    *forgeries(
        "row-22-identity",
        lambda w: w.signed(jti="00000000-0000-0000-0000-000000000000"),
        lambda w: w.signed(jti="x"),
        lambda w: w.signed(oidc_sub="somebody else"),
        lambda w: w.signed(oidc_iss="https://other.example"),
        lambda w: w.signed(sub="x"),
    ),
    *forgeries(
        "row-23-id-token",
        lambda w: w.signed({"typ": "JWT"}),
        lambda w: w.signed(token_type=None),
        lambda w: w.signed(token_type="id_token"),
    ),
    *refused(
        "row-24-17-kB",
        BAD_TOKEN,
        lambda w: w.create(None, json={"name": "x", "mytoken": "x" * 17_000}),
        lambda w: w.create(None, json={"name": "x", "mytoken": w.signed(name="x" * 17_000)}),
    ),
    *dead("row-25-revoked", "revoked"),
    *dead("row-26-ancestor-revoked", "orphan"),
    *dead("row-28-superseded", "superseded"),
    *refused(
        "row-29-seq-no-ahead", BAD_TOKEN, lambda w: w.create(w.signed(seq_no=7)), actions=ONCE
    ),
    *refused(
        "row-30-unknown-to-the-issuer",
        BAD_TOKEN,
        lambda w: w.create(w.signed(jti=str(uuid4()))),
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


@pytest.fixture(scope="module")
def world(remote_stack: RemoteStack) -> World:
    return World.on(remote_stack)


@pytest.fixture(scope="module")
def untouched(world: World) -> dict[str, Any]:
    return world.state


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_bad_input_is_answered_as_an_error_and_changes_nothing_here_nor_at_the_issuer(
    world: World, untouched: dict[str, Any], row: Row
) -> None:
    server = world.stack.server
    pinned = urlsplit(server.url)
    server.requests.clear()

    with row.given(world), watched_connections() as reached:
        answer = row.ask(world)
        actions = tuple(server.actions)

    description = answer.json.pop("error_description")
    assert (answer.status, answer.json) == (row.status, {"error": row.error})
    assert isinstance(description, str)
    assert description
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.items() >= row.headers.items()
    assert actions == row.actions
    assert reached <= {(pinned.hostname, pinned.port)}
    assert world.state == untouched


def test_an_unknown_mom_id_and_somebody_elses_are_answered_alike(world: World) -> None:
    unknown = world.add(base64.b64encode(b"\x02" * 64).decode())
    foreign = world.add(world.tokens["stranger"].mom_id)

    assert (unknown.status, unknown.body) == (foreign.status, foreign.body)
    assert unknown.headers == foreign.headers


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


def test_a_flood_of_forged_tokens_makes_the_issuer_publish_its_keys_once_more_at_most(
    world: World,
) -> None:
    world.stack.restart("list_calendars")
    world.stack.server.requests.clear()

    answers = [world.list(world.forged(kid=f"k-{number}")) for number in range(20)]

    assert {answer.status for answer in answers} == {401}
    assert len(world.stack.server.requests) <= 2


def test_every_connection_of_a_good_request_goes_to_the_issuer_too(world: World) -> None:
    pinned = urlsplit(world.stack.server.url)

    with watched_connections() as reached:
        answer = world.list()

    assert answer.status == 200
    assert reached == {(pinned.hostname, pinned.port)}


def test_the_stack_is_not_told_by_a_request_whom_to_ask(world: World) -> None:
    pinned = urlsplit(world.stack.server.url)
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}

    with watched_connections() as reached:
        answer = world.list(headers=headers)

    assert answer.status == 200
    assert reached == {(pinned.hostname, pinned.port)}
