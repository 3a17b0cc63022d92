"""A stack and its model: what happens to one happens to the other, and has to look the same."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

from mytoken_calendars.aws.dynamodb.table import Table
from tests.harness import stacks
from tests.harness.aws_faults import conflict, faults, lost_answer, lost_request, refused
from tests.harness.invariants import Contents, violations_in
from tests.harness.reliability import readings
from tests.harness.reliability.model import Answer, Feed, Model, Shown, Token, address, folded
from tests.harness.reliability.states import empty
from tests.harness.stacks import Stack
from tests.harness.steps import Clock, new_user, owner
from tests.harness.token_uses import REVOKED_WHEN_REPLAYED

FAULTS = {
    "throttled": refused("ThrottlingException"),
    "request lost": lost_request,
    "answer lost": lost_answer,
    "conflict": conflict,
}

Expect = Callable[[Model, Shown], Answer]


@dataclass(frozen=True)
class Trouble:
    """What happens to so many calls of DynamoDB, after some that go well."""

    fault: str
    after: int
    times: int

    @contextmanager
    def of(self, client: Any) -> Iterator[None]:
        fault = FAULTS[self.fault]
        operation = "TransactWriteItems" if fault is conflict else "*"
        planned = [*[None] * self.after, *[fault] * self.times]
        with faults(client, *planned, operation=operation):
            yield


@dataclass(frozen=True)
class Moment:
    """So many seconds after what happened last, perhaps in trouble, perhaps after a cold start."""

    later: int = 0
    trouble: Trouble | None = None
    cold: bool = False


AT_ONCE = Moment()


class Twins:
    """All functions of the stack have one client of DynamoDB, and its tables are empty."""

    def __init__(self, stack: Stack, clock: Clock, users: tuple[str, ...]) -> None:
        self.stack, self.clock = stack, clock
        self.model = Model(int(clock.now))
        self.given: dict[Shown, str] = {}  # the tokens that clients have been given
        self.keyed: list[Callable[[Moment], None]] = []  # requests that may be repeated
        self.etags: dict[str, tuple[Any, bool]] = {}  # the state of each, and whether it is gzip
        self._users = {user: new_user() for user in users}
        self._texts: dict[Any, str] = {}  # of each state of a feed
        self._latest: dict[str, str] = {}  # the etag that a calendar app has, by secret
        self._fetched: Contents | None = None  # what the table held when all feeds were fetched
        self._seen = False  # the tables, as they are now

    def end(self) -> None:
        empty(self.stack)

    def owner(self, user: str) -> str:
        return owner(self._users[user])

    # --- what may happen

    def issue(
        self,
        user: str,
        *,
        capabilities: tuple[str, ...],
        expires_in: int | None,
        starts_in: int = 0,
        limit: int | None = None,
        rotation: Mapping[str, bool] | None = None,
        parent: str | None = None,
    ) -> str:
        """The mom_id of a new token."""
        name, created = f"token {len(self.model.tokens)}", self.model.now + starts_in
        issued = self.stack.mint(
            *capabilities,
            user=self._users[user],
            name=name,
            at=created,
            expires_in=expires_in,
            restrictions=None if limit is None else [{"usages_other": limit}],
            rotation=rotation,
            parent=parent,
        )
        token = Token(
            issued.mom_id,
            self.owner(user),
            name,
            capabilities,
            created,
            None if expires_in is None else created + expires_in,
            (parent, *self.model.tokens[parent].ancestors) if parent else (),
            limit,
            rotates=rotation is not None,
            auto_revoke=rotation == REVOKED_WHEN_REPLAYED,
        )
        self.model.issue(token)
        self.given[Shown(issued.mom_id, 1)] = issued.bearer
        self._seen = False
        return issued.mom_id

    def ask(
        self, operation: str, by: str, age: int, when: Moment, expect: Expect, **request: Any
    ) -> None:
        """Sends a request with a token of a chain: the newest for age 0, of those that were given.

        `request` is as in `_send`.
        """
        given = sorted(shown.seq_no for shown in self.given if shown.mom_id == by)
        shown = Shown(by, given[max(-1 - age, -len(given))])
        self._send(operation, shown, expect, when, **request)

    def _send(
        self,
        operation: str,
        shown: Shown,
        expect: Expect,
        when: Moment,
        *,
        name: str = "",
        feed: str = "",
        tag: str = "",
        json: Any = None,
        key: str = "",
    ) -> None:
        """`name` may be a calendar's id, `feed` is the id of a feed, `tag` the name of a tag;
        `json` is the body, or makes it of the token that is shown."""
        with self._at(when, operation):
            answer = self.stack.invoke(
                operation,
                self.given[shown],
                path={"calendar": name, "feed": feed, "tag": tag},
                json=json(self.given[shown]) if callable(json) else json,
                headers={"idempotency-key": key} if key else None,
            )
        self._look()
        if key:
            request = {"name": name, "feed": feed, "tag": tag, "json": json, "key": key}
            self.keyed.append(partial(self._send, operation, shown, expect, **request))
        seen = readings.read(operation, answer)
        if seen.successor:
            made, successor = Shown(shown.mom_id, seen.successor), answer.json["token_update"]
            assert self.given.setdefault(made, successor["mytoken"]) == successor["mytoken"]
            assert successor["mom_id"] == shown.mom_id
        before = deepcopy(self.model) if when.trouble else None
        expected = expect(self.model, shown)
        unavailable = before is not None and seen.status == 503
        if before:
            self._follow(before, shown, done=not unavailable)
        if unavailable:
            assert seen.successor in (0, self.model.tokens[shown.mom_id].seq_no)
        else:
            assert seen == expected, f"{operation}: {seen} instead of {expected}"

    def _follow(self, before: Model, shown: Shown, *, done: bool) -> None:
        """After trouble the tables say whether the request was done: completely, or not at all.

        What may be lost is only when exactly a token was rotated.
        """
        worlds = [self.model, deepcopy(self.model), *([] if done else [before])]
        worlds[1].forget_when_rotated(shown.mom_id)
        possible = [readings.expected(world, self.given) for world in worlds]
        assert self.facts in possible, f"neither done nor not: {self.facts}, not {possible}"
        self.model = worlds[possible.index(self.facts)]

    def fetch(
        self,
        secret: str,
        etag: str = "",
        *,
        coding: str | None = None,
        method: str = "GET",
        when: Moment = AT_ONCE,
    ) -> None:
        """Fetches a feed, on the condition that it has another etag, if one is given."""
        headers = {"accept-encoding": coding, "if-none-match": f'"{etag}"' if etag else None}
        with self._at(when, "get_feed"):
            ics_path = address(secret, "any name")
            answer = self.stack.feed({"ics_path": ics_path}, headers=headers, method=method)
        expected = self.model.feed(secret)
        if when.trouble and answer.status == 503:
            return
        if expected.status != 200:
            assert answer.status == expected.status, f"{answer.status} of {expected}"
            return
        state, known = self.model.state(secret), self.etags.get(etag)
        possible = [(state, True)] * (coding != "identity") + [(state, False)] * (coding != "gzip")
        status = 304 if known in possible else 200
        assert answer.status == status, f"{answer.status} for {known} in {state}"
        if answer.status == 304:
            assert answer.headers["etag"] == f'"{etag}"'
        else:
            self._compare(answer, secret, expected.content, text=method == "GET")

    def _compare(self, feed: stacks.Answer, secret: str, content: Any, *, text: bool) -> None:
        state, etag = self.model.state(secret), feed.headers["etag"].strip('"')
        gzipped = feed.headers.get("content-encoding") == "gzip"
        assert self.etags.setdefault(etag, (state, gzipped)) == (state, gzipped)
        if text:
            shown = readings.shown_in(feed.text)
            assert shown == content, f"{shown} instead of {content}"
            assert self._texts.setdefault(state, feed.text) == feed.text, "other bytes"
            self._latest[secret] = etag

    @contextmanager
    def _at(self, when: Moment, operation: str) -> Iterator[None]:
        self.clock.passes(when.later)
        self.model.now += when.later
        if when.cold:
            self.stack.restart(operation)
        with when.trouble.of(self.stack.store.table.client) if when.trouble else nullcontext():
            yield

    # --- what nobody can foretell

    def made(self, owner: str, name: str) -> tuple[str, list[Feed]]:
        """The id of the calendar of this name, and the addresses of its feeds."""
        calendar_id, _, addresses = self.facts["rows"].get((owner, folded(name)), ("", "", []))
        return calendar_id, [Feed(*address) for address in addresses]

    # --- how they look

    def assert_tables_are_alike(self) -> None:
        if not self._seen:
            self._look()
        found = violations_in(self.contents)
        assert not found, found
        expected = readings.expected(self.model, self.given)
        for kind, facts in self.facts.items():
            assert facts == expected[kind], f"{kind}: {facts} instead of {expected[kind]}"

    def assert_feeds_are_alike(self) -> None:
        """Those of all calendars that are there, and of the last that was.

        They have been looked at before if the table is as it was then.
        """
        if self.contents != self._fetched:
            for secret in (*self.model.secrets, *[*self.model.deleted][-1:]):
                self.fetch(secret, self._latest.get(secret, ""))
        self._fetched = self.contents

    @property
    def _both_tables(self) -> tuple[Table, Table]:
        return self.stack.store.table, self.stack.authority.registry.table

    def _look(self) -> None:
        calendars, tokens = (table.scan() for table in self._both_tables)
        self.contents = Contents.of(calendars)
        self.facts = readings.found(self.contents, tokens)
        self._seen = True
