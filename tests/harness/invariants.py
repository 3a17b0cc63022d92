"""What is always so in the calendars table, whatever was done to it and however it went."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mytoken_calendars.aws import clients
from mytoken_calendars.aws.dynamodb import keys

_DELETED = {"pk", "sk", "deleted", "ttl"}

Item = dict[str, Any]


@dataclass(frozen=True)
class Contents:
    """The items of the calendars table, by what they are (`items.py`)."""

    owners: dict[str, Item]  # by partition
    calendars: list[Item]
    ids: dict[tuple[str, str], Item]  # by partition and calendar
    subscriptions: dict[tuple[str, str], Item]  # by calendar and mom_id
    events: dict[tuple[str, str], Item]  # by calendar and mom_id
    feeds: list[Item]
    deleted_feeds: list[Item]
    jobs: dict[str, Item]  # by calendar
    revocation_heads: dict[str, Item]  # by owner
    revocations: dict[tuple[str, str], Item]  # by owner and mom_id
    receipts: list[Item]

    @classmethod
    def of(cls, rows: list[Item]) -> "Contents":
        def under(partition: str, row: str = "") -> list[Item]:
            return [r for r in rows if r["pk"].startswith(partition) and r["sk"].startswith(row)]

        subscriptions = under("OWNER#", keys.SUBSCRIPTION)
        feeds = under("FEED#")
        return cls(
            owners={row["pk"]: row for row in under("OWNER#", keys.HEAD)},
            calendars=under("OWNER#", keys.NAME),
            ids={(row["pk"], row["sk"][3:]): row for row in under("OWNER#", "ID#")},
            subscriptions={_split(row["sk"]): row for row in subscriptions},
            events={(row["pk"].split("#")[1], row["sk"]): row for row in under("CALENDAR#")},
            feeds=[row for row in feeds if "deleted" not in row],
            deleted_feeds=[row for row in feeds if "deleted" in row],
            jobs={row["sk"]: row for row in (*under(keys.SWEEP), *under(keys.IMPORTING))},
            revocation_heads={row["pk"].split("#")[1]: row for row in under("REVOKED#", keys.HEAD)},
            revocations={
                (row["pk"].split("#")[1], row["sk"]): row
                for row in under("REVOKED#")
                if row["sk"] != keys.HEAD
            },
            receipts=under("RECEIPT#"),
        )


def violations(dump: Mapping[str, list[Any]]) -> list[str]:
    """What is wrong in the calendars table, which is the first of a stack's dump."""
    rows = [clients.from_dynamodb(item) for item in next(iter(dump.values()))]
    return violations_in(Contents.of(rows))


def violations_in(table: Contents) -> list[str]:
    return [*_of_feeds(table), *_of_counters(table), *_of_subscriptions(table)]


def _of_feeds(table: Contents) -> Iterator[str]:
    """Every calendar has exactly one live feed, and every live feed a calendar."""
    calendars = Counter(_identity(c["pk"].split("#")[1], c["id"], c) for c in table.calendars)
    feeds = Counter(_identity(f["owner"], f["calendar"], f) for f in table.feeds)
    if calendars != feeds:
        yield f"calendars without a feed: {calendars - feeds}, and the reverse: {feeds - calendars}"
    if more := [identity for identity, count in calendars.items() if count > 1]:
        yield f"calendars that are there more than once: {more}"
    ids = {(pk, calendar): row["name"] for (pk, calendar), row in table.ids.items()}
    if ids != (named := {(c["pk"], c["id"]): c["name"] for c in table.calendars}):
        yield f"ids {ids} of calendars {named}"
    heads = {feed["pk"] for feed in table.feeds}
    lost = [c["id"] for c in table.calendars if keys.feed_head(c["feed_id"])["pk"] not in heads]
    if lost:
        yield f"calendars whose address leads nowhere: {lost}"
    if talking := [feed["pk"] for feed in table.deleted_feeds if set(feed) != _DELETED]:
        yield f"deleted feeds that still know something: {talking}"


def _of_counters(table: Contents) -> Iterator[str]:
    """The counters are what can be counted; what waits to be swept is not counted any more.

    Of writes there may be more, since what was before them was not counted.
    """
    live = {c["id"]: c["pk"] for c in table.calendars}
    calendars = Counter(live.values())
    subscriptions = Counter(live[c] for c, _ in table.subscriptions if c in live)
    for partition, head in table.owners.items():
        counted = calendars[partition], subscriptions[partition]
        if (head.get("calendars", 0), head.get("subscriptions", 0)) != counted:
            yield f"{head} where there are {counted}"
    if headless := (set(calendars) | set(subscriptions)) - set(table.owners):
        yield f"owners without counters: {headless}"
    events, renewals, writes = Counter[str](), Counter[str](), Counter[str]()
    for (calendar, _), event in table.events.items():
        events[calendar] += 1
        renewals[calendar] += event["changes"]
    for feed in table.feeds:
        if feed["subscriptions"] != events[feed["calendar"]]:
            yield f"{feed['subscriptions']} tokens where {events[feed['calendar']]} are"
        if feed.get("renewals", 0) > renewals[feed["calendar"]]:
            yield f"{feed['renewals']} renewals where {renewals[feed['calendar']]} are"
    for (owner, _), revocation in table.revocations.items():
        writes[owner] += revocation.get("writes", 0)
    for owner, head in table.revocation_heads.items():
        if head.get("writes", 0) > writes[owner]:
            yield f"{head['writes']} writes of revocations where {writes[owner]} are"


def _of_subscriptions(table: Contents) -> Iterator[str]:
    """Subscriptions of live calendars have their event and the reverse; others wait for `sweep`."""
    live = {calendar["id"] for calendar in table.calendars}
    subscriptions = {key for key in table.subscriptions if key[0] in live}
    events = {key for key in table.events if key[0] in live}
    if subscriptions != events:
        yield f"either subscription or event is missing: {subscriptions ^ events}"
    for key in subscriptions & events:
        listed, event = table.subscriptions[key], table.events[key]
        if any(listed.get(name) != event.get(name) for name in ("added", "ancestors")):
            yield f"subscription and event differ: {key}"
    left_over = {calendar for calendar, _ in (*table.subscriptions, *table.events)} - live
    if forgotten := left_over - set(table.jobs):
        yield f"left over of deleted calendars, and nobody will sweep it: {forgotten}"
    if doomed := live & set(table.jobs):
        yield f"live calendars that will be swept: {doomed}"


def _identity(owner: str, calendar: str, row: Item) -> tuple[str, str, str, int]:
    return owner, calendar, row["name"], row["created"]


def _split(sort_key: str) -> tuple[str, str]:
    _, calendar, mom_id = sort_key.split("#")
    return calendar, mom_id
