"""The stack beside a mytoken server: behind the host's nginx, and with the server's calendars."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest
import requests

from tests.doubles import mytoken_server
from tests.doubles import nginx as host
from tests.doubles.mytoken_server import MytokenServer
from tests.doubles.nginx import Nginx
from tests.doubles.original_tables import Tables
from tests.harness import engines
from tests.harness.canaries import CANARIES
from tests.harness.server import PATIENCE, Client, ServedRemoteStack, Server
from tests.harness.stacks import CALENDARS, Answer

NAME = "CI Mytokens"
VALIDATORS = ("etag", "cache-control", "vary")
OF_THE_TEXT = ("content-type", "content-encoding", "content-length", "content-disposition")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MytokenServer]:
    with mytoken_server.running(tmp_path_factory.mktemp("issuer")) as running:
        yield running


@pytest.fixture(scope="module")
@engines.runs("ministack")
def server(issuer: MytokenServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The local server, for whose mytokens the issuer vouches."""
    trusted = {"MYTOKEN_ISSUER": issuer.url, "SSL_CERT_FILE": str(issuer.trusted)}
    with Server.running(tmp_path_factory.mktemp("state"), **trusted) as server:
        yield server


@pytest.fixture(scope="module")
@engines.runs("nginx before ministack")
def nginx(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """That of the mytoken server's host, by which the local server is reached, too."""
    try:
        with host.running(tmp_path_factory.mktemp("nginx"), server.url) as running:
            yield running
            CANARIES.look("a log of nginx", running.logged)
    except host.NotThere as reason:
        pytest.skip(str(reason))


@pytest.fixture
def user() -> str:
    return f"user-{uuid4()}"


@pytest.fixture
def client(nginx: Nginx, issuer: MytokenServer, user: str) -> Client:
    """One that knows the host alone."""
    return Client(nginx.url + CALENDARS, issuer.mint(user=user).bearer)


def feed_of(client: Client, nginx: Nginx, name: str = NAME) -> str:
    """The address at the host of the feed of a new calendar with a token. (The local server, which
    is told of no PublicUrl, gives its own.)"""
    calendar = client("POST", json={"name": name}).json()
    client("POST", f"/{quote(name, safe='')}", json={"mom_id": ""})
    return nginx.url + urlsplit(calendar["ics_path"]).path


# --- through nginx --------------------------------------------------------------------------------


def test_the_walk_goes_through_and_a_deleted_feed_is_gone_at_once(
    client: Client, nginx: Nginx
) -> None:
    feed = feed_of(client, nginx)
    found = client("GET", "/CI%20Mytokens")
    listed = client("GET")
    shown = requests.get(feed, timeout=PATIENCE)

    deleted = client("DELETE", "/CI%20Mytokens")

    after = requests.get(feed, headers={"If-None-Match": shown.headers["ETag"]}, timeout=PATIENCE)
    assert (found.status_code, urlsplit(found.headers["Location"]).path) == (
        302,
        urlsplit(feed).path,
    )
    assert [len(c["subscribed_tokens"]) for c in listed.json()["calendars"]] == [1]
    assert shown.text.count("BEGIN:VEVENT") == 1
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (after.status_code, after.json()["error"]) == (410, "gone")


@pytest.mark.parametrize(
    "name", ["a+b", "ü & ö; 日本語", "1:2", "a..b", "~!$'()*,=@[]^`{|}", "a b"]
)
def test_a_calendar_of_any_name_is_found_by_its_encoded_name(client: Client, name: str) -> None:
    client("POST", json={"name": name})

    found = client("GET", f"/{quote(name, safe='')}")

    assert found.status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "a%2Fb",
        "a%3Fb",
        "a?b=c%2Fd",
        "100%25",
        "a%5Cb",
        "a%23b",
        "%FF",
        "a//b",
        "a%2F%2Fb",
        "%61+%2B",
    ],
)
def test_a_path_goes_through_as_it_is_spelled(
    client: Client, nginx: Nginx, server: Server, path: str
) -> None:
    client("POST", json={"name": "a++"})
    target, header = f"{CALENDARS}/{path}", ("Authorization", f"Bearer {client.mytoken}")
    line = ("Connection", "close")

    direct, through = (
        _stack(url).ask("GET", target, [header, line, ("Host", "mytoken.example")])
        for url in (server.url, nginx.url)
    )

    assert (through.status, through.body) == (direct.status, direct.body)
    assert through.headers.get("location") == direct.headers.get("location")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"Accept-Encoding": "gzip"}),
        ("HEAD", {}),
        ("HEAD", {"Accept-Encoding": "gzip"}),
        ("GET", {"If-None-Match": "*"}),
        ("GET", {"If-None-Match": '"another"'}),
    ],
)
def test_a_feed_is_byte_for_byte_that_of_the_stack(
    client: Client, nginx: Nginx, server: Server, method: str, headers: Mapping[str, str]
) -> None:
    feed = feed_of(client, nginx)
    lines = [("Host", "mytoken.example"), ("Connection", "close"), *headers.items()]
    requests.get(feed, timeout=PATIENCE)  # now it is cached

    direct, through = (
        _stack(url).ask(method, urlsplit(feed).path, lines) for url in (server.url, nginx.url)
    )

    assert (through.status, through.body) == (direct.status, direct.body)
    assert _some(through, VALIDATORS) == _some(direct, VALIDATORS)
    assert _some(through, OF_THE_TEXT) == _some(direct, OF_THE_TEXT)


@pytest.mark.parametrize("size", [64 * 1024 + 1, 2 * 1024 * 1024])
def test_the_stack_says_itself_that_a_body_is_too_large(client: Client, size: int) -> None:
    answer = client("POST", data=b"x" * size, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["error"]) == (413, "payload_too_large")


@pytest.mark.parametrize("mytoken", ["x", "x" * 9_000])
def test_a_refusal_is_the_stacks_with_the_challenge_under_its_own_name(
    nginx: Nginx, mytoken: str
) -> None:
    answer = Client(nginx.url + CALENDARS, mytoken)("GET")

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mytoken", error="invalid_token"'
    assert not [name for name in answer.headers if "remapped" in name.lower()]


def test_a_cookie_and_a_preflight_go_through(client: Client, nginx: Nginx) -> None:
    cookie = {"mytoken": client.mytoken, "other": "1"}

    listed = requests.get(nginx.url + CALENDARS, cookies=cookie, timeout=PATIENCE)

    preflight = requests.options(nginx.url + CALENDARS, timeout=PATIENCE)
    assert (listed.status_code, listed.json()) == (200, {"calendars": []})
    assert "Content-Encoding" not in listed.headers
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/.well-known/mytoken-configuration",
        "/jwks",
        "/api/v0/tokeninfo",
        "/api/v0/notifications",
        "/api/v0/notifications/calendarsx",
        "/api/v0/settings/grants",
        "/api/v0/settings/tagsx",
        "/calendars",
        "/calendarsx/1",
    ],
)
def test_everything_else_is_the_mytoken_servers(nginx: Nginx, path: str) -> None:
    answer = requests.get(f"{nginx.url}{path}?q=1", timeout=PATIENCE)

    assert answer.text == f"the mytoken server at {path}?q=1"


def test_the_page_of_a_feed_is_the_stacks(client: Client, nginx: Nginx) -> None:
    page = requests.get(f"{feed_of(client, nginx, f'Seen {uuid4()}')}/view", timeout=PATIENCE)

    (style,) = re.findall(r'"(/calendars/assets/page[^"]+css)"', page.text)
    answer = requests.get(f"{nginx.url}{style}", timeout=PATIENCE)

    assert page.status_code == answer.status_code == 200
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


def test_the_settings_with_their_tags_are_the_stacks(client: Client, nginx: Nginx) -> None:
    tags, header = (
        f"{nginx.url}/api/v0/settings/tags",
        {"Authorization": f"Bearer {client.mytoken}"},
    )

    settings = requests.get(f"{nginx.url}/api/v0/settings", timeout=PATIENCE)
    made = requests.post(f"{tags}/a%20b", headers=header, timeout=PATIENCE)

    listed = requests.get(tags, headers=header, timeout=PATIENCE)
    assert urlsplit(settings.json()["tags_endpoint"]).path == urlsplit(tags).path
    assert (made.status_code, made.content) == (204, b"")
    assert [tag["tag"] for tag in listed.json()["tags"]] == ["a b"]


def test_a_stack_that_is_out_of_reach_is_told_as_the_stack_tells_it(
    nginx: Nginx, server: Server, tmp_path: Path
) -> None:
    secret = uuid4().hex
    with host.running(tmp_path, server.url, reachable=False) as alone:
        feed = requests.get(f"{alone.url}/calendars/{secret}", timeout=PATIENCE)
        created = requests.post(f"{alone.url}{CALENDARS}", json={"name": "a"}, timeout=PATIENCE)
        logged = alone.logged_with(" 503 POST ")

    for answer in (feed, created):
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
        assert answer.headers["Retry-After"] == "2"
    assert secret not in logged
    assert logged.count(" 503 GET ") == logged.count(" 503 POST ") == 1
    assert " 502 " in logged


def test_no_address_of_a_feed_and_no_name_is_in_a_log(client: Client, nginx: Nginx) -> None:
    name = f"Secret {uuid4()}"
    path = urlsplit(feed_of(client, nginx, name)).path
    secret = path.split("/")[2]
    before = nginx.logged.count("\n")
    for target in (path, f"{path}/view", f"{path}%00", f"{path} x", f"//{path}", f"/%63{path[2:]}"):
        _stack(nginx.url).ask("GET", target, [("Host", "a"), ("Connection", "close")])
    requests.get(f"{nginx.url}/other", timeout=PATIENCE)

    logged = nginx.logged_with("GET /other")

    assert secret not in logged
    assert name.partition(" ")[2] not in logged
    assert client.mytoken not in logged
    assert "GET /other" in logged
    assert logged.count("\n") - before >= 4


# --- moving in ------------------------------------------------------------------------------------


def test_a_calendar_that_is_imported_is_at_its_old_address(
    server: Server, issuer: MytokenServer, user: str, tmp_path: Path
) -> None:
    token = issuer.mint(user=user, name="nightly")
    tables = Tables.of(issuer.ledger)
    secret = tables.calendar(user, 'CI, "my" tokens', {token.mom_id: "the nightly\nbuild"})
    CANARIES.plant(secret)
    folder = str(tables.write_csv(tmp_path))

    dry = server.command("tools.operate.import_calendars", "--dry-run", folder)
    told = server.command("tools.operate.import_calendars", folder)

    feed = requests.get(f"{server.url}/calendars/{secret}", timeout=PATIENCE)
    listed = Client(server.calendars, token.bearer)("GET").json()["calendars"]
    CANARIES.look("what an import tells", dry, told)
    assert "to be imported: 1 calendars with 1 tokens" in dry
    assert "imported: 1 calendars with 1 tokens" in told
    assert "the nightly\\nbuild" in feed.text
    assert [calendar["name"] for calendar in listed] == ['CI, "my" tokens']


def test_where_there_is_no_export_an_import_says_so_in_one_line(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(CalledProcessError) as failed:
        server.command("tools.operate.import_calendars", str(tmp_path))

    assert failed.value.stderr.count("\n") == 1
    assert "there is no Users.csv" in failed.value.stderr


def _stack(url: str) -> ServedRemoteStack:
    """What sends requests there as they are spelled."""
    return ServedRemoteStack({}, url=url)


def _some(answer: Answer, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: answer.headers.get(name) for name in names}
