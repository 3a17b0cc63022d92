"""Clients that poll feeds and now and then change calendars, and look at every answer."""

import json
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, MutableSequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

from tests.harness.stacks import Answer, Token
from tests.load.feeds import Feed, Feeds, Wrong, require

Act = Callable[[], str]  # sends one request, and says what came of it

API = "/api/v0/notifications/calendars"

_CONDITIONAL = 0.9  # of the polls
_HEAVY = 0.1  # of the lists
_MOST = 50  # calendars that a client keeps
_PATIENCE = 30  # seconds


@dataclass
class Measured:
    """What came of the requests, each with its seconds; the bytes of bodies; and what was wrong."""

    seconds: defaultdict[str, MutableSequence[float]] = field(
        default_factory=lambda: defaultdict(lambda: array("d"))
    )
    received: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def answered(self) -> int:
        return sum(len(of_one) for of_one in list(self.seconds.values()))


@dataclass(frozen=True)
class Heavy:
    """The user with the most calendars: what a list of them has, and the mytoken for it."""

    token: Token
    listed: Mapping[str, tuple[str, list[str]]]


@dataclass
class _Own:
    """A calendar of a client's own."""

    feed: Feed
    mom_ids: list[str] = field(default_factory=list)


@dataclass
class Client:
    """Polls all feeds, and has calendars of its own that nobody else changes."""

    address: str  # of the server: host and port
    token: Token
    mom_ids: list[str]  # of its tokens, to be added
    feeds: Feeds
    heavy: Heavy
    share_of_api: float
    chance: Random
    measured: Measured = field(default_factory=Measured)
    _own: dict[str, _Own] = field(default_factory=dict)
    _named: int = 0
    _received: int = 0  # bytes of the last answer's body

    def subscribe(self, feeds: Iterable[Feed]) -> None:
        """Reads feeds for the first time. It is not measured, but what is wrong counts."""
        for feed in feeds:
            self._do(partial(feed.poll, self._ask, conditional=False), due=time.monotonic())
        self.measured = Measured(errors=self.measured.errors)

    def work(self, moments: Callable[[], Iterable[float]]) -> None:
        """A request at each moment, or as soon as the one before is answered."""
        with closing(self._connection):
            for due in moments():
                self._do(self._next(), due)

    def _do(self, act: Act, due: float) -> None:
        try:
            came = act()
        except Wrong as wrong:
            self.measured.errors[str(wrong)] += 1
        except (OSError, HTTPException) as error:
            self._connection.close()  # the next request opens it again
            self.measured.errors[f"no answer: {type(error).__name__}"] += 1
        else:
            self.measured.seconds[came].append(time.monotonic() - due)
            self.measured.received[came] += self._received

    def _next(self) -> Act:
        if self.chance.random() >= self.share_of_api:
            return self._poll
        acts = (self._list, self._add, self._create, self._delete)
        return self.chance.choices(acts, (60, 25, 10, 5))[0]

    def _poll(self) -> str:
        conditional = self.chance.random() < _CONDITIONAL
        return self.feeds.any(self.chance).poll(self._ask, conditional=conditional)

    def _list(self) -> str:
        if self.chance.random() < _HEAVY:
            require(self._listed(self.heavy.token) == self.heavy.listed, "a long list is wrong")
            return "long list"
        own = {n: (own.feed.path, own.mom_ids) for n, own in self._own.items()}
        require(self._listed(self.token) == own, "a list is wrong")
        return "list"

    def _listed(self, token: Token) -> dict[str, tuple[str, list[str]]]:
        document = self._call(200, "GET", token=token)
        return {calendar["name"]: _content(calendar) for calendar in document["calendars"]}

    def _create(self) -> str:
        if len(self._own) >= _MOST:
            return self._delete()
        self._named += 1
        name = f"Calendar {self._named}"
        document = self._call(201, "POST", document={"name": name})
        path, mom_ids = _content(document)
        require((document["name"], mom_ids) == (name, []), "a new calendar is wrong")
        self._own[name] = _Own(Feed(path))
        self.feeds.others.append(self._own[name].feed)
        return "create"

    def _add(self) -> str:
        with_room = [n for n, own in self._own.items() if len(own.mom_ids) < len(self.mom_ids)]
        if not with_room:
            return self._create()
        name = self.chance.choice(with_room)
        own = self._own[name]
        mom_id = self.mom_ids[len(own.mom_ids)]
        own.feed.adding += 1
        document = self._call(200, "POST", f"/{name}", {"mom_id": mom_id, "comment": "load"})
        own.feed.added += 1
        own.mom_ids.append(mom_id)
        require(_content(document) == (own.feed.path, own.mom_ids), "an addition is wrong")
        return "add"

    def _delete(self) -> str:
        if not self._own:
            return self._create()
        name = self.chance.choice(list(self._own))
        feed = self._own[name].feed
        feed.deleting = True
        self._call(204, "DELETE", f"/{name}")
        feed.deleted = True
        del self._own[name]
        self.feeds.others.remove(feed)
        self.feeds.deleted.append(feed)
        return "delete"

    def _call(
        self,
        expected: int,
        method: str,
        path: str = "",
        document: Any = None,
        *,
        token: Token | None = None,
    ) -> Any:
        """The document of an answer of the API."""
        bearer = (token or self.token).bearer
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        body = None if document is None else json.dumps(document)
        answer = self._ask(method, f"{API}{quote(path)}", headers, body)
        require(answer.status == expected, f"{method} is {answer.status} instead of {expected}")
        try:
            return answer.json if answer.body else None
        except ValueError:
            raise Wrong("an answer is no JSON") from None

    @cached_property
    def _connection(self) -> HTTPConnection:
        return HTTPConnection(self.address, timeout=_PATIENCE)

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None = None
    ) -> Answer:
        answer = asked(self._connection, method, path, headers, body)
        self._received = len(answer.body)
        return answer


def asked(
    connection: HTTPConnection, method: str, path: str, headers: Mapping[str, str], body: str | None
) -> Answer:
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    names = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, names, response.read())


def _content(calendar: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The path of its feed, and its tokens."""
    return urlsplit(calendar["ics_path"]).path, calendar.get("subscribed_tokens", [])
