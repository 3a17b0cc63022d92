"""What tables, answers and feeds say, in the model's terms; and what the model says is there."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from icalendar import Calendar
from icalendar import Event as VEvent

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, keys
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.identifiers import short_mom_id
from tests.harness import stacks
from tests.harness.invariants import Contents, Item
from tests.harness.reliability.model import Answer, Event, Model, Shown
from tests.harness.stacks import PUBLIC_URL
from tests.harness.token_uses import claims

Facts = dict[str, dict[Any, Any]]


def address(feed_id: str, name: str) -> str:
    """The `ics_path` of a calendar with this feed and this name."""
    return f"{PUBLIC_URL}/calendars/{feed_id}/{quote(name[:60].strip(), safe='')}.ics"


# --- tables ---------------------------------------------------------------------------------------


def found(table: Contents, tokens: list[Item]) -> Facts:
    """What is there."""
    addresses = {row["id"]: address(row["addresses"][0], row["name"]) for _, row in table.names}
    return {
        "calendars": {
            (owner, _last(row["sk"])): (row["name"], addresses[row["id"]], row["id"])
            for owner, row in table.names
        },
        "subscriptions": {
            (addresses[calendar], one.mom_id): _subscription(one)
            for calendar, item in table.calendars.items()
            for one in entries.unpacked(item["tokens"]).values()
        },
        "counters": {
            owner: head["calendars"] for owner, head in table.owners.items() if head["calendars"]
        },
        "feeds": {
            row["pk"]: (row["owner"], row["name"], row["created"]) for row in table.feeds.values()
        },
        "deleted feeds": {row["pk"]: (row["deleted"], row["ttl"]) for row in table.deleted_feeds},
        "revocations": {
            (owner, short_id.removeprefix("mark_")): tuple(mark)
            for owner, marks in table.revocations.items()
            for short_id, mark in marks.items()
            if isinstance(mark, list)
        },
        "receipts": {row["pk"]: (row["ttl"], "successor" in row) for row in table.receipts},
        "tokens": {row["sk"]: _token(row) for row in tokens if row["pk"].startswith(keys.OWNER)},
    }


def expected(model: Model, bearers: Mapping[Shown, str]) -> Facts:
    """What should be there; `bearers` are the tokens that were shown."""
    calendars, tokens = model.calendars.items(), model.tokens
    subscribed = [(c, m, s) for _, c in calendars for m, s in c.subscriptions.items()]
    return {
        "calendars": {key: (c.name, c.address, c.id) for key, c in calendars},
        "subscriptions": {
            (c.address, m): (
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
        "counters": dict(Counter(c.owner for _, c in calendars)),
        "feeds": {_feed_head(c.address): (c.owner, c.name, c.created) for _, c in calendars},
        "deleted feeds": {
            _feed_head(a): (at, at + limits.FEED_GONE) for a, at in model.deleted.items()
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
            keys.receipt(bearers[shown], key)["pk"]: (r.ends, r.successor > 0)
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


def _feed_head(address: str) -> str:
    return keys.feed_head(_last(address.rpartition("/")[0], "/"))["pk"]


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
        case "list_calendars":
            return document["calendars"]
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


def shown_in(text: str) -> tuple[str, list[Event]]:
    """The name and the events of a feed."""
    calendar = Calendar.from_ical(text)
    return str(calendar["x-wr-calname"]), [_event(event) for event in calendar.walk("VEVENT")]


def _event(event: VEvent) -> Event:
    return Event(
        summary=str(event["summary"]),
        start=int(event["dtstart"].dt.timestamp()),
        before=tuple(-int(a["trigger"].dt.total_seconds()) for a in event.walk("VALARM")),
        comment=event["description"].rpartition("\n\n")[0],
        sequence=event["sequence"],
        added=int(event["created"].dt.timestamp()),
        changed=int(event["last-modified"].dt.timestamp()),
    )
