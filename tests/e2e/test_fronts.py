"""Feeds at the host that calendars name, and at that of the API: what no stand-in can show.

That a feed answers at a function's URL shows both permissions of it, as one alone is 403.
"""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.harness.deployment import NOBODY, Deployment, Seen


def ask(deployment: Deployment, method: str, url: str) -> Seen:
    return deployment.send(method, url, headers=NOBODY)


def host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@pytest.fixture
def front(deployment: Deployment, calendar: dict[str, Any]) -> str:
    """The host of feeds, if it is not that of the API."""
    named = host(calendar["ics_path"])
    if named == host(deployment.url):
        pytest.skip("needs a FeedFront other than api")
    return named


def test_a_feed_is_the_same_at_the_host_of_the_api(
    deployment: Deployment, calendar: dict[str, Any]
) -> None:
    address = calendar["ics_path"]
    at_the_api = address.replace(host(address), host(deployment.url))

    named, other = (deployment.feed({"ics_path": url}) for url in (address, at_the_api))

    assert (named.status, other.status, other.body) == (200, 200, named.body)
    assert other.headers["etag"] == named.headers["etag"]


def test_the_page_at_the_host_of_the_api_names_the_host_of_feeds(
    deployment: Deployment, calendar: dict[str, Any]
) -> None:
    address = calendar["ics_path"]

    page = ask(deployment, "GET", address.replace(host(address), host(deployment.url)) + "/view")

    assert (page.status, address in page.text) == (200, True)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_is_at_the_front_or_led_to_the_api(
    deployment: Deployment, calendar: dict[str, Any], front: str, method: str
) -> None:
    address = calendar["ics_path"]

    page = ask(deployment, method, f"{address}/view")

    if page.status == 307:
        assert page.headers["location"] == address.replace(front, host(deployment.url)) + "/view"
    else:
        assert (page.status, address in page.text or method == "HEAD") == (200, True)


def test_the_files_beside_a_page_are_led_to_or_kept(deployment: Deployment, front: str) -> None:
    assert ask(deployment, "GET", f"{front}/calendars/assets/none.css").status in (307, 404)


@pytest.mark.parametrize("path", ["/", "/calendars", "/api/v0/settings", "/jwks"])
def test_a_front_of_feeds_has_nothing_else(deployment: Deployment, front: str, path: str) -> None:
    assert ask(deployment, "GET", f"{front}{path}").status == 404


def test_a_front_lets_pages_of_any_origin_ask(
    deployment: Deployment, calendar: dict[str, Any], front: str
) -> None:
    assert calendar["ics_path"].startswith(front)

    answer = ask(deployment, "OPTIONS", calendar["ics_path"])

    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "*")


def test_no_other_method_is_served(
    deployment: Deployment, calendar: dict[str, Any], front: str
) -> None:
    assert calendar["ics_path"].startswith(front)

    answer = ask(deployment, "DELETE", calendar["ics_path"])

    assert answer.status in (403, 405)  # CloudFront's own, or ours


@pytest.mark.parametrize(
    "spelling",
    [*("/CI%20x.ics", "/caf%C3%A9.ics", "/a%2Fb.ics", "/%25.ics", "/%2e%2e.ics", "/+.ics"), "?x=1"],
)
def test_a_front_reads_addresses_as_the_api_does(
    deployment: Deployment, calendar: dict[str, Any], front: str, spelling: str
) -> None:
    short = calendar["ics_path"].rpartition("/")[0] + spelling

    at_front, at_api = (
        ask(deployment, "GET", url) for url in (short, short.replace(front, host(deployment.url)))
    )

    assert (at_front.status, at_front.body) == (at_api.status, at_api.body)


def test_a_deleted_feed_is_gone_at_both_hosts(deployment: Deployment) -> None:
    name = deployment.name()
    address = deployment.ask("create_calendar", json={"name": name}).document["ics_path"]
    hosts = (address, address.replace(host(address), host(deployment.url)))
    before = [deployment.feed({"ics_path": url}).status for url in hosts]

    deployment.ask("delete_calendar", name=name)

    after = [deployment.feed({"ics_path": url}).status for url in hosts]
    assert (before, after) == ([200, 200], [410, 410])
