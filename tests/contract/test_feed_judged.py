"""Feeds of any words, and of 10,000 tokens: six judges accept them, and find what was put in."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.handlers import Context
from mytoken_calendars import limits
from mytoken_calendars.aws import clients
from mytoken_calendars.aws.dynamodb import keys, subscription_items
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds.writer import Writer
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.harness import hostile_words
from tests.harness.feeds import raw_lines
from tests.harness.feeds.fixed_feeds import DAY, SAMPLES, Sample, subscription
from tests.harness.feeds.readers import Reader
from tests.harness.stacks import Stack
from tests.harness.steps import Document, create, delete, feed_id, internal_id
from tests.harness.tally import Tally

DAYS = (1, 7, 30, 365)  # that a token lives: with one alarm, up to six

samples = st.builds(
    lambda name, tokens: Sample(
        name,
        tuple(
            subscription(number, words, comment, life=days * DAY)
            for number, (words, comment, days) in enumerate(tokens)
        ),
    ),
    hostile_words.calendar_names,
    st.lists(
        st.tuples(
            st.none() | hostile_words.token_names, hostile_words.comments, st.sampled_from(DAYS)
        ),
        min_size=2,
        max_size=4,
    ),
)


def objections(sample: Sample, readers: Mapping[str, Reader]) -> list[str]:
    """What any judge has against its feed; nothing if all is well."""
    found = [f"lines: {fault}" for fault in raw_lines.faults(sample.text.encode())]
    for name, read in readers.items():
        try:
            calendar = read(sample.text)
        except Exception as error:  # noqa: BLE001 - each library has its own
            found.append(f"{name} refuses it: {error!r}")
        else:
            if calendar != sample.calendar:
                found.append(f"{name} finds {calendar}")
    return found


@pytest.mark.slow
def test_all_judges_find_in_a_feed_the_words_of_its_tokens_whatever_they_are(
    all_readers: Mapping[str, Reader], tally: Tally, *, deep: bool
) -> None:
    judges = {5: "five", 6: "six"}[1 + len(all_readers)]

    @settings(max_examples=3_000 if deep else 100, deadline=None, derandomize=True, database=None)
    @given(samples)
    def is_accepted(sample: Sample) -> None:
        found = objections(sample, all_readers)
        tally.add(f"feeds judged by {judges} judges", 1, bool(found))
        assert found == []

    is_accepted()


@pytest.mark.parametrize(
    "character", ["a", "\\", ";", "\n", " ", "\u3000", "é", "語", "🙂", "\ufeff"], ids=ascii
)
def test_every_reader_finds_the_longest_words(read: Reader, character: str) -> None:
    longest = subscription(1, character * limits.TOKEN_NAME, character * limits.COMMENT)
    sample = Sample("語" * limits.NAME, (longest,))

    calendar = read(sample.text)

    assert calendar == sample.calendar


@pytest.mark.parametrize("expires", [0, limits.LATEST_TIME])
def test_every_reader_finds_the_first_and_the_last_time_there_is(
    read: Reader, expires: int
) -> None:
    token = TokenRecord(mom_id_of(UUID(int=1)), "ci", 0, expires)
    one = Subscription.of(token, "", added=0)
    sample = Sample("CI Mytokens", (one,))

    calendar = read(sample.text)

    assert calendar == sample.calendar


# --- a calendar as large as it may be -------------------------------------------------------------

LARGEST = 10_000  # tokens
# How many of them there are unless all cases are run: to read all ics.py takes minutes.
AFFORDABLE = {"ics.py": 500, "served": 2_500}


@pytest.fixture(scope="module")
def largest() -> Sample:
    """With the words of the golden feeds by turns, in the order in which it is served."""
    told = [one for sample in SAMPLES.values() for one in sample.subscriptions]
    subscriptions = (
        subscription(number, one.name, one.comment, life=days * DAY)
        for number, one, days in zip(range(LARGEST), cycle(told), cycle(DAYS), strict=False)
    )
    in_order = sorted(subscriptions, key=lambda one: one.mom_id)
    return Sample("CI Mytokens", tuple(in_order))


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Readers make millions of objects; to look for garbage among them takes as long as reading."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.slow
@pytest.mark.usefixtures("uncollected")
def test_the_largest_feed_has_no_fault_in_any_line(largest: Sample, tally: Tally) -> None:
    faults = raw_lines.faults(largest.text.encode())

    tally.add("events of the largest feed, judged by its lines", LARGEST, len(faults))
    assert faults == []


@pytest.mark.slow
@pytest.mark.usefixtures("uncollected")
def test_every_reader_finds_every_event_of_the_largest_feed_or_of_its_affordable_part(
    read: Reader, reader_name: str, largest: Sample, tally: Tally, *, deep: bool
) -> None:
    number = LARGEST if deep else AFFORDABLE.get(reader_name, LARGEST)
    sample = part(largest, number)

    calendar = read(sample.text)

    assert len(calendar.events) == number
    pairs = zip(calendar.events, sample.calendar.events, strict=True)
    different = [found for found, told in pairs if found != told]
    tally.add(f"events of the largest feed, judged by {reader_name}", number, len(different))
    assert different[:1] == []
    assert calendar.properties == sample.calendar.properties


@pytest.mark.slow
def test_the_largest_feed_or_an_affordable_part_is_served_byte_for_byte(
    racing_stack: Stack, largest: Sample, *, deep: bool
) -> None:
    sample = part(largest, LARGEST if deep else AFFORDABLE["served"])
    with calendar_of(sample, racing_stack) as calendar:
        feed = racing_stack.feed(calendar)
        head = racing_stack.store.table.get(keys.feed_head(feed_id(calendar))) or {}

    writer = Writer(calendar["id"], sample.name, head["created"])
    assert feed.status == 200
    assert feed.text == "".join(writer.text(sample.subscriptions))


def part(sample: Sample, number: int) -> Sample:
    return Sample(sample.name, sample.subscriptions[:number])


@contextmanager
def calendar_of(sample: Sample, stack: Stack) -> Iterator[Document]:
    """A calendar object meanwhile, whose events are put into the table by hand."""
    token = stack.mint()
    calendar = create(stack, token, sample.name)
    calendar_id, table = internal_id(stack, calendar), stack.store.table
    puts = []
    for one in sample.subscriptions:
        key = keys.subscribed(calendar_id, one.mom_id)
        item = {**key, **subscription_items.of_subscription(one)}
        puts.append({"PutRequest": clients.dynamodb_parameters({"Item": item})})
    for first in range(0, len(puts), limits.REMOVED_AT_ONCE):
        table.client.batch_write_item(
            RequestItems={table.name: puts[first : first + limits.REMOVED_AT_ONCE]}
        )
    try:
        yield calendar
    finally:
        delete(stack, token, calendar)
        stack.handlers["sweep"]({}, Context())
