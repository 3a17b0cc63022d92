"""Bad inputs by number: the exact answer of each, and that it has changed nothing.

Each is asked twice: as an event of the handlers, and over HTTP of the local server.
"""

import base64
import gzip
import inspect
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.identifiers import Owner
from tests.harness import engines, openapi
from tests.harness.forged_tokens import FORGERIES, LONGEST_IN_A_HEADER, Forger, Forgery
from tests.harness.server import ServedStack, Server
from tests.harness.stacks import CALENDARS, DAY, Answer, Stack, Token, sample_event, set_token
from tests.harness.steps import (
    Document,
    add,
    create,
    create_feed,
    delete,
    new_user,
    overwrite,
    overwrite_token,
    owner,
    secret_of,
)
from tests.harness.tally import Tally
from tests.harness.token_uses import EVERYTHING, REVOKED_WHEN_REPLAYED, ROTATING, successor

NAME = "CI Mytokens"
KIB = 1024

A_WHILE = 0.1  # seconds, after which nobody can have been on the way since before a rotation
READS = {"GetItem", "BatchGetItem", "Query", "Scan"}
_PATCH = {"update_feed": {"json": {"label": "x"}}}
USELESS = ("AT", "tokeninfo:history", "manage_mytokens:notifyX", "MANAGE_MYTOKENS:NOTIFY")

NO_TOKEN = {"www-authenticate": 'Bearer realm="mytoken"'}
BAD_TOKEN = {"www-authenticate": 'Bearer realm="mytoken", error="invalid_token"'}
KEY, USED_KEY = "idempotency-key", "6f0d4c1b-9a57-4f7d-8c1e-8b400c9a2b5e"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class World:
    """A user with all kinds of mytokens, a calendar, and one that was deleted; and a stranger.

    The calendar has a second feed, and another calendar has one, too.
    """

    stack: Stack
    user: str
    tokens: Mapping[str, Token]
    second: Document
    elsewhere: Document
    deleted: Document
    known: Answer  # the feed of the deleted calendar, before it was
    calls: list[str] = field(default_factory=list)  # of ours, since `state` was last read
    state_then: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def on(cls, stack: Stack) -> "World":
        user = new_user()
        full = stack.mint("manage_mytokens:notify", "settings:tags", user=user)
        tokens = {
            "full": full,
            "other": stack.mint(user=user),
            "stranger": stack.mint(),
            "useless": stack.mint(*USELESS, user=user),
            "reader": stack.mint("read@manage_mytokens:notify", user=user),
            "own": stack.mint("tokeninfo:notify", user=user, parent=full.mom_id),
            "sibling": stack.mint(user=user, parent=full.mom_id),
            "eternal": stack.mint(user=user, expires_in=None),
            "expired": stack.mint(user=user, expires_in=DAY, at=1_700_000_000),
            "revoked": stack.mint(user=user),
        }
        stack.revoke(tokens["revoked"])
        tokens |= _dead(stack, user) | _restricted(stack, user)
        other = create_feed(stack, full, create(stack, full, "Café"))
        create(stack, tokens["stranger"], "Theirs")
        calendar, deleted = (create(stack, full, name) for name in (NAME, "Deleted"))
        stack.invoke("create_calendar", full, json={"name": "Keyed"}, headers={KEY: USED_KEY})
        add(stack, full, calendar, "", comment="as it was")
        second = create_feed(stack, full, calendar, label="Phone")
        for tag in ("nightly", "weekly"):
            stack.invoke("create_tag", full, path={"tag": tag})
        known = stack.feed(deleted)
        delete(stack, full, deleted)
        world = cls(stack, user, tokens, second, other, deleted, known)
        for client in _clients(stack):
            client.meta.events.register("before-call", world.note)
        return world

    def note(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)

    @property
    def how(self) -> str:
        return "over HTTP" if isinstance(self.stack, ServedStack) else "as events"

    @property
    def state(self) -> dict[str, Any]:
        """Everything in both tables. Of moto it takes long, so only if anything was written."""
        only_read = self.how == "as events" and READS.issuperset(self.calls)
        if not (self.state_then and only_read):
            self.state_then.update(self.stack.dump())
        self.calls.clear()
        return dict(self.state_then)

    def bearer(self, token: str) -> str:
        return self.tokens[token].bearer

    def mom_id(self, token: str) -> str:
        return self.tokens[token].mom_id

    def ask(self, operation: str, token: str | None = "full", **request: Any) -> Answer:
        presented = self.tokens.get(token, token) if token else None
        return self.stack.invoke(operation, presented, **request)

    def spelled(self, target: str, operation: str, method: str = "GET", **headers: str) -> Answer:
        """Asks the server at a path as it is spelled."""
        assert isinstance(self.stack, ServedStack)
        presented = ("Authorization", f"Bearer {self.bearer('full')}")
        path = f"{CALENDARS}{target}"
        return self.stack.ask(method, path, [presented, *headers.items()], operation=operation)

    def list(self, token: str | None = "full", **request: Any) -> Answer:
        return self.ask("list_calendars", token, **request)

    def present(self, bearer: str) -> Answer:
        """In the body, if it is too long for the gateway's headers."""
        if len(bearer) <= LONGEST_IN_A_HEADER:
            return self.list(bearer)
        return self.create(token=None, json={"name": "x", "mytoken": bearer})

    def create(self, **request: Any) -> Answer:
        return self.ask("create_calendar", **request)

    def named(self, name: Any) -> Answer:
        return self.create(json={"name": name})

    def typed(self, media_type: str, body: bytes, **more: str) -> Answer:
        return self.create(body=body, headers={"content-type": media_type, **more})

    def get(self, name: str, **request: Any) -> Answer:
        return self.ask("get_calendar", path={"calendar": name}, **request)

    def delete(self, name: str, **request: Any) -> Answer:
        return self.ask("delete_calendar", path={"calendar": name}, **request)

    def update(self, of: str = NAME, token: str = "full", **fields: Any) -> Answer:
        return self.ask("update_calendar", token, path={"calendar": of}, json=fields)

    def tag(self, tag: Any, operation: str = "tag_calendar", of: str = NAME) -> Answer:
        return self.ask(operation, path={"calendar": of}, json={"tag": tag})

    def on_tag(
        self, operation: str, tag: str = "nightly", token: str = "full", **request: Any
    ) -> Answer:
        """Asks for something of a tag of the user."""
        return self.ask(operation, token, path={"tag": tag}, **request)

    def remove(self, mom_id: Any = "", name: str = NAME, token: str = "full") -> Answer:
        return self.ask("remove_token", token, path={"calendar": name}, json={"mom_id": mom_id})

    def create_feed(self, name: str = NAME, token: str = "full", **fields: Any) -> Answer:
        return self.ask("create_feed", token, path={"calendar": name}, json=fields)

    def on_feed(
        self, operation: str, feed: str = "", token: str = "full", **request: Any
    ) -> Answer:
        """Asks for something of the calendar's second feed, or of another one."""
        path = {"calendar": NAME, "feed": feed or self.second["id"]}
        return self.ask(operation, token, path=path, **request)

    def restyle(self, token: str = "full", **fields: Any) -> Answer:
        return self.on_feed("update_feed", token=token, json=fields)

    def add(self, mom_id: Any = "", name: str = NAME, token: str = "full", **more: Any) -> Answer:
        return self.ask(
            "add_token", token, path={"calendar": name}, json={"mom_id": mom_id, **more}
        )

    def add_by_form(self, body: str) -> Answer:
        return self.ask(
            "add_token", path={"calendar": NAME}, body=body, headers={"content-type": FORM}
        )

    def nowhere(self, raw_path: str, method: str = "GET") -> Answer:
        return self.ask("no_route", raw_path=raw_path, method=method)

    def feed(self, secret: str, **request: Any) -> Answer:
        return self.ask("get_feed", None, path={"secret": secret}, **request)

    def send(self, operation: str, token: str | None = "full", **event: Any) -> Answer:
        """Calls an operation with its sample event, whose members are replaced."""
        sample = sample_event(operation)
        set_token(sample, self.tokens[token] if token else None)
        return self.stack.send(operation, {**sample, **event})

    @contextmanager
    def counting(self, key: keys.Key, counter: str, number: int) -> Iterator[None]:
        """As if there were that many."""
        before = self.stack.store.table.get(key) or {}
        overwrite(self.stack, key, **{counter: number})
        yield
        overwrite(self.stack, key, **before)

    @cached_property
    def first_feed(self) -> str:
        calendar = self.stack.store.find(self.owner, NAME)
        return calendar.addresses[0].feed_id

    @property
    def owner(self) -> Owner:
        return owner(self.user, self.stack.issuer)

    @property
    def owner_head(self) -> keys.Key:
        return keys.owner_head(self.owner)

    @property
    def calendar_key(self) -> keys.Key:
        return keys.calendar(self.stack.store.find(self.owner, NAME).id)

    @cached_property
    def forger(self) -> Forger:
        codec = self.stack.authority.codec

        def sign(header: Document, claims: Document) -> str:
            payload, key = json.dumps(claims).encode(), codec.key.public
            return codec._jws.encode(payload, key, header["alg"], headers=header)

        return Forger(self.bearer("full"), sign, codec.key.public)


@dataclass(frozen=True)
class Row:
    """A request, and its answer. `given` holds while it is asked."""

    id: str
    ask: Callable[[World], Answer]
    status: int
    error: str
    headers: Mapping[str, str] = field(default_factory=dict)
    words: str = ""
    given: Callable[[World], AbstractContextManager[None]] = lambda world: nullcontext()


Ask = Callable[[World], Answer]


def invalid(row: str, ask: Ask, words: str = "", **more: Any) -> Row:
    return Row(row, ask, 400, "invalid_request", words=words, **more)


def bad_names(row: str, *names: Any, words: str = "") -> list[Row]:
    return [
        invalid(f"{row}-{_shown(name)}", lambda world, name=name: world.named(name), words)
        for name in names
    ]


def bad_bodies(row: str, *bodies: bytes, media_type: str = JSON) -> list[Row]:
    return [
        invalid(f"{row}-{_shown(body)}", lambda world, body=body: world.typed(media_type, body))
        for body in bodies
    ]


def bad_mom_ids(row: str, *make: Callable[[str], Any], words: str = "") -> list[Row]:
    """What is made of the mom_id of a token that could be added."""
    return [
        invalid(
            f"{row}-{number}", lambda world, m=m: world.add(m(world.mom_id("other"))), words=words
        )
        for number, m in enumerate(make)
    ]


def bad_comments(row: str, *comments: Any) -> list[Row]:
    return [
        invalid(f"{row}-{_shown(c)}", lambda world, c=c: world.add(comment=c), words="comment")
        for c in comments
    ]


def bad_tags(row: str, *names: Any, words: str = "tag") -> list[Row]:
    """Names that no tag may have, wherever one is named."""
    asks: list[Callable[[World, Any], Answer]] = [
        lambda world, name: world.update(tags=["good", name]),
        lambda world, name: world.create(json={"name": "x", "tags": [name]}),
        lambda world, name: world.tag(name),
        lambda world, name: world.tag(name, "untag_calendar"),
        lambda world, name: world.on_tag("update_tag", json={"tag": name}),
    ]
    return [
        invalid(f"{row}-{number}-{_shown(name)}", lambda w, ask=ask, name=name: ask(w, name), words)
        for name in names
        for number, ask in enumerate(asks)
    ]


def bad_feeds(row: str, field: str, *values: Any, words: str = "") -> list[Row]:
    """Values of a field that neither a new feed takes nor one that is there."""
    asks: list[Callable[[World, Any], Answer]] = [
        lambda world, value: world.create_feed(**{field: value}),
        lambda world, value: world.restyle(**{field: value}),
    ]
    return [
        invalid(
            f"{row}-{number}-{_shown(value)}",
            lambda world, ask=ask, value=value: ask(world, value),
            words or field,
        )
        for value in values
        for number, ask in enumerate(asks)
    ]


def bad_tokens(row: str, headers: Mapping[str, str], *asks: Ask) -> list[Row]:
    return [
        Row(f"{row}-{number}", ask, 401, "invalid_token", headers)
        for number, ask in enumerate(asks)
    ]


def forgeries(row: str, makes: list[Forgery]) -> list[Row]:
    asks = [lambda w, make=make: w.present(make(w.forger)) for make in makes]
    return bad_tokens(row, BAD_TOKEN, *asks)


def lacking(row: str, ask: Ask) -> Row:
    return Row(row, ask, 403, "insufficient_capabilities")


def no_grant(row: str, ask: Ask) -> Row:
    return Row(row, ask, 403, "invalid_grant")


def not_found(row: str, *asks: Ask) -> list[Row]:
    return [Row(f"{row}-{number}", ask, 404, "not_found") for number, ask in enumerate(asks)]


def conflict(row: str, *names: str) -> list[Row]:
    return [
        Row(f"{row}-{_shown(name)}", lambda world, name=name: world.named(name), 409, "conflict")
        for name in names
    ]


def unsupported(row: str, *asks: Ask) -> list[Row]:
    return [
        Row(f"{row}-{number}", ask, 415, "unsupported_media_type")
        for number, ask in enumerate(asks)
    ]


def restricted(row: str, token: str, *more: Mapping[str, str]) -> list[Row]:
    """The token is refused by every operation, with whichever of the headers."""
    asks: dict[str, Callable[..., Answer]] = {
        "list": lambda w, **headers: w.list(token, headers=headers),
        "get": lambda w, **headers: w.get(NAME, token=token, headers=headers),
        "create": lambda w, **headers: w.create(token=token, json={"name": "x"}, headers=headers),
        "add": lambda w, **headers: w.ask(
            "add_token", token, path={"calendar": NAME}, json={"mom_id": ""}, headers=headers
        ),
        "delete": lambda w, **headers: w.delete(NAME, token=token, headers=headers),
        "update": lambda w, **headers: w.ask(
            "update_calendar", token, path={"calendar": NAME}, json={"name": "x"}, headers=headers
        ),
        "remove": lambda w, **headers: w.ask(
            "remove_token", token, path={"calendar": NAME}, json={"mom_id": ""}, headers=headers
        ),
        "feeds": lambda w, **headers: w.ask(
            "list_feeds", token, path={"calendar": NAME}, headers=headers
        ),
        "create-feed": lambda w, **headers: w.ask(
            "create_feed", token, path={"calendar": NAME}, headers=headers
        ),
        "update-feed": lambda w, **headers: w.on_feed(
            "update_feed", token=token, json={"label": "x"}, headers=headers
        ),
        "reset-feed": lambda w, **headers: w.on_feed("reset_feed", token=token, headers=headers),
        "delete-feed": lambda w, **headers: w.on_feed("delete_feed", token=token, headers=headers),
        "tokens": lambda w, **headers: w.ask(
            "tokeninfo", token, json={"action": "list_mytokens"}, headers=headers
        ),
        "revoke": lambda w, **headers: w.ask(
            "revoke_token", token, json={"mom_id": w.mom_id("other")}, headers=headers
        ),
    }
    return [
        Row(
            f"{row}-{operation}-{number}",
            lambda w, ask=ask, headers=headers: ask(w, **headers),
            403,
            "usage_restricted",
        )
        for operation, ask in asks.items()
        for number, headers in enumerate(more or ({},))
    ]


def _dead(stack: Stack, user: str) -> dict[str, Token]:
    """Tokens that were good once: of a revoked ancestor, replayed, or ahead of the registry."""
    ancestor = stack.mint(user=user)
    parent = stack.mint(user=user, parent=ancestor.mom_id)
    orphan = stack.mint(user=user, parent=parent.mom_id)
    stack.revoke(ancestor, recursive=True)
    superseded, ahead = (stack.mint(user=user, rotation=ROTATING) for _ in range(2))
    made = [successor(stack.invoke("list_calendars", token)) for token in (superseded, ahead)]
    overwrite_token(stack, ahead, seq_no=1)
    return {"orphan": orphan, "superseded": superseded, "current": made[0], "ahead": made[1]}


def _restricted(stack: Stack, user: str) -> dict[str, Token]:
    """Tokens with all capabilities, and one clause that does not hold."""
    clauses: dict[str, dict[str, Any]] = {
        "elsewhere": {"hosts": ["198.51.100.9"]},
        "for-no-use": {"usages_other": 0},
        "used-up": {"usages_other": 1},
        "over": {"exp": 1_700_000_000},
        "in-a-country": {"geoip_allow": ["DE"]},
    }
    tokens = {
        name: stack.mint(*EVERYTHING, user=user, expires_in=None, restrictions=[clause])
        for name, clause in clauses.items()
    }
    assert stack.invoke("list_calendars", tokens["used-up"]).status == 200
    return tokens


def _clients(stack: Stack) -> list[Any]:
    """All in this process by which handlers, and this test, reach the tables."""
    if isinstance(stack, ServedStack):
        return []
    names = [inspect.unwrap(handler).__globals__ for handler in stack.handlers.values()]
    return [
        stack.store.table.client,
        *[door["store"].table.client for door in names if "store" in door],
        *[door["receipts"].table.client for door in names if "receipts" in door],
        *[door["authority"].registry.table.client for door in names if "authority" in door],
        *[door["authority"].calendars.client for door in names if "authority" in door],
    ]


def _shown(value: Any) -> str:
    return ascii(value)[:24]


def _asked_by(token: str) -> list[Ask]:
    """One request of each kind with a token."""
    return [
        lambda w: w.list(token),
        lambda w: w.get(NAME, token=token),
        lambda w: w.create(token=token, json={"name": "x"}),
        lambda w: w.add(token=token),
        lambda w: w.delete(NAME, token=token),
        lambda w: w.update(token=token, name="x"),
        lambda w: w.remove(token=token),
        lambda w: w.ask("list_feeds", token, path={"calendar": NAME}),
        lambda w: w.create_feed(token=token),
        lambda w: w.restyle(token=token, label="x"),
        lambda w: w.on_feed("reset_feed", token=token),
        lambda w: w.on_feed("delete_feed", token=token),
        lambda w: w.ask("tokeninfo", token, json={"action": "introspect"}),
        lambda w: w.ask("revoke_token", token, json={"mom_id": w.mom_id("other")}),
        lambda w: w.ask(
            "revoke_token", None, json={"token": w.bearer(token), "mom_id": w.mom_id("other")}
        ),
    ]


def _in_query(name: str) -> Ask:
    return lambda world: world.send(
        "list_calendars",
        None,
        rawQueryString=f"{name}={world.bearer('full')}",
        queryStringParameters={name: world.bearer("full")},
    )


def _other_spelling(mom_id: str) -> str:
    """The same bytes, once more: the two bits at the end that mean nothing are set."""
    return f"{mom_id[:85]}{chr(ord(mom_id[85]) + 1)}=="


def _url_safe(mom_id: str) -> str:
    return base64.urlsafe_b64encode(b"\xff" + base64.b64decode(mom_id)[1:]).decode()


def _unknown_mom_id() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _of_length(length: int) -> str:
    return base64.b64encode(b"\x01" * length).decode()


ROWS = [
    # Credentials
    *bad_tokens(
        "row-1-none",
        NO_TOKEN,
        lambda w: w.list(None),
        lambda w: w.list(None, cookies=["other=x"]),
        lambda w: w.list("", headers={"authorization": ""}),
        lambda w: w.create(token=None, body=b'{"name": "x", "mytoken": "\\ud800"}'),
    ),
    *bad_tokens(
        "row-2-other-scheme",
        NO_TOKEN,
        lambda w: w.list(None, headers={"authorization": "Basic dXNlcjpwYXNz"}),
        lambda w: w.list(None, headers={"authorization": w.bearer("full")}),
        lambda w: w.list(None, headers={"authorization": f"Bearer{w.bearer('full')}"}),
    ),
    *bad_tokens(
        "row-3-nothing-after-bearer",
        BAD_TOKEN,
        lambda w: w.list(None, headers={"authorization": "Bearer"}),
        lambda w: w.list(None, headers={"authorization": "Bearer "}),
    ),
    invalid(
        "row-4-two-headers", lambda w: w.list(f"{w.bearer('full')}, Bearer {w.bearer('full')}")
    ),
    invalid("row-4-comma-in-the-token", lambda w: w.list(f"{w.bearer('full')},")),
    invalid(
        "row-5-header-and-json-differ",
        lambda w: w.create(json={"name": "x", "mytoken": w.bearer("other")}),
    ),
    invalid(
        "row-5-header-and-form-differ",
        lambda w: w.create(form={"name": "x", "mytoken": w.bearer("other")}),
    ),
    invalid(
        "row-5-list-header-and-body-differ", lambda w: w.list(json={"mytoken": w.bearer("other")})
    ),
    *bad_tokens(
        "row-5-mytoken-is-a-number-alone",
        NO_TOKEN,
        lambda w: w.create(token=None, json={"name": "x", "mytoken": 5}),
    ),
    invalid(
        "row-5-mytoken-is-a-number", lambda w: w.create(json={"name": "x", "mytoken": 5}), "mytoken"
    ),
    *bad_tokens("row-6-query", NO_TOKEN, _in_query("access_token"), _in_query("mytoken")),
    *bad_tokens(
        "row-7-cookie-of-a-foreign-origin",
        NO_TOKEN,
        lambda w: w.delete(
            NAME,
            token=None,
            cookies=[f"mytoken={w.bearer('full')}"],
            headers={"origin": "https://evil.example"},
        ),
    ),
    *bad_tokens(
        "row-8-31-characters-in-a-cookie",
        BAD_TOKEN,
        lambda w: w.list(None, cookies=[f"mytoken={'x' * 31}"]),
    ),
    *bad_tokens(
        "row-9-short-token",
        BAD_TOKEN,
        lambda w: w.list("x" * 64),
        lambda w: w.create(token=None, json={"name": "x", "mytoken": "x" * 64}),
        lambda w: w.create(token=None, json={"name": "x", "mytoken": "é" * 64}),
        lambda w: w.create(
            token=None, json={"name": "x", "mytoken": "é" * 64}, headers={"idempotency-key": "k"}
        ),
        lambda w: w.list(f"{w.bearer('full')[:-1]}é"),
        lambda w: w.list(f"{w.bearer('full')}x"),
    ),
    *[row for name, makes in FORGERIES.items() for row in forgeries(name, makes)],
    *bad_tokens(
        "row-24-17-kB",
        BAD_TOKEN,
        lambda w: w.create(token=None, json={"name": "x", "mytoken": "x" * 17_000}),
        lambda w: w.create(
            token=None, json={"name": "x", "mytoken": w.forger.signed(name="x" * 17_000)}
        ),
    ),
    # Tokens that were good once
    *bad_tokens("row-25-revoked", BAD_TOKEN, *_asked_by("revoked")),
    *bad_tokens("row-26-ancestor-revoked", BAD_TOKEN, *_asked_by("orphan")),
    *bad_tokens("row-28-superseded", BAD_TOKEN, *_asked_by("superseded")),
    *bad_tokens("row-29-ahead-of-the-registry", BAD_TOKEN, *_asked_by("ahead")),
    # Capabilities
    lacking("row-32-list-with-AT", lambda w: w.list("useless")),
    lacking("row-33-create-with-read", lambda w: w.create(token="reader", json={"name": "x"})),
    lacking("row-33-update-with-read", lambda w: w.update(token="reader", name="x")),
    lacking("row-33-remove-with-read", lambda w: w.remove(token="reader")),
    lacking("row-33-create-feed-with-read", lambda w: w.create_feed(token="reader")),
    lacking("row-33-update-feed-with-read", lambda w: w.restyle(token="reader", label="x")),
    lacking("row-33-reset-feed-with-read", lambda w: w.on_feed("reset_feed", token="reader")),
    lacking("row-33-delete-feed-with-read", lambda w: w.on_feed("delete_feed", token="reader")),
    lacking("row-33-delete-with-its-own", lambda w: w.delete(NAME, token="own")),
    lacking("row-33-update-with-its-own", lambda w: w.update(token="own", name="x")),
    lacking(
        "row-33-feeds-with-its-own", lambda w: w.ask("list_feeds", "own", path={"calendar": NAME})
    ),
    lacking("row-34-longer-or-upper-case", lambda w: w.create(token="useless", json={"name": "x"})),
    lacking("row-35-get-without-any", lambda w: w.get(NAME, token="useless")),
    # Restrictions
    *restricted("row-36-hosts", "elsewhere"),
    *restricted(
        "row-37-hosts-and-spoofed",
        "elsewhere",
        {"x-forwarded-for": "198.51.100.9"},
        {"forwarded": "for=198.51.100.9"},
    ),
    *restricted("row-38-no-use", "for-no-use"),
    *restricted("row-39-second-use", "used-up"),
    *restricted("row-40-over", "over"),
    *restricted("row-41-country", "in-a-country"),
    # Tokens of others
    no_grant("row-42-mom-id-of-another-user", lambda w: w.add(w.mom_id("stranger"))),
    no_grant("row-43-unknown-mom-id", lambda w: w.add(_unknown_mom_id())),
    no_grant("row-44-revoked-token", lambda w: w.add(w.mom_id("revoked"))),
    lacking("row-45-sibling", lambda w: w.add(w.mom_id("sibling"), token="own")),
    lacking("row-45-remove-sibling", lambda w: w.remove(w.mom_id("sibling"), token="own")),
    lacking("row-45-remove-parent", lambda w: w.remove(w.mom_id("full"), token="own")),
    lacking("row-45-remove-unknown", lambda w: w.remove(_unknown_mom_id(), token="own")),
    # Names to be made
    invalid("row-46-name-missing", lambda w: w.create(json={}), "name"),
    invalid("row-46-name-missing-in-form", lambda w: w.create(form={"title": "x"}), "name"),
    invalid("row-46-name-in-other-case", lambda w: w.create(json={"Name": "x"}), "name"),
    *bad_names("row-47-no-name", "", None, 123, 1.5, True, [], {}, ["x"], words="name"),
    invalid("row-47-empty-in-form", lambda w: w.create(form={"name": ""}), "name"),
    *bad_names("row-48-129-code-points", "x" * 129, "🚀" * 129, words="128"),
    *bad_names("row-49-grows-under-nfc", "\U0001d160" * 128, words="128"),
    *bad_names("row-50-space-at-an-end", " x", "x ", " ", "\xa0x", "x\u3000", words="space"),
    *bad_names("row-51-dots", ".", ".."),
    *bad_names("row-52-path-delimiters", "a/b", "a\\b", "a?b", "a#b", "a%b", "/", "%2F"),
    *bad_names("row-53-controls", "a\rb", "a\nb", "a\tb", "a\x00b", "a\x85b", "a\x1bb", "a\x7fb"),
    *bad_names(
        "row-54-invisible",
        "a\u2028b",
        "a\u2029b",
        "a\u202eb",
        "a\u200bb",
        "a\ufeffb",
        "a\xadb",
        "a\u3164b",
        "a\u2800b",
    ),
    *bad_bodies("row-55-lone-surrogate", b'{"name": "a\\ud800"}', b'{"name": "\\udc00\\ud800"}'),
    *bad_names("row-56-no-character", "a\uffffb", "a\u0378b", "a\ue000b", "a\ufffdb"),
    *conflict("row-57-name-exists", NAME, "ci mytokens", "CI MYTOKENS"),
    *conflict("row-58-twin", "Cafe\u0301", "CAFE\u0301"),
    invalid(
        "row-59-a-calendar-too-many",
        lambda w: w.named("one more"),
        "limit",
        given=lambda w: w.counting(w.owner_head, "calendars", limits.CALENDARS),
    ),
    *[
        Row(f"row-58-rename-to-{name}", lambda w, name=name: w.update(name=name), 409, "conflict")
        for name in ("Café", "Cafe\u0301", "CAFÉ")
    ],
    *[
        invalid(f"row-58-rename-to-{_shown(name)}", lambda w, n=name: w.update(name=n), "name")
        for name in ("", " x", "a/b", "..", "x" * 129, "a\u200bb", 5, [], {}, False)
    ],
    *[
        invalid(f"row-58-describe-{_shown(d)}", lambda w, d=d: w.update(description=d), words)
        for d, words in {
            "x" * 1025: "1024",
            "a\x0bb": "control",
            "a\x00b": "control",
            "a\u2028b": "control",
            "a\ufffeb": "control",
            5: "description",
            True: "description",
        }.items()
    ],
    *[
        invalid(f"row-58-create-with-{_shown(d)}", lambda w, d=d: w.create(json=d), "description")
        for d in (
            {"name": "x", "description": "x" * 1025},
            {"name": "x", "description": "a\x0bb"},
            {"name": "x", "description": ["x"]},
        )
    ],
    *[
        invalid(f"row-58-nothing-to-change-{number}", ask, "is to change")
        for number, ask in enumerate(
            [
                lambda w: w.update(),
                lambda w: w.update(name=None, description=None),
                lambda w: w.update(title="x"),
                lambda w: w.ask("update_calendar", path={"calendar": NAME}, body=b""),
                lambda w: w.restyle(),
                lambda w: w.restyle(label=None, reminders=None, days=None, detail=None),
                lambda w: w.restyle(color="red"),
                lambda w: w.on_feed("update_feed", body=b""),
            ]
        )
    ],
    # Tags
    *bad_tags(
        "row-58-tag", "", " x", "x ", "a/b", "a?b", "..", "x" * 65, "a\u200bb", "a\nb", "\ufffd"
    ),
    *bad_tags("row-58-tag-of-another-type", 5, True, [], {}, ["x"]),
    *[
        invalid(f"row-58-tags-{_shown(tags)}", lambda w, tags=tags: w.update(tags=tags), "tags")
        for tags in (5, True, "x", {}, {"x": 1}, [None], [["x"]], [{"tag": "x"}], ["x"] * 21)
    ],
    invalid(
        "row-58-a-tag-too-many",
        lambda w: w.ask(
            "tag_calendar",
            path={"calendar": NAME},
            body=json.dumps({"tag": "x", "Tag": "y"}).encode(),
        ),
        "tag",
    ),
    *[
        invalid(
            f"row-58-{operation}-{_shown(color)}",
            lambda w, o=operation, color=color: w.on_tag(o, json={"color": color}),
            "color",
        )
        for operation in ("create_tag", "update_tag")
        for color in (
            "red",
            "12345",
            "#",
            "##12345",
            "1234567",
            "12345G",
            "１２３４５６",
            5,
            [],
            {},
        )
    ],
    *[
        invalid(f"row-58-new-{_shown(tag)}", lambda w, tag=tag: w.on_tag("create_tag", tag), "tag")
        for tag in (" x", "x" * 65, "\x00", "\ufffd", "a\u202eb", "x" * 5000)
    ],
    *not_found(
        "row-58-no-such-tag",
        *[
            lambda w, o=operation, tag=tag: w.on_tag(o, tag, json={"color": ""})
            for operation in ("update_tag", "delete_tag")
            for tag in ("x", "Nightly", "NIGHTLY", " nightly", "\x00", "\ufffd", "x" * 5000)
        ],
        lambda w: w.tag("x", of="Theirs"),
        lambda w: w.tag("x", "untag_calendar", of="Theirs"),
    ),
    *[
        invalid(
            f"row-58-nothing-to-change-of-a-tag-{number}",
            lambda w, json=json: w.on_tag("update_tag", json=json),
            "is to change",
        )
        for number, json in enumerate(({}, {"tag": None, "color": None}, {"name": "x"}))
    ],
    Row(
        "row-58-a-tag-that-exists",
        lambda w: w.on_tag("update_tag", json={"tag": "weekly"}),
        409,
        "conflict",
    ),
    *[
        lacking(
            f"row-33-{operation}-with-{token}",
            lambda w, o=operation, t=token: w.on_tag(o, token=t, json={"color": ""}),
        )
        for operation in ("create_tag", "update_tag", "delete_tag")
        for token in ("reader", "own")
    ],
    lacking(
        "row-33-update-tag-with-calendars-only",
        lambda w: w.on_tag("update_tag", token="other", json={"color": ""}),
    ),
    # Feeds of a calendar
    *bad_feeds("row-59-label", "label", "x" * 65, "a\nb", "a\u200bb", "a\u202eb", 5, True, [], {}),
    *bad_feeds("row-59-reminders", "reminders", "x", "ALARMS", "alarms ", True, 1, [], ["none"]),
    *bad_feeds("row-59-detail", "detail", "x", "Full", "minimal\n", False, 0, {}, ["name"]),
    *bad_feeds("row-59-days", "days", True, 1, "x", "7", "7,1", {}, {"7": 1}, []),
    *bad_feeds("row-59-a-day", "days", [True], [1.0], [1.5], [-1], [366], [None], ["7"], [[7]]),
    *bad_feeds(
        "row-59-many-days", "days", [*range(7)], [1] * 9 + [366], [10**400], [*range(9_999)]
    ),
    *[
        invalid(
            f"row-59-{_shown(days)}-in-a-form",
            lambda w, days=days: w.on_feed("update_feed", form={"days": days}),
            "days",
        )
        for days in (",", "7,", ",7", "7, 1", "7;1", "-1", "+1", "366", "1.0", "٣", "7\n", "0x1")
    ],
    invalid(
        "row-59-a-feed-too-many-for-the-user",
        lambda w: w.create_feed(),
        "2,000 feeds",
        given=lambda w: w.counting(w.owner_head, "feeds", limits.FEEDS),
    ),
    invalid(
        "row-59-a-calendar-more-than-feeds",
        lambda w: w.named("one more"),
        "2,000 feeds",
        given=lambda w: w.counting(w.owner_head, "feeds", limits.FEEDS),
    ),
    Row("row-59-the-first-feed", lambda w: w.on_feed("delete_feed", w.first_feed), 409, "conflict"),
    *[
        row
        for operation in ("update_feed", "reset_feed", "delete_feed")
        for row in not_found(
            f"row-59-{operation}-unknown",
            lambda w, o=operation: w.on_feed(o, "0" * 16, **_PATCH.get(o, {})),
            lambda w, o=operation: w.on_feed(o, "\x00", **_PATCH.get(o, {})),
            lambda w, o=operation: w.on_feed(o, "x" * 5000, **_PATCH.get(o, {})),
            lambda w, o=operation: w.on_feed(o, w.second["id"].upper() + " ", **_PATCH.get(o, {})),
            lambda w, o=operation: w.on_feed(o, secret_of(w.second), **_PATCH.get(o, {})),
            lambda w, o=operation: w.on_feed(o, w.elsewhere["id"], **_PATCH.get(o, {})),
            lambda w, o=operation: w.on_feed(o, token="stranger", **_PATCH.get(o, {})),
        )
    ],
    # Names in paths
    *not_found(
        "row-60-dots",
        lambda w: w.get(".."),
        lambda w: w.get("."),
        lambda w: w.nowhere(f"{CALENDARS}/../.."),
        lambda w: w.nowhere("/calendars/../"),
        lambda w: w.feed(".."),
    ),
    *not_found("row-61-slash", lambda w: w.get("a/b"), lambda w: w.nowhere(f"{CALENDARS}/a/b")),
    *not_found("row-62-nul", lambda w: w.get("\x00"), lambda w: w.delete(f"{NAME}\x00")),
    *[
        invalid(f"row-63-not-utf-8-{number}", ask, "UTF-8")
        for number, ask in enumerate(
            [
                lambda w: w.get("\ufffd"),
                lambda w: w.get("\ufffd\ufffd"),
                lambda w: w.get(f"{NAME}\ufffd"),
                lambda w: w.delete(f"{NAME}\ufffd"),
                lambda w: w.add(name=f"{NAME}\ufffd"),
            ]
        )
    ],
    *not_found(
        "row-64-slashes",
        lambda w: w.nowhere(f"{CALENDARS}/foobar//"),
        lambda w: w.nowhere(f"{CALENDARS}//foobar"),
        lambda w: w.nowhere(f"{CALENDARS}/{NAME}//"),
    ),
    *not_found(
        "row-65-decoded-once",
        lambda w: w.get("%2e"),
        lambda w: w.get("CI%20Mytokens"),
        lambda w: w.get("CI+Mytokens"),
    ),
    *not_found("row-66-5-kB", lambda w: w.get("x" * 5000), lambda w: w.delete("x" * 5000)),
    *not_found(
        "row-67-somebody-else's",
        lambda w: w.get("Theirs"),
        lambda w: w.add(name="Theirs"),
        lambda w: w.delete("Theirs"),
        lambda w: w.update("Theirs", name="x"),
        lambda w: w.remove(name="Theirs"),
        lambda w: w.ask("list_feeds", path={"calendar": "Theirs"}),
        lambda w: w.create_feed("Theirs"),
    ),
    *not_found(
        "row-68-delete-unknown-or-twice",
        lambda w: w.delete("no such calendar"),
        lambda w: w.delete("Deleted"),
    ),
    *[
        Row(
            f"row-69-{method}-{path or 'calendars'}",
            lambda w, method=method, path=path: w.nowhere(f"{CALENDARS}{path}", method),
            405,
            "method_not_allowed",
            {"allow": allow},
        )
        for path, allow in [
            ("", "GET, POST, OPTIONS"),
            ("/x", "GET, POST, PUT, DELETE, OPTIONS"),
            ("/x/mytokens", "DELETE, OPTIONS"),
            ("/x/tags", "POST, DELETE, OPTIONS"),
            ("/x/feeds", "GET, POST, OPTIONS"),
            ("/x/feeds/y", "PATCH, DELETE, OPTIONS"),
            ("/x/feeds/y/reset", "POST, OPTIONS"),
        ]
        for method in ("PATCH", "PUT", "TRACE", "QUERY")
        if method not in allow
    ],
    *not_found(
        "row-70-unknown-path",
        lambda w: w.nowhere("/api/v0/calendars"),
        lambda w: w.nowhere("/api/v0"),
        lambda w: w.nowhere("/api/v1/notifications/calendars"),
    ),
    # Bodies
    *bad_bodies("row-71-empty", b"", b" "),
    invalid("row-71-no-body", lambda w: w.send("create_calendar", body=None)),
    *bad_bodies("row-72-no-object", b"{", b"[]", b'"x"', b"null", b"{} {}", b"1", b"{}x", b"'"),
    *[
        invalid(f"row-72-no-object-{number}", ask)
        for number, ask in enumerate(
            [
                lambda w: w.list(body=b"{"),
                lambda w: w.get(NAME, body=b"[]"),
                lambda w: w.delete(NAME, body=b'"x"'),
                lambda w: w.ask("add_token", path={"calendar": NAME}, body=b"null"),
            ]
        )
    ],
    *bad_bodies(
        "row-73-key-twice",
        b'{"name": "a", "name": "b"}',
        b'{"name": "a", "name": "a"}',
        b'{"name": "a", "x": {"y": 1, "y": 1}}',
    ),
    *bad_bodies(
        "row-74-no-number",
        b'{"name": "a", "x": NaN}',
        b'{"name": "a", "x": Infinity}',
        b'{"name": "a", "x": -Infinity}',
        b'{"name": "a", "x": 1e999}',
    ),
    *bad_bodies(
        "row-75-bomb",
        b'{"name": "a", "x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"x": ' * 8_000 + b"1" + b"}" * 8_000,
        b"[" * 60_000,
        b'{"name": "a", "x": ' + b"9" * 5000 + b"}",
    ),
    *bad_bodies(
        "row-76-not-utf-8",
        '{"name": "a"}'.encode("utf-16"),
        '{"name": "a"}'.encode("utf-16-le"),
        '{"name": "a"}'.encode("utf-32"),
        b'\xef\xbb\xbf{"name": "a"}',
        b'{"name": "\xff"}',
        b'{"name": "\xc0\xae"}',
        b'{"name": "\xed\xa0\x80"}',
    ),
    invalid(
        "row-76-lone-surrogate-in-the-text",
        lambda w: w.send("create_calendar", body='{"name": "\ud800"}'),
    ),
    *bad_bodies("row-77-form-as-json", b"name=a"),
    *bad_bodies("row-77-json-as-form", b'{"name": "a"}', b'{"name": "a="}', media_type=FORM),
    *bad_bodies(
        "row-78-form",
        b"name=a&name=b",
        b"name=a&name=a",
        b"name=a&" + b"&".join(b"f%d=1" % number for number in range(1000)),
        b"name=a&" + b"&".join(b"f%d=1" % number for number in range(16)),
        b"name=%ff",
        b"name=%ED%A0%80",
        b"name=a\xff",
        b"name=a&x",
        b"name",
        b"&",
        media_type=FORM,
    ),
    *unsupported(
        "row-79-other-type",
        lambda w: w.typed("text/plain", b'{"name": "a"}'),
        lambda w: w.typed("application/xml", b"<name>a</name>"),
        lambda w: w.typed("multipart/form-data; boundary=x", b"--x--"),
        lambda w: w.typed("application/jsonp", b'{"name": "a"}'),
        lambda w: w.typed("application/problem+json", b'{"name": "a"}'),
        lambda w: w.typed("nonsense", b'{"name": "a"}'),
    ),
    *unsupported(
        "row-80-other-charset",
        lambda w: w.typed(f"{JSON}; charset=utf-16", '{"name": "a"}'.encode("utf-16")),
        lambda w: w.typed(f"{JSON}; charset=latin-1", b'{"name": "a"}'),
        lambda w: w.typed(f"{FORM}; charset=latin-1", b"name=a"),
    ),
    *unsupported(
        "row-81-content-coding",
        lambda w: w.create(
            body=gzip.compress(b" " * 1_000_000), headers={"content-encoding": "gzip"}
        ),
        lambda w: w.create(json={"name": "a"}, headers={"content-encoding": "br"}),
        lambda w: w.create(form={"name": "a"}, headers={"content-encoding": "identity, gzip"}),
    ),
    Row(
        "row-82-64-KiB-and-a-byte",
        lambda w: w.create(body=b'{"name": "a"}'.ljust(64 * KIB + 1)),
        413,
        "payload_too_large",
    ),
    Row(
        "row-82-before-the-type-is-looked-at",
        lambda w: w.typed("text/plain", b"x" * (64 * KIB + 1)),
        413,
        "payload_too_large",
    ),
    # mom_ids and comments
    invalid(
        "row-84-mom-id-missing",
        lambda w: w.ask("add_token", path={"calendar": NAME}, json={"comment": "x"}),
        "mom_id",
    ),
    *bad_mom_ids("row-84-no-mom-id", lambda m: 5, lambda m: None, lambda m: [m], words="mom_id"),
    *bad_mom_ids(
        "row-85-other-length",
        lambda m: _of_length(63),
        lambda m: _of_length(65),
        lambda m: "=",
        lambda m: "x",
        words="mom_id",
    ),
    *bad_mom_ids(
        "row-86-other-spelling",
        _url_safe,
        lambda m: m.rstrip("="),
        lambda m: f"{m}\n",
        lambda m: f"{m[:40]}\n{m[40:]}",
        lambda m: f"{m}=",
        lambda m: f"{m[:-1]}",
        lambda m: f"-{m}",
        lambda m: f"{m[:10]}\u00e9{m[11:]}",
        _other_spelling,
        words="mom_id",
    ),
    invalid("row-87-plus-in-a-form", lambda w: w.add_by_form(f"mom_id={'ab+d' * 21}AA=="), "%2B"),
    *bad_comments("row-88-too-long-or-no-text", "x" * 1025, 5, ["x"], {}, True),
    *bad_comments(
        "row-89-no-text", "a\x0bb", "a\x0cb", "a\x00b", "a\x7fb", "a\u2028b", "a\ufffeb", "a\x85b"
    ),
    invalid("row-89-lone-surrogate", lambda w: w.add(comment="\ud800"), "surrogate"),
    invalid("row-90-never-expires", lambda w: w.add(w.mom_id("eternal")), "never expires"),
    invalid("row-90-has-expired", lambda w: w.add(w.mom_id("expired")), "already expired"),
    invalid(
        "row-91-a-token-too-many-for-the-calendar",
        lambda w: w.add(w.mom_id("other")),
        "to the 179,900 of the 1 mytokens",
        given=lambda w: w.counting(w.calendar_key, "weight", limits.CALENDAR_WEIGHT - 100),
    ),
    invalid(
        "row-91-a-token-too-many-for-the-user",
        lambda w: w.add(w.mom_id("other")),
        "at most 5,500,000",
        given=lambda w: w.counting(w.owner_head, "weight", limits.OWNER_WEIGHT - 100),
    ),
    *not_found(
        "row-92-add-to-an-unknown-calendar",
        lambda w: w.add(name="no such calendar"),
        lambda w: w.add(name="Deleted"),
        lambda w: w.add(name="a/b"),
    ),
    # Idempotency-Keys
    *[
        invalid(
            f"row-93-no-key-{_shown(key)}",
            lambda w, key=key: w.create(json={"name": "x"}, headers={KEY: key}),
            "Idempotency-Key",
        )
        for key in ("x" * 256, "é", "a b", "")
    ],
    *[
        invalid(f"row-94-key-of-another-request-{number}", ask, "another request")
        for number, ask in enumerate(
            [
                lambda w: w.create(json={"name": "x"}, headers={KEY: USED_KEY}),
                lambda w: w.ask(
                    "add_token",
                    path={"calendar": NAME},
                    json={"mom_id": ""},
                    headers={KEY: USED_KEY},
                ),
                lambda w: w.delete(NAME, headers={KEY: USED_KEY}),
            ]
        )
    ],
    # Feeds
    *not_found(
        "row-95-no-feed-id",
        lambda w: w.feed("x" * 31),
        lambda w: w.feed("x" * 33),
        lambda w: w.feed("x" * 31 + "-"),
        lambda w: w.feed("x" * 29 + "%41"),
        lambda w: w.feed("x" * 32 + ".ICS"),
        lambda w: w.feed("x" * 32 + ".ics.ics"),
        lambda w: w.feed("x" * 32 + "\n"),
        lambda w: w.feed("٣" * 32),
        lambda w: w.feed(".ics"),
        lambda w: w.feed("\ufffd" * 32),
    ),
    *not_found("row-96-unknown-feed", lambda w: w.feed("x" * 32)),
    Row("row-96-deleted-feed", lambda w: w.feed(secret_of(w.deleted)), 410, "gone"),
    Row(
        "row-97-deleted-feed-that-is-known",
        lambda w: w.feed(secret_of(w.deleted), headers={"if-none-match": w.known.headers["etag"]}),
        410,
        "gone",
    ),
    *[
        Row(
            f"row-98-{method}-feed",
            lambda w, method=method: w.nowhere(f"/calendars/{secret_of(w.deleted)}", method),
            405,
            "method_not_allowed",
            {"allow": "GET, HEAD, OPTIONS"},
        )
        for method in ("POST", "DELETE", "PUT", "PATCH")
    ],
]

# What only HTTP can say: events have what the gateway makes of it.
SPELLINGS = [
    invalid(
        "row-4-two-header-lines",
        lambda w: w.spelled("", "list_calendars", Authorization=f"Bearer {w.bearer('full')}"),
        "more than one token",
    ),
    *not_found(
        "row-60-dots",
        lambda w: w.spelled("/%2e%2e", "get_calendar"),
        lambda w: w.spelled("/..%2f", "get_calendar"),
        lambda w: w.spelled("/%2E", "delete_calendar", "DELETE"),
    ),
    *not_found("row-61-slash", lambda w: w.spelled("/a%2Fb", "get_calendar")),
    *not_found("row-62-nul", lambda w: w.spelled("/%00", "get_calendar")),
    *[
        invalid(f"row-63-{path}", lambda w, path=path: w.spelled(f"/{path}", "get_calendar"))
        for path in ("%C0%AE", "%FF", "%ZZ", "%2", "%", "a%F0%9F%98", "%ED%A0%80")
    ],
    *not_found(
        "row-64-slashes",
        lambda w: w.spelled("/foobar/", "get_calendar"),
        lambda w: w.spelled("/foobar//", "get_calendar"),
        lambda w: w.spelled("//foobar", "no_route"),
        lambda w: w.spelled("/foobar%2F", "get_calendar"),
    ),
    *not_found(
        "row-65-decoded-once",
        lambda w: w.spelled("/%252e", "get_calendar"),
        lambda w: w.spelled("/CI%2520Mytokens", "get_calendar"),
        lambda w: w.spelled("/CI+Mytokens", "get_calendar"),
    ),
]


@pytest.fixture(scope="module")
@engines.runs("ministack")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStack]:
    """A stack that others do not fill, as after every input its tables are looked at as a whole."""
    with Server.running(tmp_path_factory.mktemp("state")) as server:
        yield ServedStack.of(server)


@pytest.fixture(scope="module", params=["stack", "served"])
def world(request: pytest.FixtureRequest) -> World:
    return World.on(request.getfixturevalue(request.param))


as_events = pytest.mark.parametrize("world", ["stack"], indirect=True)
over_http = pytest.mark.parametrize("world", ["served"], indirect=True)


@pytest.fixture(scope="module")
def untouched(world: World) -> dict[str, Any]:
    return world.state


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_bad_input_is_answered_as_an_error_and_changes_nothing(
    world: World, untouched: dict[str, Any], tally: Tally, row: Row
) -> None:
    with tally.case(f"hostile rows {world.how}"):
        with row.given(world):
            answer = row.ask(world)

        _is_the_error(answer, row)
        assert world.state == untouched


@over_http
@pytest.mark.parametrize("row", SPELLINGS, ids=lambda row: row.id)
def test_an_odd_spelling_is_answered_as_an_error_and_changes_nothing(
    world: World, untouched: dict[str, Any], tally: Tally, row: Row
) -> None:
    with tally.case(f"hostile rows {world.how}"):
        answer = row.ask(world)

        _is_the_error(answer, row)
        assert world.state == untouched


def _is_the_error(answer: Answer, row: Row) -> None:
    faults = list(openapi.faults(answer))
    description = answer.json.pop("error_description")
    assert (answer.status, answer.json) == (row.status, {"error": row.error})
    assert isinstance(description, str)
    assert description
    assert row.words in description
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.items() >= row.headers.items()
    assert faults == []


def test_after_all_of_them_everything_is_as_it_was(world: World, untouched: dict[str, Any]) -> None:
    state = world.stack.dump()

    assert state == untouched


def test_row_27_a_replayed_token_that_shall_be_revoked_then_is_with_its_family(
    world: World,
) -> None:
    stack, user = world.stack, world.user
    token = stack.mint(user=user, rotation=REVOKED_WHEN_REPLAYED)
    child = stack.mint(user=user, parent=token.mom_id)
    made = successor(stack.invoke("list_calendars", token))
    time.sleep(A_WHILE)

    replayed = stack.invoke("list_calendars", token)

    assert (replayed.status, replayed.json["error"]) == (401, "invalid_token")
    assert replayed.headers.items() >= BAD_TOKEN.items()
    assert {stack.invoke("list_calendars", one).status for one in (made, child)} == {401}


def test_row_28_the_successor_of_a_replayed_token_still_works(world: World) -> None:
    assert world.list("superseded").status == 401
    assert world.list("current").status == 200


@as_events
def test_row_29_a_token_ahead_of_the_registry_raises_the_alarm(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.list("ahead")

    assert capsys.readouterr().out.count('"Name":"TokenAheadOfRegistry"') == 1
    overwrite_token(world.stack, world.tokens["ahead"], seq_no=2)
    assert world.list("ahead").status == 200


def test_an_unknown_mom_id_and_somebody_elses_are_answered_alike(world: World) -> None:
    unknown, foreign = world.add(_unknown_mom_id()), world.add(world.mom_id("stranger"))

    assert (unknown.status, unknown.body) == (foreign.status, foreign.body)
    assert unknown.undated == foreign.undated
    assert world.mom_id("stranger") not in foreign.text


def test_errors_never_repeat_what_was_sent(world: World) -> None:
    canary = "canary-7c1d"

    answers = [
        world.named(f"{canary}/"),
        world.get(canary),
        world.create(json={canary: canary}),
        world.typed(f"text/{canary}", b"{}"),
        world.add(canary),
        world.add(comment=f"{canary}\x0b"),
        world.nowhere(f"/{canary}"),
        world.feed(canary),
        world.list(canary),
    ]

    assert all(answer.status >= 400 for answer in answers)
    assert not [answer.text for answer in answers if canary in answer.text]


def test_what_is_one_less_than_too_many_is_allowed(world: World) -> None:
    with world.counting(world.owner_head, "calendars", limits.CALENDARS - 1):
        created = world.named("the last one")

        removed = world.delete("the last one")

    assert (created.status, removed.status) == (201, 204)
