"""Names in paths: they are decoded once, as UTF-8, and a plus sign is a plus sign."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.deployment import Deployment, Seen
from tests.harness.stacks import CALENDARS

ENDINGS = {
    "spaces": " of two words",
    "plus signs": "+a+",
    "other scripts": " ελ 日本 ע",
    "accents": " Käse",
    "emoji": " 🚀👩",
    "delimiters": "!$&'()*,;=:@~[]|^",
    "quotes": " \"'`<>{}",
    "dots": "...",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_calendar_is_found_and_deleted_by_its_name(deployment: Deployment, ending: str) -> None:
    _is_found_and_deleted(deployment, deployment.name(ending))


def test_a_name_of_128_characters_is_not_too_long(deployment: Deployment) -> None:
    _is_found_and_deleted(deployment, f"{deployment.name():🚀<128}")


def test_a_name_is_found_however_its_accents_and_its_case_are_encoded(
    deployment: Deployment,
) -> None:
    created = _created(deployment, " é")

    found = deployment.ask("get_calendar", name=created["name"].replace("é", "E\u0301").upper())

    assert (found.status, found.headers.get("location")) == (302, created["ics_path"])


@pytest.mark.parametrize(
    ("ending", "spelled", "status"),
    [
        pytest.param("+b", "+b", 302, id="a plus sign as it is"),
        pytest.param("+b", "%2Bb", 302, id="a plus sign as %2B"),
        pytest.param("+b", "%2bb", 302, id="a plus sign as %2b"),
        pytest.param("+b", "%20b", 404, id="a plus sign is not %20"),
        pytest.param(" b", "%20b", 302, id="a space as %20"),
        pytest.param(" b", "+b", 404, id="a space is not a plus sign"),
        pytest.param(" b", "%2520b", 404, id="a space is not %2520"),
        pytest.param("Ab", "%41b", 302, id="a letter as %41"),
        pytest.param("Ab", "%2541b", 404, id="a letter is not %2541"),
    ],
)
def test_a_name_in_a_path_is_decoded_once(
    deployment: Deployment, ending: str, spelled: str, status: int
) -> None:
    name = _created(deployment, ending)["name"].removesuffix(ending)

    answer = deployment.ask("get_calendar", path=f"{CALENDARS}/{name}{spelled}")

    assert answer.status == status


def test_a_slash_at_the_end_changes_nothing(deployment: Deployment) -> None:
    created = _created(deployment)

    found = deployment.ask("get_calendar", path=f"{CALENDARS}/{created['name']}/")
    listed = deployment.ask("list_calendars", path=f"{CALENDARS}/")

    assert (found.status, found.headers.get("location")) == (302, created["ics_path"])
    assert (listed.status, "calendars" in listed.document) == (200, True)


def test_a_slash_in_a_name_leads_nowhere(deployment: Deployment) -> None:
    created = _created(deployment)

    answer = deployment.ask("get_calendar", path=f"{CALENDARS}/{created['name']}%2Fx")

    assert (answer.status, answer.error) == (404, "not_found")


def test_a_question_mark_ends_a_name_as_api_gateway_decodes_it(
    deployment: Deployment, differs: Callable[[str], None]
) -> None:
    created = _created(deployment)

    answer = deployment.ask("get_calendar", path=f"{CALENDARS}/{created['name']}%3Fx")

    if (answer.status, answer.error) == (404, "not_found"):
        differs("it leads nowhere")
    else:
        assert (answer.status, answer.headers.get("location")) == (302, created["ics_path"])


@pytest.mark.parametrize(
    "spelled", ["%2e%2e", "%2E", "%00", "x%00", "%20", pytest.param("x" * 5000, id="5 kB")]
)
def test_what_is_no_name_is_not_found(
    deployment: Deployment, differs: Callable[[str], None], spelled: str
) -> None:
    answer = deployment.send("GET", f"{CALENDARS}/{spelled}")

    _is_refused(answer, 404, "not_found", differs)


@pytest.mark.parametrize("spelled", ["%FF", "a%C0%AE", "%ED%A0%80"])
def test_what_is_not_utf_8_is_refused(
    deployment: Deployment, differs: Callable[[str], None], spelled: str
) -> None:
    answer = deployment.send("GET", f"{CALENDARS}/{spelled}")

    _is_refused(answer, 400, "invalid_request", differs)


@pytest.mark.parametrize(
    "ending",
    ["/b", "\\b", "?b", "#b", "%", " ", "\tb", "\u200bb", pytest.param("x" * 128, id="x128")],
)
def test_a_calendar_is_not_created_under_what_is_no_name(
    deployment: Deployment, ending: str
) -> None:
    answer = deployment.ask("create_calendar", json={"name": deployment.name(ending)})

    assert (answer.status, answer.error) == (400, "invalid_request")


def _created(deployment: Deployment, ending: str = "") -> dict[str, Any]:
    answer = deployment.ask("create_calendar", json={"name": deployment.name(ending)})
    assert answer.status == 201
    return answer.document


def _is_found_and_deleted(deployment: Deployment, name: str) -> None:
    created = deployment.ask("create_calendar", json={"name": name})
    found = deployment.ask("get_calendar", name=name)
    deleted = deployment.ask("delete_calendar", name=name)

    assert (created.status, created.document["name"]) == (201, name)
    assert (found.status, found.headers.get("location")) == (302, created.document["ics_path"])
    assert deleted.status == deployment.done


def _is_refused(answer: Seen, status: int, error: str, differs: Callable[[str], None]) -> None:
    """With this error, or by API Gateway itself, which hands on no such path."""
    if answer.status == 400 and answer.error is None:
        differs(f"API Gateway refuses it: {answer.body[:60]!r}")
    else:
        assert (answer.status, answer.error) == (status, error)
