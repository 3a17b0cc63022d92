"""How the local server starts and ends: cleanly, or with one clear line."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import requests

from tests.harness.server import PATIENCE, ROOT, Client, Server


def test_an_interrupted_server_ends_cleanly_and_its_state_is_there_when_it_runs_again(
    tmp_path: Path,
) -> None:
    first = Server.started(tmp_path)
    address, port = first.demo_feed, first.url.rpartition(":")[2]
    before = _children(first)

    by_ctrl_c = first.stop(signal.SIGINT)
    second = Server.started(tmp_path, PORT=port)
    assert second.url == first.url
    feed = requests.get(address, timeout=PATIENCE)
    by_a_service_manager = second.stop(signal.SIGTERM)

    assert (by_ctrl_c, by_a_service_manager) == (0, 0)
    assert first.printed[-1] == second.printed[-1]
    assert first.printed[-1].startswith("stopped")
    assert "Traceback" not in "\n".join(first.printed + second.printed)
    assert before
    assert not any(child.is_running() for child in before)
    assert second.demo_feed == address
    assert feed.status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=PATIENCE)


def test_an_interrupted_server_waits_until_its_stand_ins_have_kept_their_state(
    tmp_path: Path,
) -> None:
    server = Server.started(tmp_path)
    assert server.url
    (standins,) = _children(server)
    standins.suspend()

    server.process.send_signal(signal.SIGINT)
    time.sleep(2)  # longer than it takes to end otherwise
    running = server.process.poll() is None
    standins.resume()
    status = server.ended()

    assert (running, status) == (True, 0)
    assert not standins.is_running()


def test_the_stand_ins_do_not_outlive_a_killed_server(tmp_path: Path) -> None:
    server = Server.started(tmp_path)
    assert server.url
    children = _children(server)

    server.stop(signal.SIGKILL)

    _, alive = psutil.wait_procs(children, PATIENCE)
    assert children
    assert alive == []


def test_a_taken_port_ends_it_with_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        server = Server.started(tmp_path, PORT=str(port))
        status = server.ended()

    assert status == 1
    assert len(server.printed) == 1
    assert f"port {port} is taken" in server.printed[0]


def test_a_second_server_on_the_same_state_ends_with_one_line(server: Server) -> None:
    assert server.url

    second = Server.started(Path(server.environment["STATE"]))
    status = second.ended()

    assert status == 1
    assert second.printed == [f"make run: a server runs on the same state already, at {server.url}"]


def test_the_tokens_are_listed_with_what_has_become_of_them(server: Server) -> None:
    rotating = server.token(
        "--user", "listed", "--name", "a rotating one", "--rotation", '{"on_other": true}'
    )
    child = server.token(
        "--user", "listed", "--expires-in", "never", "--parent", rotating["mom_id"],
        "--restriction", '{"usages_other": 3}',
    )  # fmt: skip
    revoked = server.token("--user", "listed", "--name", "revoked")
    for token in (rotating, child):
        assert Client(server.calendars, token["mytoken"])("GET").status_code == 200
    server.command("tools.operate.revoke_token", "--mom-id", revoked["mom_id"])

    headings, *lines = server.command("tools.operate.list_tokens", "--user", "listed").splitlines()
    everybodys = server.command("tools.operate.list_tokens")

    by_id = {lines[n + 1].strip(): (lines[n], lines[n + 2]) for n in range(0, len(lines), 3)}
    assert max(map(len, everybodys.splitlines())) <= 100
    assert re.split("  +", headings) == [
        "USER", "NAME", "STATE", "CREATED", "EXPIRES (UTC)", "ROTATED", "USED"
    ]  # fmt: skip
    assert by_id.keys() == {token["mom_id"] for token in (rotating, child, revoked)}
    assert re.fullmatch(
        r"listed  a rotating one  alive    \d{4}-\d\d-\d\d  \d{4}-\d\d-\d\d \d\d:\d\d  1 times  -",
        by_id[rotating["mom_id"]][0],
    )
    assert " never " in by_id[child["mom_id"]][0]
    assert by_id[child["mom_id"]][0].endswith(" 1 times")
    parent = f"parent {rotating['mom_id'][:8]}..."
    assert by_id[child["mom_id"]][1].strip() == f"manage_mytokens:notify, {parent}"
    assert " revoked " in by_id[revoked["mom_id"]][0]
    assert all(id_ in everybodys for id_ in (rotating["mom_id"], "demo"))


def test_a_reader_who_has_seen_enough_ends_the_list(server: Server) -> None:
    assert server.url
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [sys.executable, "-m", "tools.operate.list_tokens"],
        cwd=ROOT,
        env=server.environment,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )

    os.close(writer)
    assert done.stderr == b""


def test_a_user_without_tokens_is_told_so(server: Server) -> None:
    said = server.command("tools.operate.list_tokens", "--user", "alcie")

    assert said == "no mytoken was issued to alcie\n"


@pytest.mark.parametrize(
    "module",
    [
        "tools.operate.issue_token",
        "tools.operate.list_tokens",
        "tools.operate.revoke_token",
        "tools.operate.import_calendars",
    ],
)
def test_without_a_server_the_operators_commands_say_so_in_one_line(
    tmp_path: Path, server: Server, module: str
) -> None:
    nowhere = Server(server.process, {**server.environment, "STATE": str(tmp_path)})
    of_some = {
        "tools.operate.revoke_token": ["--mom-id", "x"],
        "tools.operate.import_calendars": ["x"],
    }
    arguments = of_some.get(module, ["--user", "x"])

    with pytest.raises(subprocess.CalledProcessError) as failed:
        nowhere.command(module, *arguments)

    assert failed.value.stderr.count("\n") == 1
    assert re.match(r"make \w+: no local server is running", failed.value.stderr)


def test_nothing_is_imported_where_the_stack_issues_its_mytokens_itself(server: Server) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        server.command("tools.operate.import_calendars", "export")

    assert failed.value.stderr.count("\n") == 1
    assert failed.value.stderr.startswith("make import: this stack issues its mytokens itself")


def _children(server: Server) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)
