"""The local server starts from any state that an earlier run, a kill or a user has left."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep
from typing import Any

import psutil
import pytest
import requests

from local import demo, sam, standins
from local.template import TEMPLATE
from local.whereabouts import Whereabouts
from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.identifiers import owner_of, subject
from tests.harness import engines
from tests.harness.server import PATIENCE, Client, ServedStack, Server

BROKEN = "the state of the last run is broken"


@pytest.fixture(scope="module")
@engines.runs("ministack")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose demo may be spoilt."""
    with Server.running(tmp_path_factory.mktemp("own")) as server:
        yield server


def state_of(server: Server) -> Path:
    return Path(server.environment["STATE"])


def demo_of(server: Server) -> dict[str, str]:
    kept: dict[str, str] = json.loads((state_of(server) / "demo.json").read_text())
    return kept


def client_of(server: Server) -> Client:
    return Client(server.calendars, demo_of(server)["mytoken"])


def pasted(text: str) -> subprocess.CompletedProcess[str]:
    """What comes of the curl lines."""
    lines = [line.strip() for line in text.splitlines() if line.startswith("  curl ")]
    assert len(lines) == 6
    return subprocess.run(
        ["bash", "-e"], input="\n".join(lines), capture_output=True, text=True, check=False
    )


def kill(server: Server) -> None:
    """The server and its stand-ins, with no time to keep anything."""
    processes = [
        server.process.pid,
        *(c.pid for c in psutil.Process(server.process.pid).children()),
    ]
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
    server.ended()


def port_of(server: Server) -> str:
    return server.url.rpartition(":")[2]


def without_file(server: Server) -> None:
    (state_of(server) / "demo.json").unlink()


def with_text(text: str) -> Callable[[Server], None]:
    return lambda server: (state_of(server) / "demo.json").write_text(text) and None


def with_header_that_is_none(server: Server) -> None:
    with_text(json.dumps({**demo_of(server), "mytoken": "a\nb\udcff"}))(server)


def with_revoked_token(server: Server) -> None:
    server.command("tools.operate.revoke_token", "--mom-id", _mom_ids(server, "calendar app")[-1])


def with_revoked_watched_token(server: Server) -> None:
    server.command("tools.operate.revoke_token", "--mom-id", demo_of(server)["mom_id"])


def without_calendar(server: Server) -> None:
    assert client_of(server)("DELETE", f"/{demo.CALENDAR}").status_code == 204


def with_token_removed(server: Server) -> None:
    removed = {"mom_id": demo_of(server)["mom_id"]}
    assert client_of(server)("DELETE", f"/{demo.CALENDAR}/mytokens", json=removed).ok


def without_other_feed(server: Server) -> None:
    path = f"/{demo.CALENDAR}/feeds"
    (other,) = [f for f in client_of(server)("GET", path).json()["feeds"] if "label" in f]
    assert client_of(server)("DELETE", f"{path}/{other['id']}").ok


def with_half_a_walk(server: Server) -> None:
    assert client_of(server)("POST", json={"name": demo.NEW_CALENDAR}).status_code == 201


def _mom_ids(server: Server, name: str) -> list[str]:
    with ServedStack.of(server).entered():
        owner = owner_of(server.url, subject(demo.USER, server.url))
        issued = EmbeddedAuthority.from_environment().registry.issued(owner)
    living = [one.token for one in issued if one.token.name == name and not one.revoked]
    return [token.mom_id for token in sorted(living, key=lambda token: token.created)]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(without_file, id="no-file"),
        pytest.param(with_text(""), id="empty-file"),
        pytest.param(with_text('{"url": '), id="half-a-file"),
        pytest.param(with_text("[" * 99_999), id="too-deep"),
        pytest.param(with_text('{"url": 1, "mytoken": []}'), id="other-types"),
        with_header_that_is_none,
        with_revoked_token,
        with_revoked_watched_token,
        without_calendar,
        with_token_removed,
        without_other_feed,
        with_half_a_walk,
    ],
)
def test_a_spoilt_demo_is_mended(own: Server, spoil: Callable[[Server], None]) -> None:
    spoil(own)

    with ServedStack.of(own).entered():
        text = demo.prepare(own.url, state_of(own))

    done = pasted(text)
    feeds = [
        requests.get(demo_of(own)[feed], timeout=PATIENCE) for feed in ("feed", "feed_of_events")
    ]
    assert (done.returncode, done.stdout.count('"error"')) == (0, 0)
    for feed in feeds:
        assert all(f"{name}: mytoken expires" in feed.text for name in demo._WATCHED)
        assert feed.text.count(": mytoken expires\r\n") == len(demo._WATCHED)


def test_an_expired_token_of_the_demo_gives_way_to_a_new_one(
    own: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client_of(own)("GET").json()["calendars"]
    late = demo.time.time() + 20 * 24 * 60 * 60  # when "backup" has expired
    monkeypatch.setattr(demo.time, "time", lambda: late)

    with ServedStack.of(own).entered():
        demo.prepare(own.url, state_of(own))

    monkeypatch.undo()
    after = client_of(own)("GET").json()["calendars"]
    tokens = [of[0]["subscribed_tokens"] for of in (before, after)]
    assert [len(each) for each in tokens] == [3, 3]
    assert len({*tokens[0]} & {*tokens[1]}) == 2


def test_what_a_limit_forbids_is_told_and_the_server_serves(
    own: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "CALENDAR", "a/b")

    with ServedStack.of(own).entered():
        text = demo.prepare(own.url, state_of(own))

    assert text.startswith("There is no demo: name: ")


def test_a_killed_server_has_what_was_done_two_seconds_before(tmp_path: Path) -> None:
    first = Server.started(tmp_path)
    port = port_of(first)
    created = client_of(first)("POST", json={"name": "mine"}).json()
    token = first.token("--user", "alice")
    sleep(2)
    kill(first)

    with Server.running(tmp_path, PORT=port) as second:
        calendars = client_of(second)("GET").json()["calendars"]
        alices = Client(second.calendars, token["mytoken"])("GET")
        feed = requests.get(created["ics_path"], timeout=PATIENCE)

    assert created["id"] in [calendar["id"] for calendar in calendars]
    assert (alices.status_code, feed.status_code) == (200, 200)
    assert second.demo_feed == first.demo_feed


def test_a_server_that_is_killed_and_started_at_once_has_all_that_was_done(tmp_path: Path) -> None:
    first = Server.started(tmp_path)
    port = port_of(first)
    created = client_of(first)("POST", json={"name": "mine"}).json()

    (standins,) = psutil.Process(first.process.pid).children()
    standins.suspend()
    first.stop(signal.SIGKILL)  # its stand-ins keep their state only when they go on
    second = Server.started(tmp_path, PORT=port)
    sleep(3)
    standins.resume()

    calendars = Client(second.calendars, demo_of(first)["mytoken"])("GET").json()["calendars"]
    second.stop()
    assert created["id"] in [calendar["id"] for calendar in calendars]


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(lambda aws: _cut(aws / "dynamodb.json"), id="half-of-the-tables"),
        pytest.param(lambda aws: (aws / "dynamodb.json").write_text('"x"'), id="no-tables"),
        pytest.param(lambda aws: (aws / "dynamodb.json").write_bytes(b"\xff"), id="no-text"),
        pytest.param(lambda aws: (aws / "kms.json").unlink(), id="no-key"),
        pytest.param(lambda aws: (aws / "s3.json").unlink(), id="no-bucket"),
        pytest.param(lambda aws: (aws / "cloudformation.json").unlink(), id="no-stack"),
        pytest.param(lambda aws: (aws / "cloudformation.json").write_text("{}"), id="no-stacks"),
        pytest.param(lambda aws: _in_progress(aws / "cloudformation.json"), id="half-a-stack"),
    ],
)
def test_a_broken_state_is_set_aside_with_one_line(
    kept: Path, break_it: Callable[[Path], Any]
) -> None:
    break_it(kept / "aws")

    with Server.running(kept) as server:
        feed = requests.get(server.demo_feed, timeout=PATIENCE)

    assert feed.status_code == 200
    assert server.printed[0].startswith(f"make run: {BROKEN}, and now in {kept}/aws.unreadable")
    assert server.printed[1] == f"ready: {server.url}"
    assert (kept / "aws.unreadable" / "log").exists()


@pytest.fixture
@engines.runs("ministack")
def kept(tmp_path: Path) -> Path:
    """The state of a server that has ended."""
    with Server.running(tmp_path):
        pass
    return tmp_path


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:2000])


def _in_progress(file: Path) -> None:
    text = file.read_text()
    assert "CREATE_COMPLETE" in text
    file.write_text(text.replace("CREATE_COMPLETE", "CREATE_IN_PROGRESS"))


def test_another_port_is_told_what_it_means_and_the_first_has_all_again(tmp_path: Path) -> None:
    with Server.running(tmp_path) as first:
        port, feed = port_of(first), first.demo_feed
        token = first.token("--user", "alice")
    with Server.running(tmp_path) as second:
        elsewhere = second.printed
    with Server.running(tmp_path, PORT=port) as third:
        alices = Client(third.calendars, token["mytoken"])("GET")

    assert second.url != first.url
    assert f"The last run was at {first.url}." in "\n".join(elsewhere)
    assert f"make run PORT={port}" in "\n".join(elsewhere)
    assert (alices.status_code, third.demo_feed) == (200, feed)


def test_a_file_of_a_killed_server_is_not_believed(tmp_path: Path) -> None:
    with socket.socket() as of_another:
        of_another.bind(("127.0.0.1", 0))
        of_another.listen()
        stale = {"url": f"http://127.0.0.1:{of_another.getsockname()[1]}", "environment": {}}
        (tmp_path / "server.json").write_text(json.dumps(stale))

        assert Whereabouts.read(tmp_path) is None
        with Server.running(tmp_path) as server:
            found = Whereabouts.read(tmp_path)

    assert found is not None
    assert found.url == server.url


def test_a_server_that_has_waited_for_another_to_end_is_found(tmp_path: Path) -> None:
    first = Server.started(tmp_path)
    assert first.url
    first.process.send_signal(signal.SIGINT)

    with Server.running(tmp_path) as second:
        found = Whereabouts.read(tmp_path)

        assert first.ended() == 0
        assert found is not None
        assert found.url == second.url


def test_what_was_set_aside_stays_when_more_is(kept: Path) -> None:
    for _ in range(2):
        (kept / "aws" / "kms.json").write_text("garbage")
        with Server.running(kept):
            pass

    assert {path.name for path in kept.glob("aws.*")} == {"aws.unreadable", "aws.unreadable2"}


def test_a_start_that_was_stopped_before_it_made_anything_leaves_no_broken_state(
    tmp_path: Path,
) -> None:
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "sqs.json").write_text("{}")

    with Server.running(tmp_path) as server:
        assert server.printed[0].startswith("ready: ")


def test_a_server_whose_stand_ins_end_ends_with_one_line(tmp_path: Path) -> None:
    server = Server.started(tmp_path)
    assert server.url

    (standins,) = psutil.Process(server.process.pid).children()
    standins.kill()

    assert server.ended() == 1
    assert server.logged[-1] == (
        "make run: the stand-ins for AWS have ended: make run starts them again"
    )


def test_stand_ins_at_a_name_are_found_by_their_address(tmp_path: Path) -> None:
    with Server.running(tmp_path, STANDINS_HOST="localhost"):
        found = Whereabouts.read(tmp_path)

    assert found is not None
    assert found.environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_credentials_of_the_shell_are_in_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "of the shell")

    with standins.running(tmp_path) as aws, Whereabouts.announced(tmp_path) as announce:
        announce(Whereabouts("http://127.0.0.1:3000", aws))
        found = Whereabouts.read(tmp_path)
        assert found is not None
        sam.write(found, TEMPLATE, tmp_path)
        written = {path.name: path.read_text() for path in tmp_path.iterdir()}

    assert written.keys() == {"server.json", "environment.json", "local.yaml"}
    assert all("of the shell" not in text for text in written.values())


def test_reset_forgets_a_state_but_none_that_is_in_use(tmp_path: Path) -> None:
    with Server.running(tmp_path) as server:
        with pytest.raises(subprocess.CalledProcessError) as refused:
            server.command("local.whereabouts")
        works = client_of(server)("GET").status_code

    server.command("local.whereabouts")
    server.command("local.whereabouts")

    assert "the local server is running" in refused.value.stderr
    assert works == 200
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("server.json", 0)]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *(("PORT", port) for port in ("abc", "99999", "-1", "", "3.5", "٣")),
        ("STANDINS_HOST", "192.0.2.1"),
        ("STANDINS_HOST", "no such host"),
        ("STATE", __file__),
        ("STATE", f"{__file__}/below"),
        ("STATE", "/proc/sys"),
        ("MYTOKEN_ISSUER", "http://mytoken.example"),
        ("MYTOKEN_ISSUER", "https://mytoken.example:99999"),
        ("MYTOKEN_ISSUER", "https://a..b"),
        *(("GEOIP_DATABASE", file) for file in ("/none", __file__, str(Path(__file__).parent))),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL", "foo"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(tmp_path: Path, setting: str, value: str) -> None:
    server = Server.started(tmp_path, **{setting: value})

    assert server.process.wait(PATIENCE) == 1
    assert server.reader is not None
    server.reader.join()
    (line,) = server.printed
    assert line.startswith(f"make run: {setting}={value} is no")


@pytest.mark.parametrize("seconds", [0, 0.3, 0.6, 1, 1.5])
def test_ctrl_c_while_it_starts_is_no_traceback(tmp_path: Path, seconds: float) -> None:
    server = Server.started(tmp_path)
    process = psutil.Process(server.process.pid)
    while not any("_socket" in each.path for each in process.memory_maps()):  # its first import
        sleep(0.01)
    sleep(seconds)

    server.stop(signal.SIGINT)

    text = "\n".join(server.printed)
    assert re.search("^stopped", text, re.MULTILINE)
    assert "Traceback" not in text
