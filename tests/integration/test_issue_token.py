"""`make token`: what no request could read again is refused, and nothing is registered."""

import json
import re
import sys
from typing import Any

import pytest

from mytoken_calendars.errors import InvalidRequest
from tests.harness.stacks import DAY, Stack
from tests.harness.steps import new_user
from tools.operate import issue_token, target_stack

HALF_A_PAIR = "\udcff"  # as Python reads a byte of a command that is not UTF-8
TOO_DEEP = json.loads("[" * 501 + "]" * 501)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"restrictions": [{"scope": float("nan")}]}, id="nan"),
        pytest.param({"restrictions": [{"usages_AT": float("inf")}]}, id="infinity"),
        pytest.param({"restrictions": [{"audience": [HALF_A_PAIR]}]}, id="half-a-pair"),
        pytest.param({"restrictions": [{"scope": TOO_DEEP}]}, id="too-deep"),
        pytest.param({"name": HALF_A_PAIR}, id="half-a-pair-in-the-name"),
        pytest.param({"user": HALF_A_PAIR}, id="half-a-pair-in-the-user"),
        pytest.param({"parent": ""}, id="no-parent"),
        pytest.param({"parent": "x"}, id="a-parent-that-is-none"),
    ],
)
def test_claims_that_no_request_could_read_are_refused(
    stack: Stack, claims: dict[str, Any]
) -> None:
    before = stack.dump()

    with pytest.raises(InvalidRequest):
        stack.mint(**{"user": new_user(), "expires_in": DAY, **claims})

    assert stack.dump() == before


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"restrictions": [{"hosts": ["192.0.2.1", "x y"]}]}, "hosts has 'x y'"),
        ({"restrictions": [{"hosts": ["*"]}]}, "hosts has '*'"),
        ({"restrictions": [{"hosts": [""]}]}, "hosts has ''"),
        ({"restrictions": [{"hots": ["192.0.2.1"]}]}, "hots is unknown"),
        ({"rotation": {"on_othr": True}}, "unknown here: on_othr"),
    ],
)
def test_what_would_never_hold_is_refused_with_its_name(
    stack: Stack, claims: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(named)):
        stack.mint(**claims)


@pytest.mark.parametrize(
    "host", ["192.0.2.0/24", "2001:db8::/32", "client.example.com.", "*.example.com", "a_b"]
)
def test_addresses_networks_and_names_are_hosts(stack: Stack, host: str) -> None:
    assert stack.mint(restrictions=[{"hosts": [host]}]).mom_id


def test_a_capability_that_no_request_could_read_is_refused(stack: Stack) -> None:
    with pytest.raises(InvalidRequest):
        stack.mint(f"manage_mytokens:{HALF_A_PAIR}")


@pytest.mark.parametrize("option", ["--restriction", "--rotation"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"usages_other": 1, "usages_other": 9}', "has a name twice"),
        ('{"scope": NaN}', "NaN"),
        ('{"scope": 1e999}', "1.8e308"),
        ('{"scope": "\\ud800"}', "half of a surrogate pair"),
        (f'{{"scope": "{HALF_A_PAIR}"}}', "not in UTF-8"),
        ("[" * 100_000, "nested deeper"),
        ("{", "is not JSON"),
        ("[]", "a JSON object"),
    ],
    ids=["twice", "nan", "infinity", "half-a-pair", "no-utf-8", "too-deep", "no-json", "no-object"],
)
def test_json_that_no_request_could_read_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: str,
    text: str,
    told: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["make token", "--user", "alice", option, text])
    monkeypatch.setattr(target_stack, "connect", pytest.fail)

    with pytest.raises(SystemExit):
        issue_token.main()

    *_, said = capsys.readouterr().err.splitlines()
    assert told in said
    assert len(said) < 200
