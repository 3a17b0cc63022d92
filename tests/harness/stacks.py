"""What the tests share: a stack on stand-ins for AWS, real mytokens, and calls of the handlers."""

import base64
import gzip
import inspect
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from unittest import mock
from urllib.parse import unquote, urlencode
from uuid import uuid4

from local.handlers import Context, Handler, load_handler
from local.template import Template
from mytoken_calendars.authorities.embedded import minting
from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.authorities.embedded.minting import NewMytoken
from mytoken_calendars.aws import clients
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.logs import Fault
from tests.harness.canaries import CANARIES

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events"
PUBLIC_URL = "http://127.0.0.1:3000"  # as in the sample events
CALENDARS = "/api/v0/notifications/calendars"
DAY = 24 * 60 * 60
CORS = {  # what each answer of the API has for pages of other origins
    "access-control-allow-origin": "*",
    "access-control-expose-headers": (
        "Allow, Content-Disposition, ETag, Idempotent-Replayed, Location, Retry-After, "
        "WWW-Authenticate, x-amzn-remapped-www-authenticate, X-Request-Id"
    ),
}


@dataclass(frozen=True)
class Token:
    """A mytoken that was issued, and its mom_id."""

    bearer: str
    mom_id: str


@dataclass(frozen=True)
class Answer:
    """What a handler answered. Header names are in lower case.

    `operation` and `method` are those that were asked for.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()  # each as in a Set-Cookie header
    operation: str = ""
    method: str = ""

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def undated(self) -> dict[str, str]:
        """The headers but for the date and the request's id, in which two like answers differ."""
        own = ("date", "x-request-id")
        return {name: value for name, value in self.headers.items() if name not in own}

    @cached_property
    def text(self) -> str:
        """The body as text, out of its content coding."""
        coded = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if coded else self.body).decode()


@dataclass(frozen=True)
class Stack:
    """The functions of template.yaml on the stand-ins that `environment` leads to.

    `issuer` is the one of the mytokens that it makes itself.
    """

    environment: Mapping[str, str]
    issuer: str = PUBLIC_URL

    def told(self, **variables: str) -> Self:
        """The same stack, whose functions have these variables in their environment."""
        return replace(self, environment={**self.environment, **variables})

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Clients that are made inside are clients of this stack."""
        with mock.patch.dict(os.environ, self.environment):
            clients.dynamodb.cache_clear()
            yield
            clients.dynamodb.cache_clear()

    @cached_property
    def handlers(self) -> dict[str, Handler]:
        """All of them; a single one is `handler`."""
        for folder in Template.read().functions:
            self.handler(folder)
        return self._ready

    def handler(self, operation: str) -> Handler:
        """That of the operation, loaded when it is first asked for."""
        if operation not in self._ready:
            self._ready[operation] = self._loaded(operation)
        return self._ready[operation]

    @cached_property
    def _ready(self) -> dict[str, Handler]:
        return {}

    def door(self, operation: str, name: str) -> Any:
        """What a handler's module calls `name`: its `store`, its `authority`, its `cache`."""
        return _names(self.handler(operation))[name]

    @cached_property
    def authority(self) -> EmbeddedAuthority:
        with self.entered():
            return EmbeddedAuthority.from_environment()

    @cached_property
    def store(self) -> CalendarStore:
        with self.entered():
            return CalendarStore.from_environment()

    def mint(
        self,
        *capabilities: str,
        user: str | None = None,
        expires_in: int | None = 40 * DAY,
        at: int | None = None,
        **more: Any,
    ) -> Token:
        """A mytoken of `user`, a new one by default, with the full capability by default.

        `more` are further fields of NewMytoken: name, restrictions, rotation, parent.
        """
        new = NewMytoken(
            user or str(uuid4()),
            list(capabilities or ["manage_mytokens:notify"]),
            expires_in,
            **more,
        )
        bearer, mytoken = minting.issue(
            self.authority, self.issuer, new, int(time.time()) if at is None else at
        )
        return Token(bearer, mytoken.mom_id)

    def revoke(self, token: Token, *, recursive: bool = False) -> None:
        owner = self.authority.registry.owner_of(token.mom_id)
        self.authority.revoke(owner, token.mom_id, recursive=recursive, now=int(time.time()))

    def restart(self, operation: str) -> None:
        """From now on the operation is as after a cold start."""
        self._ready[operation] = self._loaded(operation)

    def invoke(
        self,
        operation: str,
        token: Token | str | None = None,
        *,
        path: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, Any] | list[tuple[str, str]] | None = None,
        body: bytes | str | None = None,
        headers: Mapping[str, str | None] | None = None,
        cookies: list[str] | None = None,
        method: str | None = None,
        raw_path: str | None = None,
        address: str | None = None,
        arrived: float | None = None,
        stage: Mapping[str, str] | None = None,
    ) -> Answer:
        """Calls a handler with its sample event, changed by what is given.

        `token` goes into the Authorization header (none without it). `json`, `form` and `body`
        replace the body; a header that is None is removed. `address` is the client's; `arrived`,
        when the gateway had the request, is in seconds, and now without it.
        `stage` has the variables of the stage.
        """
        event = sample_event(operation)
        came = time.time() if arrived is None else arrived
        event["requestContext"]["timeEpoch"] = int(came * 1000)
        set_token(event, token)
        if stage is not None:
            event["stageVariables"] = dict(stage)
        if address is not None:
            event["requestContext"]["http"]["sourceIp"] = address
        if path is not None:
            event["pathParameters"] = dict(path)
            set_raw_path(event, _path(event))
        if raw_path is not None:
            set_raw_path(event, raw_path)
        if method is not None:
            event["requestContext"]["http"]["method"] = method
        if json is not None:
            set_body(event, dumps(json), "application/json")
        if form is not None:
            set_body(event, urlencode(form).encode(), "application/x-www-form-urlencoded")
        if body is not None:
            set_body(event, body.encode() if isinstance(body, str) else body, None)
        for name, value in (headers or {}).items():
            event["headers"].pop(name.lower(), None)
            if value is not None:
                event["headers"][name.lower()] = value
        if cookies is not None:
            event["cookies"] = cookies
        return self.send(operation, event)

    def send(self, operation: str, event: dict[str, Any]) -> Answer:
        """Calls a handler with an event, and reads its answer as API Gateway does.

        Raises what the handler raised before it became a Fault.
        """
        CANARIES.sent(event, body_of(event))
        with without_fault(), CANARIES.raised():
            answer = self.answer(operation, event)
        CANARIES.answered(answer.status, answer.headers, answer.body)
        return answer

    def answer(self, operation: str, event: dict[str, Any]) -> Answer:
        method = event["requestContext"]["http"]["method"]
        answer = self.handler(operation)(event, Context())
        # HEAD is answered as GET is, and the gateway leaves the body out.
        body = answer["body"] if method != "HEAD" else ""
        data = base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        cookies = tuple(answer.get("cookies", ()))
        return Answer(answer["statusCode"], headers, data, cookies, operation, method)

    def feed(self, document: Mapping[str, Any], **more: Any) -> Answer:
        """The feed of a calendar object of the API, uncompressed unless asked for otherwise."""
        headers = {"accept-encoding": None, **more.pop("headers", {})}
        secret, _, file = document["ics_path"].partition("/calendars/")[2].partition("/")
        path = {"secret": secret, "file": unquote(file)}
        return self.invoke("get_feed", path=path, headers=headers, **more)

    def page(self, document: Mapping[str, Any], **more: Any) -> Answer:
        """The page of a calendar object of the API, uncompressed unless asked for otherwise."""
        headers = {"accept-encoding": None, **more.pop("headers", {})}
        secret = document["ics_path"].partition("/calendars/")[2].partition("/")[0]
        return self.invoke("view_calendar", path={"secret": secret}, headers=headers, **more)

    def dump(self) -> dict[str, list[Any]]:
        """Everything in both tables, to be compared."""
        return {
            table.name: sorted(
                (item for page in pages(table) for item in page["Items"]),
                key=lambda item: (item["pk"]["S"], item["sk"]["S"]),
            )
            for table in (self.store.table, self.authority.registry.table)
        }

    def _loaded(self, operation: str) -> Handler:
        with self.entered():
            handler = load_handler(operation)
            if operation == "get_feed":
                # The cache in S3 makes its client when it is first asked: here, to be one of ours.
                getattr(_names(handler)["cache"].behind, "_s3")  # noqa: B009
            return handler


@dataclass(frozen=True)
class RemoteStack(Stack):
    """A stack for whose mytokens another server vouches: a double, or a stack of ours."""

    server: Any = None

    def mint(  # type: ignore[override]
        self, *capabilities: str, user: str | None = None, short: bool = False, **more: Any
    ) -> Token:
        """A mytoken that the server has made; `more` is what its `mint` takes besides."""
        minted = self.server.mint(*capabilities, user=user or str(uuid4()), **more)
        return Token(minted.short if short else minted.bearer, minted.mom_id)

    def revoke(self, token: Token, *, recursive: bool = False) -> None:
        self.server.revoke(token.mom_id, recursive=recursive)

    def warm(self, *operations: str) -> None:
        """Starts these functions anew; they know the issuer's configuration and nothing else.

        One that has tried in vain would be unavailable for half a minute, to whatever test is next.
        """
        for operation in operations:
            self.restart(operation)
            if authority := _names(self.handler(operation)).get("authority"):
                authority.codec.issuer.configuration()

    @contextmanager
    def cold(self, *operations: str) -> Iterator[None]:
        """At first these functions know nothing of the issuer; afterwards they are warm again."""
        for operation in operations:
            self.restart(operation)
        try:
            yield
        finally:
            self.warm(*operations)

    def answer(self, operation: str, event: dict[str, Any]) -> Answer:
        # Whom to trust is read when the first connection is made.
        with self.entered():
            return super().answer(operation, event)


def _names(handler: Handler) -> dict[str, Any]:
    return inspect.unwrap(handler).__globals__


@contextmanager
def without_fault() -> Iterator[None]:
    """Raises what a handler raised before it became a Fault."""
    try:
        yield
    except Fault as fault:
        raise fault.__context__ or fault from None


def sample_event(operation: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{operation}.json").read_text())
    return event


def set_token(event: dict[str, Any], token: Token | str | None) -> None:
    bearer = token.bearer if isinstance(token, Token) else token
    event["headers"].pop("authorization", None)
    if bearer is not None:
        event["headers"]["authorization"] = f"Bearer {bearer}"


def set_raw_path(event: dict[str, Any], raw_path: str) -> None:
    event["rawPath"] = event["requestContext"]["http"]["path"] = raw_path


def _path(event: Mapping[str, Any]) -> str:
    """The path of the event's route, with the values of its parameters."""
    path: str = event["routeKey"].partition(" ")[2]
    for name, value in event["pathParameters"].items():
        path = path.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
    return path


def set_body(event: dict[str, Any], body: bytes, media_type: str | None) -> None:
    """As API Gateway hands bodies on: forms and whatever is no text in base64."""
    if media_type is not None:
        event["headers"]["content-type"] = media_type
    event["body"] = base64.b64encode(body).decode()
    event["isBase64Encoded"] = True


def body_of(event: Mapping[str, Any]) -> bytes:
    body = (event.get("body") or "").encode("utf-8", "surrogatepass")
    return base64.b64decode(body) if event["isBase64Encoded"] else body


def dumps(value: Any) -> bytes:
    return json.dumps(value).encode()


def pages(table: Any) -> Any:
    return table.client.get_paginator("scan").paginate(TableName=table.name, ConsistentRead=True)
