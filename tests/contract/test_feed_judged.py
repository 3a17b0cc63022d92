"""Feeds of any words, and of a full calendar: six judges accept them, and find what was put in."""

import gc
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import items
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Address, Calendar
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.feeds.writer import Writer
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.harness import hostile_words
from tests.harness.feeds import raw_lines
from tests.harness.feeds.fixed_feeds import DAY, SAMPLES, Sample, subscription
from tests.harness.feeds.readers import Reader
from tests.harness.stacks import PUBLIC_URL, Stack
from tests.harness.steps import delete, new_user, owner
from tests.harness.tally import Tally

NAME = "CI Mytokens"
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
    sample = Sample(NAME, (one,))

    calendar = read(sample.text)

    assert calendar == sample.calendar


# --- a calendar as large as it may be -------------------------------------------------------------


@pytest.fixture(scope="module")
def largest() -> Sample:
    """With the words of the golden feeds by turns, in the order in which it is served."""
    told = cycle(one for sample in SAMPLES.values() for one in sample.subscriptions)
    left, tokens = limits.CALENDAR_WEIGHT - weight.of_calendar(NAME, "", 0), list[Subscription]()
    for number, days in enumerate(cycle(DAYS)):
        words = next(told)
        token = subscription(number, words.name, words.comment, life=days * DAY)
        left -= token.weight
        if left < 0:
            break
        tokens.append(token)
    return Sample(NAME, tuple(sorted(tokens, key=lambda one: one.mom_id)))


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

    number = len(largest.subscriptions)
    tally.add("events of the largest feed, judged by its lines", number, len(faults))
    assert number > 500
    assert faults == []


@pytest.mark.slow
@pytest.mark.usefixtures("uncollected")
def test_every_reader_finds_every_event_of_the_largest_feed(
    read: Reader, reader_name: str, largest: Sample, tally: Tally
) -> None:
    calendar = read(largest.text)

    number = len(largest.subscriptions)
    assert len(calendar.events) == number
    pairs = zip(calendar.events, largest.calendar.events, strict=True)
    different = [found for found, told in pairs if found != told]
    tally.add(f"events of the largest feed, judged by {reader_name}", number, len(different))
    assert different[:1] == []
    assert calendar.properties == largest.calendar.properties


@pytest.mark.slow
def test_the_largest_feed_is_served_byte_for_byte(racing_stack: Stack, largest: Sample) -> None:
    with stored(largest, racing_stack) as (calendar, created):
        feed = racing_stack.feed(calendar.document(PUBLIC_URL))

    writer = Writer(calendar.id, largest.name, created)
    assert feed.status == 200
    assert feed.text == "".join(writer.text(largest.subscriptions))


@contextmanager
def stored(sample: Sample, stack: Stack) -> Iterator[tuple[Calendar, int]]:
    """A calendar with these tokens meanwhile, and when it was created."""
    user = new_user()
    calendar = Calendar(str(uuid4()), owner(user), sample.name, (Address.new(),))
    change, table = Change.new(int(time.time())), stack.store.table
    table.commit(change, *items.new_calendar(table, calendar, sample.subscriptions, change))
    try:
        yield calendar, change.at
    finally:
        delete(stack, stack.mint(user=user), calendar.document(PUBLIC_URL))
