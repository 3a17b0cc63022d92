"""`sam local start-api` beside the local server: the SAM CLI's own code, but for the containers."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests

from local.template import ROOT, Template
from local.whereabouts import Whereabouts
from tests.harness import engines
from tests.harness.sam_local import PYTHON, SamLocal
from tests.harness.server import PATIENCE, Client, ServedStack, Server
from tests.harness.stacks import CALENDARS


@pytest.fixture(scope="module")
@engines.runs("ministack")
def sam_local(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamLocal]:
    whereabouts = Whereabouts.read(Path(server.environment["STATE"]))
    assert whereabouts is not None
    with SamLocal.running(whereabouts, tmp_path_factory.mktemp("sam")) as served:
        yield served


@pytest.fixture
def client(sam_local: SamLocal, served: ServedStack) -> Client:
    return Client(sam_local.url + CALENDARS, served.mint(user=f"user-{uuid4()}").bearer)


def test_without_a_container_engine_it_says_so_in_one_line(tmp_path: Path) -> None:
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock", "HOME": str(tmp_path)}

    done = subprocess.run(
        [PYTHON, "-m", "local.sam_needs"],
        cwd=ROOT,
        env={"PATH": "", **nowhere},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no container engine answers" in done.stderr


def test_the_walk_is_answered_as_by_the_local_server(
    sam_local: SamLocal, server: Server, served: ServedStack
) -> None:
    user = f"user-{uuid4()}"
    client = Client(sam_local.url + CALENDARS, served.mint(user=user).bearer)
    watched = served.mint(user=user, name="watched").mom_id

    created = client("POST", json={"name": "CI Mytokens"})
    assert created.status_code == 201
    added = client("POST", "/CI%20Mytokens", json={"mom_id": watched})
    listed = client("GET")
    shown = client("GET", "/CI%20Mytokens")
    path = urlsplit(created.json()["ics_path"]).path
    feed = requests.get(sam_local.url + path, timeout=PATIENCE)
    unchanged = client.fetch(sam_local.url + path, {"If-None-Match": feed.headers["ETag"]})
    elsewhere = requests.get(created.json()["ics_path"], timeout=PATIENCE)
    deleted = client("DELETE", "/CI%20Mytokens")

    answers = (created, added, listed, shown, feed, unchanged, deleted)
    assert [answer.status_code for answer in answers] == [201, 200, 200, 302, 200, 304, 204]
    assert created.json()["ics_path"].startswith(f"{server.url}/calendars/")
    assert "watched" in feed.text
    assert elsewhere.text == feed.text


def test_errors_are_those_of_the_api(client: Client, sam_local: SamLocal) -> None:
    nameless = client("POST", json={"name": "a/b"})
    nowhere = requests.get(f"{sam_local.url}/nowhere", timeout=PATIENCE)
    tokenless = requests.get(client.base, timeout=PATIENCE)

    assert [a.status_code for a in (nameless, nowhere, tokenless)] == [400, 404, 401]
    assert [a.json()["error"] for a in (nameless, nowhere, tokenless)] == [
        "invalid_request", "not_found", "invalid_token"
    ]  # fmt: skip


def test_every_function_is_started_before_the_first_request(sam_local: SamLocal) -> None:
    functions = [
        name
        for name, resource in Template.read().document["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]

    assert sam_local.told.keys() == set(functions)
    assert all("SharedLayer" in told["layers"] for told in sam_local.told.values())


def test_the_functions_get_the_stand_ins_and_nothing_of_the_shell(
    sam_local: SamLocal, server: Server
) -> None:
    whereabouts = Whereabouts.read(Path(server.environment["STATE"]))
    assert whereabouts is not None
    expected = {n: v for n, v in whereabouts.environment.items() if n != "AWS_ENDPOINT_URL"}

    for told in sam_local.told.values():
        environment = told["environment"]
        assert {name: environment[name] for name in expected} == expected
        assert "host.docker.internal" in environment["AWS_ENDPOINT_URL"]
