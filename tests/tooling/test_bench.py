"""The bench measures what is there: data as handlers write it, every request, a peer that works."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

import boto3
import pytest
from icalendar import Calendar

from local.gateway import LARGEST_HEAD
from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from tests.bench import bounds, capacity, costly
from tests.bench.calls import Clients
from tests.bench.function import Function
from tests.bench.invoked import Context
from tests.harness.aws_faults import faults, refused
from tests.harness.invariants import violations
from tests.harness.samples import DOCUMENTED
from tests.harness.stacks import Stack, dumps, sample_event, set_body, set_token
from tests.harness.stage import Person, forget_feeds, poll
from tests.harness.steps import Document, events, owner, secret_of, subscriptions, summaries

TOKENS = 4


@pytest.fixture
def clients(stack: Stack) -> Iterator[Clients]:
    with stack.entered(), Clients.watched() as watched:
        yield watched


@pytest.fixture
def person(stack: Stack) -> Person:
    return Person.new(stack)


@pytest.fixture
def calendar(person: Person) -> Document:
    with person.stack.entered():
        return person.calendar("CI Mytokens", TOKENS)


# --- the calendars --------------------------------------------------------------------------------


def test_a_calendar_is_as_if_each_of_its_tokens_had_been_added(
    stack: Stack, calendar: Document
) -> None:
    assert violations(stack.dump()) == []
    shown = events(stack.feed(calendar))
    assert len(shown) == len(subscriptions(stack, calendar)) == TOKENS
    assert {len(event.walk("VALARM")) for event in shown} == {6}


def test_a_full_calendar_has_room_for_a_few_tokens_and_no_more(
    stack: Stack, person: Person
) -> None:
    with stack.entered():
        document = person.full_calendar("Full")

    item = stack.store.table.get(keys.calendar(document["id"])) or {}
    assert violations(stack.dump()) == []
    assert 3_000 < limits.CALENDAR_WEIGHT - item["weight"] < 5_000


# --- requests -------------------------------------------------------------------------------------


def test_a_read_is_sized_by_the_whole_of_its_items_whatever_is_projected(
    stack: Stack, clients: Clients, person: Person, calendar: Document
) -> None:
    table, dynamodb = CalendarStore.from_environment().table, boto3.client("dynamodb")
    head = keys.feed_head(secret_of(calendar))
    partition = keys.owner_partition(owner(person.user))

    with clients.counted() as calls:
        table.get(head)
        table.get(keys.feed_head("nobody's"))
        table.get(keys.calendar(calendar["id"]), "version")
        table.query(partition)

    sizes = defaultdict(list)
    for item in stack.dump()[table.name]:
        sizes[item["pk"]["S"]].append(capacity.size(item))
    assert calls.requests == [("dynamodb", "GetItem")] * 3 + [("dynamodb", "Query")]
    assert calls.sizes(dynamodb) == [
        sizes[head["pk"]],
        [],
        sizes[keys.calendar(calendar["id"])["pk"]],
        sizes[partition],
    ]


def test_what_a_handler_asks_is_counted_for_each_service(
    stack: Stack, clients: Clients, calendar: Document
) -> None:
    handler = Function.ours(stack).loaded()

    with clients.counted() as calls:
        handler(poll(calendar), Context)

    assert calls.to("s3") == 2  # it is not there, and is put there
    assert calls.to("dynamodb") == len(calls.requests) - 2 > 2


def test_a_request_that_is_sent_again_counts_again(clients: Clients, calendar: Document) -> None:
    table = CalendarStore.from_environment().table

    with clients.counted() as calls, faults(table.client, refused("InternalServerError", 500)):
        table.get(keys.feed_head(secret_of(calendar)))

    assert (calls.to("dynamodb"), len(calls.reads)) == (2, 1)


def test_a_batch_of_keys_is_as_many_reads(
    stack: Stack, clients: Clients, calendar: Document
) -> None:
    table = CalendarStore.from_environment().table
    wanted = [keys.feed_head(secret_of(calendar)), keys.feed_head("nobody's")]

    with clients.counted() as calls:
        found = table.get_all(wanted)

    assert calls.to("dynamodb") == len(found) == 1
    assert [len(sizes) for sizes in calls.sizes(boto3.client("dynamodb"))] == [1, 0]


def test_a_read_that_cannot_be_sized_is_an_error(clients: Clients) -> None:
    table = CalendarStore.from_environment().table

    with clients.counted(), pytest.raises(ValueError, match="Scan"):
        table.scan()


def test_nothing_is_counted_outside(stack: Stack, clients: Clients, calendar: Document) -> None:
    handler = Function.ours(stack).loaded()

    with clients.counted() as calls:
        pass
    handler(poll(calendar), Context)

    assert calls.requests == calls.reads == []


# --- the peer -------------------------------------------------------------------------------------


def test_the_peer_serves_the_same_events_and_knows_an_unchanged_feed(
    stack: Stack, clients: Clients, calendar: Document
) -> None:
    handler = Function.peer(stack).loaded()
    forget_feeds(stack)

    with redirect_stdout(StringIO()):
        rendered, cached = (handler(poll(calendar), Context) for _ in range(2))
        etag = rendered["headers"]["ETag"]
        unchanged = handler(poll(calendar, etag), Context)

    feed = Calendar.from_ical(rendered["body"])
    assert cached["body"] == rendered["body"]
    assert sorted(str(e["summary"]) for e in feed.walk("VEVENT")) == summaries(stack.feed(calendar))
    assert len(feed.walk("VALARM")) == 6 * TOKENS
    assert unchanged["statusCode"] == 304
    assert not unchanged["body"]


# --- hostile requests -----------------------------------------------------------------------------


def test_hostile_requests_are_made_for_every_operation_and_fit_through_the_gateway(
    stack: Stack,
) -> None:
    operations, names, heads = set(), [], []
    for request in costly.requests(stack):
        operations.add(request.operation)
        names.append(str(request))
        heads.append(sum(map(len, request.event["headers"].values())))

    assert operations == {*DOCUMENTED}
    assert max(heads) <= LARGEST_HEAD
    assert len(set(names)) == len(names) > 3000


def test_what_a_hostile_request_costs_is_seen(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = costly.TEXTS["marks"](16_384)
    event = sample_event("create_calendar")
    set_token(event, stack.mint())
    set_body(event, dumps({"name": name}), costly.JSON)
    request = costly.Costly("create_calendar", "name", event)

    bounded = bounds.measured(stack, request)
    monkeypatch.setattr("mytoken_calendars.limits.NAME_TO_NORMALISE", len(name))
    unbounded = bounds.measured(stack, request)

    assert bounded.status == unbounded.status == 400
    assert unbounded.milliseconds > 10 * bounded.milliseconds > 0
