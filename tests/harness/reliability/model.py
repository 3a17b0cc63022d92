"""The rules of the API as plain data: what each request answers, and what is so afterwards.

It knows no table and no JWT. A method is a request, or something else that happens; it changes the
model as that changes the stack, and returns the answer. Times are in seconds since 1970.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any

from mytoken_calendars.feeds import writer

DAY = 24 * 60 * 60
DAYS_BEFORE = (30, 14, 7, 3, 1, 0)
LEEWAY = 5  # seconds by which a token may be shown before it was made: clocks differ
GENERATIONS = 16  # of a chain, of which is known when they were rotated

NOTIFY = "manage_mytokens:notify"
READ_NOTIFY = "read@manage_mytokens:notify"
TOKENINFO_NOTIFY = "tokeninfo:notify"


@dataclass(frozen=True)
class Answer:
    """`successor` is the number of the token that is handed out, 0 if none is."""

    status: int
    content: Any = None
    error: str = ""
    successor: int = 0
    replayed: bool = False


@dataclass(frozen=True)
class Shown:
    """What a request presents: the token of a chain that has this number."""

    mom_id: str
    seq_no: int


@dataclass
class Token:
    """A chain of tokens, of which the newest is alive. `made`: when each was, by its number.

    `rotated`: when each successor was committed at the latest, in milliseconds.
    """

    mom_id: str
    owner: str
    name: str
    capabilities: tuple[str, ...]
    created: int
    expires: int | None
    ancestors: tuple[str, ...]
    limit: int | None
    rotates: bool
    auto_revoke: bool
    uses: int = 0
    made: dict[int, int] = field(default_factory=dict)
    rotated: dict[int, int] = field(default_factory=dict)
    revoked: int | None = None
    revoked_tree: int | None = None

    @property
    def seq_no(self) -> int:
        return max(self.made)

    def begins(self, seq_no: int) -> int:
        return self.made[seq_no] - LEEWAY

    def is_valid(self, seq_no: int, now: int) -> bool:
        return self.begins(seq_no) <= now and (self.expires is None or now <= self.expires)

    def may(self, capability: str) -> bool:
        return any(_covers(held, capability) for held in self.capabilities)


@dataclass
class Subscription:
    comment: str
    added: int
    changed: int
    changes: int = 0


@dataclass
class Calendar:
    owner: str
    name: str
    address: str
    id: str
    created: int
    version: int = 0
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    def document(self, *tokens: str) -> dict[str, Any]:
        listed = {"subscribed_tokens": [*tokens]} if tokens else {}
        return {"id": self.id, "name": self.name, "ics_path": self.address, **listed}


@dataclass(frozen=True)
class Event:
    summary: str
    start: int
    before: tuple[int, ...]  # seconds
    comment: str
    sequence: int
    added: int
    changed: int


@dataclass(frozen=True)
class Receipt:
    """That a request was done, with the token that was shown and an Idempotency-Key."""

    request: tuple[str, ...]
    address: str
    at: int
    successor: int

    @property
    def ends(self) -> int:
        """That of a list, whose request has no more than its name, is good for a minute."""
        return self.at + (61 if len(self.request) == 1 else DAY)


class Refused(Exception):
    def __init__(self, status: int, error: str, **more: Any) -> None:
        self.answer = Answer(status, error=error, **more)


def _request(ask: Callable[..., Answer]) -> Callable[..., Answer]:
    """A request, which may be refused."""

    @wraps(ask)
    def answered(*arguments: Any, **more: Any) -> Answer:
        try:
            return ask(*arguments, **more)
        except Refused as refusal:
            return refusal.answer

    return answered


@dataclass
class Model:
    now: int
    tokens: dict[str, Token] = field(default_factory=dict)
    calendars: dict[tuple[str, str], Calendar] = field(default_factory=dict)  # by owner and name
    deleted: dict[str, int] = field(default_factory=dict)  # when, by address
    receipts: dict[tuple[Shown, str], Receipt] = field(default_factory=dict)
    revocations: Counter[str] = field(default_factory=Counter)  # how many, by owner

    # --- what happens beside the requests

    def issue(self, token: Token) -> None:
        token.made[1] = token.created
        self.tokens[token.mom_id] = token

    def revoke(self, token: Token, *, recursive: bool) -> None:
        self.revocations[token.owner] += 1
        token.revoked = self.now if token.revoked is None else token.revoked
        if recursive and token.revoked_tree is None:
            token.revoked_tree = self.now

    # --- requests that need a token

    @_request
    def list_calendars(self, shown: Shown, key: str) -> Answer:
        def listed(token: Token) -> list[Any]:
            calendars = sorted(self.calendars.items())
            return [self._document(c) for (owner, _), c in calendars if owner == token.owner]

        return self._listed(shown, "list_calendars", READ_NOTIFY, listed, key)

    @_request
    def get_calendar(self, shown: Shown, name: str) -> Answer:
        token = self._admitted(shown, READ_NOTIFY)
        return Answer(302, self._calendar(token.owner, name).address)

    @_request
    def create_calendar(
        self, shown: Shown, name: str, address: str, calendar_id: str, key: str
    ) -> Answer:
        request = ("create", name)
        if receipt := self._receipt(shown, request, key):
            return self._again(shown, receipt, 201, Calendar.document)
        token = self._admitted(shown, NOTIFY)
        if "/" in name:
            raise Refused(400, "invalid_request")
        if (token.owner, folded(name)) in self.calendars:
            raise Refused(409, "conflict")
        as_given = unicodedata.normalize("NFC", name)
        calendar = Calendar(token.owner, as_given, address, calendar_id, self.now)
        self.calendars[token.owner, folded(name)] = calendar
        answer = self._used(token, 201, calendar.document())
        return self._receipted(answer, shown, request, address, key)

    @_request
    def add_token(self, shown: Shown, name: str, mom_id: str, comment: str, key: str) -> Answer:
        request = ("add", name, mom_id, comment)
        if receipt := self._receipt(shown, request, key):
            see = partial(self._seen_by, self.tokens[shown.mom_id])
            return self._again(shown, receipt, 200, see)
        token = self._admitted(shown, NOTIFY, TOKENINFO_NOTIFY)
        calendar = self._calendar(token.owner, name)
        added = self._reachable(token, mom_id, NOTIFY)
        if added.expires is None or added.expires < self.now:
            raise Refused(400, "invalid_request")
        known = calendar.subscriptions.get(added.mom_id)
        if known is None:
            calendar.subscriptions[added.mom_id] = Subscription(comment, self.now, self.now)
            self._take_out_long_expired(calendar)
            calendar.version += 1
        elif comment not in ("", known.comment):
            known.comment, known.changes = comment, known.changes + 1
            known.changed = max(self.now, known.changed)
            self._take_out_long_expired(calendar)
            calendar.version += 1
        answer = self._used(token, 200, self._seen_by(token, calendar))
        return self._receipted(answer, shown, request, calendar.address, key)

    @_request
    def delete_calendar(self, shown: Shown, name: str, key: str) -> Answer:
        request = ("delete", name)
        if receipt := self._receipt(shown, request, key):
            status = 200 if receipt.successor else 204
            return Answer(status, successor=receipt.successor, replayed=True)
        token = self._admitted(shown, NOTIFY)
        calendar = self._calendar(token.owner, name)
        del self.calendars[token.owner, folded(name)]
        self.deleted[calendar.address] = self.now
        return self._receipted(self._used(token, 204), shown, request, calendar.address, key)

    @_request
    def revoke_token(self, shown: Shown, mom_id: str, *, recursive: bool, key: str = "") -> Answer:
        if not mom_id:
            raise Refused(400, "invalid_request")
        request = ("revoke", mom_id, str(recursive))
        if receipt := self._receipt(shown, request, key):
            status = 200 if receipt.successor else 204
            return Answer(status, successor=receipt.successor, replayed=True)
        own = mom_id == shown.mom_id
        if own and self._is_dead(shown):
            return Answer(204)
        token = self._alive(shown)
        if not own:
            self._limited(token)
        revoked = self._reachable(token, mom_id, "manage_mytokens:revoke", of=self._is_issued)
        if not (revoked.revoked_tree if recursive else revoked.revoked):
            self.revoke(revoked, recursive=recursive)
        if own:
            return Answer(204)
        return self._traced(self._used(token, 204), shown, request, key)

    @_request
    def revoke_by_itself(self, shown: Shown, *, recursive: bool) -> Answer:
        """The request has the token itself as its name, and nothing else."""
        token = self.tokens[shown.mom_id]
        if token.begins(shown.seq_no) > self.now:
            raise Refused(401, "invalid_token")
        answer: Answer = self.revoke_token(shown, shown.mom_id, recursive=recursive)
        return Answer(204) if answer.status == 401 else answer

    @_request
    def introspect(self, shown: Shown) -> Answer:
        token = self._alive(shown, "tokeninfo:introspect")
        return Answer(200, (token.mom_id, None if token.limit is None else token.uses))

    @_request
    def list_mytokens(self, shown: Shown, key: str) -> Answer:
        def listed(token: Token) -> list[str]:
            theirs = [t.mom_id for t in self.tokens.values() if t.owner == token.owner]
            return sorted(filter(self._is_listed, theirs))

        return self._listed(shown, "list_mytokens", "manage_mytokens:list", listed, key)

    @_request
    def subtokens(self, shown: Shown, key: str) -> Answer:
        def listed(token: Token) -> list[str]:
            tokens = self.tokens.values()
            family = [t.mom_id for t in tokens if token.mom_id in (t.mom_id, *t.ancestors)]
            return sorted(filter(self._is_listed, family))

        return self._listed(shown, "subtokens", "tokeninfo:subtokens", listed, key)

    def _is_listed(self, mom_id: str) -> bool:
        return self.is_there(mom_id) and not self._expired_long_ago(mom_id)

    def _expired_long_ago(self, mom_id: str) -> bool:
        end = self.tokens[mom_id].expires
        return end is not None and end + 30 * DAY < self.now

    def _take_out_long_expired(self, calendar: Calendar) -> None:
        """A few leave with each addition; no run of the machine has more."""
        for mom_id in filter(self._expired_long_ago, [*calendar.subscriptions]):
            del calendar.subscriptions[mom_id]

    # --- feeds, which need none

    @_request
    def feed(self, address: str) -> Answer:
        """The calendar's name, and its events in the order of adding."""
        if address in self.deleted and self.now <= self.deleted[address] + 90 * DAY:
            raise Refused(410, "gone")
        for calendar in self.calendars.values():
            if calendar.address == address:
                events = [self._event(calendar, m) for m in self._subscribed(calendar)]
                return Answer(200, (calendar.name, events))
        raise Refused(404, "not_found")

    def state(self, address: str) -> tuple[str, int, int]:
        """What decides every byte of the feed of a calendar that is there."""
        calendar = next(c for c in self.calendars.values() if c.address == address)
        return address, calendar.version, self.revocations[calendar.owner]

    def _event(self, calendar: Calendar, mom_id: str) -> Event:
        token, subscription = self.tokens[mom_id], calendar.subscriptions[mom_id]
        end = token.expires or 0
        return Event(
            summary=f"{token.name}: mytoken expires",
            start=end,
            before=tuple(_reminders(token.created, subscription.added, end)),
            comment=subscription.comment,
            sequence=max(subscription.added - calendar.created, 0)
            + subscription.changes
            + writer.NUMBER,
            added=subscription.added,
            changed=max(subscription.changed, writer.SINCE) + subscription.changes + writer.NUMBER,
        )

    # --- what requests have in common

    def is_there(self, mom_id: str) -> bool:
        """Whether the token was issued, and not revoked since, by itself or with an ancestor."""
        token = self.tokens.get(mom_id)
        return (
            token is not None
            and token.revoked is None
            and all(self.tokens[ancestor].revoked_tree is None for ancestor in token.ancestors)
        )

    def forget_when_rotated(self, mom_id: str) -> None:
        """When the newest token of a chain was committed is then known only to a minute."""
        token = self.tokens[mom_id]
        token.rotated[token.seq_no] = (token.made[token.seq_no] + 60) * 1000

    def _alive(self, shown: Shown, *capabilities: str) -> Token:
        token = self.tokens[shown.mom_id]
        if not token.is_valid(shown.seq_no, self.now) or not self.is_there(token.mom_id):
            raise Refused(401, "invalid_token")
        if shown.seq_no < token.seq_no:
            came_later = self.now * 1000 > token.rotated.get(shown.seq_no + 1, 0)
            if token.auto_revoke and came_later:
                self.revoke(token, recursive=True)
            raise Refused(401, "invalid_token")
        if capabilities and not any(map(token.may, capabilities)):
            raise Refused(403, "insufficient_capabilities")
        return token

    def _limited(self, token: Token) -> Token:
        if token.limit is not None and token.uses >= token.limit:
            raise Refused(403, "usage_restricted")
        return token

    def _admitted(self, shown: Shown, *capabilities: str) -> Token:
        return self._limited(self._alive(shown, *capabilities))

    def _is_dead(self, shown: Shown) -> bool:
        """Whether the token's whole chain is revoked or has expired."""
        token = self.tokens[shown.mom_id]
        if token.begins(shown.seq_no) > self.now:
            return False
        return not (token.is_valid(shown.seq_no, self.now) and self.is_there(token.mom_id))

    def _is_issued(self, mom_id: str) -> bool:
        return mom_id in self.tokens

    def _reachable(
        self, token: Token, mom_id: str, reaching_all: str, of: Callable[[str], bool] | None = None
    ) -> Token:
        """`of` says which tokens there are: by default those that are not revoked."""
        if mom_id in ("", token.mom_id):
            return token
        is_theirs = (of or self.is_there)(mom_id) and self.tokens[mom_id].owner == token.owner
        if token.may(reaching_all):
            if not is_theirs:
                raise Refused(403, "invalid_grant")
        elif not is_theirs or token.mom_id not in self.tokens[mom_id].ancestors:
            raise Refused(403, "insufficient_capabilities")
        return self.tokens[mom_id]

    def _used(self, token: Token, status: int, content: Any = None) -> Answer:
        if token.limit is not None:
            token.uses += 1
        if not token.rotates:
            return Answer(status, content)
        successor = token.seq_no + 1
        token.made[successor] = self.now
        token.rotated[successor] = self.now * 1000
        token.rotated.pop(successor - GENERATIONS, None)
        if not token.auto_revoke:
            self.forget_when_rotated(token.mom_id)
        return Answer(200 if status == 204 else status, content, successor=successor)

    def _calendar(self, owner: str, name: str) -> Calendar:
        try:
            return self.calendars[owner, folded(name)]
        except KeyError:
            raise Refused(404, "not_found") from None

    def _subscribed(self, calendar: Calendar) -> list[str]:
        """In the order of adding."""
        known = calendar.subscriptions
        return sorted(filter(self.is_there, known), key=lambda m: (known[m].added, m))

    def _document(self, calendar: Calendar) -> dict[str, Any]:
        return calendar.document(*self._subscribed(calendar))

    def _seen_by(self, token: Token, calendar: Calendar) -> dict[str, Any]:
        """A token that may not read feeds sees no address, and itself and its descendants alone."""
        document = self._document(calendar)
        if token.may(READ_NOTIFY):
            return document
        lineages = {m: (m, *self.tokens[m].ancestors) for m in self._subscribed(calendar)}
        below = [m for m, lineage in lineages.items() if token.mom_id in lineage]
        listed = {"subscribed_tokens": below} if below else {}
        return {"id": calendar.id, "name": calendar.name, **listed}

    # --- requests that are repeated under their Idempotency-Key

    def _listed(
        self,
        shown: Shown,
        what: str,
        capability: str,
        listed: Callable[[Token], list[Any]],
        key: str,
    ) -> Answer:
        """A list, which is made anew for a repeated request."""
        if receipt := self._receipt(shown, (what,), key):
            content = listed(self.tokens[shown.mom_id])
            return Answer(200, content, successor=receipt.successor, replayed=True)
        token = self._admitted(shown, capability)
        return self._traced(self._used(token, 200, listed(token)), shown, (what,), key)

    def _traced(self, answer: Answer, shown: Shown, request: tuple[str, ...], key: str) -> Answer:
        """With a receipt, if the use alone leaves a trace."""
        token = self.tokens[shown.mom_id]
        leaves_a_trace = token.rotates or token.limit is not None
        return self._receipted(answer, shown, request, "", key) if leaves_a_trace else answer

    def _receipted(
        self, answer: Answer, shown: Shown, request: tuple[str, ...], address: str, key: str
    ) -> Answer:
        if key:
            self.receipts[shown, key] = Receipt(request, address, self.now, answer.successor)
        return answer

    def _receipt(self, shown: Shown, request: tuple[str, ...], key: str) -> Receipt | None:
        """The receipt of the request, if it was done before and may be repeated."""
        receipt = self.receipts.get((shown, key))
        if receipt is None or receipt.ends <= self.now:
            return None
        if receipt.request != request:
            raise Refused(400, "invalid_request")
        if not receipt.successor or abs(self.now - receipt.at) > 60:
            self._alive(shown)
            return receipt
        token = self.tokens[shown.mom_id]
        # Of two that were sent at once, the one that was done may have come a second later.
        then = max(self.now, receipt.at)
        is_current = receipt.successor == token.seq_no and token.is_valid(token.seq_no, then)
        if not is_current or not self.is_there(token.mom_id):
            raise Refused(409, "conflict")
        return receipt

    def _again(
        self, shown: Shown, receipt: Receipt, status: int, document: Callable[[Calendar], Any]
    ) -> Answer:
        again = {"successor": receipt.successor, "replayed": True}
        owner, name = self.tokens[shown.mom_id].owner, receipt.request[1]
        calendar = self.calendars.get((owner, folded(name)))
        if calendar is None or calendar.address != receipt.address:
            raise Refused(409, "conflict", **again)
        return Answer(status, document(calendar), **again)


def folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", decomposed.casefold())


def _covers(held: str, needed: str) -> bool:
    covers = f"{needed.removeprefix('read@')}:".startswith(f"{held.removeprefix('read@')}:")
    return covers and (needed.startswith("read@") or not held.startswith("read@"))


def _reminders(created: int, added: int, end: int) -> Iterator[int]:
    """In seconds before the end; one of them in advance, if there is a minute for it."""
    due = [n * DAY for n in DAYS_BEFORE if end - n * DAY >= added]
    kept = [before for before in due if 2 * (end - before) >= created + end]
    if not any(kept):
        left = end - added
        unit = 3600 if left >= 7200 else 60
        half = left // 2 // unit * unit
        yield from [DAY] if DAY in due else [half] if half else []
    yield from kept
