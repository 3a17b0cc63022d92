"""A load of polls is answered as it should be; and whatever is answered otherwise is an error."""

import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from tests.harness.invariants import violations
from tests.harness.server import PATIENCE, ServedStack, Server
from tests.harness.stacks import Answer, Token
from tests.harness.tally import Tally
from tests.load import clients
from tests.load.__main__ import main
from tests.load.clients import Client, Heavy
from tests.load.feeds import Feed, Feeds, Wrong
from tests.load.report import MB, Memory, Report, percentile
from tests.load.run import Plan
from tests.load.run import run as load

_REQUEST = re.compile(r"\d{3} [A-Z]+ /")

STATUSES = {
    "unchanged": "304",
    "text": "200",
    "deleted": "410",
    "list": "200",
    "long list": "200",
    "add": "200",
    "create": "201",
    "delete": "204",
}

SHORT = Plan(seconds=3, connections=4, feeds=20, calendars=20, tokens=100)


@dataclass(frozen=True)
class Run:
    plan: Plan
    report: Report
    logged: Counter[str]  # by the server: how many requests, by their status


@pytest.fixture(scope="module")
def run(server: Server, *, deep: bool) -> Run:
    plan = Plan() if deep else SHORT
    assert server.url
    before = len(server.printed)
    report = load(server, plan)
    requests = _first_reads(plan).total() + report.answered
    return Run(plan, report, _logged(server, before, requests))


def test_a_load_is_answered_without_an_error_and_leaves_sound_tables(
    run: Run, served: ServedStack, tally: Tally
) -> None:
    report = run.report

    tally.add("load: requests answered", report.answered + report.wrong, report.wrong)
    assert report.errors == {}
    assert violations(served.dump()) == []


def test_the_report_says_what_the_server_has_logged(run: Run) -> None:
    expected = Counter(_first_reads(run.plan))
    for came, seconds in run.report.seconds_of.items():
        expected[STATUSES[came.rpartition(", ")[2]]] += len(seconds)

    assert run.logged == expected


def test_the_report_adds_up(run: Run) -> None:
    report, plan = run.report, run.plan
    rows = {line[:24].strip(): line[24:].split() for line in report.lines()}
    requests = {came: int(rows[came][0].replace(",", "")) for came in [*report.seconds_of, "all"]}
    everything = [second for seconds in report.seconds_of.values() for second in seconds]

    assert requests["all"] == sum(requests.values()) / 2 == report.answered == len(everything)
    assert sum(everything) <= plan.connections * report.seconds
    assert requests["feed, unchanged"] > 0
    for came in requests:
        assert all(less <= more for less, more in pairwise(map(_number, rows[came][1:5])))
    for memory in report.memory.values():
        assert min(memory.resident) > 10 * MB
        assert memory.seconds == sorted(memory.seconds)


def test_a_percentile_is_one_of_the_values_which_that_share_does_not_exceed() -> None:
    values = [float(value) for value in range(1, 101)]

    assert [percentile(values, share) for share in (0.5, 0.9, 0.99, 1)] == [50, 90, 99, 100]
    assert percentile([7], 0.5) == percentile([7], 1) == 7


def test_the_memorys_slope_is_that_of_the_second_half() -> None:
    memory = Memory()
    for second in range(20):
        memory.add(second, 100 * MB if second < 10 else 100 * MB + second * 5)

    assert memory.slope == pytest.approx(5)


def test_a_load_that_is_answered_wrongly_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Counter[int]()
    asked = clients.asked

    def never_unchanged(connection: HTTPConnection, *request: Any) -> Answer:
        answer = asked(connection, *request)
        told[answer.status] += 1
        return Answer(503, {}, b"") if answer.status == 304 else answer

    monkeypatch.setattr(clients, "asked", never_unchanged)

    with pytest.raises(SystemExit) as ended:
        main(["--seconds=1", "--connections=1", "--feeds=5", "--calendars=5", "--tokens=10"])

    assert ended.value.code == 1
    assert told[304] > 0
    assert f"{told[304]} times: a feed is 503\n" in capsys.readouterr().out


def _first_reads(plan: Plan) -> Counter[str]:
    """Those of all feeds, which the report leaves out."""
    return Counter({"200": plan.feeds + len(("hot", "large"))})


def _logged(server: Server, before: int, number: int) -> Counter[str]:
    """The statuses of the requests since then, once so many are there, or after a while."""
    for _ in range(PATIENCE * 10):
        lines = [line for line in server.printed[before:] if _REQUEST.match(line)]
        if len(lines) >= number:
            break
        time.sleep(0.1)
    return Counter(line[:3] for line in lines)


def _number(cell: str) -> float:
    return float(cell.replace(",", ""))


# --- what is asked --------------------------------------------------------------------------------


def test_of_the_requests_95_percent_are_polls_and_the_others_of_the_api_as_people_use_it() -> None:
    some = client(share_of_api=0.05)

    acts = Counter(some._next().__name__ for _ in range(100_000))

    shares = {"_poll": 0.95, "_list": 0.03, "_add": 0.0125, "_create": 0.005, "_delete": 0.0025}
    assert {act: n / 100_000 for act, n in acts.items()} == pytest.approx(shares, rel=0.1)


def test_a_third_of_the_polls_is_of_the_hot_feed_and_nine_tenths_know_what_they_had() -> None:
    labels = ("hot", "large", "one", "other")
    hot, large, *others = (Feed(f"/{label}", label) for label in labels)
    some = client(feeds=Feeds(hot, large, others))
    asked = Counter[str]()

    def answer(_: str, path: str, headers: Mapping[str, str]) -> Answer:
        asked.update([path, *(headers.keys() & {"If-None-Match"})])
        return unchanged() if "If-None-Match" in headers else text(0)

    some._ask = answer  # type: ignore[method-assign]
    for _ in range(10_000):
        some._poll()

    assert asked["/hot"] / 10_000 == pytest.approx(1 / 3, rel=0.05)
    assert asked["/large"] / 10_000 == pytest.approx(0.02, rel=0.2)
    assert asked["/one"] == pytest.approx(asked["/other"], rel=0.1)
    assert asked["If-None-Match"] / 10_000 == pytest.approx(0.9, rel=0.02)


def client(**changed: Any) -> Client:
    """One that has two tokens to add, and asks nobody until it is told whom."""
    arguments = {
        "address": "localhost",
        "token": Token("bearer", "mom_id"),
        "mom_ids": ["a", "b"],
        "feeds": Feeds(Feed(""), Feed(""), []),
        "heavy": Heavy(Token("bearer", "mom_id"), {}),
        "share_of_api": 1,
        "chance": Random(1),
    }
    return Client(**{**arguments, **changed})


# --- what is wrong with a poll --------------------------------------------------------------------


def text(events: int, etag: str = '"a"', *, coding: int = 9, ending: str = "END") -> Answer:
    lines = ["BEGIN:VCALENDAR", *["BEGIN:VEVENT", "END:VEVENT"] * events, f"{ending}:VCALENDAR", ""]
    body = gzip.compress("\r\n".join(lines).encode(), coding, mtime=0)
    return Answer(200, {"etag": etag, "content-encoding": "gzip"}, body)


def unchanged(etag: str = '"a"', body: bytes = b"") -> Answer:
    return Answer(304, {"etag": etag}, body)


def feed(**changed: Any) -> Feed:
    """With a token, whose text its clients have read."""
    feed = Feed("/calendars/feed", added=1, adding=1)
    feed.poll(lambda *_: text(1), conditional=False)
    for name, value in changed.items():
        setattr(feed, name, value)
    return feed


@pytest.mark.parametrize(
    ("feed", "answer", "came"),
    [
        (feed(), unchanged(), "feed, unchanged"),
        (feed(), text(1), "feed, text"),
        (feed(adding=2), text(1), "feed, text"),
        (feed(adding=2), text(2, '"b"'), "feed, text"),
        (feed(adding=2, added=2), text(2, '"b"'), "feed, text"),
        (feed(deleting=True), unchanged(), "feed, unchanged"),
        (feed(deleting=True), Answer(410, {}, b"{}"), "feed, deleted"),
        (feed(deleting=True, deleted=True), Answer(410, {}, b"{}"), "feed, deleted"),
    ],
)
def test_a_poll_may_be_answered_with_whatever_is_so(feed: Feed, answer: Answer, came: str) -> None:
    assert feed.poll(lambda *_: answer, conditional=True) == came


@pytest.mark.parametrize(
    ("feed", "answer", "why"),
    [
        (feed(), Answer(500, {}, b"{}"), "a feed is 500"),
        (feed(), Answer(404, {}, b"{}"), "a feed is 404"),
        (feed(), Answer(410, {}, b"{}"), "410 that nobody has deleted"),
        (feed(), unchanged('"b"'), "not of what the client has"),
        (feed(), unchanged(body=b"x"), "has a body"),
        (feed(), text(1, coding=1), "an etag has two texts"),
        (feed(), text(0, '"b"'), "lacks a token"),
        (feed(), text(2, '"b"'), "nobody has added"),
        (feed(), text(1, '"b"', ending="BEGIN"), "not whole"),
        (feed(), Answer(200, text(1, '"b"').headers, text(1).body[:-9]), "damaged"),
        (feed(), Answer(200, text(1, '"b"').headers, b"BEGIN:VCALENDAR"), "damaged"),
        (feed(adding=2, added=2), unchanged(), "lacks a token"),
        (feed(adding=2, added=2), text(1), "lacks a token"),
        (feed(deleting=True, deleted=True), unchanged(), "was deleted is 304"),
        (feed(deleting=True, deleted=True), text(1), "was deleted is 200"),
    ],
)
def test_a_poll_that_is_answered_otherwise_is_wrong(feed: Feed, answer: Answer, why: str) -> None:
    with pytest.raises(Wrong, match=why):
        feed.poll(lambda *_: answer, conditional=True)


# --- what is wrong with an answer of the API ------------------------------------------------------


def calendar(*tokens: str, name: str = "Calendar 1", path: str = "/calendars/1") -> dict[str, Any]:
    document = {"name": name, "ics_path": f"http://localhost{path}"}
    return {**document, "subscribed_tokens": list(tokens)} if tokens else document


CREATED, ADDED = (201, calendar()), (200, calendar("a"))
DELETED = (204, None)


def listed(*calendars: Mapping[str, Any]) -> tuple[int, Any]:
    return 200, {"calendars": calendars}


@pytest.mark.parametrize(
    ("acts", "answers", "errors"),
    [
        ("create list", [CREATED, listed(calendar())], {}),
        ("create add list", [CREATED, ADDED, listed(calendar("a"))], {}),
        ("create add delete list", [CREATED, ADDED, DELETED, listed()], {}),
        ("list", [listed(calendar())], {"a list is wrong": 1}),
        ("list", [(503, {})], {"GET is 503 instead of 200": 1}),
        ("create list", [CREATED, listed()], {"a list is wrong": 1}),
        ("create list", [CREATED, listed(calendar("a"))], {"a list is wrong": 1}),
        ("create list", [CREATED, listed(calendar(path="/2"))], {"a list is wrong": 1}),
        ("create add list", [CREATED, ADDED, listed(calendar())], {"a list is wrong": 1}),
        ("create", [(200, calendar())], {"POST is 200 instead of 201": 1}),
        ("create", [(201, calendar("a"))], {"a new calendar is wrong": 1}),
        ("create", [(201, calendar(name="other"))], {"a new calendar is wrong": 1}),
        ("create add", [CREATED, (200, calendar())], {"an addition is wrong": 1}),
        ("create add", [CREATED, (200, calendar("a", "b"))], {"an addition is wrong": 1}),
        ("create delete", [CREATED, (409, {})], {"DELETE is 409 instead of 204": 1}),
    ],
)
def test_an_answer_of_the_api_that_is_not_what_was_done_is_an_error(
    monkeypatch: pytest.MonkeyPatch, acts: str, answers: list[Any], errors: dict[str, int]
) -> None:
    left = iter(answers)

    def asked(*_: Any) -> Answer:
        status, document = next(left)
        return Answer(status, {}, b"" if document is None else json.dumps(document).encode())

    monkeypatch.setattr(clients, "asked", asked)
    one = client()

    for act in acts.split():
        one._do(getattr(one, f"_{act}"), due=0)

    assert one.measured.errors == errors
    assert one.measured.answered == len(answers) - len(errors)
