"""What clients ask before they call the rest: the configuration, the keys, and CORS."""

from typing import Any

import jwt
import pytest

from tests.harness.deployment import NOBODY, Deployment

PAGE = "https://page.example"


@pytest.fixture
def configuration(deployment: Deployment) -> dict[str, Any]:
    answer = deployment.ask("get_configuration", headers=NOBODY)
    assert answer.status == 200
    return answer.document


def test_the_configuration_leads_to_the_calendars_of_this_deployment(
    deployment: Deployment, configuration: dict[str, Any]
) -> None:
    calendars = f"{configuration['notifications_endpoint']}/calendars"

    answer = deployment.ask("list_calendars", path=calendars)

    assert (answer.status, "calendars" in answer.document) == (200, True)


def test_the_mytoken_is_one_of_the_issuer_that_is_announced(
    deployment: Deployment, configuration: dict[str, Any]
) -> None:
    if deployment.mytoken is None:
        pytest.skip("needs a mytoken that is a JWT")

    assert deployment.mytoken.iss == configuration["issuer"]


def test_the_published_keys_verify_the_mytoken(
    deployment: Deployment, configuration: dict[str, Any]
) -> None:
    if deployment.mytoken is None:
        pytest.skip("needs a mytoken that is a JWT")
    algorithm = configuration["token_signing_alg_value"]

    keys = deployment.ask("get_jwks", headers=NOBODY).json["keys"]

    verified = [_verifies(key, algorithm, deployment.bearer) for key in keys]
    assert verified.count(True) == 1


def test_a_page_of_any_origin_may_call_without_cookies(deployment: Deployment) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "DELETE"}

    answer = deployment.ask(
        "preflight",
        path="/api/v0/notifications/calendars/x",
        headers={**NOBODY, **asked, "Access-Control-Request-Headers": "authorization"},
    )

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers.get("access-control-allow-origin") == "*"
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("with_mytoken", [True, False], ids=["of success", "of a refusal"])
def test_a_page_of_any_origin_may_read_an_answer(
    deployment: Deployment, *, with_mytoken: bool
) -> None:
    headers = {"Origin": PAGE} if with_mytoken else {"Origin": PAGE, **NOBODY}

    answer = deployment.ask("list_calendars", headers=headers)

    assert answer.status == (200 if with_mytoken else 401)
    assert answer.headers.get("access-control-allow-origin") == "*"


def test_a_page_of_any_origin_may_read_a_feed(
    deployment: Deployment, calendar: dict[str, Any]
) -> None:
    feed = deployment.feed(calendar, Origin=PAGE)

    assert feed.status == 200
    assert feed.headers.get("access-control-allow-origin") == "*"


def _verifies(jwk: dict[str, Any], algorithm: str, bearer: str) -> bool:
    """Not if the key is one for something else, as servers may publish too."""
    try:
        key = jwt.PyJWK(jwk, algorithm)
        jwt.PyJWS(algorithms=[algorithm]).decode(bearer, key)
    except jwt.PyJWTError:
        return False
    return True
