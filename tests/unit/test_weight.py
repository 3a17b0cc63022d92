"""Weights bound what tokens and calendars take in DynamoDB, in lists and in feeds of all styles."""

import json
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, keys
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Address, Calendar
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds.style import Detail, Reminders, Style
from mytoken_calendars.feeds.writer import Writer
from mytoken_calendars.identifiers import Owner, short_mom_id
from tests.harness.examples import CALENDAR_ID, DAY, MOM_ID, NOW, OTHER_MOM_ID

FEED_SHARE = 30
CENTURY = 100 * 366 * DAY
ITEM, ANSWER = 400 * 1024, 6 * 1024 * 1024  # bytes: DynamoDB's and Lambda's largest

DAYS = [(365, 364, 363, 362, 361, 360), (365, 300, 200, 100, 99, 1), (30, 14, 7, 3, 1, 0), ()]
STYLES = [
    Style(reminders, days, detail, changes=10**6, changed=NOW)
    for reminders, days, detail in product(Reminders, DAYS, Detail)
]
RENEWAL_PAGES = ["", "https://".ljust(limits.RENEWAL_PAGE, "p")]
PUBLIC_URL = "https://".ljust(limits.PUBLIC_URL, "u")

# Each takes its own number of bytes stored, escaped, listed and sent, and folds in its own way.
KINDS = ["a", " ", ",", ";", "\\", '"', "\n", "\t", "\x00", "\x7f", "\x85", "é", "語", "🙂", "/"]


def texts(longest: int) -> st.SearchStrategy[str]:
    """Any text of a mytoken; long runs of one character, between which lines are folded."""
    character = st.characters(exclude_categories=["Cs"])
    run = st.builds(lambda c, n: c * n, st.sampled_from(KINDS) | character, st.integers(1, 80))
    of_runs = st.lists(run, max_size=30).map("".join)
    of_one_kind = st.builds(
        lambda c, n: c * n, st.sampled_from(KINDS) | character, st.integers(0, longest)
    )
    of_all = st.text(character, max_size=longest)
    return (of_runs | of_one_kind | of_all).map(lambda text: text[:longest])


names = texts(limits.TOKEN_NAME)
comments = texts(limits.COMMENT)
calendar_names = texts(limits.NAME)
ancestors = st.integers(0, limits.ANCESTORS)


def largest(name: str, comment: str, ancestors: int) -> Subscription:
    """A token with the largest numbers there are."""
    parents = (short_mom_id(OTHER_MOM_ID),) * ancestors
    latest = limits.LATEST_TIME
    token = Subscription(
        MOM_ID, name, latest, latest, parents, comment, latest * 1000, latest, 10**9 - 1
    )
    return token._replace(weight=99_999)


def oldest(name: str, comment: str) -> Subscription:
    """A token with all reminders and the largest SEQUENCE: its calendar is a hundred years old."""
    added = NOW + CENTURY
    return Subscription(
        MOM_ID, name, NOW, added + 366 * DAY, (), comment, added * 1000, added, 10**6
    )


def sent(text: str) -> int:
    """The bytes that a text takes as Lambda sends it."""
    return len(json.dumps(text)) - len('""')


def listed(*calendars: Calendar) -> int:
    documents = [calendar.document(PUBLIC_URL) for calendar in calendars]
    return sent(json.dumps({"calendars": documents}, ensure_ascii=False))


def calendar(name: str, description: str, *mom_ids: str) -> Calendar:
    address = Address("f" * 16, "F" * 32)
    return Calendar(
        CALENDAR_ID, Owner("o" * 40), name, (address,), description, subscribed_tokens=mom_ids
    )


def stored(item: Mapping[str, Any]) -> int:
    """The bytes of an item (developer guide of DynamoDB, "Item sizes and formats")."""
    return sum(len(name.encode()) + _of_value(value) for name, value in item.items())


def _of_value(value: Any) -> int:
    match value:
        case str():
            return len(value.encode())
        case bool():
            return 1
        case int():
            return len(str(value)) // 2 + 2
        case list():
            return 3 + sum(1 + _of_value(each) for each in value)
        case dict():
            return 3 + len(value) + stored(value)
    raise TypeError(value)


def entry(token: Subscription) -> int:
    """The bytes of a token in its calendar's map."""
    return 1 + stored({token.short_id: entries.packed(token)})


def writers(name: str, description: str = "") -> list[Writer]:
    return [
        Writer(CALENDAR_ID, name, NOW, style, page, description)
        for style in STYLES
        for page in RENEWAL_PAGES
    ]


def in_largest_feed(token: Subscription) -> int:
    """The bytes of the token's events in the feed where they take most."""
    return max(sent(each.events(token)) for each in writers("CI Mytokens"))


def around_events(name: str, description: str) -> int:
    """The bytes of a feed's opening and closing, and of what an empty one holds."""
    return max(sent("".join(each.text(()))) for each in writers(name, description))


# --- a token --------------------------------------------------------------------------------------


@given(names, comments, ancestors)
@example("", "", 0)
@example("ci", "x" * 500, 0)
@example("", "", limits.ANCESTORS)
@example("\x00" * limits.TOKEN_NAME, "🙂" * limits.COMMENT, limits.ANCESTORS)
@example("\\" * limits.TOKEN_NAME, '"' * limits.COMMENT, limits.ANCESTORS)
def test_a_token_weighs_what_it_takes_in_dynamodb(name: str, comment: str, ancestors: int) -> None:
    token = largest(name, comment, ancestors)

    assert entry(token) <= weight.of_token(name, comment, ancestors)


@given(names, comments)
@example("", "")
def test_a_token_weighs_what_it_takes_in_a_list(name: str, comment: str) -> None:
    without, with_it = calendar("CI", "", MOM_ID), calendar("CI", "", MOM_ID, OTHER_MOM_ID)

    assert listed(with_it) - listed(without) <= weight.of_token(name, comment, 0)


@given(names, comments)
@example("", "")
@example(" ", "")
@example("a" * 15 + " " * 57 + "b", "")
@example("", ("ab" + " " * 73) * 14)
@example("", "ab" + "\\" * 35)
@example("," * limits.TOKEN_NAME, "")
@example("🙂" * limits.TOKEN_NAME, "")
@example("\\" * limits.TOKEN_NAME, "\n" * limits.COMMENT)
def test_thirty_times_its_weight_holds_a_tokens_events_in_every_style(
    name: str, comment: str
) -> None:
    events = in_largest_feed(oldest(name, comment))

    assert events <= FEED_SHARE * weight.of_token(name, comment, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_or_comment_of_one_kind_and_any_length_is_held(kind: str) -> None:
    costliest = Writer(CALENDAR_ID, "CI", NOW, Style(Reminders.BOTH, DAYS[0]), RENEWAL_PAGES[1])
    for length in range(limits.TOKEN_NAME + 1):
        token = oldest(kind * length, kind * (length % 7))
        events = sent(costliest.events(token))
        assert events <= FEED_SHARE * weight.of_token(token.name, token.comment, 0)


def test_no_token_weighs_more_than_it_has_to() -> None:
    most = entry(largest("ci", "x" * 500, limits.ANCESTORS))
    nameless = in_largest_feed(oldest("", ""))

    assert weight.of_token("ci", "x" * 500, limits.ANCESTORS) - most <= 2
    assert FEED_SHARE * weight.of_token("", "", 0) - nameless <= 200


@given(names, names, comments, comments, ancestors)
def test_more_text_and_more_ancestors_never_weigh_less(
    name: str, more: str, comment: str, further: str, ancestors: int
) -> None:
    less = weight.of_token(name, comment, ancestors)

    assert weight.of_token(name + more, comment + further, ancestors + 1) >= less


# --- a calendar -----------------------------------------------------------------------------------


def item(name: str, description: str) -> dict[str, Any]:
    """The item of a calendar without tokens."""
    return {
        **keys.calendar(CALENDAR_ID),
        "owner": "o" * 40,
        "name": name,
        "unnamed": True,
        "description": description,
        "tags": [],
        "created": limits.LATEST_TIME,
        "version": CALENDAR_ID,
        "feeds": [keys.feed_hash("F" * 32)] * limits.FEEDS_OF_CALENDAR,
        "weight": limits.CALENDAR_WEIGHT,
        "own_weight": limits.CALENDAR_WEIGHT,
        "tokens": {},
    }


def described(test: Callable[[str, str], None]) -> Callable[[], None]:
    """The test with names and descriptions of any words."""
    longest = example("🙂" * limits.NAME, "🙂" * limits.COMMENT)
    quoting = example('"' * limits.NAME, "\n" * limits.COMMENT)
    wrapped: Callable[[], None] = longest(quoting(given(calendar_names, comments)(test)))
    return wrapped


@described
def test_a_calendar_weighs_what_it_takes_in_dynamodb(name: str, description: str) -> None:
    assert stored(item(name, description)) <= weight.of_calendar(name, description, 0)


@described
def test_a_calendar_weighs_what_it_takes_in_a_list(name: str, description: str) -> None:
    one = calendar(name, description, MOM_ID)

    a_token = sent(json.dumps(MOM_ID))
    assert listed(one, one) - listed(one) <= weight.of_calendar(name, description, 0) + a_token


@described
def test_thirty_times_its_weight_holds_a_feed_without_tokens(name: str, description: str) -> None:
    assert around_events(name, description) <= FEED_SHARE * weight.of_calendar(name, description, 0)


@pytest.mark.parametrize("description", ["", '"' * limits.COMMENT], ids=["stored", "listed"])
def test_no_calendar_weighs_more_than_it_has_to(description: str) -> None:
    one = calendar("CI Mytokens", description, MOM_ID)
    takes = max(
        stored(item("CI Mytokens", description)),
        listed(one, one) - listed(one) - sent(json.dumps(MOM_ID)),
    )

    assert 0 <= weight.of_calendar("CI Mytokens", description, 0) - takes <= 4


# --- what fits ------------------------------------------------------------------------------------


def room(name: str, comment: str, ancestors: int = 0) -> int:
    """How many such tokens a calendar takes."""
    left = limits.CALENDAR_WEIGHT - weight.of_calendar("CI Mytokens", "", 0)
    return left // weight.of_token(name, comment, ancestors)


def test_a_calendar_takes_some_850_tokens_with_a_short_name() -> None:
    assert 850 <= room("nightly", "") <= 1_000
    assert 700 <= room("nightly build", "used every night") <= 1_000


@pytest.mark.parametrize("kind", ["語", "🙂"])
def test_a_calendar_takes_some_40_tokens_with_the_longest_comment(kind: str) -> None:
    assert 35 <= room("nightly", kind * limits.COMMENT, limits.ANCESTORS) <= 60


LARGEST = [
    pytest.param("", "", 0, id="most tokens"),
    pytest.param("語" * limits.TOKEN_NAME, "", 0, id="long names"),
    pytest.param("," * limits.TOKEN_NAME, "", 0, id="commas"),
    pytest.param("ci", "🙂" * limits.COMMENT, limits.ANCESTORS, id="long comments"),
    pytest.param("ci", "\\" * limits.COMMENT, limits.ANCESTORS, id="backslashes"),
    pytest.param("ci", "", limits.ANCESTORS, id="many ancestors"),
]


@pytest.mark.parametrize(("name", "comment", "ancestors"), LARGEST)
def test_a_full_calendar_fits_an_item_and_its_feed_an_answer(
    name: str, comment: str, ancestors: int
) -> None:
    number = room(name, comment, ancestors)
    token = largest(name, comment, ancestors)
    events = in_largest_feed(oldest(name, comment))

    assert stored(item("🙂" * limits.NAME, "")) + number * entry(token) < ITEM
    assert around_events("🙂" * limits.NAME, "") + number * events < ANSWER


def test_the_calendars_of_an_owner_fit_an_answer() -> None:
    full = calendar("🙂" * limits.NAME, "", *[MOM_ID] * room("", ""))
    empty = calendar("🙂" * limits.NAME, "")
    weights = {full: limits.CALENDAR_WEIGHT, empty: weight.of_calendar(empty.name, "", 0)}
    for one, weighs in weights.items():
        number = min((limits.OWNER_WEIGHT + limits.OWNER_ROOM) // weighs, limits.CALENDARS)
        headers_and_successor = 32 * 1024
        assert listed(*[one] * number) + headers_and_successor < ANSWER
