"""All cases of all checks, and one table of them: `make test-deep`.

The table is printed, and stands in docs/reliability.md, which is written anew with it.
"""

import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from local.template import ROOT
from tests.harness.tally import Tally

PAGE = ROOT / "docs" / "reliability.md"
OPENED, CLOSED = "<!-- make test-deep writes from here -->\n", "<!-- to here -->\n"

# What is run, each with what writes its counts into a file.
_RUNS = (
    ["pytest", "-n", "auto", "--dist", "worksteal", "--deep", "--tally"],
    ["tests.mutants.__main__", "--tally"],
)


def main() -> None:
    began, tally, failed = time.monotonic(), Tally(), False
    with tempfile.TemporaryDirectory() as folder:
        for number, (module, *options) in enumerate(_RUNS):
            counted = Path(folder) / f"{number}.json"
            print(f"running {module} ...", file=sys.stderr)
            command = [sys.executable, "-m", module, *options, str(counted)]
            failed |= subprocess.run(command, cwd=ROOT, check=False).returncode != 0
            if counted.exists():  # not of what could not even begin, and has said why
                for check, counts in json.loads(counted.read_text()).items():
                    tally.add(check, *counts)
    minutes = (time.monotonic() - began) / 60
    print(*tally.lines(), f"in {minutes:.0f} minutes", sep="\n")
    if not failed:
        PAGE.write_text(with_figures(PAGE.read_text(), tally, datetime.now(UTC), minutes))
    sys.exit(failed or tally.violations > 0)


def with_figures(page: str, tally: Tally, at: datetime, minutes: float) -> str:
    """The page with the table of this run in the place of the last one's."""
    head, _, rest = page.partition(OPENED)
    _, _, tail = rest.partition(CLOSED)
    rows = [
        f"| {check} | {cases:,} | {violations:,} |\n"
        for check, (cases, violations) in sorted(tally.counts.items())
    ]
    table = ["| check | cases | violations |\n", "|---|---:|---:|\n", *rows]
    when = f"The run of {at:%Y-%m-%d}, in {minutes:.0f} minutes on Python {_python()}:\n\n"
    return "".join((head, OPENED, "\n", when, *table, "\n", CLOSED, tail))


def _python() -> str:
    return ".".join(map(str, sys.version_info[:2]))


if __name__ == "__main__":
    main()
