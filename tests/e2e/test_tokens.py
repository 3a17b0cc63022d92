"""What holders of mytokens ask the issuer, if this deployment is the one. None is revoked."""

from typing import Any

import pytest

from mytoken_calendars.tokens.mytoken import Capability
from tests.harness.deployment import NOBODY, Deployment

NO_MOM_ID = f"{'A' * 86}=="


@pytest.fixture(scope="module")
def is_the_issuer(deployment: Deployment) -> bool:
    """Whether the endpoints for mytokens are in this deployment, too."""
    configuration = deployment.ask("get_configuration", headers=NOBODY).json
    endpoints = (configuration[f"{of}_endpoint"] for of in ("tokeninfo", "notifications"))
    return len({endpoint.partition("/api/")[0] for endpoint in endpoints}) == 1


@pytest.fixture
def issuer(deployment: Deployment, *, is_the_issuer: bool) -> Deployment:
    if not is_the_issuer:
        pytest.skip("another mytoken server is the issuer")
    return deployment


def test_a_mytoken_is_introspected(issuer: Deployment) -> None:
    issuer.needs(Capability.INTROSPECT)

    answer = issuer.ask("tokeninfo", json={"action": "introspect"})

    assert (answer.status, answer.json["valid"]) == (200, True)
    assert issuer.mytoken is None or answer.json["mom_id"] == issuer.mytoken.mom_id


@pytest.mark.parametrize(
    ("action", "capability"),
    [("subtokens", Capability.SUBTOKENS), ("list_mytokens", Capability.LIST)],
    ids=["of its descendants", "of its user"],
)
def test_a_mytoken_is_in_the_trees(issuer: Deployment, action: str, capability: Capability) -> None:
    issuer.needs(capability)

    answer = issuer.ask("tokeninfo", data={"action": action})

    assert answer.status == 200
    trees = answer.json["mytokens"]
    assert issuer.mytoken
    assert issuer.mytoken.mom_id in _mom_ids(trees if isinstance(trees, list) else [trees])


@pytest.mark.parametrize("operation", ["tokeninfo", "revoke_token"])
def test_who_has_no_mytoken_is_told_nothing(issuer: Deployment, operation: str) -> None:
    answer = issuer.ask(operation, headers=NOBODY, json={})

    assert (answer.status, answer.error) == (401, "invalid_token")


def test_an_unknown_mytoken_is_not_revoked(issuer: Deployment) -> None:
    answer = issuer.ask("revoke_token", json={"mom_id": NO_MOM_ID})

    assert answer.status == 403
    assert answer.error in ("invalid_grant", "insufficient_capabilities")


def test_where_another_is_the_issuer_its_endpoints_are_not_here(
    deployment: Deployment, *, is_the_issuer: bool
) -> None:
    if is_the_issuer:
        pytest.skip("this deployment is the issuer")

    answers = [deployment.ask(operation, json={}) for operation in ("tokeninfo", "revoke_token")]

    assert [answer.status for answer in answers] == [404, 404]


def _mom_ids(trees: list[dict[str, Any]]) -> list[str]:
    below = [mom_id for tree in trees for mom_id in _mom_ids(tree.get("children", []))]
    return [*(tree["token"]["mom_id"] for tree in trees), *below]
