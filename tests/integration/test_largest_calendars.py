"""Calendars as heavy as they may be: what was accepted can be listed, built, and sent as it is."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from unittest import mock
from uuid import UUID, uuid4

import pytest

from local.handlers import Context
from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import items, keys
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Address, Calendar
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.feeds import feed
from mytoken_calendars.feeds.style import Detail, Reminders, Style
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.harness.stacks import DAY, PUBLIC_URL, Answer, Stack, Token, sample_event
from tests.harness.stage import forget_feeds
from tests.harness.steps import Document, add, calendars, owner, secret_of, subscriptions

pytestmark = pytest.mark.usefixtures("emptied")

LAMBDA = 6 * 1024 * 1024  # bytes of an answer
ITEM = 400 * 1024  # bytes of an item of DynamoDB
LINK = f"https://{'x' * (limits.RENEWAL_PAGE - 8)}"
# The costliest style: seven events a token, six of them reminders, and as many alarms.
COSTLIEST = Style(Reminders.BOTH, (365, 364, 363, 362, 361, 360), Detail.FULL, changes=999)
TEXTS = {
    "short names": ("x", ""),
    "backslashes": ("\\" * limits.TOKEN_NAME, "\\" * limits.COMMENT),
    "cats": ("\N{CAT FACE}" * limits.TOKEN_NAME, "\N{CAT FACE}" * limits.COMMENT),
    "lines": ("x", "\n" * limits.COMMENT),
    "ideographs": ("\u65e5" * limits.TOKEN_NAME, ""),
}


@pytest.fixture
def token(stack: Stack, user: str) -> Token:
    return stack.mint(user=user, name="mine", expires_in=400 * DAY)


@pytest.fixture(params=TEXTS)
def full(request: pytest.FixtureRequest, stack: Stack, user: str) -> Document:
    """A calendar to which no token like its others can be added."""
    name, comment = TEXTS[request.param]
    calendar = Calendar(
        str(uuid4()), owner(user), name * 9 if name == "x" else "y", (Address.new(),)
    )
    left, tokens = limits.CALENDAR_WEIGHT - weight.of_calendar(calendar.name, "", 0), []
    for one in _tokens(name, comment):
        left -= one.weight
        if left < 0:
            break
        tokens.append(one)
    table, change = stack.store.table, Change.new(int(time.time()))
    table.commit(change, *items.new_calendar(table, calendar, tokens, change))
    shown = replace(calendar, subscribed_tokens=tuple(one.mom_id for one in tokens))
    return shown.document(PUBLIC_URL)


@pytest.mark.found("A3")
def test_a_full_calendar_is_listed_built_in_every_style_and_sent_without_compression(
    stack: Stack, token: Token, full: Document
) -> None:
    number = len(full["subscribed_tokens"])

    listed = calendars(stack, token)
    plain = _polled(stack, full)
    with mock.patch.object(feed.Feed, "writer", _costliest()), stack.entered():
        stack.restart("get_feed")
        forget_feeds(stack)
        costly = _polled(stack, full)

    assert listed == [full]
    assert plain.text.count("BEGIN:VEVENT") == number
    assert costly.text.count("BEGIN:VEVENT") == 7 * number
    assert costly.text.count("BEGIN:VALARM") == 6 * number
    assert max(_sent(answer) for answer in (plain, costly)) < LAMBDA
    assert len(json.dumps(_item(stack, full), ensure_ascii=False).encode()) < ITEM


def test_what_does_not_fit_is_refused_with_both_numbers_and_changes_nothing(
    stack: Stack, user: str, token: Token, full: Document
) -> None:
    limited = stack.mint(
        user=user, expires_in=400 * DAY, restrictions=[{"usages_other": 1}], name="x" * 100
    )
    before = stack.dump()
    path = {"calendar": full["id"]}

    fields = {"mom_id": "", "comment": "\N{CAT FACE}" * limits.COMMENT}
    refused = stack.invoke("add_token", limited, path=path, json=fields)

    after, told = stack.dump(), refused.json["error_description"]
    assert (refused.status, refused.json["error"]) == (400, "invalid_request")
    assert "at most 180,000" in told
    assert f"of the {len(full['subscribed_tokens']):,} mytokens" in told
    assert after == before


def test_who_may_not_read_the_calendar_is_not_told_how_full_it_is(stack: Stack, user: str) -> None:
    keeper = stack.mint(user=user)
    weak = stack.mint("tokeninfo:notify", user=user)
    calendar = add(stack, keeper, stack.invoke("create_calendar", keeper).json, "")
    path = {"calendar": calendar["id"]}

    with mock.patch.object(limits, "CALENDAR_WEIGHT", _weight(stack, calendar) + 1):
        refused = stack.invoke("add_token", weak, path=path, json={"mom_id": ""})

    told = refused.json["error_description"]
    assert refused.status == 400
    assert "mytokens in it" not in told
    assert f"{_weight(stack, calendar):,}" not in told


def test_a_comment_that_does_not_fit_is_refused_and_a_shorter_one_is_not(
    stack: Stack, token: Token
) -> None:
    calendar = stack.invoke("create_calendar", token).json
    add(stack, token, calendar, "", comment="x" * 400)
    (known,) = subscriptions(stack, calendar).values()
    heavy = limits.CALENDAR_WEIGHT - 100

    with mock.patch.object(limits, "CALENDAR_WEIGHT", _weight(stack, calendar) + 100):
        path = {"calendar": calendar["name"]}
        fields = {"mom_id": "", "comment": "x" * 1024}
        refused = stack.invoke("add_token", token, path=path, json=fields)
        shorter = add(stack, token, calendar, "", comment="x")

    (left,) = subscriptions(stack, calendar).values()
    assert refused.status == 400
    assert shorter["subscribed_tokens"] == [token.mom_id]
    assert left.weight < known.weight < heavy
    assert _weight(stack, calendar) == left.weight + weight.of_calendar(calendar["name"], "", 0)


def _tokens(name: str, comment: str) -> Iterator[Subscription]:
    now = int(time.time())
    for number in count(1):
        token = TokenRecord(mom_id_of(UUID(int=number)), name, now, now + 399 * DAY)
        yield Subscription.of(token, comment, added=now * 1000 + number)


def _costliest() -> property:
    plain = feed.Feed.writer.fget  # type: ignore[attr-defined]
    return property(lambda self: plain(self)._replace(style=COSTLIEST))


def test_the_page_of_a_full_calendar_is_sent_without_compression(
    stack: Stack, full: Document
) -> None:
    page = stack.page(full)

    assert page.status == 200
    assert page.text.count('<li id="e') == len(full["subscribed_tokens"])
    assert _as_sent(stack, full) < LAMBDA


def _as_sent(stack: Stack, calendar: Document) -> int:
    """The bytes of a page as Lambda counts them: in JSON, with the headers."""
    event = sample_event("view_calendar")
    event["pathParameters"] = {"secret": secret_of(calendar)}
    event["headers"].pop("accept-encoding")
    answer = stack.handlers["view_calendar"](event, Context())
    return len(json.dumps(answer, ensure_ascii=False).encode())


def _polled(stack: Stack, document: Document) -> Answer:
    event = sample_event("get_feed")
    event["pathParameters"] = {"secret": document["ics_path"].split("/")[4]}
    answer = stack.told(RENEWAL_PAGE=LINK).send("get_feed", event)
    assert answer.status == 200, answer.text
    return answer


def _sent(answer: Answer) -> int:
    return len(json.dumps({"headers": dict(answer.headers), "body": answer.text}))


def _item(stack: Stack, document: Document) -> dict[str, dict[str, str]]:
    key = keys.calendar(document["id"])
    (found,) = [row for row in stack.dump()[stack.store.table.name] if row["pk"]["S"] == key["pk"]]
    return found


def _weight(stack: Stack, document: Document) -> int:
    return int((stack.store.table.get(keys.calendar(document["id"])) or {})["weight"])
