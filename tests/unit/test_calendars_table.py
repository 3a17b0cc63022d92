"""Calendars and feeds in their table: what is read, in which order; on what each write holds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.clients import dynamodb_parameters, from_dynamodb
from mytoken_calendars.aws.dynamodb import entries, items, keys, revocations
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.feeds import FeedStore
from mytoken_calendars.aws.dynamodb.imports import Importer
from mytoken_calendars.aws.dynamodb.table import Item, Table
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Addition, Address, Calendar, Contents
from mytoken_calendars.calendars.subscriptions import Mark, Subscription
from mytoken_calendars.calendars.tags import NO_TAGS
from mytoken_calendars.changes import NO_USE, Change, Use, Write
from mytoken_calendars.errors import (
    AlreadyImported,
    CalendarExists,
    CalendarNotFound,
    FeedGone,
    FeedNotFound,
    LimitReached,
    Outdated,
    OwnerFull,
    Refusal,
)
from mytoken_calendars.feeds.feed import Feed
from mytoken_calendars.identifiers import Owner, mom_id_of
from tests.harness.examples import CALENDAR_ID, DAY, MOM_ID, NOW, OTHER_MOM_ID, guard, subscription

OWNER = Owner("o" * 40)
CI = Calendar(CALENDAR_ID, OWNER, "CI Mytokens", (Address("c1", "F" * 32),))
OTHER_ID = "00000000-0000-4000-8000-000000000000"
OTHER = Calendar(OTHER_ID, OWNER, "Other", (Address("o1", "G" * 32),))
CHANGE = Change("11111111-0000-4000-8000-000000000000", NOW)
SECRET = CI.addresses[0].secret
HASH = keys.feed_hash(SECRET)
EXPRESSION = 4 * 1024  # bytes: DynamoDB, "Expression parameters"
CREATED_BY = Change("22222222-0000-4000-8000-000000000000", NOW - 5)


@dataclass
class FakeClient:
    """The items of a table by their keys, and which were read and written, in this order."""

    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    read: list[keys.Key] = field(default_factory=list)
    written: list[dict[str, Any]] = field(default_factory=list)

    def get_item(self, **parameters: Any) -> Any:
        assert parameters["ConsistentRead"] is True
        found = self._find(parameters["Key"])
        return {"Item": found} if found else {}

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803 - boto3's word
        ((table, request),) = RequestItems.items()
        assert request["ConsistentRead"] is True
        # In no order: the other way round.
        found = [self._find(key) for key in reversed(request["Keys"])]
        return {"Responses": {table: [item for item in found if item]}}

    def get_paginator(self, operation: str) -> "FakeClient":
        assert operation == "query"
        return self

    def paginate(self, **parameters: Any) -> list[Any]:
        assert parameters["ConsistentRead"] is True
        partition = parameters["ExpressionAttributeValues"][":pk"]["S"]
        self.read.append({"pk": partition})
        return [
            {
                "Items": [
                    _typed(self.items[key]) for key in sorted(self.items) if key[0] == partition
                ]
            }
        ]

    def transact_write_items(self, **parameters: Any) -> None:
        assert len(parameters["TransactItems"]) <= 100, "DynamoDB refuses more"
        self.written += parameters["TransactItems"]

    def put(self, key: keys.Key, item: Item) -> None:
        self.items[key["pk"], key["sk"]] = {**item, **key}

    def _find(self, typed: Any) -> Any:
        key = cast("keys.Key", from_dynamodb(typed))
        self.read.append(key)
        item = self.items.get((key["pk"], key["sk"]))
        return _typed(item) if item else None


def _typed(item: Item) -> Any:
    return dynamodb_parameters({"Item": item})["Item"]


def write_of(client: FakeClient, key: keys.Key) -> dict[str, Any]:
    """How the transaction writes the item, with its action and in Python's values."""
    (found,) = [one for one in writes(client) if one["key"] == key]
    return found


def writes(client: FakeClient) -> list[dict[str, Any]]:
    found = []
    for written in client.written:
        ((action, typed),) = written.items()
        told = from_dynamodb(typed.get("Key") or typed["Item"])
        key = {"pk": told.pop("pk"), "sk": told.pop("sk")}
        values = from_dynamodb(typed.get("ExpressionAttributeValues", {}))
        found.append(
            {
                "action": action,
                "key": key,
                "item": told,
                "update": typed.get("UpdateExpression", ""),
                "condition": typed.get("ConditionExpression", ""),
                "values": values,
                "names": typed.get("ExpressionAttributeNames", {}),
            }
        )
    return found


def written_keys(client: FakeClient) -> list[keys.Key]:
    return [one["key"] for one in writes(client)]


def refusals(commit: Callable[[Table], None]) -> list[type[Refusal]]:
    """As what each write of a commit is refused, one after the other."""
    found: list[type[Refusal]] = []

    class Refusing(Table):
        def commit(self, change: Change, *writes: Write, use: Use = NO_USE) -> None:
            found.extend(type(write.refusal) for write in writes)

    commit(Refusing(cast("Any", client_with(CI)), "calendars"))
    return found


def client_with(*calendars: Calendar, tokens: Iterable[Subscription] = ()) -> FakeClient:
    """A table with these calendars, as they are stored, each with these tokens."""
    client, table = FakeClient(), Table(cast("Any", None), "calendars")
    for calendar in calendars:
        for write in items.new_calendar(table, calendar, list(tokens), CREATED_BY):
            if write.action == "Put":
                item = dict(write.parameters["Item"])
                client.put({"pk": item.pop("pk"), "sk": item.pop("sk")}, item)
    return client


def table_on(client: FakeClient) -> Table:
    return Table(cast("Any", client), "calendars")


def store_on(client: FakeClient) -> CalendarStore:
    return CalendarStore(table_on(client))


def mark(client: FakeClient, **marks: tuple[int, bool]) -> None:
    """Marks tokens by their short mom_ids."""
    named = {revocations.attribute(short_id): list(one) for short_id, one in marks.items()}
    client.put(keys.revocations(OWNER), {"version": "marks-1", **named})


TOKEN = subscription(comment="nightly")
CHILD = subscription(mom_id=OTHER_MOM_ID, ancestors=(TOKEN.short_id,), added=NOW * 1000)


# --- reading --------------------------------------------------------------------------------------


def test_a_calendar_is_found_by_its_id_as_by_its_name() -> None:
    store = store_on(client_with(CI))

    assert store.find_by_id(OWNER, CALENDAR_ID) == store.find(OWNER, "ci mytokens") == CI


@pytest.mark.parametrize(
    ("owner", "calendar_id"), [(OWNER, OTHER_ID), (Owner("x" * 40), CALENDAR_ID)]
)
def test_an_id_that_is_unknown_or_another_owners_is_not_found(
    owner: Owner, calendar_id: str
) -> None:
    with pytest.raises(CalendarNotFound):
        store_on(client_with(CI)).find_by_id(owner, calendar_id)


@pytest.mark.parametrize("owner", [OWNER, Owner("x" * 40)])
def test_a_name_that_is_unknown_or_another_owners_is_not_found(owner: Owner) -> None:
    with pytest.raises(CalendarNotFound):
        store_on(client_with(CI)).find(owner, "Other" if owner == OWNER else CI.name)


def test_a_calendar_that_is_deleted_while_it_is_looked_up_is_not_found() -> None:
    client = FakeClient()
    client.put(keys.calendar_id(OWNER, CALENDAR_ID), {"name": CI.name})

    with pytest.raises(CalendarNotFound):
        store_on(client).find_by_id(OWNER, CALENDAR_ID)


def test_a_calendar_that_is_renamed_at_each_look_is_outdated_and_never_said_to_be_missing() -> None:
    class Renamed(FakeClient):
        def _find(self, typed: Any) -> Any:
            self.put(keys.calendar_id(OWNER, CALENDAR_ID), {"name": f"Name {len(self.read)}"})
            return super()._find(typed)

    with pytest.raises(Refusal) as refused:
        store_on(Renamed()).find_by_id(OWNER, CALENDAR_ID)

    assert refused.type is Outdated


def test_a_calendar_is_not_said_to_be_missing_for_want_of_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = FakeClient()
    client.put(keys.calendar_id(OWNER, CALENDAR_ID), {"name": CI.name})
    monkeypatch.setattr(limits, "RETRIED", 0)

    with pytest.raises(Refusal) as refused:
        store_on(client).find_by_id(OWNER, CALENDAR_ID)

    assert refused.type is Outdated


def test_an_id_never_leads_to_another_calendar_that_has_its_name_since() -> None:
    client = client_with(CI)
    client.put(keys.calendar_id(OWNER, OTHER_ID), {"name": CI.name})

    with pytest.raises(CalendarNotFound):
        store_on(client).find_by_id(OWNER, OTHER_ID)


def test_the_contents_are_all_of_the_item_and_what_is_alive_of_it() -> None:
    client = client_with(CI, tokens=[TOKEN, CHILD])
    mark(client, **{CHILD.short_id: (NOW, False)})

    found = store_on(client).contents(CI)

    assert found == Contents(
        name=CI.name,
        description="",
        feeds=(HASH,),
        own_weight=weight.of_calendar(CI.name, "", 0),
        weight=weight.of_calendar(CI.name, "", 0) + TOKEN.weight + CHILD.weight,
        subscriptions={TOKEN.short_id: TOKEN, CHILD.short_id: CHILD},
        alive={TOKEN.short_id: TOKEN},
        stored=entries.packed_all({one.short_id: one for one in (TOKEN, CHILD)}),
        marks={CHILD.short_id: (NOW, False)},
    )


def test_descendants_of_a_tree_that_is_marked_are_not_alive() -> None:
    client = client_with(CI, tokens=[TOKEN, CHILD])
    mark(client, **{TOKEN.short_id: (NOW, True)})

    found = store_on(client).contents(CI)

    assert found.alive == {}
    assert found.subscriptions.keys() == {TOKEN.short_id, CHILD.short_id}


def test_contents_that_are_gone_are_outdated() -> None:
    with pytest.raises(Outdated):
        store_on(FakeClient()).contents(CI)


def test_contents_behind_another_address_are_outdated() -> None:
    with pytest.raises(Outdated):
        store_on(client_with(CI)).contents(replace(CI, addresses=(Address("c1", "another"),)))


def test_the_marks_are_read_before_the_calendar() -> None:
    client = client_with(CI)

    store_on(client).contents(CI)

    assert client.read == [keys.revocations(OWNER), keys.calendar(CALENDAR_ID)]


def test_a_list_reads_names_then_marks_then_calendars() -> None:
    client = client_with(CI, OTHER)

    store_on(client).all(OWNER)

    calendars = [keys.calendar(OTHER_ID), keys.calendar(CALENDAR_ID)]
    assert client.read == [{"pk": keys.owner_partition(OWNER)}, keys.revocations(OWNER), *calendars]


def test_a_list_has_all_calendars_by_name_with_the_tokens_that_are_alive() -> None:
    client = client_with(OTHER, CI, tokens=[CHILD, TOKEN])
    client.put(keys.owner_head(OWNER), {"calendars": 2, "weight": 9})

    found = store_on(client).all(OWNER)

    tokens = (MOM_ID, OTHER_MOM_ID)
    assert found == [
        replace(CI, subscribed_tokens=tokens),
        replace(OTHER, subscribed_tokens=tokens),
    ]
    mark(client, **{TOKEN.short_id: (NOW, False)})
    assert store_on(client).all(OWNER)[0].subscribed_tokens == (OTHER_MOM_ID,)


def test_a_calendar_that_a_rename_hides_from_the_query_is_listed_beside_the_others() -> None:
    class Hiding(FakeClient):
        def paginate(self, **parameters: Any) -> list[Any]:
            (page,) = super().paginate(**parameters)
            return [{"Items": [row for row in page["Items"] if row["sk"]["S"] != hidden]}]

    hidden = keys.calendar_name(OWNER, "ci mytokens")["sk"]
    client = Hiding()
    client.items = client_with(CI, OTHER).items

    assert store_on(client).all(OWNER) == [CI, OTHER]


def test_a_list_of_no_calendars_is_empty() -> None:
    assert store_on(FakeClient()).all(OWNER) == []


def test_a_calendar_that_is_deleted_while_all_are_listed_is_left_out() -> None:
    client = client_with(CI, OTHER)
    del client.items["CALENDAR#" + OTHER_ID, keys.HEAD]

    assert store_on(client).all(OWNER) == [CI]


def test_a_list_with_an_address_that_has_changed_is_outdated() -> None:
    client = client_with(CI, OTHER)
    client.items["CALENDAR#" + OTHER_ID, keys.HEAD]["feeds"] = ["another"]

    with pytest.raises(Outdated):
        store_on(client).all(OWNER)


def test_tokens_of_all_calendars_are_known_also_revoked_ones() -> None:
    client = client_with(CI, OTHER, tokens=[TOKEN, CHILD])
    mark(client, **{TOKEN.short_id: (NOW, True)})

    assert store_on(client).subscribed(OWNER) == {TOKEN.short_id, CHILD.short_id}
    assert store_on(client).subscribed(Owner("x" * 40)) == set()


# --- creating -------------------------------------------------------------------------------------


def test_a_new_calendar_is_all_its_items() -> None:
    client = FakeClient()

    store_on(client).create(CI, NO_TAGS, CHANGE, NO_USE)

    weighs = weight.of_calendar(CI.name, "", 0)
    puts = {one["key"]["pk"] + one["key"]["sk"]: one["item"] for one in writes(client)}
    assert puts == {
        f"FEED#{HASH}#HEAD": {
            "owner": OWNER,
            "calendar": CALENDAR_ID,
            "name": CI.name,
            "version": CHANGE.id,
            "label": "",
            "style": '["alarms",[30,14,7,3,1,0],"full",0,0]',
        },
        f"OWNER#{OWNER}NAME#ci mytokens": {
            "id": CALENDAR_ID,
            "name": CI.name,
            "addresses": [["c1", SECRET]],
        },
        f"OWNER#{OWNER}ID#{CALENDAR_ID}": {"name": CI.name},
        f"CALENDAR#{CALENDAR_ID}#HEAD": {
            "owner": OWNER,
            "name": CI.name,
            "unnamed": False,
            "description": "",
            "tags": [],
            "created": NOW,
            "version": CHANGE.id,
            "feeds": [HASH],
            "weight": weighs,
            "own_weight": weighs,
            "tokens": {},
        },
        f"OWNER#{OWNER}#HEAD": {},
    }


def test_a_new_calendar_replaces_nothing() -> None:
    client = FakeClient()

    store_on(client).create(CI, NO_TAGS, CHANGE, NO_USE)

    puts = [one for one in writes(client) if one["action"] == "Put"]
    assert len(puts) == 4
    assert {one["condition"] for one in puts} == {"attribute_not_exists(#pk)"}
    assert refusals(lambda table: CalendarStore(table).create(CI, NO_TAGS, CHANGE, NO_USE)) == [
        Outdated,
        CalendarExists,
        Outdated,
        Outdated,
        LimitReached,
    ]


def test_a_new_calendar_needs_room_for_one_more_and_for_its_weight() -> None:
    client = FakeClient()

    store_on(client).create(CI, NO_TAGS, CHANGE, NO_USE)

    weighs = weight.of_calendar(CI.name, "", 0)
    head = write_of(client, keys.owner_head(OWNER))
    assert head["update"] == "ADD #calendars :one, #feeds :one, #weight :weight"
    assert head["condition"] == (
        "attribute_not_exists(#pk) OR "
        "(#calendars < :most AND #feeds < :most_feeds AND #weight <= :room)"
    )
    assert head["values"] == {
        ":one": 1,
        ":weight": weighs,
        ":most": limits.CALENDARS,
        ":most_feeds": limits.FEEDS,
        ":room": limits.OWNER_WEIGHT + limits.OWNER_ROOM - weighs,
    }


# --- adding ---------------------------------------------------------------------------------------


def subscribe(
    new: Subscription = TOKEN,
    *known: Subscription,
    feeds: tuple[str, ...] = (HASH,),
    leaving: tuple[Subscription, ...] = (),
    mark: Mark | None = None,
    use: Use = NO_USE,
) -> FakeClient:
    """What is written when a token is added to a calendar in which these were found."""
    client = FakeClient()
    found = {token.short_id: token for token in (*known, *leaving)}
    contents = Contents(CI.name, "", feeds, 1_000, 500, found, found, entries.packed_all(found), {})
    known = found.get(new.short_id)
    more = new.weight - sum(one.weight for one in (known, *leaving) if one)
    addition = Addition(new, known, leaving, mark, changes_something=True, more=more, fits=True)
    store_on(client).subscribe(CI, contents, addition, CHANGE, use)
    return client


def test_an_addition_writes_the_calendar_its_feeds_and_the_owners_head() -> None:
    client = subscribe()

    assert written_keys(client) == [
        keys.calendar(CALENDAR_ID),
        keys.feed_head(SECRET),
        keys.owner_head(OWNER),
    ]


def test_a_token_is_added_if_it_is_not_there_whatever_else_is_added_meanwhile() -> None:
    item = write_of(subscribe(), keys.calendar(CALENDAR_ID))

    assert item["action"] == "Update"
    assert item["update"] == ("SET #tokens.#token = :token, #version = :version ADD #weight :more")
    assert item["condition"] == (
        "attribute_not_exists(#tokens.#token) AND #feeds = :feeds AND #weight <= :room"
    )
    assert item["names"]["#token"] == TOKEN.short_id
    assert item["values"] == {
        ":token": entries.packed(TOKEN),
        ":version": CHANGE.id,
        ":more": TOKEN.weight,
        ":feeds": [HASH],
        ":room": limits.CALENDAR_WEIGHT - TOKEN.weight,
    }


def test_a_token_is_renewed_if_it_is_as_it_was_found() -> None:
    renewed = TOKEN.renewed(subscription(comment="x" * 500))

    item = write_of(subscribe(renewed, TOKEN, CHILD), keys.calendar(CALENDAR_ID))

    more = renewed.weight - TOKEN.weight
    assert item["condition"] == (
        "#tokens.#token = :found_token AND #feeds = :feeds AND #weight <= :room"
    )
    assert item["values"][":found_token"] == entries.packed(TOKEN)
    assert item["values"][":token"] == entries.packed(renewed)
    assert item["values"][":more"] == more > 0
    assert item["values"][":room"] == limits.CALENDAR_WEIGHT - more


def test_a_token_that_becomes_lighter_needs_no_room() -> None:
    known = subscription(comment="x" * 500)
    known = known._replace(weight=weight.of_token(known.name, known.comment, 0))
    lighter = known.renewed(subscription(comment="y"))

    client = subscribe(lighter, known)

    item, head = (
        write_of(client, key) for key in (keys.calendar(CALENDAR_ID), keys.owner_head(OWNER))
    )
    assert item["values"][":more"] == head["values"][":more"] == lighter.weight - known.weight < 0
    assert "weight" not in item["condition"]
    assert head["condition"] == ""


def test_an_addition_tells_each_feed_the_version_if_it_is_the_calendars() -> None:
    feeds = ("feed-1", "feed-2")

    client = subscribe(feeds=feeds)

    for feed in feeds:
        head = write_of(client, keys.feed_by_hash(feed))
        assert (head["action"], head["update"]) == ("Update", "SET #version = :version")
        assert head["condition"] == "#calendar = :calendar"
        assert head["values"] == {":version": CHANGE.id, ":calendar": CALENDAR_ID}
    item = write_of(client, keys.calendar(CALENDAR_ID))
    assert item["values"][":feeds"] == [*feeds]


def test_an_addition_adds_its_weight_to_the_owners_if_that_has_room() -> None:
    head = write_of(subscribe(), keys.owner_head(OWNER))

    assert (head["update"], head["condition"]) == ("ADD #weight :more", "#weight <= :room")
    assert head["values"] == {":more": TOKEN.weight, ":room": limits.OWNER_WEIGHT - TOKEN.weight}


def test_an_addition_that_fails_is_outdated_or_beyond_the_owners_limit() -> None:
    contents = Contents(CI.name, "", (HASH,), 1_000, 500, {}, {}, {}, {})
    addition = contents.addition(TOKEN, NOW)

    assert refusals(
        lambda table: CalendarStore(table).subscribe(CI, contents, addition, CHANGE, NO_USE)
    ) == [Outdated, Outdated, OwnerFull]


def test_what_leaves_with_an_addition_has_to_be_as_it_was_found() -> None:
    client = subscribe(TOKEN, leaving=(CHILD,))

    item = write_of(client, keys.calendar(CALENDAR_ID))
    assert item["update"].endswith(" ADD #weight :more REMOVE #tokens.#over0")
    assert item["condition"].startswith("#tokens.#over0 = :found_over0 AND attribute_not_exists")
    assert item["names"]["#over0"] == CHILD.short_id
    assert item["values"][":found_over0"] == entries.packed(CHILD)
    more = TOKEN.weight - CHILD.weight
    assert (
        item["values"][":more"]
        == more
        == write_of(client, keys.owner_head(OWNER))["values"][":more"]
    )


def test_a_mark_is_lifted_with_an_addition_if_it_is_as_it_was_found() -> None:
    client = subscribe(TOKEN, mark=(NOW - DAY, False))

    item = write_of(client, keys.revocations(OWNER))
    assert item["update"] == "SET #version = :version REMOVE #old0"
    assert (item["condition"], item["values"][":old0"]) == ("#old0 = :old0", [NOW - DAY, False])
    assert write_of(client, keys.revocations_head(OWNER))["values"][":more"] == -1


def test_the_largest_addition_fits_a_transaction() -> None:
    """It is of a token with all ancestors, by another one with all of them, with a receipt."""
    ancestors = [guard(f"ancestor-{number}") for number in range(2 * limits.ANCESTORS)]
    use = Use((guard("receipt"), guard("use")), (guard("caller"), guard("token"), *ancestors))
    token = subscription(
        name="🙂" * limits.TOKEN_NAME,
        comment="🙂" * limits.COMMENT,
        ancestors=tuple(f"{number:016}" for number in range(limits.ANCESTORS)),
    )

    feeds = tuple(f"feed-{number}" for number in range(20))
    mom_ids = [mom_id_of(UUID(int=number)) for number in range(limits.EXPIRED_AT_ONCE)]
    leaving = tuple(token._replace(mom_id=mom_id) for mom_id in mom_ids)

    client = subscribe(token, feeds=feeds, leaving=leaving, mark=(NOW, False), use=use)

    assert len(client.written) == 2 + 2 + 2 * limits.ANCESTORS + 1 + 20 + 1 + 2 <= 100
    item = write_of(client, keys.calendar(CALENDAR_ID))
    assert max(len(item["condition"]), len(item["update"])) <= EXPRESSION


def test_a_use_comes_before_the_addition() -> None:
    client = subscribe(use=Use((guard("use"),), (guard("caller"),)))

    assert [key["pk"] for key in written_keys(client)[:2]] == ["use", "caller"]


def test_a_confirmation_checks_the_row_by_id_and_not_the_calendar() -> None:
    client = FakeClient()

    store_on(client).confirm(CI, CHANGE, Use((guard("use"),)))

    _, check = writes(client)
    assert (check["action"], check["key"]) == (
        "ConditionCheck",
        keys.calendar_id(OWNER, CALENDAR_ID),
    )
    assert check["condition"] == "attribute_exists(#pk)"
    assert refusals(lambda table: CalendarStore(table).confirm(CI, CHANGE, NO_USE)) == [Outdated]


# --- deleting -------------------------------------------------------------------------------------


def deleted(client: FakeClient) -> FakeClient:
    store_on(client).delete(CI, CHANGE, NO_USE)
    return client


def test_a_deletion_takes_all_items_of_the_calendar_and_leaves_a_tombstone() -> None:
    client = deleted(client_with(CI, tokens=[TOKEN]))

    assert {(one["action"], one["key"]["pk"], one["key"]["sk"]) for one in writes(client)} == {
        ("Delete", f"OWNER#{OWNER}", "NAME#ci mytokens"),
        ("Delete", f"OWNER#{OWNER}", f"ID#{CALENDAR_ID}"),
        ("Delete", f"CALENDAR#{CALENDAR_ID}", "#HEAD"),
        ("Put", f"FEED#{HASH}", "#HEAD"),
        ("Update", f"OWNER#{OWNER}", "#HEAD"),
    }
    tombstone = write_of(client, keys.feed_head(SECRET))
    assert tombstone["item"] == {"deleted": NOW, "ttl": NOW + limits.FEED_GONE}


def test_a_deletion_holds_on_the_version_that_was_read() -> None:
    item = write_of(deleted(client_with(CI)), keys.calendar(CALENDAR_ID))

    assert item["condition"] == "#version = :version"
    assert item["values"] == {":version": CREATED_BY.id}


def test_a_deletion_never_takes_what_is_another_calendars() -> None:
    client = deleted(client_with(CI))

    name = write_of(client, keys.calendar_name(OWNER, "ci mytokens"))
    assert (name["condition"], name["values"]) == ("#id = :id", {":id": CALENDAR_ID})
    feed = write_of(client, keys.feed_head(SECRET))
    assert feed["condition"] == "attribute_not_exists(#pk) OR #calendar = :calendar"
    assert feed["values"] == {":calendar": CALENDAR_ID}


def test_a_deletion_takes_the_weight_off_the_owners() -> None:
    client = deleted(client_with(CI, tokens=[TOKEN, CHILD]))

    head = write_of(client, keys.owner_head(OWNER))
    weighs = weight.of_calendar(CI.name, "", 0) + TOKEN.weight + CHILD.weight
    assert head["update"] == "ADD #calendars :one_less, #feeds :feeds_less, #weight :less"
    assert head["values"] == {":one_less": -1, ":feeds_less": -1, ":less": -weighs}


def test_a_deletion_reads_no_tokens() -> None:
    client = deleted(client_with(CI, tokens=[TOKEN]))

    assert client.read == [keys.calendar(CALENDAR_ID)]


def test_all_feeds_of_a_calendar_are_deleted_with_it() -> None:
    client = client_with(CI)
    client.items["CALENDAR#" + CALENDAR_ID, keys.HEAD]["feeds"] = ["feed-1", "feed-2"]

    deleted(client)

    feeds = [key["pk"] for key in written_keys(client) if key["pk"].startswith("FEED#")]
    assert feeds == ["FEED#feed-1", "FEED#feed-2"]


def test_what_a_restore_has_left_without_the_calendar_is_deleted_too() -> None:
    client = client_with(CI)
    del client.items["CALENDAR#" + CALENDAR_ID, keys.HEAD]

    deleted(client)

    item = write_of(client, keys.calendar(CALENDAR_ID))
    assert (item["condition"], item["values"]) == ("attribute_not_exists(#pk)", {})
    assert write_of(client, keys.feed_head(SECRET))["item"].keys() == {"deleted", "ttl"}
    assert write_of(client, keys.owner_head(OWNER))["values"][":less"] == 0


def test_a_deletion_that_fails_is_outdated() -> None:
    found = refusals(lambda table: CalendarStore(table).delete(CI, CHANGE, NO_USE))

    assert set(found) == {Outdated}


# --- importing ------------------------------------------------------------------------------------


def test_an_import_is_one_transaction_however_many_tokens_it_brings() -> None:
    client = FakeClient()
    tokens = [subscription(mom_id=mom_id_of(UUID(int=number))) for number in range(800)]

    Importer(table_on(client)).bring_in(CI, tokens, CHANGE)

    weighs = weight.of_calendar(CI.name, "", 0) + sum(token.weight for token in tokens)
    item = write_of(client, keys.calendar(CALENDAR_ID))["item"]
    assert entries.unpacked(item["tokens"]) == {token.short_id: token for token in tokens}
    assert item["weight"] == weighs
    assert write_of(client, keys.owner_head(OWNER))["values"][":weight"] == weighs
    assert write_of(client, keys.imported(SECRET))["item"] == {"at": NOW}
    assert len(client.written) == 6


def test_an_address_is_imported_once_and_never_taken_from_another() -> None:
    found = refusals(lambda table: Importer(table).bring_in(CI, [], CHANGE))

    assert found == [
        AlreadyImported,
        AlreadyImported,
        CalendarExists,
        Outdated,
        Outdated,
        LimitReached,
    ]


def test_a_calendar_that_weighs_too_much_is_not_imported() -> None:
    most = limits.CALENDAR_WEIGHT - weight.of_calendar(CI.name, "", 0)
    client = FakeClient()
    importer = Importer(table_on(client))

    with pytest.raises(LimitReached, match="would weigh 180,001 with its 1 token"):
        importer.bring_in(CI, [TOKEN._replace(weight=most + 1)], CHANGE)
    assert client.written == []

    importer.bring_in(CI, [TOKEN._replace(weight=most)], CHANGE)
    assert client.written != []


@pytest.mark.parametrize(
    ("known", "is_known"),
    [
        (keys.imported(SECRET), True),
        (keys.feed_head(SECRET), True),
        (keys.feed_head(OTHER.addresses[0].secret), False),
    ],
)
def test_an_address_is_known_if_it_was_imported_or_is_a_feed(
    known: keys.Key, *, is_known: bool
) -> None:
    client = FakeClient()
    client.put(known, {"at": NOW})

    assert Importer(table_on(client)).knows(SECRET) is is_known


# --- feeds ----------------------------------------------------------------------------------------


def feeds_on(client: FakeClient) -> FeedStore:
    return FeedStore(table_on(client), "https://page.example")


def change_head(client: FakeClient, **changes: Any) -> None:
    client.items[f"FEED#{HASH}", keys.HEAD].update(changes)


def announce(client: FakeClient, version: str) -> None:
    client.put(keys.revocations_head(OWNER), {"version": version})


def test_a_feed_is_found_with_the_versions_that_its_heads_announce() -> None:
    client = client_with(CI)
    announce(client, "marks-1")

    found = feeds_on(client).find(SECRET, NOW)

    assert found == Feed(
        secret=SECRET,
        owner=OWNER,
        calendar_id=CALENDAR_ID,
        name=CI.name,
        version=CREATED_BY.id,
        revocations="marks-1",
        renewal_page="https://page.example",
    )


def test_a_poll_reads_two_heads_and_neither_marks_nor_calendar() -> None:
    client = client_with(CI)
    store, heads = (feeds_on(client), [keys.feed_head(SECRET), keys.revocations_head(OWNER)])

    first = store.find(SECRET, NOW)
    assert client.read == heads
    client.read.clear()
    second = store.find(SECRET, NOW)

    assert first == second
    assert first.revocations == ""
    assert sorted(map(str, client.read)) == sorted(map(str, heads))


def test_a_poll_of_a_warm_function_sees_each_change_at_once() -> None:
    client = client_with(CI)
    store = feeds_on(client)
    store.find(SECRET, NOW)
    announce(client, "marks-2")
    change_head(client, version="version-2", name="Renamed")

    found = store.find(SECRET, NOW)

    assert (found.version, found.revocations, found.name) == ("version-2", "marks-2", "Renamed")


@pytest.mark.parametrize(
    ("ttl", "refusal"), [(NOW, FeedGone), (NOW + 1, FeedGone), (NOW - 1, FeedNotFound)]
)
@pytest.mark.parametrize("warm", [False, True])
def test_a_deleted_feed_is_gone_until_its_tombstone_ends(
    ttl: int, refusal: type[Refusal], *, warm: bool
) -> None:
    client = client_with(CI)
    store = feeds_on(client)
    if warm:
        store.find(SECRET, NOW)
    client.put(keys.feed_head(SECRET), {"deleted": NOW - 5, "ttl": ttl})

    with pytest.raises(refusal):
        store.find(SECRET, NOW)


def test_an_unknown_feed_is_not_found() -> None:
    with pytest.raises(FeedNotFound):
        feeds_on(client_with(CI)).find("another", NOW)


def test_a_text_is_made_of_marks_and_then_of_the_calendar() -> None:
    client = client_with(CI, tokens=[TOKEN, CHILD])
    mark(client, **{TOKEN.short_id: (NOW, False)})
    store = feeds_on(client)
    polled = store.find(SECRET, NOW)
    client.read.clear()

    found, tokens = store.read(polled, NOW)

    assert client.read == [keys.revocations(OWNER), keys.calendar(CALENDAR_ID)]
    assert tokens == [CHILD]
    assert (found.version, found.revocations) == (CREATED_BY.id, "marks-1")


def test_a_text_is_of_the_versions_that_the_items_have_whatever_was_announced() -> None:
    client = client_with(CI, tokens=[TOKEN])
    mark(client)
    change_head(client, version="version-announced")
    announce(client, "marks-announced")
    store = feeds_on(client)
    polled = store.find(SECRET, NOW)
    calendar = client.items["CALENDAR#" + CALENDAR_ID, keys.HEAD]
    calendar.update(version="version-found", name="Renamed", description="New")

    found, _ = store.read(polled, NOW)

    assert polled.version == "version-announced"
    assert found == polled._replace(
        version="version-found",
        revocations="marks-1",
        name="Renamed",
        description="New",
        created=CREATED_BY.at,
    )


def test_a_feed_whose_calendar_is_deleted_meanwhile_is_gone() -> None:
    client = client_with(CI)
    store = feeds_on(client)
    polled = store.find(SECRET, NOW)
    del client.items["CALENDAR#" + CALENDAR_ID, keys.HEAD]
    client.put(keys.feed_head(SECRET), {"deleted": NOW, "ttl": NOW + 9})

    with pytest.raises(FeedGone):
        store.read(polled, NOW)


def test_a_feed_that_lives_without_its_calendar_is_not_found() -> None:
    client = client_with(CI)
    store = feeds_on(client)
    polled = store.find(SECRET, NOW)
    del client.items["CALENDAR#" + CALENDAR_ID, keys.HEAD]

    with pytest.raises(FeedNotFound):
        store.read(polled, NOW)


def test_a_feed_is_not_said_to_be_missing_for_want_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_with(CI)
    store = feeds_on(client)
    polled = store.find(SECRET, NOW)
    del client.items["CALENDAR#" + CALENDAR_ID, keys.HEAD]
    monkeypatch.setattr(limits, "RETRIED", 0)

    with pytest.raises(Refusal) as refused:
        store.read(polled, NOW)

    assert refused.type is Outdated


def test_a_function_remembers_the_owners_of_so_many_feeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMEMBERED_OWNERS", 1)
    client = client_with(CI, OTHER)
    store = feeds_on(client)

    for calendar in (CI, OTHER, CI):
        assert store.find(calendar.addresses[0].secret, NOW).calendar_id == calendar.id

    assert len(store._owners) == 1
