"""What operators write into the arguments of `make token`: it is read as tokens are, or refused."""

import sys

import pytest

from tools.operate import issue_token


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

    assert capsys.readouterr().err.endswith(f"argument {option}: a JSON object\n")
