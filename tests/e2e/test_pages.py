"""The page of a feed, as a browser fetches it, and the files beside it."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.harness.deployment import NOBODY, Deployment


def page(deployment: Deployment, path: str, **headers: str) -> Any:
    """At the host of the API, which serves pages whatever the front of feeds is."""
    path = urlsplit(path).path
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return deployment.ask("view_calendar", path=path, headers={**NOBODY, **given})


@pytest.mark.parametrize("short", [True, False])
def test_a_page_is_behind_each_address_of_a_feed(
    deployment: Deployment, calendar: dict[str, Any], *, short: bool
) -> None:
    address = calendar["ics_path"].rpartition("/")[0] if short else calendar["ics_path"]

    shown = page(deployment, f"{address}/view")

    assert shown.status == 200
    assert calendar["ics_path"] in shown.text


def test_the_files_of_a_page_are_there(deployment: Deployment, calendar: dict[str, Any]) -> None:
    shown = page(deployment, f"{calendar['ics_path']}/view")
    paths = re.findall(r'(?:href|src)="(/calendars/assets/[^"]+)"', shown.text)

    answers = [page(deployment, path, accept_encoding="gzip") for path in paths]

    assert [answer.status for answer in answers] == [200] * 3
    assert {answer.headers["cache-control"] for answer in answers} == {
        "public, max-age=31536000, immutable"
    }


def test_an_address_of_no_feed_has_a_page_that_says_so(deployment: Deployment) -> None:
    shown = page(deployment, f"/calendars/{'x' * 32}/view")

    assert shown.status == 404
    assert "What to do:" in shown.text
