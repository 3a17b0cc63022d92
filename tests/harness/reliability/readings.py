"""What tables, answers and feeds say, in the model's terms; and what the model says is there."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from icalendar import Calendar
from icalendar import Event as VEvent

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, keys
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.identifiers import short_mom_id
from tests.harness import stacks
from tests.harness.invariants import Contents, Item, tags_of
from tests.harness.reliability.model import Answer, Event, Model, Shown
from tests.harness.token_uses import claims

Facts = dict[str, dict[Any, Any]]

_TOLD = re.compile(r"Its mom_id begins with (\S{8})\.")


# --- tables ---------------------------------------------------------------------------------------


def found(table: Contents, tokens: list[Item]) -> Facts:
    """What is there."""
    return {
        "rows": {
            (owner, _last(row["sk"])): (row["id"], row["name"], [*map(tuple, row["addresses"])])
            for owner, row in table.names
        },
        "calendars": {
            of: (
                item["owner"],
                item["name"],
                item["unnamed"],
                item["description"],
                tags_of(table, item),
                item["created"],
            )
            for of, item in table.calendars.items()
        },
        "tags": {
            owner: dict(item["tags"].values()) for owner, item in table.tags.items() if item["tags"]
        },
        "subscriptions": {
            (calendar, one.mom_id): _subscription(one)
            for calendar, item in table.calendars.items()
            for one in entries.unpacked(item["tokens"]).values()
        },
        "counters": {
            owner: (head["calendars"], head["feeds"])
            for owner, head in table.owners.items()
            if head["calendars"]
        },
        "feeds": {
            row["pk"]: (
                row["owner"],
                row["calendar"],
                row["name"],
                row["label"],
                tuple(entries.unpacked_style(row["style"])),
            )
            for row in table.feeds.values()
        },
        "deleted feeds": {row["pk"]: (row["deleted"], row["ttl"]) for row in table.deleted_feeds},
        "revocations": {
            (owner, short_id.removeprefix("mark_")): tuple(mark)
            for owner, marks in table.revocations.items()
            for short_id, mark in marks.items()
            if isinstance(mark, list)
        },
        "receipts": {
            row["pk"]: (row["ttl"], row["calendar"], row.get("feed", ""), "successor" in row)
            for row in table.receipts
        },
        "tokens": {row["sk"]: _token(row) for row in tokens if row["pk"].startswith(keys.OWNER)},
    }


def expected(model: Model, bearers: Mapping[Shown, str]) -> Facts:
    """What should be there; `bearers` are the tokens that were shown."""
    calendars, tokens = model.calendars.items(), model.tokens
    subscribed = [(c, m, s) for _, c in calendars for m, s in c.subscriptions.items()]
    feeds = [(c, feed) for _, c in calendars for feed in c.feeds]
    return {
        "rows": {key: (c.id, c.name, [(f.id, f.secret) for f in c.feeds]) for key, c in calendars},
        "calendars": {
            c.id: (
                c.owner,
                c.name,
                c.is_unnamed,
                c.description,
                [tag.name for tag in model.tags_of(c)],
                c.created,
            )
            for _, c in calendars
        },
        "tags": {
            owner: {tag.name: tag.color for tag in tags}
            for owner, tags in model.tags.items()
            if tags
        },
        "subscriptions": {
            (c.id, m): (
                tokens[m].name,
                tokens[m].created,
                tokens[m].expires,
                tuple(map(short_mom_id, tokens[m].ancestors)),
                s.comment,
                s.added,
                s.changed,
                s.changes,
            )
            for c, m, s in subscribed
        },
        "counters": {
            owner: (number, sum(c.owner == owner for c, _ in feeds))
            for owner, number in Counter(c.owner for _, c in calendars).items()
        },
        "feeds": {
            keys.feed_head(f.secret)["pk"]: (c.owner, c.id, c.name, f.label, f.style)
            for c, f in feeds
        },
        "deleted feeds": {
            keys.feed_head(secret)["pk"]: (at, at + limits.FEED_GONE)
            for secret, at in model.deleted.items()
        },
        "revocations": {
            (t.owner, short_mom_id(t.mom_id)): (
                t.revoked if t.revoked_tree is None else t.revoked_tree,
                t.revoked_tree is not None,
            )
            for t in tokens.values()
            if t.revoked is not None
        },
        "receipts": {
            keys.receipt(bearers[shown], key)["pk"]: (r.ends, r.calendar, r.feed, r.successor > 0)
            for (shown, key), r in model.receipts.items()
        },
        "tokens": {
            t.mom_id: (
                t.owner,
                t.name,
                t.created,
                t.expires,
                t.ancestors,
                t.seq_no,
                t.rotated,
                t.uses,
                t.revoked,
                t.revoked_tree,
            )
            for t in tokens.values()
        },
    }


def _subscription(one: Subscription) -> tuple[Any, ...]:
    token = (one.name, one.created, one.expires, one.ancestors)
    return (*token, one.comment, one.added_at, one.changed, one.changes)


def _token(row: Item) -> tuple[Any, ...]:
    rotated = {int(_last(name, "_")): at for name, at in row.items() if name.startswith("made_")}
    uses = sum(count for name, count in row.items() if name.startswith("uses_"))
    return (
        _last(row["pk"]),
        row["name"],
        row["created"],
        row.get("expires"),
        tuple(row.get("ancestors", ())),
        row["seq_no"],
        rotated,
        uses,
        row.get("revoked"),
        row.get("revoked_tree"),
    )


def _last(text: str, separator: str = "#") -> str:
    return text.rpartition(separator)[2]


# --- answers --------------------------------------------------------------------------------------


def read(operation: str, answer: stacks.Answer) -> Answer:
    document = dict(answer.json) if answer.body else {}
    successor = document.pop("token_update", None)
    return Answer(
        answer.status,
        None if "error" in document else _content(operation, answer, document),
        document.get("error", ""),
        successor=claims(stacks.Token(successor["mytoken"], ""))["seq_no"] if successor else 0,
        replayed=answer.headers.get("idempotent-replayed") == "true",
    )


def _content(operation: str, answer: stacks.Answer, document: dict[str, Any]) -> Any:
    match operation:
        case "list_calendars" | "list_feeds" | "list_tags":
            return document[operation.removeprefix("list_")]
        case "get_calendar":
            return answer.headers["location"]
        case "tokeninfo" if "token" in document:
            clause = document["token"].get("restrictions", [{}])[0]
            return document["mom_id"], clause.get("usages_other_done")
        case "tokeninfo":
            trees = document["mytokens"]
            return sorted(_mom_ids(trees if isinstance(trees, list) else [trees]))
        case _:
            return document or None


def _mom_ids(trees: list[dict[str, Any]]) -> Iterator[str]:
    for tree in trees:
        yield tree["token"]["mom_id"]
        yield from _mom_ids(tree.get("children", []))


# --- feeds ----------------------------------------------------------------------------------------


def shown_in(text: str) -> tuple[str, str, list[Event]]:
    """The name, the description and the events of a feed."""
    calendar = Calendar.from_ical(text)
    events = [_event(event) for event in calendar.walk("VEVENT")]
    return str(calendar["x-wr-calname"]), str(calendar["x-wr-caldesc"]), events


def _event(event: VEvent) -> Event:
    told = _TOLD.search(event["description"])
    return Event(
        summary=str(event["summary"]),
        start=int(event["dtstart"].dt.timestamp()),
        before=tuple(-int(a["trigger"].dt.total_seconds()) for a in event.walk("VALARM")),
        comment=event["description"].rpartition("\n\n")[0],
        mom_id=told[1] if told else "",
        sequence=event["sequence"],
        added=int(event["created"].dt.timestamp()),
        changed=int(event["last-modified"].dt.timestamp()),
    )
