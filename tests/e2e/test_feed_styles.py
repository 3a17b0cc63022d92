"""Several feeds of a calendar: each in its style, at an address that can be taken back."""

from typing import Any

import pytest
from icalendar import Calendar

from tests.harness.deployment import Deployment, Seen


@pytest.fixture
def calendar(deployment: Deployment) -> dict[str, Any]:
    """With the mytoken in it, unless that never expires; each check has its own."""
    created = deployment.ask("create_calendar", json={"name": deployment.name()})
    assert created.status == 201
    if deployment.expires:
        added = deployment.ask("add_token", name=created.document["name"], json={"mom_id": ""})
        assert added.status == 200
    return created.document


@pytest.fixture
def events(deployment: Deployment, calendar: dict[str, Any]) -> dict[str, Any]:
    """A further feed of the calendar, in which reminders are events."""
    wish = {"label": "for Google", "reminders": "events"}
    made = deployment.ask("create_feed", name=calendar["name"], json=wish)
    assert made.status == 201
    return made.document


def test_a_feed_is_made_listed_and_served_in_its_style(
    deployment: Deployment, calendar: dict[str, Any], events: dict[str, Any]
) -> None:
    listed = deployment.ask("list_feeds", name=calendar["name"])

    first, second = listed.json["feeds"]
    assert (first["ics_path"], first["reminders"]) == (calendar["ics_path"], "alarms")
    assert second == events
    alarms, reminders = deployment.feed(calendar), deployment.feed(events)
    assert _names(alarms).count("VEVENT") == deployment.expires
    assert (_names(alarms).count("VALARM") > 0) == deployment.expires
    assert _names(reminders).count("VALARM") == 0
    assert (_names(reminders).count("VEVENT") > 1) == deployment.expires


def test_a_style_that_is_changed_shows_at_once(
    deployment: Deployment, calendar: dict[str, Any], events: dict[str, Any]
) -> None:
    before = deployment.feed(events)
    changed = deployment.ask(
        "update_feed", name=calendar["name"], feed=events["id"], json={"detail": "minimal"}
    )
    after = deployment.feed(events, if_none_match=before.headers["etag"])

    assert (changed.status, changed.document["detail"]) == (200, "minimal")
    assert after.status == 200
    assert calendar["name"] not in after.text


def test_an_address_that_is_reset_is_gone_and_the_new_one_serves_the_same(
    deployment: Deployment, calendar: dict[str, Any], events: dict[str, Any]
) -> None:
    before = deployment.feed(events)
    reset = deployment.ask("reset_feed", name=calendar["name"], feed=events["id"])

    old, new = deployment.feed(events), deployment.feed(reset.document)

    assert reset.document == {**events, "ics_path": reset.document["ics_path"]}
    assert (old.status, old.error) == (410, "gone")
    assert (new.status, new.body) == (200, before.body)


def test_a_feed_is_deleted_but_the_first_is_not(
    deployment: Deployment, calendar: dict[str, Any], events: dict[str, Any]
) -> None:
    first, second = deployment.ask("list_feeds", name=calendar["name"]).json["feeds"]

    refused, deleted = (
        deployment.ask("delete_feed", name=calendar["name"], feed=feed["id"])
        for feed in (first, second)
    )

    assert (refused.status, refused.error) == (409, "conflict")
    assert deleted.status == deployment.done
    assert deployment.feed(events).status == 410
    assert deployment.feed(calendar).status == 200


def test_a_renamed_calendar_keeps_its_addresses(
    deployment: Deployment, calendar: dict[str, Any]
) -> None:
    name = deployment.name(" renamed")
    words = {"name": name, "description": "for the release team"}

    renamed = deployment.ask("update_calendar", name=calendar["name"], json=words)

    assert renamed.document.items() >= {**words, "id": calendar["id"]}.items()
    feed = deployment.feed(calendar)
    assert feed.status == 200
    assert f"X-WR-CALNAME:{name}" in feed.text
    assert "X-WR-CALDESC:for the release team" in feed.text
    assert deployment.ask("get_calendar", name=calendar["name"]).status == 404


@pytest.mark.parametrize("operation", ["remove_token", "delete_calendar"])
def test_a_mytoken_leaves_its_calendar(
    deployment: Deployment, calendar: dict[str, Any], operation: str
) -> None:
    gone = {"mom_id": ""}

    removed = deployment.ask(operation, name=calendar["name"], json=gone)

    assert removed.status == deployment.done
    listed = deployment.ask("list_calendars").json["calendars"]
    (left,) = [one for one in listed if one["id"] == calendar["id"]]
    assert "subscribed_tokens" not in left
    assert _names(deployment.feed(calendar)).count("VEVENT") == 0


def _names(feed: Seen) -> list[str]:
    return [component.name for component in Calendar.from_ical(feed.text).walk()]
