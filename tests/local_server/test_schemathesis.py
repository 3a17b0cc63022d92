"""The document under attack: Schemathesis makes requests of it that are valid, and ones that are
not, and checks each answer of the local server by all that the document says."""

import json
import subprocess
import sys
from pathlib import Path

from tests.harness.server import ROOT, ServedStack, Server
from tests.harness.tally import Tally

HARNESS = ROOT / "tests" / "harness"
SETTINGS = ["--checks", "all", "--seed", "1", "--generation-database", "none", "--report", "json"]
QUICKLY, DEEPLY = ["--max-examples", "15"], ["--max-time", "240"]


def test_whatever_is_asked_the_answer_is_as_documented(
    server: Server, served: ServedStack, tally: Tally, tmp_path: Path, *, deep: bool
) -> None:
    where = {"SERVED_AT": server.url, "SCHEMATHESIS_HOOKS": "tests.harness.schemathesis_hooks"}
    program = [sys.executable, "-m", "schemathesis.cli", "--no-color"]
    config = ["--config-file", str(HARNESS / "schemathesis.toml")]
    document = ["run", str(ROOT / "docs" / "openapi.yaml"), "--url", server.url]

    done = subprocess.run(
        [*program, *config, *document, *SETTINGS, *(DEEPLY if deep else QUICKLY)],
        cwd=tmp_path,
        env={**server.environment, **served.environment, **where},
        capture_output=True,
        text=True,
        check=False,
    )

    (report,) = (tmp_path / "schemathesis-report").glob("*.json")
    found = json.loads(report.read_text())
    tally.add(
        "schemathesis", found["test_cases"]["generated"], found["test_cases"]["unique_failures"]
    )
    assert done.returncode == 0, done.stdout
    assert found["operations"]["tested"] == found["operations"]["total"]
    assert {phase["status"] for phase in found["phases"].values()} == {"success"}
    assert found["test_cases"]["generated"] > 500
