"""The feeds of a calendar: made, listed, changed, reset and deleted, each in its own style."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from tests.harness.stacks import CORS, DAY, PUBLIC_URL, Answer, Stack, Token
from tests.harness.steps import (
    Clock,
    Document,
    add,
    calendars,
    create,
    create_feed,
    delete,
    error,
    events,
    feeds,
    owner,
    s3,
    secret_of,
    summaries,
    watched,
)

pytestmark = pytest.mark.usefixtures("emptied")

NAME = "CI Mytokens"
DEFAULT = {"reminders": "alarms", "days": [30, 14, 7, 3, 1, 0], "detail": "full"}
OTHER: dict[str, Any] = {"reminders": "both", "days": [21, 2], "detail": "name"}
LABELLED: dict[str, Any] = {"label": "Phone", **OTHER}
OF_A_FEED = ("update_feed", "reset_feed", "delete_feed")
REMINDERS, DETAILS = ("alarms", "events", "both", "none"), ("full", "name", "minimal")
GONE, NOT_FOUND = (410, "gone"), (404, "not_found")


@pytest.fixture
def token(stack: Stack, user: str) -> Token:
    return stack.mint(user=user, name="nightly")


@pytest.fixture
def calendar(stack: Stack, token: Token) -> Document:
    """With one token in it."""
    calendar = create(stack, token, description="For the release")
    return add(stack, token, calendar, "", comment="mind it")


def ask(
    stack: Stack,
    operation: str,
    token: Token,
    calendar: Document,
    feed: Document | None = None,
    **request: Any,
) -> Answer:
    path = {"calendar": calendar["name"], **({"feed": feed["id"]} if feed else {})}
    return stack.invoke(operation, token, path=path, **request)


def done(answer: Answer) -> Document:
    assert answer.status in (200, 201), answer.text
    document: Document = answer.json
    return document


def update(stack: Stack, token: Token, calendar: Document, feed: Document, **wish: Any) -> Document:
    return done(ask(stack, "update_feed", token, calendar, feed, json=wish))


def reset(stack: Stack, token: Token, calendar: Document, feed: Document) -> Document:
    return done(ask(stack, "reset_feed", token, calendar, feed))


def end(stack: Stack, token: Token, calendar: Document, feed: Document) -> None:
    answer = ask(stack, "delete_feed", token, calendar, feed)
    assert (answer.status, answer.body) == (204, b"")


def style(feed: Document) -> Document:
    return {name: feed[name] for name in DEFAULT}


# --- made, and listed -----------------------------------------------------------------------------


def test_a_new_calendar_has_one_feed_which_is_that_of_its_address(
    stack: Stack, token: Token, calendar: Document
) -> None:
    (feed,) = feeds(stack, token, calendar)

    assert feed == {"id": feed["id"], "ics_path": calendar["ics_path"], **DEFAULT}


def test_a_new_feed_is_answered_201_with_an_address_of_its_own(
    stack: Stack, token: Token, calendar: Document
) -> None:
    answer = ask(stack, "create_feed", token, calendar, json=LABELLED)

    address = f"{PUBLIC_URL}/calendars/{secret_of(answer.json)}/CI%20Mytokens.ics"
    assert answer.status == 201
    assert answer.undated == {
        **CORS,
        "content-type": "application/json",
        "cache-control": "no-store",
    }
    assert answer.json == {"id": answer.json["id"], "ics_path": address, **LABELLED}
    assert secret_of(answer.json) != secret_of(calendar)


@pytest.mark.parametrize(
    ("wish", "made"),
    [
        ({}, {}),
        ({"label": None, "reminders": None, "days": None, "detail": None}, {}),
        ({"label": "", "reminders": "", "days": "", "detail": ""}, {}),
        ({"label": "Cafe\N{COMBINING ACUTE ACCENT} 🚀"}, {"label": "Café 🚀"}),
        ({"label": "x" * 64}, {"label": "x" * 64}),
        ({"reminders": "none"}, {"reminders": "none"}),
        ({"detail": "name"}, {"detail": "name"}),
        ({"days": [0]}, {"days": [0]}),
        ({"days": [0, 365, 7, 7]}, {"days": [365, 7, 0]}),
        ({"days": [1] * 9_999}, {"days": [1]}),
        ({"color": "red"}, {}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_feed_is_made_as_it_is_wished_for(
    stack: Stack, token: Token, calendar: Document, wish: Document, made: Document
) -> None:
    feed = create_feed(stack, token, calendar, **wish)

    assert feed == {"id": feed["id"], "ics_path": feed["ics_path"], **DEFAULT, **made}
    assert feeds(stack, token, calendar)[1:] == [feed]


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_a_feed_needs_no_wishes(
    stack: Stack, token: Token, calendar: Document, body: bytes
) -> None:
    answer = ask(stack, "create_feed", token, calendar, body=body)

    assert (answer.status, style(answer.json)) == (201, DEFAULT)


@pytest.mark.parametrize("days", ["14,7,1", "1,7,14", "14,007,7,1", "1,14,7,1,14,7,1,7"])
def test_the_days_in_a_form_are_separated_by_commas(
    stack: Stack, token: Token, calendar: Document, days: str
) -> None:
    form = {"label": "a+b", "reminders": "events", "days": days, "detail": "minimal"}

    made = done(ask(stack, "create_feed", token, calendar, form=form))
    changed = done(
        ask(stack, "update_feed", token, calendar, _first(stack, token, calendar), form=form)
    )

    wished = {**form, "days": [14, 7, 1]}
    assert [_without_address(feed) for feed in (made, changed)] == [wished, wished]


def test_feeds_are_listed_in_the_order_in_which_they_were_made(
    stack: Stack, token: Token, calendar: Document
) -> None:
    (first,) = feeds(stack, token, calendar)
    labels = ["z", "", "a", "a"]

    made = [create_feed(stack, token, calendar, label=label) for label in labels]

    answer = ask(stack, "list_feeds", token, calendar)
    assert answer.json == {"feeds": [first, *made]}
    assert len({feed["id"] for feed in answer.json["feeds"]}) == 5
    assert len({secret_of(feed) for feed in answer.json["feeds"]}) == 5


def test_the_feeds_are_found_by_the_name_and_by_the_id_of_their_calendar(
    stack: Stack, token: Token, calendar: Document
) -> None:
    feed = create_feed(stack, token, calendar)
    spellings = [calendar["name"], calendar["name"].upper(), calendar["id"], calendar["id"].upper()]

    answers = [
        stack.invoke("update_feed", token, path={"calendar": of, "feed": feed["id"]}, json=LABELLED)
        for of in spellings
    ]

    assert [answer.json for answer in answers] == [{**feed, **LABELLED}] * 4


def test_a_calendar_has_at_most_twenty_feeds_and_a_deleted_one_makes_room(
    stack: Stack, token: Token, calendar: Document
) -> None:
    for _ in range(limits.FEEDS_OF_CALENDAR - 1):
        last = create_feed(stack, token, calendar)
    before = stack.dump()

    refused = ask(stack, "create_feed", token, calendar)
    unchanged = stack.dump() == before
    end(stack, token, calendar, last)
    made = ask(stack, "create_feed", token, calendar)

    assert limits.FEEDS_OF_CALENDAR == 20
    assert error(refused) == (400, "invalid_request")
    assert "at most 20 feeds" in refused.json["error_description"]
    assert unchanged
    assert made.status == 201
    assert len(feeds(stack, token, calendar)) == 20


def test_a_further_feed_is_none_of_what_the_calendar_tells(
    stack: Stack, token: Token, calendar: Document
) -> None:
    create_feed(stack, token, calendar)

    assert calendars(stack, token) == [calendar]
    assert _location(stack, token, calendar) == calendar["ics_path"]


# --- changed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", LABELLED)
@pytest.mark.parametrize("which", [0, 1], ids=["first", "further"])
def test_a_change_of_one_field_leaves_the_others_as_they_are(
    stack: Stack, token: Token, calendar: Document, field: str, which: int
) -> None:
    create_feed(stack, token, calendar, detail="minimal")
    before = feeds(stack, token, calendar)

    answer = ask(
        stack, "update_feed", token, calendar, before[which], json={field: LABELLED[field]}
    )

    after = feeds(stack, token, calendar)
    assert answer.status == 200
    assert answer.json == after[which]
    assert _without_address(after[which]) == {
        **_without_address(before[which]),
        field: LABELLED[field],
    }
    assert [secret_of(feed) for feed in after] == [secret_of(feed) for feed in before]
    assert after[1 - which] == before[1 - which]


@pytest.mark.parametrize("field", LABELLED)
@pytest.mark.parametrize("kind", ["json", "form"])
def test_an_empty_text_brings_the_default_back(
    stack: Stack, token: Token, calendar: Document, field: str, kind: str
) -> None:
    feed = create_feed(stack, token, calendar, **LABELLED)

    answer = ask(stack, "update_feed", token, calendar, feed, **{kind: {field: ""}})

    wished = {**feed, **({field: DEFAULT[field]} if field in DEFAULT else {})}
    if field == "label":
        del wished["label"]
    assert answer.json == wished


@pytest.mark.parametrize("field", LABELLED)
def test_a_field_that_is_null_stays_as_it_is(
    stack: Stack, token: Token, calendar: Document, field: str
) -> None:
    feed = create_feed(stack, token, calendar, **LABELLED)
    others = {"label": "Laptop", "reminders": "none", "days": [5], "detail": "full"}

    changed = update(stack, token, calendar, feed, **{**others, field: None})

    assert changed == {**feed, **others, field: LABELLED[field]}


@pytest.mark.parametrize(
    "request_",
    [
        {"body": b""},
        {"json": {}},
        {"json": dict.fromkeys(LABELLED)},
        {"json": {"color": "red"}},
        {"form": {"color": "red"}},
        {"body": b"null"},
    ],
    ids=str,
)
def test_a_change_of_nothing_is_refused(
    stack: Stack, token: Token, calendar: Document, request_: Mapping[str, Any]
) -> None:
    feed = create_feed(stack, token, calendar, **LABELLED)
    before = stack.dump()

    answer = ask(stack, "update_feed", token, calendar, feed, **request_)

    assert error(answer) == (400, "invalid_request")
    assert stack.dump() == before


@pytest.mark.parametrize(
    "wish",
    [LABELLED, {"label": "Phone"}, {"days": [2, 21, 2]}, {"detail": "name", "label": None}],
    ids=str,
)
def test_a_change_to_what_it_is_already_writes_nothing(
    stack: Stack, token: Token, calendar: Document, wish: Document
) -> None:
    feed = create_feed(stack, token, calendar, **LABELLED)
    before, etag = stack.dump(), stack.feed(feed).headers["etag"]

    answer = ask(stack, "update_feed", token, calendar, feed, json=wish)

    assert (answer.status, answer.json) == (200, feed)
    assert stack.dump() == before
    assert stack.feed(feed, headers={"if-none-match": etag}).status == 304


def test_a_new_label_leaves_the_text_as_it_is(
    stack: Stack, token: Token, calendar: Document
) -> None:
    feed = create_feed(stack, token, calendar, label="Phone")
    etag = stack.feed(feed).headers["etag"]

    update(stack, token, calendar, feed, label="Laptop")

    assert stack.feed(feed, headers={"if-none-match": etag}).status == 304


def test_a_new_style_shows_in_the_next_answer_and_in_no_other_feed(
    stack: Stack, token: Token, calendar: Document
) -> None:
    feed, other = (create_feed(stack, token, calendar) for _ in range(2))
    known = [stack.feed(one).headers["etag"] for one in (calendar, feed, other)]

    update(stack, token, calendar, feed, reminders="events")

    polled = [
        stack.feed(one, headers={"if-none-match": etag}).status
        for one, etag in zip((calendar, feed, other), known, strict=True)
    ]
    assert polled == [304, 200, 304]
    assert len(events(stack.feed(feed))) == 5


@pytest.mark.parametrize("field", DEFAULT)
def test_every_new_style_is_a_later_revision_of_the_events_also_the_way_back(
    stack: Stack, token: Token, calendar: Document, clock: Clock, field: str
) -> None:
    clock.passes(60)
    feed = create_feed(stack, token, calendar)
    revisions, etags = [_revision(stack, feed)], [stack.feed(feed).headers["etag"]]

    for value in (OTHER[field], "", OTHER[field], DEFAULT[field]):
        clock.passes(-7)
        update(stack, token, calendar, feed, **{field: value})
        revisions.append(_revision(stack, feed))
        etags.append(stack.feed(feed).headers["etag"])

    sequences, modified = zip(*revisions, strict=True)
    assert sequences == tuple(range(sequences[0], sequences[0] + 5))
    assert sorted({*modified}) == list(modified)
    assert len({*etags}) == 5


# --- reset ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_reset_ends_the_old_address_and_the_new_one_serves_the_same(
    stack: Stack, token: Token, calendar: Document, which: int
) -> None:
    for _ in range(2):
        create_feed(stack, token, calendar)
    for feed in feeds(stack, token, calendar):
        update(stack, token, calendar, feed, **LABELLED)
    before = feeds(stack, token, calendar)
    known = [stack.feed(feed) for feed in before]

    answer = ask(stack, "reset_feed", token, calendar, before[which])

    after = feeds(stack, token, calendar)
    assert answer.status == 200
    assert answer.json == after[which]
    assert secret_of(after[which]) != secret_of(before[which])
    assert [_with_id(feed) for feed in after] == [_with_id(feed) for feed in before]
    assert error(stack.feed(before[which])) == GONE
    assert [stack.feed(feed).body for feed in after] == [feed.body for feed in known]
    assert [feed for feed in after if feed in before] == [
        feed for feed in before if feed != before[which]
    ]


def test_a_reset_of_the_first_feed_is_a_new_address_of_the_calendar(
    stack: Stack, token: Token, calendar: Document
) -> None:
    first = _first(stack, token, calendar)

    again = reset(stack, token, calendar, first)

    moved = {**calendar, "ics_path": again["ics_path"]}
    assert secret_of(again) != secret_of(calendar)
    assert calendars(stack, token) == [moved]
    assert _location(stack, token, calendar) == again["ics_path"]
    assert add(stack, token, calendar, "") == moved
    assert error(stack.feed(calendar)) == GONE


def test_who_knows_the_old_address_gets_nothing_more_from_it(
    stack: Stack, token: Token, calendar: Document
) -> None:
    known = stack.feed(calendar)
    reset(stack, token, calendar, _first(stack, token, calendar))

    for etag in (known.headers["etag"], "*"):
        assert error(stack.feed(calendar, headers={"if-none-match": etag})) == GONE


def test_a_reset_and_a_new_style_do_not_set_the_revision_back(
    stack: Stack, token: Token, calendar: Document
) -> None:
    feed = create_feed(stack, token, calendar)
    feed = update(stack, token, calendar, feed, reminders="both")
    before = _revision(stack, feed)

    feed = reset(stack, token, calendar, feed)
    moved = _revision(stack, feed)
    feed = update(stack, token, calendar, feed, reminders="none")

    assert moved == before
    assert _revision(stack, feed)[0] == before[0] + 1


# --- deleted --------------------------------------------------------------------------------------


def test_a_deleted_feed_is_gone_at_once_and_the_others_stay(
    stack: Stack, token: Token, calendar: Document
) -> None:
    doomed, kept = (create_feed(stack, token, calendar, label=label) for label in "ab")
    known = {"if-none-match": stack.feed(doomed).headers["etag"]}
    first = _first(stack, token, calendar)

    end(stack, token, calendar, doomed)

    assert error(stack.feed(doomed)) == error(stack.feed(doomed, headers=known)) == GONE
    assert feeds(stack, token, calendar) == [first, kept]
    assert {stack.feed(one).status for one in (calendar, kept)} == {200}


def test_the_first_feed_is_not_deleted(stack: Stack, token: Token, calendar: Document) -> None:
    create_feed(stack, token, calendar)
    before = stack.dump()

    answer = ask(stack, "delete_feed", token, calendar, _first(stack, token, calendar))

    assert error(answer) == (409, "conflict")
    assert stack.dump() == before
    assert stack.feed(calendar).status == 200


@pytest.mark.parametrize("ending", [end, reset], ids=["deleted", "reset"])
def test_an_address_that_has_ended_is_410_for_90_days_and_404_ever_after(
    stack: Stack, token: Token, calendar: Document, clock: Clock, ending: Callable[..., object]
) -> None:
    feed = create_feed(stack, token, calendar)
    ending(stack, token, calendar, feed)

    clock.passes(90 * DAY)
    nearly_over = stack.feed(feed)
    clock.passes(1)
    over = stack.feed(feed)

    assert (error(nearly_over), error(over)) == (GONE, NOT_FOUND)


@pytest.mark.parametrize("ending", [end, reset], ids=["deleted", "reset"])
def test_nothing_is_left_of_an_address_but_when_it_ended(
    stack: Stack, token: Token, calendar: Document, ending: Callable[..., object]
) -> None:
    feed = create_feed(stack, token, calendar, **LABELLED)

    ending(stack, token, calendar, feed)

    left = stack.store.table.get(keys.feed_head(secret_of(feed))) or {}
    assert left.keys() == {"pk", "sk", "deleted", "ttl"}


@pytest.mark.parametrize("operation", OF_A_FEED)
def test_a_deleted_feed_is_not_found(
    stack: Stack, token: Token, calendar: Document, operation: str
) -> None:
    feed = create_feed(stack, token, calendar)
    end(stack, token, calendar, feed)
    before = stack.dump()

    answer = ask(stack, operation, token, calendar, feed, **_body(operation))

    assert error(answer) == NOT_FOUND
    assert stack.dump() == before


@pytest.mark.parametrize("operation", OF_A_FEED)
@pytest.mark.parametrize("which", [0, 1], ids=["its first", "a further one"])
def test_the_feed_of_another_calendar_is_not_found(
    stack: Stack, token: Token, calendar: Document, operation: str, which: int
) -> None:
    other = create(stack, token, "Other")
    create_feed(stack, token, other)
    feed = feeds(stack, token, other)[which]
    before = stack.dump()

    answer = ask(stack, operation, token, calendar, feed, **_body(operation))

    assert error(answer) == NOT_FOUND
    assert stack.dump() == before


def test_with_its_calendar_all_feeds_of_it_end(
    stack: Stack, user: str, token: Token, calendar: Document
) -> None:
    kept = create(stack, token, "Kept")
    made = [create_feed(stack, token, calendar, reminders=style) for style in REMINDERS]
    create_feed(stack, token, kept)

    delete(stack, token, calendar)

    head = stack.store.table.get(keys.owner_head(owner(user))) or {}
    assert {error(stack.feed(feed)) for feed in (calendar, *made)} == {GONE}
    assert error(ask(stack, "list_feeds", token, calendar)) == NOT_FOUND
    assert error(ask(stack, "create_feed", token, calendar)) == NOT_FOUND
    assert (head["calendars"], head["feeds"]) == (1, 2)
    assert {stack.feed(feed).status for feed in feeds(stack, token, kept)} == {200}


def test_a_calendar_of_the_same_name_gets_none_of_the_feeds(
    stack: Stack, token: Token, calendar: Document
) -> None:
    feed = create_feed(stack, token, calendar)
    delete(stack, token, calendar)

    again = create(stack, token)

    (first,) = feeds(stack, token, again)
    assert first["ics_path"] == again["ics_path"]
    assert first["id"] != feed["id"]
    assert error(stack.feed(feed)) == GONE


# --- what they serve ------------------------------------------------------------------------------


@pytest.mark.parametrize("reminders", REMINDERS)
@pytest.mark.parametrize("detail", DETAILS)
def test_a_feed_of_every_style_is_served(
    stack: Stack, token: Token, calendar: Document, reminders: str, detail: str
) -> None:
    feed = create_feed(stack, token, calendar, reminders=reminders, detail=detail)

    served = stack.feed(feed)

    told = events(served)
    number = {"alarms": (1, 5), "events": (5, 0), "both": (5, 5), "none": (1, 0)}[reminders]
    title = "A mytoken expires" if detail == "minimal" else "nightly: mytoken expires"
    assert (len(told), sum(len(event.walk("VALARM")) for event in told)) == number
    assert title in summaries(served)
    assert len({event["uid"] for event in told}) == len(told)
    assert ("mind it" in served.text) == (detail == "full")
    assert served.text.count("For the release") == (2 if detail == "full" else 0)


def test_the_days_that_a_user_has_chosen_hold_as_they_are(
    stack: Stack, user: str, token: Token, calendar: Document
) -> None:
    feed = create_feed(stack, token, calendar, days=[39, 30, 2, 365])

    (event,) = events(stack.feed(feed))

    days = [alarm["trigger"].dt / timedelta(days=1) for alarm in event.walk("VALARM")]
    assert days == [-39, -30, -2]


def test_a_feed_of_least_detail_tells_nothing_of_calendar_and_tokens(
    stack: Stack, token: Token, calendar: Document
) -> None:
    feed = create_feed(stack, token, calendar, label="The wall", reminders="both", detail="minimal")

    served = stack.feed(feed)

    told = unquote(f"{feed['ics_path']} {dict(served.headers)} {served.text}").replace("\r\n ", "")
    secrets = [calendar["name"], "For the release", "mind it", "nightly", "The wall"]
    assert not [secret for secret in (*secrets, token.mom_id[:8]) if secret in told]
    assert feed["ics_path"].endswith("/Mytokens.ics")
    assert "\r\nNAME:Mytokens\r\n" in served.text
    assert "\r\nX-WR-CALNAME:Mytokens\r\n" in served.text
    assert 'filename="Mytokens.ics"' in served.headers["content-disposition"]


def test_the_detail_of_the_first_feed_is_none_of_the_calendar_object(
    stack: Stack, token: Token, calendar: Document
) -> None:
    first = _first(stack, token, calendar)

    changed = update(stack, token, calendar, first, detail="minimal")

    assert changed["ics_path"].endswith("/Mytokens.ics")
    assert calendars(stack, token) == [calendar]
    assert secret_of(changed) == secret_of(calendar)


def test_after_every_change_of_a_calendar_and_its_feeds_the_second_poll_is_unchanged(
    stack: Stack, user: str, token: Token, calendar: Document
) -> None:
    other = stack.mint(user=user)
    first, second = _first(stack, token, calendar), create_feed(stack, token, calendar)
    changes: list[Callable[[], object]] = [
        lambda: add(stack, token, calendar, other.mom_id),
        lambda: ask(stack, "update_calendar", token, calendar, json={"description": "New"}),
        lambda: create_feed(stack, token, calendar),
        lambda: update(stack, token, calendar, second, detail="name"),
        lambda: reset(stack, token, calendar, second),
        lambda: end(stack, token, calendar, second),
        lambda: stack.revoke(other),
    ]

    for change in changes:
        change()
        etag = stack.feed(first).headers["etag"]
        assert stack.feed(first, headers={"if-none-match": etag}).status == 304


def test_every_change_of_the_calendar_shows_in_every_feed_of_it(
    stack: Stack, user: str, token: Token, calendar: Document
) -> None:
    other, path = stack.mint(user=user, name="other"), {"calendar": calendar["id"]}
    for wish in ({"reminders": "events", "days": [0]}, {"detail": "name", "reminders": "none"}):
        create_feed(stack, token, calendar, **wish)
    three = feeds(stack, token, calendar)
    changes: list[tuple[Callable[[], object], str, list[str]]] = [
        (lambda: add(stack, token, calendar, other.mom_id), NAME, ["nightly", "other"]),
        (
            lambda: stack.invoke("remove_token", token, path=path, json={"mom_id": other.mom_id}),
            NAME,
            ["nightly"],
        ),
        (
            lambda: stack.invoke("update_calendar", token, path=path, json={"name": "New"}),
            "New",
            ["nightly"],
        ),
        (lambda: stack.revoke(token), "New", []),
    ]
    shown = [stack.feed(feed) for feed in three]

    for change, name, tokens in changes:
        change()
        known = [{"if-none-match": feed.headers["etag"]} for feed in shown]
        shown = [stack.feed(f, headers=etag) for f, etag in zip(three, known, strict=True)]
        assert [_title(feed) for feed in shown] == [name] * 3
        assert [summaries(f) for f in shown] == [[f"{t}: mytoken expires" for t in tokens]] * 3


@pytest.mark.parametrize("detail", DETAILS)
def test_an_unchanged_feed_of_another_style_is_304_by_two_reads_without_s3(
    stack: Stack, token: Token, calendar: Document, detail: str
) -> None:
    feed = create_feed(stack, token, calendar, reminders="both", days=[9], detail=detail)
    etag = stack.feed(feed).headers["etag"]
    client = stack.door("get_feed", "store").table.client

    with watched(client) as reads, watched(s3(stack)) as cached, _requests(client) as asked:
        unchanged = stack.feed(feed, headers={"if-none-match": etag})

    ((table,),) = [request["RequestItems"].values() for request in asked]
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert (reads, cached, len(table["Keys"])) == (["BatchGetItem"], [], 2)


# --- who may --------------------------------------------------------------------------------------

WEAK = {  # what a token with `tokeninfo:notify` alone is answered
    "list_calendars": 403,
    "create_calendar": 403,
    "get_calendar": 403,
    "update_calendar": 403,
    "list_feeds": 403,
    "create_feed": 403,
    "update_feed": 403,
    "reset_feed": 403,
    "delete_feed": 403,
    "add_token": 200,
    "remove_token": 204,
    "delete_calendar": 403,
}


@pytest.mark.found("A5")
@pytest.mark.parametrize("operation", WEAK)
@pytest.mark.parametrize("rotates", [False, True], ids=["plain", "rotating"])
def test_the_holder_of_its_own_token_is_told_no_address(
    stack: Stack, user: str, token: Token, calendar: Document, operation: str, *, rotates: bool
) -> None:
    rotation = {"rotation": {"on_other": True}} if rotates else {}
    weak = stack.mint("tokeninfo:notify", user=user, **rotation)
    secrets = [secret_of(calendar), secret_of(create_feed(stack, token, calendar))]
    feed = feeds(stack, token, calendar)[1]
    path = {"calendar": calendar["name"], "feed": feed["id"]}
    body = {"mom_id": ""} if operation in ("add_token", "remove_token") else {"label": "x"}
    body = {"name": "x"} if operation in ("create_calendar", "update_calendar") else body

    answer = stack.invoke(operation, weak, path=path, json=body)

    expected = WEAK[operation]
    assert answer.status == (200 if expected == 204 and rotates else expected)
    told = f"{dict(answer.headers)} {answer.text}"
    assert "ics_path" not in told
    assert not [secret for secret in secrets if secret in told]


@pytest.mark.parametrize("operation", ["create_feed", *OF_A_FEED])
def test_who_may_only_read_sees_the_feeds_and_changes_none(
    stack: Stack, user: str, token: Token, calendar: Document, operation: str
) -> None:
    create_feed(stack, token, calendar)
    reader, listed = (
        stack.mint("read@manage_mytokens:notify", user=user),
        feeds(stack, token, calendar),
    )
    before = stack.dump()
    feed = None if operation == "create_feed" else listed[1]

    answer = ask(stack, operation, reader, calendar, feed, **_body(operation))

    assert error(answer) == (403, "insufficient_capabilities")
    assert stack.dump() == before
    assert feeds(stack, reader, calendar) == listed


@pytest.mark.parametrize("operation", ["list_feeds", "create_feed", *OF_A_FEED])
def test_for_somebody_else_the_calendar_does_not_exist(
    stack: Stack, token: Token, calendar: Document, operation: str
) -> None:
    stranger = stack.mint()
    feed = create_feed(stack, token, calendar) if operation in OF_A_FEED else None
    before = stack.dump()

    answer = ask(stack, operation, stranger, {"name": calendar["id"]}, feed, **_body(operation))

    assert error(answer) == NOT_FOUND
    assert "calendar" in answer.json["error_description"]
    assert stack.dump() == before


def _body(operation: str) -> dict[str, Any]:
    return {"json": {"label": "x"}} if operation == "update_feed" else {}


def _first(stack: Stack, token: Token, calendar: Document) -> Document:
    return feeds(stack, token, calendar)[0]


def _without_address(feed: Document) -> Document:
    return {name: value for name, value in feed.items() if name not in ("id", "ics_path")}


def _with_id(feed: Document) -> Document:
    return {**_without_address(feed), "id": feed["id"]}


def _location(stack: Stack, token: Token, calendar: Document) -> str:
    answer = ask(stack, "get_calendar", token, calendar)
    assert answer.status == 302
    return answer.headers["location"]


def _revision(stack: Stack, feed: Document) -> tuple[int, Any]:
    """The SEQUENCE and the LAST-MODIFIED of the feed's events, which are the same."""
    revisions = {
        (event["sequence"], event["last-modified"].dt) for event in events(stack.feed(feed))
    }
    ((sequence, modified),) = revisions
    return sequence, modified


def _title(feed: Answer) -> str:
    (line,) = [line for line in feed.text.splitlines() if line.startswith("NAME:")]
    return line.removeprefix("NAME:")


@contextmanager
def _requests(client: Any) -> Iterator[list[Any]]:
    """The parameters of the calls that a client makes meanwhile."""
    asked: list[Any] = []

    def note(params: Any, **_: Any) -> None:
        asked.append(params)

    client.meta.events.register("before-parameter-build.dynamodb", note)
    try:
        yield asked
    finally:
        client.meta.events.unregister("before-parameter-build.dynamodb", note)
