"""What the local server alone shows of the walk; tests/e2e has what every deployment does."""

import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

from tests.harness.server import PATIENCE, Client, ServedStack, Server


@pytest.fixture
def user() -> str:
    return f"user-{uuid4()}"


@pytest.fixture
def client(server: Server, served: ServedStack, user: str) -> Client:
    return Client(server.calendars, served.mint(user=user, name="ci").bearer)


def test_the_demo_feed_is_read_by_strict_parsers_and_answers_304_to_its_own_etag(
    server: Server,
) -> None:
    feed = requests.get(server.demo_feed, headers={"Accept-Encoding": "identity"}, timeout=PATIENCE)
    again = requests.get(
        server.demo_feed,
        headers={"Accept-Encoding": "identity", "If-None-Match": feed.headers["ETag"]},
        timeout=PATIENCE,
    )

    text = feed.content.decode()
    alarms = {
        str(event["summary"]): [-a["trigger"].dt.days for a in event.walk("VALARM")]
        for event in Calendar.from_ical(text).walk("VEVENT")
    }
    assert alarms == {
        "nightly build: mytoken expires": [14, 7, 3, 1, 0],
        "backup: mytoken expires": [3, 1, 0],
        "data portal: mytoken expires": [30, 14, 7, 3, 1, 0],
    }
    assert len(IcsCalendarStream.calendar_from_ics(text).events) == 3
    assert (again.status_code, again.content) == (304, b"")


def test_the_demos_mytoken_may_do_all_that_clients_do(server: Server) -> None:
    header = (Path(server.environment["STATE"]) / "demo.header").read_text().strip()
    api, headers = f"{server.url}/api/v0", dict([header.split(": ")])
    actions = ("introspect", "list_mytokens", "subtokens", "notifications")

    asked = [
        requests.post(
            f"{api}/tokeninfo", json={"action": action}, headers=headers, timeout=PATIENCE
        )
        for action in actions
    ]
    unknown = requests.delete(f"{api}/settings/tags/unknown", headers=headers, timeout=PATIENCE)

    assert [answer.status_code for answer in asked] == [200] * 4
    assert unknown.status_code == 404


def test_the_first_line_leads_to_the_page_of_the_demo(server: Server) -> None:
    first = next(line for line in server.printed if line.startswith("See "))

    page = requests.get(first.split()[-1], timeout=PATIENCE)

    assert server.printed.index(first) == server.printed.index(f"ready: {server.url}") + 2
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "backup" in page.text


def test_the_printed_curl_lines_work_when_pasted_in_order(server: Server) -> None:
    assert server.url
    lines = [line.strip() for line in server.printed if line.startswith("  curl ")]

    done = subprocess.run(
        ["bash", "-e"], input="\n".join(lines), capture_output=True, text=True, check=False
    )

    assert len(lines) == 6
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count('"error"') == 0
    assert "BEGIN:VEVENT" in done.stdout
    assert "HTTP/1.1 204 " in done.stdout


def test_a_revoked_token_is_gone_from_the_feed_at_the_next_fetch(
    server: Server, client: Client, user: str
) -> None:
    parent = server.token("--user", user, "--name", "parent")["mom_id"]
    child = server.token("--user", user, "--name", "child", "--parent", parent)["mom_id"]
    feed = client("POST", json={"name": "watched"}).json()["ics_path"]
    client("POST", "/watched", json={"mom_id": child})
    shown = requests.get(feed, timeout=PATIENCE)

    server.command("tools.operate.revoke_token", "--mom-id", parent, "--recursive")

    after = requests.get(feed, headers={"If-None-Match": shown.headers["ETag"]}, timeout=PATIENCE)
    assert "child" in shown.text
    assert (after.status_code, "child" in after.text) == (200, False)
    assert client("POST", "/watched", json={"mom_id": child}).status_code == 403


@pytest.mark.parametrize("chunk", ["ZZ\r\n{}\r\n", "-5\r\n{}\r\n"])
def test_a_body_whose_chunks_are_none_is_refused(client: Client, chunk: str) -> None:
    address = urlsplit(client.base)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as connection:
        head = f"POST {address.path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(f"{head}{chunk}0\r\n\r\n".encode())

        answer = connection.makefile("rb").read().decode()

    assert answer.startswith("HTTP/1.1 400 ")
    assert '"error": "invalid_request"' in answer


def test_the_host_header_changes_nothing(server: Server, client: Client) -> None:
    answer = client("POST", json={"name": "mine"}, headers={"Host": "evil.example"})

    assert answer.json()["ics_path"].startswith(f"{server.url}/calendars/")


def test_reminders_are_those_of_the_tokens_expiry(
    server: Server, client: Client, user: str
) -> None:
    mom_id = server.token("--user", user, "--expires-in", "40d")["mom_id"]
    client("POST", json={"name": "due"})
    client("POST", "/due", json={"mom_id": mom_id})

    feed = requests.get(client("GET", "/due").headers["Location"], timeout=PATIENCE)

    (event,) = Calendar.from_ical(feed.text).walk("VEVENT")
    expected = datetime.now(UTC) + timedelta(days=40)
    assert abs(event["dtstart"].dt - expected) < timedelta(minutes=5)


def test_a_refusal_is_logged_in_a_line_for_people(server: Server, client: Client) -> None:
    request_id = client("POST", json={"name": "a/b"}).headers["X-Request-Id"]

    (line,) = [line for line in server.logged if request_id in line]
    assert line == f"  refused: error=InvalidRequest status=400 request_id={request_id}"


def test_nothing_of_the_walk_is_in_the_log(server: Server, client: Client) -> None:
    feed = client("POST", json={"name": "quiet", "x": 1}).json()["ics_path"]
    requests.get(feed, timeout=PATIENCE)
    requests.get(f"{server.url}/calendars/{32 * 'x'}", timeout=PATIENCE)
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as connection:
        connection.sendall(f"GET {urlsplit(feed).path} x HTTP/1.1\r\n\r\n".encode())
        connection.makefile("rb").read()

    logged = "\n".join(server.logged)
    assert client.mytoken not in logged
    assert feed.split("/")[-2] not in logged
    assert "404 GET /calendars/{secret}" in logged
