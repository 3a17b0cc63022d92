"""get_configuration: tells clients where everything is, and of which issuer the mytokens are."""

from local.template import Template
from tests.harness.stacks import CORS, PUBLIC_URL, Stack, sample_event


def test_the_configuration_names_issuer_keys_and_notifications(stack: Stack) -> None:
    answer = stack.invoke("get_configuration")

    assert answer.status == 200
    assert answer.undated == {
        **CORS,
        "content-type": "application/json",
        "cache-control": "no-store",
    }
    assert answer.json == {
        "issuer": PUBLIC_URL,
        "jwks_uri": f"{PUBLIC_URL}/jwks",
        "tokeninfo_endpoint": f"{PUBLIC_URL}/api/v0/tokeninfo",
        "revocation_endpoint": f"{PUBLIC_URL}/api/v0/token/revoke",
        "usersettings_endpoint": f"{PUBLIC_URL}/api/v0/settings",
        "notifications_endpoint": f"{PUBLIC_URL}/api/v0/notifications",
        "token_signing_alg_value": "ES512",
        "tokeninfo_endpoint_actions_supported": [
            *("introspect", "list_mytokens", "subtokens", "notifications")
        ],
        "restriction_claims_supported": [
            "nbf",
            "exp",
            "usages_other",
            "schedule",
            "geoip_allow",
            "geoip_disallow",
            "hosts",
        ],
    }


def test_what_it_names_is_where_the_template_has_it(stack: Stack) -> None:
    paths = {route.folder: route.path for route in Template.read().plain_routes}

    configuration = stack.invoke("get_configuration").json

    endpoint = configuration["notifications_endpoint"]
    assert f"{endpoint}/calendars" == PUBLIC_URL + paths["list_calendars"]
    assert configuration["jwks_uri"] == PUBLIC_URL + paths["get_jwks"]
    assert configuration["tokeninfo_endpoint"] == PUBLIC_URL + paths["tokeninfo"]
    assert configuration["revocation_endpoint"] == PUBLIC_URL + paths["revoke_token"]


def test_everything_is_where_the_stack_is_reached(stack: Stack) -> None:
    event = sample_event("get_configuration")
    event["stageVariables"]["publicUrl"] = "https://mytoken.example"

    configuration = stack.send("get_configuration", event).json

    assert configuration["issuer"] == "https://mytoken.example"
    assert configuration["jwks_uri"] == "https://mytoken.example/jwks"
    assert configuration["notifications_endpoint"].startswith("https://mytoken.example/api/")
