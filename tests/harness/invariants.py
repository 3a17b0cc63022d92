"""What is always so in the calendars table, whatever was done to it and however it went."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mytoken_calendars import limits
from mytoken_calendars.aws import clients
from mytoken_calendars.aws.dynamodb import entries, keys
from mytoken_calendars.calendars import names, weight
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.identifiers import Owner, is_secret

_LIVE = {"pk", "sk", "owner", "calendar", "name", "version", "label", "style"}
_DELETED = {"pk", "sk", "deleted", "ttl"}
_ID = re.compile("[0-9a-f]{16}")  # of a feed, and of a tag
_COLOR = re.compile("[0-9A-F]{6}")

Item = dict[str, Any]


@dataclass(frozen=True)
class Contents:
    """The items of the calendars table, by what they are (`keys.py`)."""

    owners: dict[str, Item]  # by owner
    tags: dict[str, Item]  # by owner
    names: list[tuple[str, Item]]  # with its owner
    ids: dict[tuple[str, str], Item]  # by owner and calendar
    calendars: dict[str, Item]  # by id
    feeds: dict[str, Item]  # by hash
    deleted_feeds: list[Item]
    revocation_heads: dict[str, Item]  # by owner
    revocations: dict[str, Item]  # by owner
    receipts: list[Item]

    @classmethod
    def of(cls, rows: list[Item]) -> "Contents":
        def under(partition: str, row: str = "") -> list[tuple[str, Item]]:
            """The rows, each with what its partition is named by."""
            return [
                (r["pk"].removeprefix(partition), r)
                for r in rows
                if r["pk"].startswith(partition) and r["sk"].startswith(row)
            ]

        feeds = under(keys.FEED)
        by_id = under(keys.OWNER, keys.ID)
        return cls(
            owners=dict(under(keys.OWNER, keys.HEAD)),
            tags=dict(under(keys.OWNER, keys.TAGS)),
            names=under(keys.OWNER, keys.NAME),
            ids={(owner, row["sk"].removeprefix(keys.ID)): row for owner, row in by_id},
            calendars=dict(under(keys.CALENDAR)),
            feeds={of: row for of, row in feeds if "deleted" not in row},
            deleted_feeds=[row for _, row in feeds if "deleted" in row],
            revocation_heads=dict(under(keys.REVOKED, keys.HEAD)),
            revocations=dict(under(keys.REVOKED, keys.MARKS)),
            receipts=[row for _, row in under("RECEIPT#")],
        )


def violations(dump: Mapping[str, list[Any]]) -> list[str]:
    """What is wrong in the calendars table, which is the first of a stack's dump."""
    rows = [clients.from_dynamodb(item) for item in next(iter(dump.values()))]
    return violations_in(Contents.of(rows))


def violations_in(table: Contents) -> list[str]:
    return [
        *_of_calendars(table),
        *_of_feeds(table),
        *_of_addresses(table),
        *_of_styles(table),
        *_of_tags(table),
        *_of_weights(table),
        *_of_tokens(table),
        *_of_revocations(table),
    ]


def _of_calendars(table: Contents) -> Iterator[str]:
    """Every calendar is there under its name, its id and by itself, and nothing else is."""
    named = {(owner, row["id"]): row["name"] for owner, row in table.names}
    if len(named) != len(table.names):
        yield f"calendars that are there more than once: {table.names}"
    if named != (by_id := {key: row["name"] for key, row in table.ids.items()}):
        yield f"rows by name {named}, by id {by_id}"
    there = {(item["owner"], of): item["name"] for of, item in table.calendars.items()}
    if named != there:
        yield f"rows by name {named}, calendars {there}"
    for owner, row in table.names:
        if row["sk"] != keys.NAME + folded(row["name"]):
            yield f"{row['name']} of {owner} at {row['sk']}"
        hashes = [keys.feed_hash(secret) for _, secret in row["addresses"]]
        if hashes != (feeds := table.calendars.get(row["id"], {}).get("feeds")):
            yield f"addresses of {hashes} and feeds {feeds} of {owner}"


def _of_feeds(table: Contents) -> Iterator[str]:
    """A calendar has its live feeds and no others; they have its version."""
    wanted = {
        feed: (item["owner"], of, item["name"], item["version"])
        for of, item in table.calendars.items()
        for feed in item["feeds"]
    }
    found = {
        feed: (row["owner"], row["calendar"], row["name"], row["version"])
        for feed, row in table.feeds.items()
    }
    if wanted != found:
        yield f"feeds that calendars have: {wanted}, and that there are: {found}"
    if talking := [feed["pk"] for feed in table.deleted_feeds if set(feed) != _DELETED]:
        yield f"deleted feeds that still know something: {talking}"


def _of_addresses(table: Contents) -> Iterator[str]:
    """Each feed has an id and a secret of its own; a calendar has one feed at least."""
    addresses = [address for _, row in table.names for address in row["addresses"]]
    ids, secrets = [one[0] for one in addresses], [one[1] for one in addresses]
    if len({*ids}) < len(ids) or len({*secrets}) < len(secrets):
        yield f"ids {ids} and secrets {secrets} that are there more than once"
    if wrong := [one for one in addresses if not (_ID.fullmatch(one[0]) and is_secret(one[1]))]:
        yield f"no addresses: {wrong}"
    for of, item in table.calendars.items():
        if not 1 <= len(item["feeds"]) <= limits.FEEDS_OF_CALENDAR:
            yield f"{len(item['feeds'])} feeds of {of}"


def _of_styles(table: Contents) -> Iterator[str]:
    """A live feed has a label and a style as a client may set them."""
    for of, row in table.feeds.items():
        if missing := _LIVE - set(row):
            yield f"{of} has no {missing}"
            continue
        if names.label(row["label"]) != row["label"]:
            yield f"the label {row['label']!r}"
        style = entries.unpacked_style(row["style"])
        if entries.packed_style(style) != row["style"]:
            yield f"the style {row['style']}"
        days = [*style.days]
        if days != sorted({*days}, reverse=True) or not 1 <= len(days) <= limits.REMINDERS:
            yield f"the days {days}"
        if days[-1] < 0 or days[0] > limits.DAYS_AHEAD:
            yield f"the days {days}"
        if (style.changes == 0) != (style.changed == 0):
            yield f"changed {style.changes} times, and last at {style.changed}"


def _of_tags(table: Contents) -> Iterator[str]:
    """An owner has no tag twice, and a calendar none either; both are within the limits."""
    for owner, item in table.tags.items():
        tags = item["tags"]
        names_of = [name for name, _ in tags.values()]
        if len({*names_of}) < len(names_of) or len(tags) > limits.TAGS:
            yield f"the tags {tags} of {owner}"
        for tag_id, (name, color) in tags.items():
            if not (_ID.fullmatch(tag_id) and names.tag(name) == name and _COLOR.fullmatch(color)):
                yield f"the tag {tag_id}: {name}, {color}"
    for of, item in table.calendars.items():
        if len({*item["tags"]}) < len(item["tags"]):
            yield f"{of} has a tag twice: {item['tags']}"
        if len(tags_of(table, item)) > limits.TAGS_OF_CALENDAR:
            yield f"{of} has {item['tags']}"


def tags_of(table: Contents, calendar: Item) -> list[str]:
    """The names of the calendar's tags, as far as its owner has them still."""
    known = table.tags.get(calendar["owner"], {}).get("tags", {})
    return [known[tag_id][0] for tag_id in calendar["tags"] if tag_id in known]


def _of_weights(table: Contents) -> Iterator[str]:
    """What is counted is what there is, and within the limits."""
    number, feeds, weights = Counter[str](), Counter[str](), Counter[str]()
    for of, item in table.calendars.items():
        number[item["owner"]] += 1
        feeds[item["owner"]] += len(item["feeds"])
        weights[item["owner"]] += item["weight"]
        tokens = sum(token.weight for token in entries.unpacked(item["tokens"]).values())
        if item["weight"] != item["own_weight"] + tokens:
            yield f"{item['weight']} where the tokens of {of} weigh {tokens}"
        words = item["name"], item["description"]
        if item["own_weight"] != weight.of_calendar(*words, len(item["tags"])):
            yield f"{item['own_weight']} for {item['name']}"
        if item["weight"] > limits.CALENDAR_WEIGHT:
            yield f"{of} weighs {item['weight']}"
    for owner, head in table.owners.items():
        counted = number[owner], feeds[owner], weights[owner]
        if (head["calendars"], head["feeds"], head["weight"]) != counted:
            yield f"{head} where there are {counted}"
    if headless := set(number) - set(table.owners):
        yield f"owners without a head: {headless}"


def _of_tokens(table: Contents) -> Iterator[str]:
    for of, item in table.calendars.items():
        for short_id, token in entries.unpacked(item["tokens"]).items():
            if token.short_id != short_id or len(token.mom_id) != 88:
                yield f"{token} at {short_id} of {of}"
            weighs = weight.of_token(token.name, token.comment, len(token.ancestors))
            if token.weight != weighs:
                yield f"{token} weighs {weighs}"


def _of_revocations(table: Contents) -> Iterator[str]:
    """The head has the version of the marks, and counts each of them."""
    announced = {owner: head["version"] for owner, head in table.revocation_heads.items()}
    if announced != (marks := {owner: row["version"] for owner, row in table.revocations.items()}):
        yield f"versions announced {announced}, of marks {marks}"
    for owner, head in table.revocation_heads.items():
        number = len(revoked(table, owner))
        if not number <= head["marks"] <= limits.MARKS:
            yield f"{head['marks']} marks counted where there are {number}"


def revoked(table: Contents, owner: Owner) -> dict[str, bool]:
    """The short mom_ids that are marked, and whether with their descendants."""
    marks = table.revocations.get(owner, {}).items()
    return {n.removeprefix("mark_"): mark[1] for n, mark in marks if n.startswith("mark_")}
