"""The walk of the contract: calendars are created, found, filled, listed, and deleted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest
from icalendar import Calendar, Event

from tests.harness.deployment import NOBODY, Deployment, Seen

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
KEY = "Idempotency-Key"
REPLAYED = "idempotent-replayed"


@pytest.fixture
def created(deployment: Deployment) -> dict[str, Any]:
    """A calendar of the check's own, without mytokens."""
    answer = deployment.ask("create_calendar", json={"name": deployment.name()})
    assert answer.status == 201
    return answer.document


@pytest.fixture
def expiring(deployment: Deployment) -> Deployment:
    """The deployment, if its mytoken can be added to a calendar."""
    if not deployment.expires:
        pytest.skip("needs a mytoken that expires")
    return deployment


@pytest.mark.parametrize("encoding", ["json", "data"], ids=["in JSON", "in a form"])
def test_a_calendar_is_created_and_listed(deployment: Deployment, encoding: str) -> None:
    name = deployment.name(" of two words")

    created = deployment.ask("create_calendar", **{encoding: {"name": name}})

    assert (created.status, created.document["name"]) == (201, name)
    assert created.document in _listed(deployment)


def test_an_address_of_a_feed_is_one_of_this_deployment(
    deployment: Deployment, created: dict[str, Any]
) -> None:
    base = deployment.ask("get_configuration", headers=NOBODY).json["notifications_endpoint"]

    address = f"{base.partition('/api/')[0]}/calendars/"
    secret, _, file = created["ics_path"].removeprefix(address).partition("/")
    assert created["ics_path"].startswith(address)
    assert len(secret) == 32
    assert unquote(file) == f"{created['name']}.ics"


def test_a_calendar_is_found_by_its_id(deployment: Deployment, created: dict[str, Any]) -> None:
    found = deployment.ask("get_calendar", name=created["id"].upper())

    assert (found.status, found.headers["location"]) == (302, created["ics_path"])


def test_the_mytoken_may_be_in_the_body(deployment: Deployment) -> None:
    body = {"name": deployment.name(), "mytoken": deployment.bearer}

    created = deployment.ask("create_calendar", headers=NOBODY, json=body)

    assert (created.status, created.document["name"]) == (201, body["name"])


def test_the_mytoken_may_be_in_the_cookie_which_then_is_renewed(
    deployment: Deployment, created: dict[str, Any]
) -> None:
    cookie = {**NOBODY, "Cookie": f"mytoken={deployment.bearer}"}

    listed = deployment.ask("list_calendars", headers=cookie)

    assert created in listed.json["calendars"]
    renewed = listed.headers.get("set-cookie", "").startswith(f"mytoken={deployment.bearer};")
    assert renewed == deployment.rotates


def test_a_body_of_null_is_none_as_the_mytoken_client_sends_it(
    deployment: Deployment, created: dict[str, Any]
) -> None:
    listed = deployment.ask("list_calendars", data="null\n")
    deleted = deployment.ask("delete_calendar", name=created["name"], data="null\n")

    assert created in listed.json["calendars"]
    assert deleted.status == deployment.done


def test_a_name_that_exists_is_refused_whatever_its_case(
    deployment: Deployment, created: dict[str, Any]
) -> None:
    again = [
        deployment.ask("create_calendar", json={"name": name})
        for name in (created["name"], created["name"].upper())
    ]

    assert [(a.status, a.error) for a in again] == [(409, "conflict")] * 2


def test_of_clients_that_race_for_a_name_one_wins(deployment: Deployment) -> None:
    name = deployment.name()
    if deployment.rotates:
        pytest.skip("needs a mytoken that does not rotate")

    with ThreadPoolExecutor(8) as clients:
        answers = clients.map(
            lambda _: deployment.ask("create_calendar", json={"name": name}), range(8)
        )

    assert sorted(answer.status for answer in answers) == [201, *[409] * 7]


def test_calendars_that_are_made_at_once_are_all_there(deployment: Deployment) -> None:
    """On AWS their transactions conflict, as all of them count for one owner."""
    if deployment.rotates:
        pytest.skip("needs a mytoken that does not rotate")
    names = [deployment.name() for _ in range(8)]

    with ThreadPoolExecutor(8) as clients:
        answers = list(
            clients.map(lambda name: deployment.ask("create_calendar", json={"name": name}), names)
        )

    assert [answer.status for answer in answers] == [201] * 8
    assert {answer.document["name"] for answer in answers} == set(names)
    listed = _listed(deployment)
    assert all(answer.document in listed for answer in answers)


def test_a_name_leads_to_its_feed(deployment: Deployment, created: dict[str, Any]) -> None:
    found = deployment.ask("get_calendar", name=created["name"])

    assert (found.status, found.body) == (302, b"")
    assert found.headers["location"] == created["ics_path"]


@pytest.mark.parametrize("operation", ["get_calendar", "delete_calendar", "add_token"])
def test_an_unknown_calendar_is_not_found(deployment: Deployment, operation: str) -> None:
    body = {"json": {"mom_id": ""}} if operation == "add_token" else {}

    answer = deployment.ask(operation, name=deployment.name(), **body)

    assert (answer.status, answer.error) == (404, "not_found")


def test_the_feed_has_an_event_at_the_expiry_of_an_added_mytoken(
    expiring: Deployment, created: dict[str, Any]
) -> None:
    before = expiring.feed(created)
    added = _added(expiring, created, mom_id="", comment="Käse, ß; 🚀")
    after = expiring.feed(created)

    assert (before.status, _events(before)) == (200, [])
    (mom_id,) = added.document["subscribed_tokens"]
    assert added.document == {**created, "subscribed_tokens": [mom_id]}
    (event,) = _events(after)
    assert "Käse, ß; 🚀" in event["description"]
    if expiring.mytoken:
        assert mom_id == expiring.mytoken.mom_id
        assert event["dtstart"].dt == datetime.fromtimestamp(expiring.mytoken.expires or 0, UTC)


def test_adding_a_mytoken_again_replaces_its_comment_and_nothing_else(
    expiring: Deployment, created: dict[str, Any]
) -> None:
    first = _added(expiring, created, mom_id="", comment="first")
    second = _added(expiring, created, mom_id="", comment="second")

    assert second.document == first.document
    (event,) = _events(expiring.feed(created))
    assert event["description"].startswith("second")


def test_a_mom_id_in_a_form_has_its_plus_signs_encoded(
    expiring: Deployment, created: dict[str, Any]
) -> None:
    (mom_id,) = _added(expiring, created, mom_id="").document["subscribed_tokens"]

    by_form = expiring.ask("add_token", name=created["name"], data={"mom_id": mom_id})
    as_spaces = expiring.ask(
        "add_token", name=created["name"], headers=FORM, data=f"mom_id={'a+' * 43}Q=="
    )

    assert by_form.document["subscribed_tokens"] == [mom_id]
    assert (as_spaces.status, as_spaces.error) == (400, "invalid_request")


def test_an_unknown_mytoken_is_not_added(deployment: Deployment, created: dict[str, Any]) -> None:
    answer = deployment.ask("add_token", name=created["name"], json={"mom_id": f"{'A' * 86}=="})

    # Another issuer is asked only by those who may ask.
    assert answer.status == 403
    assert answer.error in ("invalid_grant", "insufficient_capabilities")


def test_a_deleted_calendar_is_in_no_answer_that_begins_later(
    deployment: Deployment, created: dict[str, Any]
) -> None:
    known = deployment.feed(created).headers["etag"]

    deleted = deployment.ask("delete_calendar", name=created["name"])
    feeds = [
        deployment.feed(created),
        deployment.feed(created, if_none_match=known),
        deployment.feed(created, accept_encoding="gzip"),
        deployment.feed(created, "HEAD"),
    ]
    found = deployment.ask("get_calendar", name=created["name"])
    again = deployment.ask("delete_calendar", name=created["name"])

    assert deleted.status == deployment.done
    assert [feed.status for feed in feeds] == [410] * 4
    assert (found.status, again.status) == (404, 404)
    assert created["name"] not in [calendar["name"] for calendar in _listed(deployment)]


def test_a_name_is_free_after_its_calendar_was_deleted_and_gets_a_new_address(
    deployment: Deployment, created: dict[str, Any]
) -> None:
    deployment.ask("delete_calendar", name=created["name"])

    anew = deployment.ask("create_calendar", json={"name": created["name"]})

    assert anew.status == 201
    assert anew.document["ics_path"] != created["ics_path"]
    assert [deployment.feed(one).status for one in (anew.document, created)] == [200, 410]


def test_a_repeated_creation_is_done_once(deployment: Deployment) -> None:
    name = deployment.name()
    request = {"headers": _repeatable(deployment), "json": {"name": name}}

    first, second = (deployment.ask("create_calendar", **request) for _ in range(2))

    assert (first.status, second.status, second.body) == (201, 201, first.body)
    assert [REPLAYED in answer.headers for answer in (first, second)] == [False, True]
    assert [c["name"] for c in _listed(deployment)].count(name) == 1


def test_a_repeated_addition_is_done_once(expiring: Deployment, created: dict[str, Any]) -> None:
    request = {"headers": _repeatable(expiring), "json": {"mom_id": ""}}

    first, second = (expiring.ask("add_token", name=created["name"], **request) for _ in range(2))

    assert (first.status, second.status, second.body) == (200, 200, first.body)
    assert [REPLAYED in answer.headers for answer in (first, second)] == [False, True]
    assert len(_events(expiring.feed(created))) == 1


def test_a_repeated_deletion_is_done_once(deployment: Deployment, created: dict[str, Any]) -> None:
    headers = _repeatable(deployment)

    first, second = (
        deployment.ask("delete_calendar", name=created["name"], headers=headers) for _ in range(2)
    )

    assert (first.status, second.status) == (deployment.done, deployment.done)
    assert [REPLAYED in answer.headers for answer in (first, second)] == [False, True]


def test_a_key_does_not_serve_for_another_request(deployment: Deployment) -> None:
    headers = _repeatable(deployment)
    first = deployment.ask("create_calendar", headers=headers, json={"name": deployment.name()})

    other = deployment.ask("create_calendar", headers=headers, json={"name": deployment.name()})

    assert first.status == 201
    assert (other.status, other.error) == (400, "invalid_request")


def _listed(deployment: Deployment) -> list[dict[str, Any]]:
    calendars: list[dict[str, Any]] = deployment.ask("list_calendars").json["calendars"]
    return calendars


def _added(deployment: Deployment, calendar: dict[str, Any], **fields: str) -> Seen:
    answer = deployment.ask("add_token", name=calendar["name"], json=fields)
    assert answer.status == 200
    return answer


def _events(feed: Seen) -> list[Event]:
    return list(Calendar.from_ical(feed.text).walk("VEVENT"))


def _repeatable(deployment: Deployment) -> dict[str, str]:
    """The headers of a request that is sent again with the mytoken that it came with first."""
    return {"Authorization": f"Bearer {deployment.bearer}", KEY: deployment.name()}
