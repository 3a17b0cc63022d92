"""How the local server starts and ends: cleanly, or with one clear line."""

import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest
import requests

from tests.server import PATIENCE, Server


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


@pytest.mark.parametrize("module", ["tools.token", "tools.revoke"])
def test_without_a_server_the_operators_commands_say_so_in_one_line(
    tmp_path: Path, server: Server, module: str
) -> None:
    nowhere = Server(server.process, {**server.environment, "STATE": str(tmp_path)})
    arguments = {"tools.token": ["--user", "x"], "tools.revoke": ["--mom-id", "x"]}[module]

    with pytest.raises(subprocess.CalledProcessError) as failed:
        nowhere.command(module, *arguments)

    assert failed.value.stderr.count("\n") == 1
    assert "no local server is running" in failed.value.stderr


def _children(server: Server) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)
