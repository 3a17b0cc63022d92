"""Tags of a user and of a calendar, and where clients look for them."""

from collections.abc import Callable, Iterator

import pytest

from mytoken_calendars.tokens.mytoken import Capability
from tests.harness import http2
from tests.harness.deployment import NOBODY, Deployment


@pytest.fixture
def tag(deployment: Deployment) -> Iterator[str]:
    """A new tag, which is gone afterwards."""
    deployment.needs(Capability.TAGS)
    name = deployment.name("-tag")
    assert deployment.ask("create_tag", tag=name, json={"color": "#3357ff"}).status == 204
    yield name
    for left in (name, f"{name}-renamed"):
        deployment.ask("delete_tag", tag=left)


def test_clients_find_the_settings_and_what_is_not_offered(deployment: Deployment) -> None:
    configuration = deployment.ask("get_configuration", headers=NOBODY).json
    settings = deployment.ask("get_settings", headers=NOBODY)

    assert configuration["usersettings_endpoint"].endswith("/api/v0/settings")
    assert settings.json["tags_endpoint"] == f"{configuration['usersettings_endpoint']}/tags"
    refused = deployment.ask("not_offered", headers=NOBODY)
    assert (refused.status, refused.error) == (404, "not_found")


def test_a_tag_of_a_calendar_is_renamed_and_deleted_with_one_request(
    deployment: Deployment, tag: str
) -> None:
    wish = {"name": deployment.name(), "tags": [tag]}
    created = deployment.ask("create_calendar", json=wish)

    renamed = deployment.ask("update_tag", tag=tag, json={"tag": f"{tag}-renamed"})
    (shown,) = _tags(deployment, wish["name"])
    deleted = deployment.ask("delete_tag", tag=f"{tag}-renamed")

    assert (created.status, renamed.status, deleted.status) == (201, 204, 204)
    assert created.document["tags"] == [{"tag": tag, "color": "3357FF"}]
    assert shown == {"tag": f"{tag}-renamed", "color": "3357FF"}
    assert _tags(deployment, wish["name"]) == []


def test_a_calendar_gets_and_loses_a_tag(deployment: Deployment, tag: str) -> None:
    name = deployment.name()
    deployment.ask("create_calendar", json={"name": name})

    given = deployment.ask("tag_calendar", name=name, json={"tag": tag})
    with_it = _tags(deployment, name)
    taken = deployment.ask("untag_calendar", name=name, json={"tag": tag})

    assert (given.status, taken.status) == (deployment.done, deployment.done)
    assert [one["tag"] for one in with_it] == [tag]
    assert _tags(deployment, name) == []


def test_a_calendar_without_a_name_is_called_by_its_description(deployment: Deployment) -> None:
    description = deployment.name("/described")

    created = deployment.ask("create_calendar", json={"description": description, "tags": None})

    assert (created.status, created.document["name"]) == (201, description.replace("/", "-"))


def test_an_answer_without_content_arrives_over_http_2(
    deployment: Deployment, tag: str, differs: Callable[[str], None]
) -> None:
    """To make a tag again changes nothing, and is no use of the mytoken."""
    url = f"{deployment.url}/api/v0/settings/tags/{tag}"

    ended = http2.ask("POST", url, {"Authorization": f"Bearer {deployment.bearer}"})

    if ended is None:
        differs("HTTP/2 is not spoken here")
        return
    assert ended.status == 204
    if not ended.with_its_head:
        differs("over HTTP/2 a 204 ends behind its head: the stock client 0.7.1 calls it an error")


def _tags(deployment: Deployment, name: str) -> list[dict[str, str]]:
    listed = deployment.ask("list_calendars").json["calendars"]
    (tags,) = (calendar["tags"] for calendar in listed if calendar["name"] == name)
    found: list[dict[str, str]] = tags
    return found
