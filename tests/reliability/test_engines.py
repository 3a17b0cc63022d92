"""The engines do what we rely on AWS to do, or differ as it is known: looked at before all else.

Each is asked by our own clients and in our own words. Where an engine is known to differ, a change
of that fails here, too; so whatever an engine's new version does otherwise is seen first.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA512

from mytoken_calendars.aws import clients
from mytoken_calendars.aws.dynamodb.keys import Key
from mytoken_calendars.aws.dynamodb.table import ABSENT, PRESENT, Item, Table
from mytoken_calendars.aws.kms import SigningKey
from mytoken_calendars.changes import Write
from tests.harness.engines import STACKS
from tests.harness.stacks import Stack
from tests.harness.steps import at_once, s3, watched

KB = 1024
THREADS = 16
FAILED = "ConditionalCheckFailed"
VALUES = "ExpressionAttributeValues"


@dataclass(frozen=True)
class Partition:
    """A partition of a table that nobody else uses; its items go by their `sk`."""

    table: Table
    pk: str

    def key(self, sk: str) -> Key:
        return {"pk": self.pk, "sk": sk}

    def put(self, sk: str, condition: str = "", *, value: str = "", **values: Any) -> Write:
        return self.table.put(self.key(sk), {"value": value}, condition, **values)

    def put_sized(self, sk: str, size: int) -> Write:
        """The item has that many bytes, of names and values."""
        return self.put(sk, value="x" * (size - len(f"pk{self.pk}sk{sk}value")))

    def update(self, sk: str, expression: str, condition: str = "", **values: Any) -> Write:
        return self.table.update(self.key(sk), expression, condition, **values)

    def counted(self, sk: str) -> Write:
        return self.update(sk, "ADD #count :one", one=1)

    def delete(self, sk: str, condition: str, **values: Any) -> Write:
        return self.table.delete(self.key(sk), condition, **values)

    def check(self, sk: str, condition: str, **values: Any) -> Write:
        return self.table.check(self.key(sk), condition, **values)

    def read_at_once(self, *keys: Key) -> None:
        """In one batch, however many they are."""
        asked: Any = [clients.dynamodb_parameters({"Key": key})["Key"] for key in keys]
        self.table.client.batch_get_item(RequestItems={self.table.name: {"Keys": asked}})

    def transact(self, *writes: Write, token: str = "") -> list[str]:
        """Sends a transaction; if it is cancelled, the codes of the reasons."""
        actions: Any = [{w.action: clients.dynamodb_parameters(w.parameters)} for w in writes]
        client = self.table.client
        try:
            client.transact_write_items(
                TransactItems=actions, ClientRequestToken=token or str(uuid4())
            )
        except client.exceptions.TransactionCanceledException as error:
            reasons: Any = error.response["CancellationReasons"]
            return [reason["Code"] for reason in reasons]
        return []

    def made(self, *writes: Write) -> None:
        assert self.transact(*writes) == []

    def get(self, sk: str) -> Item | None:
        """The item, without its key."""
        item = self.table.get(self.key(sk))
        return item and {name: item[name] for name in item.keys() - {"pk", "sk"}}

    def sort_keys(self) -> list[str]:
        return [item["sk"] for item in self.table.query(self.pk)]


@pytest.fixture
def partition(engine: Stack) -> Iterator[Partition]:
    """Empty again afterwards: other tests look through the whole table."""
    partition = Partition(engine.store.table, str(uuid4()))
    yield partition
    left = partition.sort_keys()
    for first in range(0, len(left), 100):
        partition.made(*(partition.delete(sk, "") for sk in left[first : first + 100]))


def refused(code: str = "ValidationException") -> Any:
    return pytest.raises(ClientError, match=code)


def known_to_differ(engine: str, how: str) -> pytest.MarkDecorator:
    """For what AWS does and one engine does not."""
    differs = pytest.mark.xfail(
        reason=how, raises=(AssertionError, pytest.fail.Exception), strict=True
    )
    each = [pytest.param(name, marks=differs if name == engine else ()) for name in STACKS]
    return pytest.mark.parametrize("engine", each, indirect=True)


# --- transactions ---------------------------------------------------------------------------------


def test_a_transaction_whose_conditions_hold_does_all_of_it(partition: Partition) -> None:
    partition.made(partition.put("kept"), partition.put("old"), partition.counted("number"))

    cancelled = partition.transact(
        partition.check("kept", "#value = :value", value=""),
        partition.delete("old", PRESENT),
        partition.put("new", ABSENT, value="new"),
        partition.update("number", "ADD #count :one", "#count < :most", one=1, most=2),
    )

    assert cancelled == []
    assert partition.sort_keys() == ["kept", "new", "number"]
    assert partition.get("new") == {"value": "new"}
    assert partition.get("number") == {"count": 2}


@pytest.mark.parametrize(
    "failing",
    [
        pytest.param(lambda p: p.put("there", ABSENT), id="put"),
        pytest.param(lambda p: p.update("absent", "SET #value = :x", PRESENT, x="x"), id="update"),
        pytest.param(lambda p: p.delete("there", "#value = :x", x="x"), id="delete"),
        pytest.param(lambda p: p.check("absent", PRESENT), id="check"),
    ],
)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_condition_that_fails_cancels_all_of_it_and_is_named_at_its_position(
    partition: Partition, failing: Callable[[Partition], Write], position: int
) -> None:
    partition.made(partition.put("there"))
    writes = [partition.put("first"), partition.counted("second")]
    writes.insert(position, failing(partition))

    codes = partition.transact(*writes)

    assert codes == [FAILED if n == position else "None" for n in range(3)]
    assert partition.sort_keys() == ["there"]
    assert partition.get("there") == {"value": ""}


def test_all_conditions_that_fail_are_named(partition: Partition) -> None:
    codes = partition.transact(
        partition.check("a", PRESENT), partition.put("b"), partition.delete("c", PRESENT)
    )

    assert codes == [FAILED, "None", FAILED]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("#count = :one", False),
        ("#count < :one", False),
        ("attribute_not_exists(#count)", True),
        ("attribute_not_exists(#count) OR #count < :one", True),
        ("(attribute_exists(#pk)) AND (attribute_not_exists(#count))", True),
    ],
)
def test_no_comparison_holds_of_an_attribute_that_is_not_there(
    partition: Partition, condition: str, *, holds: bool
) -> None:
    partition.made(partition.put("item"))

    codes = partition.transact(partition.update("item", "ADD #added :one", condition, one=1))

    assert codes == ([] if holds else [FAILED])


def test_one_update_sets_adds_and_removes(partition: Partition) -> None:
    expression = "SET #first = if_not_exists(#first, :n), #last = :n REMOVE #value ADD #sum :n"
    partition.made(partition.put("item", value="removed"))

    partition.made(partition.update("item", expression, n=5))
    partition.made(partition.update("item", expression, n=-7))

    assert partition.get("item") == {"first": 5, "last": -7, "sum": -2}


# A token in the map of its calendar, by a short mom_id; and a mark, which is an attribute by one.
TOKEN = {"token": "+/0AbCdEfGhIjK=="}
SET, IS_NEW = "SET #tokens.#token = :new", "attribute_not_exists(#tokens.#token)"


def test_an_entry_of_a_map_is_added_replaced_and_removed_as_it_was_found(
    partition: Partition,
) -> None:
    known = "#tokens.#token = :known"
    partition.made(partition.table.put(partition.key("item"), {"tokens": {"other": "o"}}, ABSENT))

    def change(expression: str, condition: str, **values: str) -> list[str]:
        return partition.transact(
            partition.update("item", expression, condition, names=TOKEN, **values)
        )

    codes = [
        change(SET, known, known="a", new="b"),
        change(SET, IS_NEW, new="a"),
        change(SET, IS_NEW, new="b"),
        change(SET, known, known="b", new="c"),
        change(SET, known, known="a", new="b"),
    ]
    replaced = partition.get("item")
    codes += [
        change("REMOVE #tokens.#token", known, known="a"),
        change("REMOVE #tokens.#token", known, known="b"),
    ]

    assert codes == [[FAILED], [], [FAILED], [FAILED], [], [FAILED], []]
    assert replaced == {"tokens": {"other": "o", TOKEN["token"]: "b"}}
    assert partition.get("item") == {"tokens": {"other": "o"}}


def test_an_entry_for_an_item_that_is_gone_fails_by_its_condition(partition: Partition) -> None:
    condition = f"{IS_NEW} AND #feeds = :feeds"

    codes = partition.transact(
        partition.update("item", SET, condition, names=TOKEN, new="a", feeds=["f"])
    )

    assert codes == [FAILED]
    assert partition.sort_keys() == []


def test_a_list_equals_one_of_the_same_texts_in_the_same_order(partition: Partition) -> None:
    lists = [["a", "b"], ["b", "a"], ["a"], ["a", "b", "c"], []]
    partition.made(partition.table.put(partition.key("item"), {"feeds": ["a", "b"]}, ABSENT))

    codes = [partition.transact(partition.check("item", "#feeds = :l", l=one)) for one in lists]

    assert codes == [[], *[[FAILED]] * 4]


def test_a_mark_is_set_once_and_replaced_or_removed_as_it_was_found(partition: Partition) -> None:
    first, grown = [1, False], [2, True]
    if_new, as_found = "SET #token = if_not_exists(#token, :mark)", "#token = :known"

    def mark(expression: str, condition: str = "", **values: Any) -> list[str]:
        return partition.transact(
            partition.update("marks", expression, condition, names=TOKEN, **values)
        )

    codes = [mark(if_new, mark=first), mark(if_new, mark=grown)]
    kept = partition.get("marks")
    codes += [
        mark("SET #token = :mark", mark=grown),
        mark("REMOVE #token", as_found, known=first),
        mark("REMOVE #token", as_found, known=grown),
    ]

    assert codes == [[], [], [], [FAILED], []]
    assert kept == {TOKEN["token"]: first}
    assert partition.get("marks") == {}


def test_the_same_transaction_with_the_same_token_is_done_once(partition: Partition) -> None:
    token = str(uuid4())

    codes = [partition.transact(partition.counted("item"), token=token) for _ in range(3)]

    assert codes == [[], [], []]
    assert partition.get("item") == {"count": 1}


def test_another_transaction_with_the_same_token_is_refused(partition: Partition) -> None:
    token = str(uuid4())
    partition.transact(partition.counted("item"), token=token)

    with refused("IdempotentParameterMismatch"):
        partition.transact(partition.counted("other"), token=token)

    assert partition.sort_keys() == ["item"]


def test_a_transaction_that_was_cancelled_may_be_sent_again_with_its_token(
    partition: Partition,
) -> None:
    token, write = str(uuid4()), partition.update("item", "ADD #count :one", PRESENT, one=1)
    cancelled = partition.transact(write, token=token)
    partition.made(partition.put("item"))

    again = partition.transact(write, token=token)

    assert cancelled == [FAILED]
    assert again == []
    assert partition.get("item") == {"value": "", "count": 1}


# --- side by side ---------------------------------------------------------------------------------


def test_of_many_transactions_on_one_condition_one_is_done(partition: Partition) -> None:
    def take(sk: str, number: int) -> list[str]:
        mine = partition.put(f"{sk} {number}")
        return partition.transact(partition.put(sk, ABSENT, value=str(number)), mine)

    for turn in range(20):
        results = at_once([lambda n=n, t=turn: take(f"{t:02}", n) for n in range(THREADS)])

        winner = results.index([])
        assert Counter(map(tuple, results)) == {(): 1, (FAILED, "None"): THREADS - 1}
        made = [sk for sk in partition.sort_keys() if sk.startswith(f"{turn:02}")]
        assert made == [f"{turn:02}", f"{turn:02} {winner}"]
        assert partition.get(f"{turn:02}") == {"value": str(winner)}


def test_of_many_that_count_none_is_lost(partition: Partition) -> None:
    def count() -> list[list[str]]:
        return [partition.transact(partition.counted("item")) for _ in range(10)]

    results = at_once([count] * THREADS)

    assert results == [[[]] * 10] * THREADS
    assert partition.get("item") == {"count": THREADS * 10}


def test_of_many_entries_that_are_added_at_once_none_is_lost(partition: Partition) -> None:
    partition.made(partition.table.put(partition.key("item"), {"tokens": {}, "weight": 0}, ABSENT))
    expression, condition = f"{SET} ADD #weight :more", f"{IS_NEW} AND #weight <= :room"

    def add(number: int) -> list[str]:
        token, room = {"token": str(number)}, THREADS * 10
        return partition.transact(
            partition.update(
                "item", expression, condition, names=token, new="x", more=10, room=room
            )
        )

    results = at_once([lambda n=n: add(n) for n in range(THREADS)])

    assert results == [[]] * THREADS
    tokens = {str(number): "x" for number in range(THREADS)}
    assert partition.get("item") == {"tokens": tokens, "weight": THREADS * 10}


def test_many_that_send_one_transaction_do_it_once(partition: Partition) -> None:
    token = str(uuid4())

    at_once([lambda: partition.transact(partition.counted("item"), token=token)] * THREADS)

    assert partition.get("item") == {"count": 1}


# --- limits ---------------------------------------------------------------------------------------


def test_a_transaction_has_at_most_a_hundred_actions(partition: Partition) -> None:
    hundred = [partition.put(f"{number:03}") for number in range(100)]

    with refused():
        partition.transact(*hundred, partition.put("one more"))
    nothing = partition.sort_keys()
    partition.made(*hundred)

    assert nothing == []
    assert len(partition.sort_keys()) == 100


def test_a_transaction_has_at_most_four_megabytes(partition: Partition) -> None:
    largest = [partition.put_sized(str(number), 400 * KB) for number in range(10)]

    with refused():
        partition.transact(*largest, partition.put_sized("one more", 400 * KB))
    nothing = partition.sort_keys()
    partition.made(*largest)

    assert nothing == []
    assert len(partition.sort_keys()) == 10


def test_an_item_has_at_most_400_kilobytes(partition: Partition) -> None:
    with refused():
        partition.transact(partition.put("other"), partition.put_sized("item", 400 * KB + 1))
    nothing = partition.sort_keys()
    partition.made(partition.put_sized("item", 400 * KB))

    assert nothing == []
    assert partition.sort_keys() == ["item"]


def test_an_update_that_makes_an_item_too_large_cancels_the_transaction(
    partition: Partition,
) -> None:
    partition.made(partition.put_sized("item", 300 * KB))

    codes = partition.transact(
        partition.put("other"), partition.update("item", "SET #more = :more", more="x" * 200 * KB)
    )

    assert codes == ["None", "ValidationError"]
    assert partition.sort_keys() == ["item"]


def test_an_item_cannot_be_written_twice_in_a_transaction(partition: Partition) -> None:
    with refused():
        partition.transact(partition.put("item"), partition.counted("item"))

    assert partition.sort_keys() == []


@known_to_differ("DynamoDB Local", "it looks whether the item is as the same transaction makes it")
def test_an_item_cannot_be_checked_and_written_in_a_transaction(partition: Partition) -> None:
    with refused():
        partition.transact(partition.put("item"), partition.check("item", ABSENT))

    assert partition.sort_keys() == []


def test_a_batch_reads_at_most_a_hundred_items_and_leaves_out_what_is_not_there(
    partition: Partition,
) -> None:
    keys = [partition.key(str(number)) for number in range(101)]
    partition.made(partition.put("0"), partition.put("99"))

    with refused():
        partition.read_at_once(*keys)
    found = partition.table.get_all(keys[:100])

    assert sorted(item["sk"] for item in found) == ["0", "99"]


@known_to_differ("ministack", "it answers everything that was asked for, however much it is")
def test_a_batch_reads_at_most_16_megabytes_and_says_what_is_left(partition: Partition) -> None:
    keys = [partition.key(str(number)) for number in range(42)]
    for ten in range(0, len(keys), 10):
        partition.made(*(partition.put_sized(k["sk"], 400 * KB) for k in keys[ten : ten + 10]))

    with watched(partition.table.client) as calls:
        found = partition.table.get_all(keys)

    assert calls == ["BatchGetItem"] * 2
    assert sorted(item["sk"] for item in found) == sorted(key["sk"] for key in keys)


def test_a_batch_does_not_name_an_item_twice(partition: Partition) -> None:
    with refused():
        partition.table.get_all([partition.key("item")] * 2)


def test_a_sort_key_has_at_most_1024_bytes_and_is_not_empty(partition: Partition) -> None:
    longest = "ä" * 512

    for impossible in ("", f"{longest}x"):
        with refused():
            partition.get(impossible)
    partition.made(partition.put(longest))

    assert partition.sort_keys() == [longest]


# --- reads ----------------------------------------------------------------------------------------


def test_values_come_back_as_they_were_put(partition: Partition) -> None:
    values = {
        "empty": "",
        "text": "a\u0308\u00e4\r\n\U0001f4c5\x00",
        "zero": 0,
        "large": 2**63,
        "true": True,
        "list": ["b", "a", "b", 1],
        "nothing": [],
        "map": {"+/=": '["a"]', "0": [1, False], "#": {}},
        "no map": {},
    }

    partition.made(partition.table.put(partition.key("item"), values, ABSENT))

    assert partition.get("item") == values
    assert partition.table.get_all([partition.key("item")]) == [{**partition.key("item"), **values}]
    assert partition.table.query(partition.pk) == [{**partition.key("item"), **values}]


def test_every_read_shows_what_was_written_before(engine: Stack, partition: Partition) -> None:
    reader = engine.door("get_feed", "store").table  # by a client of its own

    for number in range(1, 51):
        partition.made(partition.counted("item"))

        item = {**partition.key("item"), "count": number}
        assert reader.get(partition.key("item")) == item
        assert reader.get_all([partition.key("item")]) == [item]
        assert reader.query(partition.pk) == [item]


def test_a_query_is_read_in_pages_of_a_megabyte_and_misses_nothing(partition: Partition) -> None:
    sort_keys = [f"{number:02}" for number in range(25)]
    partition.made(*(partition.put_sized(sk, 100 * KB) for sk in sort_keys))

    with watched(partition.table.client) as calls:
        found = partition.sort_keys()

    assert found == sort_keys
    assert calls == ["Query"] * 3


def test_a_query_is_in_the_order_of_bytes(partition: Partition) -> None:
    sort_keys = ["#HEAD", "A", "B", "B#", "B#1", "B#2", "B$", "BB", "C", "a", "ß", "ä", "日", "📅"]
    partition.made(*(partition.put(sk) for sk in reversed(sort_keys)))

    assert partition.sort_keys() == sorted(sort_keys, key=str.encode)


def test_a_read_has_only_the_attributes_that_it_names_be_they_reserved_words(
    partition: Partition,
) -> None:
    values = {"name": "a", "comment": "b", "value": "c", "owner": "d"}
    partition.made(partition.table.put(partition.key("item"), values, ABSENT))

    found = partition.table.get(partition.key("item"), "name", "comment", "absent")

    assert found == {"name": "a", "comment": "b"}
    assert partition.table.get(partition.key("absent"), "name") is None


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"ProjectionExpression": "name"}, id="reserved-word"),
        pytest.param({"ExpressionAttributeNames": {"#name": "name"}}, id="unused-name"),
        pytest.param({VALUES: {":x": {"S": "x"}}}, id="unused-value"),
        pytest.param({"KeyConditionExpression": "pk = :pk AND sk = :sk"}, id="value-not-given"),
        pytest.param({"KeyConditionExpression": "#pk = :pk"}, id="name-not-given"),
        pytest.param({"KeyConditionExpression": "sk = :pk"}, id="no-partition"),
    ],
)
def test_an_expression_that_aws_would_refuse_is_refused(
    partition: Partition, more: dict[str, Any]
) -> None:
    partition.made(partition.put("item"))
    query = {"TableName": partition.table.name, "KeyConditionExpression": "pk = :pk", **more}
    query[VALUES] = {":pk": {"S": partition.pk}, **more.get(VALUES, {})}

    with refused():
        partition.table.client.query(**query)


@known_to_differ("dynoxide", "it passes over a value that it does not need")
def test_a_value_that_no_expression_of_a_write_has_is_refused(partition: Partition) -> None:
    with refused():
        partition.transact(partition.delete("item", ABSENT, unused="x"))


# --- S3 and KMS, which only ministack has ---------------------------------------------------------


@dataclass(frozen=True)
class Bucket:
    """The bucket of the feeds, asked for one object that nobody else uses."""

    s3: Any
    name: str
    key: str

    def put(self, body: bytes, **more: Any) -> str:
        """Why it was refused, if it was."""
        try:
            self.s3.put_object(Bucket=self.name, Key=self.key, Body=body, **more)
        except ClientError as error:
            code: str = error.response["Error"]["Code"]
            return code
        return ""

    def get(self) -> tuple[bytes, str, str]:
        """With the type and the coding that are stored with it."""
        answer = self.s3.get_object(Bucket=self.name, Key=self.key)
        return answer["Body"].read(), answer["ContentType"], answer["ContentEncoding"]


@pytest.fixture
def bucket(racing_stack: Stack) -> Iterator[Bucket]:
    bucket = Bucket(s3(racing_stack), racing_stack.environment["FEEDS_BUCKET"], str(uuid4()))
    yield bucket
    bucket.s3.delete_object(Bucket=bucket.name, Key=bucket.key)


def test_an_object_comes_back_as_it_was_put_last(bucket: Bucket) -> None:
    as_stored = {"ContentType": "text/calendar; charset=utf-8", "ContentEncoding": "gzip"}
    bodies = [b"\x1f\x8b\x00\xff", b"", bytes(2 * KB * KB)]

    for body in bodies:
        assert bucket.put(body, **as_stored) == ""
        assert bucket.get() == (body, *as_stored.values())


def test_an_object_that_is_not_there_is_no_such_key(bucket: Bucket) -> None:
    with pytest.raises(bucket.s3.exceptions.NoSuchKey):
        bucket.get()


def test_an_object_that_is_there_is_not_put_if_none_may_be(bucket: Bucket) -> None:
    first = bucket.put(b"first", IfNoneMatch="*", ContentEncoding="gzip")
    second = bucket.put(b"second", IfNoneMatch="*")

    assert (first, second) == ("", "PreconditionFailed")
    assert bucket.get()[0] == b"first"


def test_of_many_who_put_an_object_if_there_is_none_one_does(
    racing_stack: Stack, bucket: Bucket
) -> None:
    for turn in range(20):
        one = Bucket(bucket.s3, bucket.name, f"{bucket.key}/{turn}")

        results = at_once(
            [lambda o=one, n=n: o.put(bytes([n]), IfNoneMatch="*") for n in range(THREADS)]
        )

        assert results.count("") == 1
        assert set(results) <= {"", "PreconditionFailed", "ConditionalRequestConflict"}
        body = one.s3.get_object(Bucket=one.name, Key=one.key)["Body"].read()
        assert body == bytes([results.index("")])


def test_what_kms_signs_its_public_key_verifies(racing_stack: Stack) -> None:
    with racing_stack.entered():
        (key,) = SigningKey.all_from_environment()

    signature = key.sign(b"message")

    key.public.verify(signature, b"message", ec.ECDSA(SHA512()))
    with pytest.raises(InvalidSignature):
        key.public.verify(signature, b"another", ec.ECDSA(SHA512()))
