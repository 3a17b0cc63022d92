"""The walk of the contract: its requests, one after the other, and the documented answers."""

from icalendar import Calendar

from tests.harness.server import Client


def walk(client: Client, mom_id: str) -> None:
    """By somebody who has no calendars yet, with a mytoken of theirs that is to be watched."""
    empty = client("GET", data="null\n")
    created = client("POST", json={"name": "CI Mytokens"})
    by_form = client("POST", data={"name": "forms"})
    redirect = client("GET", "/CI%20Mytokens")
    feed = redirect.headers["Location"]
    before = client.fetch(feed)
    added = client("POST", "/CI%20Mytokens", json={"mom_id": mom_id, "comment": "nightly"})
    again = client("POST", "/CI%20Mytokens", data={"mom_id": mom_id})
    after = client.fetch(feed)
    listed = client("GET")
    deleted = client("DELETE", "/CI%20Mytokens", data="null\n")
    gone = client.fetch(feed, {"If-None-Match": after.headers["ETag"]})

    assert (empty.status_code, empty.json()) == (200, {"calendars": []})
    named = {"id": created.json()["id"], "name": "CI Mytokens"}
    calendar = {**named, "ics_path": feed, "tags": []}
    assert (created.status_code, created.json()) == (201, calendar)
    assert feed.endswith("/CI%20Mytokens.ics")
    assert (by_form.status_code, by_form.json()["name"]) == (201, "forms")
    assert (redirect.status_code, redirect.text) == (302, "")
    assert before.status_code == after.status_code == 200
    assert Calendar.from_ical(before.text).walk("VEVENT") == []
    calendar["subscribed_tokens"] = [mom_id]
    assert (added.status_code, added.json()) == (200, calendar)
    assert (again.status_code, again.json()) == (200, calendar)
    assert len(Calendar.from_ical(after.text).walk("VEVENT")) == 1
    assert "nightly" in after.text
    assert listed.json() == {"calendars": [calendar, by_form.json()]}
    assert (deleted.status_code, deleted.text) == (204, "")
    assert gone.status_code == 410
    assert gone.json()["error"] == "gone"
