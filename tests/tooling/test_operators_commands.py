"""What the operators' commands cannot do they say in one line: bad JSON, a missing permission."""

import sys
from argparse import ArgumentTypeError
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.tokens.mytoken import Capability
from tests.harness.examples import MOM_ID
from tools.operate import issue_token, list_tokens, revoke_token, target_stack


class NotAllowed:
    """An authority whose every part needs a permission that the operator lacks."""

    def __getattr__(self, name: str) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": name}}, "Query")


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (issue_token, ["make token", "--user", "alice"]),
        (list_tokens, ["make tokens"]),
        (revoke_token, ["make revoke", "--mom-id", MOM_ID]),
    ],
    ids=["token", "tokens", "revoke"],
)
def test_a_permission_that_is_missing_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, command: Any, arguments: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(target_stack, "connect", lambda arguments: "https://mytoken.example")
    monkeypatch.setattr(EmbeddedAuthority, "from_environment", NotAllowed)

    with pytest.raises(SystemExit, match=f"{arguments[0]}: .*AccessDeniedException"):
        command.main()


@pytest.mark.parametrize(
    "clause",
    [
        pytest.param('{"usages_other": 1, "usages_other": 9}', id="a-name-twice"),
        pytest.param('{"scope": NaN}', id="no-number"),
        pytest.param('{"scope": "\\ud800"}', id="half-a-pair"),
        pytest.param('{"scope": "\udcff"}', id="not-UTF-8"),
        pytest.param('{"scope": ' * 50_000, id="too-deep"),
        pytest.param("[]", id="no-object"),
    ],
)
@pytest.mark.parametrize("option", ["--restriction", "--rotation"])
def test_json_that_no_token_could_hold_is_refused_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str, clause: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["make token", "--user", "alice", option, clause])

    with pytest.raises(SystemExit):
        issue_token.main()

    (said,) = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
    assert said.startswith(f"make token ARGS=...: error: argument {option}: ")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--capability", "foo", "'foo' is no capability"),
        ("--capability", "", "'' is no capability"),
        ("--capability", "AT,tokeninfo", "'AT,tokeninfo' is no capability"),
        ("--capability", "read@AT", "'read@AT' is no capability"),
        ("--capability", "notify", "'notify' is no capability"),
        ("--expires-in", "0d", "lives for 0d"),
        ("--expires-in", "00s", "lives for 00s"),
    ],
)
def test_what_could_never_be_used_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["make token", "--user", "alice", option, value])

    with pytest.raises(SystemExit):
        issue_token.main()

    assert f"argument {option}: " in capsys.readouterr().err.replace("\n", " ")
    with pytest.raises(ArgumentTypeError, match=said):
        {"--capability": issue_token.capability, "--expires-in": issue_token.duration}[option](
            value
        )


@pytest.mark.parametrize(
    "text",
    [*Capability, "AT", "create_mytoken", "manage_mytokens", "settings", "read@manage_mytokens"],
)
def test_what_mytoken_servers_know_is_a_capability(text: str) -> None:
    assert issue_token.capability(text) == text
