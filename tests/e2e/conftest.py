"""What the checks of a deployment share. The deployment itself is a fixture of who runs them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.deployment import Deployment

COMMENT = "made by make e2e"


@pytest.fixture(scope="session")
def calendar(deployment: Deployment) -> dict[str, Any]:
    """With the mytoken in it, unless that never expires. No check changes it."""
    created = deployment.ask("create_calendar", json={"name": deployment.name()})
    assert created.status == 201
    if deployment.expires:
        added = {"mom_id": "", "comment": COMMENT}
        assert deployment.ask("add_token", name=created.json["name"], json=added).status == 200
    return created.document


@pytest.fixture
def differs(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Notes what is not as on the local server, but lawful: it stands in the check's line."""
    return lambda how: record_property("differs", how)
