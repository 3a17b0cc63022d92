"""`make e2e` itself: what it takes for wrong, what it leaves behind, and what it hands back."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import pytest
from werkzeug.wrappers import Request, Response

from tests.e2e.__main__ import main
from tests.e2e.report import Report
from tests.harness.canaries import CANARIES
from tests.harness.deployment import ENDINGS, Deployment, NotUsable
from tests.harness.fronts import Change, Front, serving
from tests.harness.server import PATIENCE, ROOT, Client, ServedStack, Server
from tests.harness.stacks import Token
from tests.harness.token_uses import EVERYTHING, REVOKED_WHEN_REPLAYED, successor

MIB = 1024 * 1024
FLOOD = count()
GONE = "ok       the calendars that were made are gone"


@dataclass(frozen=True)
class Run:
    """A run of the command that has ended."""

    status: int
    printed: str

    @property
    def lines(self) -> list[str]:
        return self.printed.splitlines()

    def checks(self, outcome: str) -> set[str]:
        """Those with this outcome, without what is said of them."""
        lines = (line.split(None, 1) for line in self.lines)
        return {line[1].partition(":")[0] for line in lines if line[0] == outcome}


@contextmanager
def started(url: str, token: Token, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command, as make starts it."""
    paths = os.pathsep.join(("layers/shared", "."))
    environment = {**os.environ, "PYTHONPATH": paths, "URL": url, "FLOOD": "20"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e", *arguments],
        cwd=ROOT,
        env={**environment, "TOKEN": token.bearer},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        yield process


def run(url: str, token: Token, *arguments: str) -> Run:
    with started(url, token, *arguments) as process:
        return ended(process)


def ended(process: subprocess.Popen[str]) -> Run:
    try:
        printed, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Run(process.returncode, printed)


@pytest.fixture
def rotating(served: ServedStack, user: str) -> Token:
    """It dies, with all that comes of it, once it is presented after its successor was made."""
    return served.mint(*EVERYTHING, user=user, rotation=REVOKED_WHEN_REPLAYED)


@pytest.fixture
def others(server: Server, served: ServedStack, user: str) -> Client:
    """What else uses calendars of the same user."""
    client = Client(server.calendars, served.mint(user=user).bearer)
    assert client("POST", json={"name": "e2e"}).status_code == 201
    return client


def test_a_gateway_as_on_aws_differs_in_what_is_documented_and_the_successor_is_handed_back(
    served: ServedStack, rotating: Token, others: Client
) -> None:
    with serving(Front(served.url, as_on_aws)) as url:
        done = run(url, rotating)

    *lines, handing_back, handed_back = done.lines
    CANARIES.plant(handed_back)
    CANARIES.look("the output of make e2e", *lines)
    assert (done.status, done.checks("FAILED")) == (0, set()), done.printed
    assert done.checks("differs") == {
        "a large body is refused (more than Lambda takes)",
        "a large body is refused (more than API Gateway takes)",
        "an answer without content arrives over http 2",  # the front speaks HTTP/1.1
        "head is get without the body (gzip)",
        "head is get without the body (text)",
        "who has no valid mytoken is told how to authenticate (an empty one)",
        "who has no valid mytoken is told how to authenticate (an unknown one)",
        "who has no valid mytoken is told how to authenticate (another scheme)",
        "who has no valid mytoken is told how to authenticate (no mytoken)",
    }
    assert "a flood is held back as documented" in done.checks("ok")
    assert handing_back == "TOKEN was rotated and is dead. Its successor, which nobody else has:"
    assert _names(Client(others.base, handed_back)) == ["e2e"]


def test_no_check_is_content_with_a_server_that_says_yes_to_everything(rotating: Token) -> None:
    with serving(Response("{}", content_type="application/json")) as url:
        done = run(url, rotating)

    assert done.status == 1
    assert done.checks("ok") == done.checks("differs") == set()
    assert len(done.checks("FAILED")) > 60


def test_what_is_wrong_is_found_and_the_calendars_are_deleted_all_the_same(
    served: ServedStack, rotating: Token, others: Client
) -> None:
    those = " or ".join(check.replace(" ", "_") for check in DEFECTS)
    with serving(Front(served.url, with_defects)) as url:
        done = run(url, rotating, "-k", those)

    assert done.status == 1
    assert {check.partition(" (")[0] for check in done.checks("FAILED")} == set(DEFECTS)
    assert GONE in done.lines
    assert _names(others) == ["e2e"]


def test_who_ends_it_in_the_middle_of_a_request_keeps_the_successor_and_no_calendars(
    served: ServedStack, rotating: Token, others: Client, *, deep: bool
) -> None:
    for ending in ENDINGS if deep else (signal.SIGTERM,):
        done = _ended_by(ending, served, rotating)

        assert (done.status, GONE in done.lines) == (1, True)
        rotating = successor(served.invoke("list_calendars", done.lines[-1]))
        assert _names(others) == ["e2e"]


def test_no_line_has_a_mytoken_or_the_address_of_a_feed(
    served: ServedStack, rotating: Token, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = Deployment(served.url, rotating.bearer)
    created = deployment.ask("create_calendar", json={"name": deployment.name()})
    report = Report(deployment)

    (seen,) = report.pytest_assertrepr_compare("==", created.json, rotating.bearer)
    report.line("FAILED", "a check", f"{seen} {created.text} {rotating.bearer[:40]}")

    printed = capsys.readouterr().out  # which the canaries look through
    assert deployment.clean_up() == []
    assert printed.startswith("FAILED   a check: expected '<mytoken>', got {'id': '")
    assert printed.count("<mytoken>") == 4
    assert printed.count("/calendars/<feed>") == 2


def test_what_a_mytoken_lacks_is_said_once_and_its_checks_are_skipped(
    served: ServedStack, user: str
) -> None:
    reader = served.mint("read@manage_mytokens:notify", user=user)

    done = run(served.url, reader, "-k", "introspected or null or 8_kb")

    lacking = "manage_mytokens:notify, tokeninfo:introspect, tokeninfo:subtokens"
    assert done.lines[1].startswith(f"TOKEN lacks {lacking}")
    assert done.status == 0
    assert done.checks("ok") == {
        "headers of 8 kb are read",
        "the calendars that were made are gone",
    }
    assert "skipped  a mytoken is introspected: needs tokeninfo:introspect" in done.lines
    assert len(done.checks("skipped")) == 2


@pytest.mark.parametrize(
    ("url", "token", "why"),
    [
        ("", "x", "needs URL"),
        ("https://stack.example", "", "needs URL, where the stack is, and TOKEN"),
        ("http://stack.example", "x", "https://"),
        ("http://localhost.example", "x", "https://"),
    ],
)
def test_what_cannot_be_checked_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, url: str, token: str, why: str
) -> None:
    monkeypatch.setenv("URL", url)
    monkeypatch.setenv("TOKEN", token)

    with pytest.raises(NotUsable, match=re.escape(why)):
        Deployment.from_environment()


@pytest.mark.parametrize("asked", ["-h", "--help"])
def test_who_asks_for_help_needs_no_stack(capsys: pytest.CaptureFixture[str], asked: str) -> None:
    assert main([asked]) == 0
    assert "URL=... TOKEN=..." in capsys.readouterr().out


def test_a_mytoken_that_cannot_serve_is_not_used(
    monkeypatch: pytest.MonkeyPatch, served: ServedStack
) -> None:
    tokens = {
        "needs manage_mytokens:notify": served.mint("tokeninfo"),
        "a few times only": served.mint(restrictions=[{"usages_other": 3}]),
    }
    for why, token in tokens.items():
        monkeypatch.setenv("URL", served.url)
        monkeypatch.setenv("TOKEN", token.bearer)

        with pytest.raises(NotUsable, match=why):
            Deployment.from_environment()


def test_nothing_is_checked_where_nothing_answers_or_the_mytoken_is_not_valid(
    served: ServedStack,
) -> None:
    nowhere = Deployment("http://127.0.0.1:9", "x" * 64)
    unknown = Deployment(served.url, "x" * 64)

    with pytest.raises(NotUsable, match="nothing answers at URL"):
        nowhere.reach()
    with pytest.raises(NotUsable, match="not valid at URL"):
        unknown.reach()


def test_who_is_throttled_waits_and_asks_again(
    monkeypatch: pytest.MonkeyPatch, served: ServedStack
) -> None:
    refusals, pauses = [429, 429], []
    monkeypatch.setattr("tests.harness.deployment.time.sleep", pauses.append)

    def throttle(request: Request, response: Response) -> Response:
        return Response(status=refusals.pop()) if refusals else response

    with serving(Front(served.url, throttle)) as url:
        deployment = Deployment(url, served.mint().bearer)
        answer = deployment.ask("list_calendars")

    assert (answer.status, pauses) == (200, [1, 2])
    assert [refusal.status for refusal in deployment.throttled] == [429, 429]


@contextmanager
def feeds_at_a_url(served: ServedStack, *, is_permitted: bool = True) -> Iterator[str]:
    """The API, whose calendars name another host for feeds: one that is as a function's URL is."""
    hosts: dict[str, str] = {}

    def api(request: Request, response: Response) -> Response:
        own, feeds = f"{hosts['api']}/calendars/", f"{hosts['feeds']}/calendars/"
        for name in ("Location",) if "Location" in response.headers else ():
            response.headers[name] = response.headers[name].replace(served.url, hosts["feeds"])
        response.data = response.data.replace(f"{served.url}/calendars/".encode(), feeds.encode())
        response.data = response.data.replace(own.encode(), feeds.encode())
        return response

    def feeds(request: Request, response: Response) -> Response:
        if not is_permitted:
            return Response('{"Message":"Forbidden"}', 403, content_type="application/json")
        if not request.path.startswith("/calendars/"):
            return Response('{"error": "not_found"}', 404, content_type="application/json")
        if request.path.endswith("/view") or request.path.startswith("/calendars/assets/"):
            target = f"{hosts['api']}{request.environ['RAW_URI']}"
            return Response(status=307, headers={"Location": target})
        return response

    with (
        serving(Front(served.url, api)) as hosts["api"],
        serving(Front(served.url, feeds)) as hosts["feeds"],
    ):
        yield hosts["api"]


def test_feeds_at_another_host_are_asked_for_there(served: ServedStack, rotating: Token) -> None:
    with feeds_at_a_url(served) as url:
        done = run(url, rotating, "-k", "test_fronts or test_feeds or test_pages")

    assert (done.status, done.checks("FAILED")) == (0, set()), done.printed
    assert "a front of feeds has nothing else (/jwks)" in done.checks("ok")
    assert not [line for line in done.lines if "needs a FeedFront" in line]


def test_a_url_that_lacks_a_permission_is_found(served: ServedStack, rotating: Token) -> None:
    with feeds_at_a_url(served, is_permitted=False) as url:
        done = run(url, rotating, "-k", "test_fronts")

    assert "a feed is the same at the host of the api" in done.checks("FAILED")


def _ended_by(ending: signal.Signals, stack: ServedStack, token: Token) -> Run:
    """A run that gets the signal before it gets the answer that its first calendar is created."""
    processes: list[subprocess.Popen[str]] = []

    def interrupt(request: Request, response: Response) -> Response:
        if response.status_code == 201:
            processes[0].send_signal(ending)
        return response

    with serving(Front(stack.url, interrupt)) as url, started(url, token) as process:
        processes.append(process)
        return ended(process)


def as_on_aws(request: Request, response: Response) -> Response:
    """What API Gateway does to answers, and what it answers itself."""
    response.headers["Apigw-Requestid"] = "TZmQ1jXWliAEJqw="
    if (request.content_length or 0) >= 6 * MIB:
        return _of_the_gateway(413, "Request Entity Too Large")
    if response.status_code == 431:
        return _of_the_gateway(431, "Request Header Fields Too Large")
    if request.path == "/flood" and next(FLOOD) > 10:
        return _of_the_gateway(429, "Too Many Requests")
    if challenge := response.headers.pop("WWW-Authenticate", None):
        response.headers["x-amzn-remapped-www-authenticate"] = challenge
    return response


def _of_the_gateway(status: int, message: str) -> Response:
    return Response(json.dumps({"message": message}), status, content_type="application/json")


def answered(status: int, instead: int) -> Change:
    def change(request: Request, response: Response) -> Response:
        response.status_code = instead if response.status_code == status else response.status_code
        return response

    return change


def without(header: str, method: str = "") -> Change:
    def change(request: Request, response: Response) -> Response:
        if method in ("", request.method):
            response.headers.pop(header, None)
        return response

    return change


def faulty(request: Request, response: Response) -> Response:
    return Response(status=500) if request.mimetype == "text/plain" else response


def decoded_twice(request: Request, response: Response) -> Response:
    twice = "%25" in request.environ["RAW_URI"]
    address = f"http://127.0.0.1/calendars/{'x' * 32}"
    return Response(status=302, headers={"Location": address}) if twice else response


# A defect of a stack each, by the check that has to find it.
DEFECTS: dict[str, Change] = {
    "a deleted calendar is in no answer that begins later": answered(410, 404),
    "a name that exists is refused whatever its case": answered(409, 400),
    "headers of more than 10 kib are refused": answered(431, 200),
    "a body of 64 kib and a byte is refused": answered(413, 201),
    "who has the current feed is told so": answered(304, 200),
    "a body that is none is refused": faulty,
    "a name in a path is decoded once": decoded_twice,
    "a repeated creation is done once": without("Idempotent-Replayed"),
    "the mytoken may be in the cookie which then is renewed": without("Set-Cookie"),
    "who has no valid mytoken is told how to authenticate": without("WWW-Authenticate"),
    "who accepts gzip gets gzip of the same text": without("Content-Encoding"),
    "head is get without the body": without("ETag", "HEAD"),
    "a page of any origin may call without cookies": without("Access-Control-Allow-Origin"),
    "a method that a path does not have is refused with those that it has": without("Allow"),
}


def with_defects(request: Request, response: Response) -> Response:
    for defect in DEFECTS.values():
        response = defect(request, response)
    return response


def _names(client: Client) -> list[str]:
    listed = client("GET").json()
    return [calendar["name"] for calendar in listed["calendars"]]
