"""The rules of the API as plain data: what each request answers, and what is so afterwards.

It knows no table and no JWT. A method is a request, or something else that happens; it changes the
model as that changes the stack, and returns the answer. Times are in seconds since 1970.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from typing import Any
from urllib.parse import quote
from zlib import crc32

from mytoken_calendars.feeds import writer
from tests.harness.stacks import PUBLIC_URL

DAY = 24 * 60 * 60
MINUTE = 61  # seconds for which a list may be repeated
DAYS_BEFORE = (30, 14, 7, 3, 1, 0)
DEFAULTS = {"label": "", "reminders": "alarms", "days": [*DAYS_BEFORE], "detail": "full"}
LEEWAY = 5  # seconds by which a token may be shown before it was made: clocks differ
GENERATIONS = 16  # of a chain, of which is known when they were rotated

NOTIFY = "manage_mytokens:notify"
READ_NOTIFY = "read@manage_mytokens:notify"
TOKENINFO_NOTIFY = "tokeninfo:notify"
TAGS, READ_TAGS = "settings:tags", "read@settings:tags"


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
class Feed:
    """`secret` is what is secret of its address; `changes` are those of its style."""

    id: str
    secret: str
    label: str = ""
    reminders: str = "alarms"
    days: tuple[int, ...] = DAYS_BEFORE
    detail: str = "full"
    changes: int = 0
    changed: int = 0

    @property
    def style(self) -> tuple[Any, ...]:
        return self.reminders, self.days, self.detail, self.changes, self.changed

    def title(self, calendar: str) -> str:
        return "Mytokens" if self.detail == "minimal" else calendar

    def document(self, calendar: str) -> dict[str, Any]:
        return {
            "id": self.id,
            **({"label": self.label} if self.label else {}),
            "ics_path": address(self.secret, self.title(calendar)),
            "reminders": self.reminders,
            "days": [*self.days],
            "detail": self.detail,
        }

    def set(self, wish: Mapping[str, Any], now: int) -> None:
        """An empty text brings the default back."""
        new = {name: DEFAULTS[name] if value == "" else value for name, value in wish.items()}
        before = self.style
        self.label = new.get("label", self.label)
        self.reminders = new.get("reminders", self.reminders)
        self.days = tuple(sorted(set(new.get("days", self.days)), reverse=True))
        self.detail = new.get("detail", self.detail)
        if self.style != before:
            self.changes, self.changed = self.changes + 1, max(now, self.changed)


@dataclass(eq=False)
class Tag:
    """One that is made again under a name is another one."""

    name: str
    color: str

    @classmethod
    def of(cls, name: str, color: str | None = None) -> "Tag":
        return cls(name, color or color_of(name))


@dataclass
class Calendar:
    """The first of its feeds is the one that its `ics_path` leads to.

    `tags` are those that it was given, perhaps some that were deleted since.
    """

    owner: str
    name: str
    feeds: list[Feed]
    id: str
    created: int
    description: str = ""
    tags: list[Tag] = field(default_factory=list)
    is_unnamed: bool = False
    version: int = 0
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    @property
    def ics_path(self) -> str:
        return address(self.feeds[0].secret, self.name)

    @property
    def title(self) -> str:
        """What feeds call it."""
        return (self.description or "Mytokens") if self.is_unnamed else self.name

    def document(self, tags: list[Tag], *tokens: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "ics_path": self.ics_path,
            "tags": [{"tag": tag.name, "color": tag.color} for tag in tags],
            **({"description": self.description} if self.description else {}),
            **({"subscribed_tokens": [*tokens]} if tokens else {}),
        }


@dataclass(frozen=True)
class Event:
    summary: str
    start: int
    before: tuple[int, ...]  # seconds
    comment: str
    mom_id: str  # as much as is told of it
    sequence: int
    added: int
    changed: int


@dataclass(frozen=True)
class Receipt:
    """That a request was done, with the token that was shown and an Idempotency-Key."""

    request: tuple[Any, ...]
    calendar: str
    feed: str
    at: int
    successor: int
    lasts: int

    @property
    def ends(self) -> int:
        return self.at + self.lasts


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
    tags: dict[str, list[Tag]] = field(default_factory=dict)  # by owner
    deleted: dict[str, int] = field(default_factory=dict)  # when, by the secret of an address
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

        return self._listed(shown, ("list_calendars",), READ_NOTIFY, listed, key)

    @_request
    def get_calendar(self, shown: Shown, name: str) -> Answer:
        token = self._admitted(shown, READ_NOTIFY)
        return Answer(302, self._calendar(token.owner, name).ics_path)

    @_request
    def create_calendar(
        self, shown: Shown, name: str, feed: Feed, calendar_id: str, key: str
    ) -> Answer:
        request = ("create", name)
        if receipt := self._receipt(shown, request, key):
            return self._again(shown, receipt, 201, self._document)
        token = self._admitted(shown, NOTIFY)
        if "/" in name:
            raise Refused(400, "invalid_request")
        if (token.owner, folded(name)) in self.calendars:
            raise Refused(409, "conflict")
        as_given = unicodedata.normalize("NFC", name)
        calendar = Calendar(token.owner, as_given, [feed], calendar_id, self.now)
        return self._created(token, calendar, shown, request, key)

    @_request
    def create_unnamed(
        self,
        shown: Shown,
        description: str,
        tags: list[str],
        *,
        feed: Feed,
        calendar_id: str,
        key: str,
    ) -> Answer:
        request = ("create unnamed", description, tuple(tags))
        if receipt := self._receipt(shown, request, key):
            return self._again(shown, receipt, 201, self._document)
        token = self._admitted(shown, NOTIFY)
        name = self.free_name(token.owner, description)
        calendar = Calendar(
            token.owner, name, [feed], calendar_id, self.now, description, is_unnamed=True
        )
        calendar.tags = self._named(token.owner, tags)
        return self._created(token, calendar, shown, request, key)

    def free_name(self, owner: str, description: str) -> str:
        """That of a calendar that is made with nothing but this description."""
        first = description or "Mytokens"
        possible = [first, *(f"{first} {number}" for number in range(2, 99))]
        return next(name for name in possible if (owner, folded(name)) not in self.calendars)

    def _created(
        self, token: Token, calendar: Calendar, shown: Shown, request: tuple[Any, ...], key: str
    ) -> Answer:
        self.calendars[token.owner, folded(calendar.name)] = calendar
        answer = self._used(token, 201, self._document(calendar))
        return self._receipted(answer, shown, request, key, calendar=calendar.id)

    @_request
    def update_calendar(
        self,
        shown: Shown,
        name: str,
        new_name: str | None,
        description: str | None,
        tags: list[str] | None,
        *,
        key: str,
    ) -> Answer:
        request = ("update", name, new_name, description, tags and tuple(tags))
        if receipt := self._receipt(shown, request, key):
            return self._again(shown, receipt, 200, self._document)
        token = self._admitted(shown, NOTIFY)
        if (new_name, description, tags) == (None, None, None) or "/" in (new_name or ""):
            raise Refused(400, "invalid_request")
        calendar = self._calendar(token.owner, name)
        before = calendar.name, calendar.description, calendar.is_unnamed
        as_given = before[0] if new_name is None else unicodedata.normalize("NFC", new_name)
        if self.calendars.get((token.owner, folded(as_given)), calendar) is not calendar:
            raise Refused(409, "conflict")
        del self.calendars[token.owner, folded(calendar.name)]
        self.calendars[token.owner, folded(as_given)] = calendar
        calendar.name = as_given
        calendar.description = before[1] if description is None else description
        calendar.is_unnamed &= new_name is None
        after = calendar.name, calendar.description, calendar.is_unnamed
        calendar.version += self._retagged(calendar, tags) or after != before
        answer = self._used(token, 200, self._document(calendar))
        return self._receipted(answer, shown, request, key, calendar=calendar.id)

    @_request
    def tag_calendar(self, shown: Shown, name: str, tag: str, key: str, *, lost: bool) -> Answer:
        """The calendar gets the tag, or has lost it."""
        request = ("untag" if lost else "tag", name, tag)
        if receipt := self._receipt(shown, request, key):
            return self._done_before(receipt)
        token = self._admitted(shown, NOTIFY)
        calendar = self._calendar(token.owner, name)
        known = [one.name for one in self.tags_of(calendar)]
        wanted = [one for one in known if one != tag] if lost else [*known, tag]
        calendar.version += self._retagged(calendar, wanted)
        return self._receipted(self._used(token, 204), shown, request, key, calendar=calendar.id)

    # --- tags of a user, which are no uses of a token

    @_request
    def list_tags(self, shown: Shown) -> Answer:
        token = self._admitted(shown, READ_TAGS, READ_NOTIFY)
        tags = sorted(self.tags.get(token.owner, []), key=lambda tag: tag.name)
        return Answer(200, [{"tag": tag.name, "color": tag.color} for tag in tags])

    @_request
    def change_tag(
        self, shown: Shown, what: str, name: str, new: Mapping[str, str | None], key: str
    ) -> Answer:
        """`what` is the operation: to create, to update or to delete it."""
        request = (what, name, tuple(sorted(new.items())))
        if receipt := self._receipt(shown, request, key):
            return self._done_before(receipt)
        token = self._admitted(shown, *((TAGS, NOTIFY) if what == "create_tag" else (TAGS,)))
        if what == "update_tag" and not any(value is not None for value in new.values()):
            raise Refused(400, "invalid_request")
        tags = self.tags.setdefault(token.owner, [])
        known = {tag.name: tag for tag in tags}
        if what == "create_tag":
            tags += [] if name in known else [Tag.of(name, new.get("color"))]
        elif name not in known:
            raise Refused(404, "not_found")
        elif what == "delete_tag":
            tags.remove(known[name])
        else:
            self._update_tag(known, known[name], new)
        return self._receipted(Answer(204), shown, request, key)

    def _update_tag(
        self, known: Mapping[str, Tag], tag: Tag, new: Mapping[str, str | None]
    ) -> None:
        name, color = new.get("tag") or tag.name, new.get("color")
        if known.get(name, tag) is not tag:
            raise Refused(409, "conflict")
        tag.name, tag.color = name, tag.color if color is None else color or color_of(name)

    def _named(self, owner: str, names: list[str]) -> list[Tag]:
        """The tags of these names, of which those are made that there are not."""
        tags = self.tags.setdefault(owner, [])
        known = {tag.name: tag for tag in tags}
        for name in names:
            if name not in known:
                known[name] = Tag.of(name)
                tags.append(known[name])
        return [known[name] for name in dict.fromkeys(names)]

    def tags_of(self, calendar: Calendar) -> list[Tag]:
        """Those that there are still, of those that it was given."""
        return [tag for tag in calendar.tags if tag in self.tags.get(calendar.owner, [])]

    def _retagged(self, calendar: Calendar, names: list[str] | None) -> bool:
        """Gives the calendar these tags; whether they are others."""
        before = self.tags_of(calendar)
        if names is not None and [*dict.fromkeys(names)] != [tag.name for tag in before]:
            calendar.tags = self._named(calendar.owner, names)
        return self.tags_of(calendar) != before

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
        return self._receipted(answer, shown, request, key, calendar=calendar.id)

    @_request
    def remove_token(
        self, shown: Shown, name: str, mom_id: str, key: str, asked: str = "remove_token"
    ) -> Answer:
        """`asked`: the operation by which it is asked for."""
        request = (asked, name, mom_id)
        if receipt := self._receipt(shown, request, key):
            return self._done_before(receipt)
        token = self._admitted(shown, NOTIFY, TOKENINFO_NOTIFY)
        calendar = self._calendar(token.owner, name)
        gone = mom_id or token.mom_id
        is_there = gone in calendar.subscriptions
        if not is_there and not token.may(NOTIFY):
            self._reachable(token, mom_id, NOTIFY)
        if is_there:
            # It may be taken out even though it was revoked.
            self._reachable(token, mom_id, NOTIFY, of=self._is_issued)
            del calendar.subscriptions[gone]
            calendar.version += 1
        return self._receipted(self._used(token, 204), shown, request, key, calendar=calendar.id)

    @_request
    def delete_calendar(self, shown: Shown, name: str, key: str) -> Answer:
        request = ("delete_calendar", name)
        if receipt := self._receipt(shown, request, key):
            return self._done_before(receipt)
        token = self._admitted(shown, NOTIFY)
        calendar = self._calendar(token.owner, name)
        del self.calendars[token.owner, folded(calendar.name)]
        self.deleted |= {feed.secret: self.now for feed in calendar.feeds}
        return self._receipted(self._used(token, 204), shown, request, key, calendar=calendar.id)

    @_request
    def list_feeds(self, shown: Shown, name: str, key: str) -> Answer:
        def listed(token: Token) -> list[Any]:
            calendar = self._calendar(token.owner, name)
            return [feed.document(calendar.name) for feed in calendar.feeds]

        return self._listed(shown, ("list_feeds", name), READ_NOTIFY, listed, key)

    @_request
    def create_feed(
        self, shown: Shown, name: str, wish: Mapping[str, Any], feed: Feed, key: str
    ) -> Answer:
        request = ("create_feed", name, wish)
        if receipt := self._receipt(shown, request, key):
            return self._feed_again(shown, receipt, 201)
        token = self._admitted(shown, NOTIFY)
        calendar = self._calendar(token.owner, name)
        feed.set(wish, self.now)
        feed.changes = feed.changed = 0
        calendar.feeds.append(feed)
        calendar.version += 1
        answer = self._used(token, 201, feed.document(calendar.name))
        return self._receipted(answer, shown, request, key, calendar=calendar.id, feed=feed.id)

    @_request
    def update_feed(
        self, shown: Shown, name: str, feed_id: str, wish: Mapping[str, Any], key: str
    ) -> Answer:
        request = ("update_feed", name, feed_id, wish)
        if receipt := self._receipt(shown, request, key):
            return self._feed_again(shown, receipt, 200)
        token = self._admitted(shown, NOTIFY)
        if not wish:
            raise Refused(400, "invalid_request")
        calendar = self._calendar(token.owner, name)
        feed = self._feed(calendar, feed_id)
        feed.set(wish, self.now)
        answer = self._used(token, 200, feed.document(calendar.name))
        return self._receipted(answer, shown, request, key, calendar=calendar.id)

    @_request
    def reset_feed(self, shown: Shown, name: str, feed_id: str, secret: str, key: str) -> Answer:
        """`secret` is that of the new address."""
        request = ("reset_feed", name, feed_id)
        if receipt := self._receipt(shown, request, key):
            return self._feed_again(shown, receipt, 200)
        token = self._admitted(shown, NOTIFY)
        calendar = self._calendar(token.owner, name)
        feed = self._feed(calendar, feed_id)
        self.deleted[feed.secret] = self.now
        feed.secret = secret
        calendar.version += 1
        answer = self._used(token, 200, feed.document(calendar.name))
        return self._receipted(answer, shown, request, key, calendar=calendar.id)

    @_request
    def delete_feed(self, shown: Shown, name: str, feed_id: str, key: str) -> Answer:
        request = ("delete_feed", name, feed_id)
        if receipt := self._receipt(shown, request, key):
            return self._done_before(receipt)
        token = self._admitted(shown, NOTIFY)
        calendar = self._calendar(token.owner, name)
        feed = self._feed(calendar, feed_id)
        if feed is calendar.feeds[0]:
            raise Refused(409, "conflict")
        calendar.feeds.remove(feed)
        self.deleted[feed.secret] = self.now
        calendar.version += 1
        return self._receipted(self._used(token, 204), shown, request, key, calendar=calendar.id)

    @_request
    def revoke_token(self, shown: Shown, mom_id: str, *, recursive: bool, key: str = "") -> Answer:
        if not mom_id:
            raise Refused(400, "invalid_request")
        request = ("revoke", mom_id, str(recursive))
        if receipt := self._receipt(shown, request, key):
            return self._done_before(receipt)
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

        return self._listed(shown, ("list_mytokens",), "manage_mytokens:list", listed, key)

    @_request
    def subtokens(self, shown: Shown, key: str) -> Answer:
        def listed(token: Token) -> list[str]:
            tokens = self.tokens.values()
            family = [t.mom_id for t in tokens if token.mom_id in (t.mom_id, *t.ancestors)]
            return sorted(filter(self._is_listed, family))

        return self._listed(shown, ("subtokens",), "tokeninfo:subtokens", listed, key)

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
    def feed(self, secret: str) -> Answer:
        """What it calls the calendar, its description, and its events in the order of adding."""
        if secret in self.deleted and self.now <= self.deleted[secret] + 90 * DAY:
            raise Refused(410, "gone")
        for calendar in self.calendars.values():
            for feed in calendar.feeds:
                if feed.secret == secret:
                    described = calendar.description if feed.detail == "full" else ""
                    told = described or "When your mytokens expire."
                    tokens = self._subscribed(calendar)
                    events = [e for m in tokens for e in self._events(calendar, feed, m)]
                    return Answer(200, (feed.title(calendar.title), told, events))
        raise Refused(404, "not_found")

    @property
    def secrets(self) -> list[str]:
        """Those of all feeds that are there."""
        return [feed.secret for c in self.calendars.values() for feed in c.feeds]

    def state(self, secret: str) -> tuple[Any, ...]:
        """What decides every byte of a feed that is there, but for its first line."""
        calendar, feed = next(
            (c, f) for c in self.calendars.values() for f in c.feeds if f.secret == secret
        )
        return calendar.id, calendar.version, self.revocations[calendar.owner], feed.style

    def _events(self, calendar: Calendar, feed: Feed, mom_id: str) -> Iterator[Event]:
        """The reminders that are events of their own, and the expiry."""
        token, subscription = self.tokens[mom_id], calendar.subscriptions[mom_id]
        end, changes = token.expires or 0, subscription.changes + feed.changes + writer.NUMBER
        ahead = [*_reminders(feed.days, token.created, subscription.added, end)]
        changed = max(subscription.changed, feed.changed, writer.SINCE) + changes
        is_minimal = feed.detail == "minimal"
        title = "A mytoken expires" if is_minimal else f"{token.name}: mytoken expires"

        def event(summary: str, before: int, alarms: list[int], comment: str) -> Event:
            return Event(
                summary=summary,
                start=end - before,
                before=tuple(alarms),
                comment=comment,
                mom_id="" if is_minimal else mom_id[:8],
                sequence=max(subscription.added - calendar.created, 0) + changes,
                added=subscription.added,
                changed=changed,
            )

        if feed.reminders in ("events", "both"):
            yield from (
                event(f"{title} {_in(before)}", before, [], "") for before in ahead if before
            )
        alarms = ahead if feed.reminders in ("alarms", "both") else []
        yield event(title, 0, alarms, subscription.comment if feed.detail == "full" else "")

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

    def _calendar(self, owner: str, text: str) -> Calendar:
        """The calendar of this name or id."""
        for (of, name), calendar in self.calendars.items():
            if of == owner and (text == calendar.id or folded(text) == name):
                return calendar
        raise Refused(404, "not_found")

    def _feed(self, calendar: Calendar, feed_id: str) -> Feed:
        for feed in calendar.feeds:
            if feed.id == feed_id:
                return feed
        raise Refused(404, "not_found")

    def _subscribed(self, calendar: Calendar) -> list[str]:
        """In the order of adding."""
        known = calendar.subscriptions
        return sorted(filter(self.is_there, known), key=lambda m: (known[m].added, m))

    def _document(self, calendar: Calendar) -> dict[str, Any]:
        return calendar.document(self.tags_of(calendar), *self._subscribed(calendar))

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
        request: tuple[str, ...],
        capability: str,
        listed: Callable[[Token], list[Any]],
        key: str,
    ) -> Answer:
        """A list, which is made anew for a repeated request."""
        if receipt := self._receipt(shown, request, key):
            again = {"successor": receipt.successor, "replayed": True}
            try:
                return Answer(200, listed(self.tokens[shown.mom_id]), **again)
            except Refused as refusal:
                return replace(refusal.answer, **again)
        token = self._admitted(shown, capability)
        answer = self._used(token, 200, listed(token))
        return self._traced(answer, shown, request, key, lasts=MINUTE)

    def _traced(
        self, answer: Answer, shown: Shown, request: tuple[Any, ...], key: str, lasts: int = DAY
    ) -> Answer:
        """With a receipt, if the use alone leaves a trace."""
        token = self.tokens[shown.mom_id]
        leaves_a_trace = token.rotates or token.limit is not None
        return (
            self._receipted(answer, shown, request, key, lasts=lasts) if leaves_a_trace else answer
        )

    def _receipted(
        self,
        answer: Answer,
        shown: Shown,
        request: tuple[Any, ...],
        key: str,
        *,
        calendar: str = "",
        feed: str = "",
        lasts: int = DAY,
    ) -> Answer:
        """`calendar` and `feed` are the ids of what it has changed, and made."""
        if key:
            receipt = Receipt(request, calendar, feed, self.now, answer.successor, lasts)
            self.receipts[shown, key] = receipt
        return answer

    def _receipt(self, shown: Shown, request: tuple[Any, ...], key: str) -> Receipt | None:
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
        again: Any = {"successor": receipt.successor, "replayed": True}
        token = self.tokens[shown.mom_id]
        try:
            if self.now - receipt.at > MINUTE - 1:
                self._limited(token)
            return Answer(status, document(self._calendar(token.owner, receipt.calendar)), **again)
        except Refused:
            raise Refused(409, "conflict", **again) from None

    def _feed_again(self, shown: Shown, receipt: Receipt, status: int) -> Answer:
        """The feed that the request made, or named."""

        def document(calendar: Calendar) -> dict[str, Any]:
            feed = self._feed(calendar, receipt.feed or receipt.request[2])
            return feed.document(calendar.name)

        return self._again(shown, receipt, status, document)

    def _done_before(self, receipt: Receipt) -> Answer:
        status = 200 if receipt.successor else 204
        return Answer(status, successor=receipt.successor, replayed=True)


def color_of(tag: str) -> str:
    return f"{crc32(tag.encode()):08X}"[:6]


def address(secret: str, title: str) -> str:
    """The `ics_path` of a feed that calls the calendar by this title."""
    return f"{PUBLIC_URL}/calendars/{secret}/{quote(title[:60].strip(), safe='')}.ics"


def folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", decomposed.casefold())


def _covers(held: str, needed: str) -> bool:
    covers = f"{needed.removeprefix('read@')}:".startswith(f"{held.removeprefix('read@')}:")
    return covers and (needed.startswith("read@") or not held.startswith("read@"))


def _reminders(days: tuple[int, ...], created: int, added: int, end: int) -> Iterator[int]:
    """In seconds before the end; on the usual days one in advance, if there is a minute for it."""
    due = [n * DAY for n in days if end - n * DAY >= added]
    if days != DAYS_BEFORE:
        yield from due
        return
    kept = [before for before in due if 2 * (end - before) >= created + end]
    if not any(kept):
        left = end - added
        unit = 3600 if left >= 7200 else 60
        half = left // 2 // unit * unit
        yield from [DAY] if DAY in due else [half] if half else []
    yield from kept


def _in(seconds: int) -> str:
    """As a title says it."""
    for unit, name in ((DAY, "day"), (3600, "hour"), (60, "minute")):
        if seconds % unit == 0:
            number = seconds // unit
            return f"in {number} {name}{'s' if number > 1 else ''}"
    raise AssertionError(seconds)
