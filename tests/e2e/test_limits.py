"""Sizes and rates: what the functions refuse, and what API Gateway does before it asks them."""

import json
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.harness.deployment import PATIENCE, Deployment
from tests.harness.stacks import CALENDARS

KIB, MIB = 1024, 1024 * 1024
HEAD_THAT_PASSES, HEAD_TOO_LARGE = 8_000, 10_241  # bytes
CLIENTS = 64


def test_a_body_of_64_kib_is_read(deployment: Deployment) -> None:
    answer = deployment.ask("create_calendar", data=_padded(deployment, 64 * KIB))

    assert answer.status == 201


def test_a_body_of_64_kib_and_a_byte_is_refused(deployment: Deployment) -> None:
    answer = deployment.ask("create_calendar", data=_padded(deployment, 64 * KIB + 1))

    assert (answer.status, answer.error) == (413, "payload_too_large")


@pytest.mark.parametrize(
    "size", [6 * MIB, 10 * MIB + 1], ids=["more than Lambda takes", "more than API Gateway takes"]
)
def test_a_large_body_is_refused(
    deployment: Deployment, differs: Callable[[str], None], size: int
) -> None:
    body = _padded(deployment, size)
    try:
        answer = deployment.send("POST", CALENDARS, data=body)
    except requests.ConnectionError:
        differs("the connection was closed while it was sent")
        return

    assert answer.status == 413
    if answer.error is None:
        differs(f"API Gateway refuses it: {answer.body[:60]!r}")


def test_headers_of_8_kb_are_read(deployment: Deployment) -> None:
    answer = deployment.ask("list_calendars", headers={"X-Padding": "x" * HEAD_THAT_PASSES})

    assert answer.status == 200


def test_headers_of_more_than_10_kib_are_refused(
    deployment: Deployment, differs: Callable[[str], None]
) -> None:
    answer = deployment.send("GET", CALENDARS, headers={"X-Padding": "x" * HEAD_TOO_LARGE})

    if answer.status in (400, 413, 494):
        differs(f"refused with {answer.status}: {answer.body[:60]!r}")
    else:
        assert answer.status == 431


def test_a_flood_is_held_back_as_documented(deployment: Deployment) -> None:
    flood = int(os.environ.get("FLOOD", "0"))
    if not flood:
        pytest.skip("nobody asked for it: FLOOD=1000 sends so many requests at once")

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(
            clients.map(
                lambda _: requests.get(f"{deployment.url}/flood", timeout=PATIENCE), range(flood)
            )
        )

    statuses = Counter(answer.status_code for answer in answers)
    if statuses == {404: flood}:
        pytest.skip(f"{flood} requests at once are not too many for the throttle")
    assert statuses.keys() == {404, 429}
    refused = [answer.json() for answer in answers if answer.status_code == 429]
    assert {frozenset(document) for document in refused} == {frozenset({"message"})}


def _padded(deployment: Deployment, size: int) -> bytes:
    """What creates a calendar, with spaces at its end."""
    return json.dumps({"name": deployment.name()}).encode().ljust(size)
