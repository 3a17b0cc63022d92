"""What the operators' commands cannot do they say in one line: bad JSON, a missing permission."""

import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
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
