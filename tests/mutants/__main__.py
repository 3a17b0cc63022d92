"""Seeds the defects of `mutants.py`, one after the other, for their tests to find: `make mutants`.

Each mutant is a copy of the project with one defect, in which its test is run. The test has to find
an answer other than it states: that it cannot be run, or breaks in another way, shows nothing.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

from local.template import ROOT
from tests.harness.tally import Tally
from tests.mutants.defects import MUTANTS, Mutant

CAUGHT = "caught"
SURVIVES = "SURVIVES"

_AT_ONCE = 2
_LONGEST = 300  # seconds, for one test on one mutant
_ALL = 4 * _LONGEST  # for all of them, one after the other
# A statement that does not hold, or an answer that is not the error that it is stated to be.
_FOUND = re.compile(
    r'(failed on (setup|teardown) with ")?'
    r"(AssertionError|assert |Failed: DID NOT RAISE|tests\.harness\.permissions\.NotPermitted"
    r"|KeyError: 'error'|json\.decoder\.JSONDecodeError)"
)


def main() -> None:
    parser = ArgumentParser(prog="make mutants ARGS=...", description=__doc__)
    parser.add_argument("words", nargs="*", help="seed only defects that one of these occurs in")
    parser.add_argument("--tally", metavar="FILE", type=Path, help="also write the tally there")
    arguments = parser.parse_args()
    words = arguments.words or [""]
    chosen = [mutant for mutant in MUTANTS if any(word in mutant.defect for word in words)]

    with tempfile.TemporaryDirectory() as folder:
        seed = partial(_outcome, Path(folder))
        _check_that_all_pass(Path(folder), {mutant.test for mutant in chosen})
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                pairs = zip(chosen, pool.map(seed, chosen), strict=True)
                outcomes = [_reported(*pair) for pair in pairs]
            finally:
                pool.shutdown(cancel_futures=True)  # after Ctrl-C some wait still

    tally = Tally()
    tally.add("seeded defects", len(chosen), sum(outcome != CAUGHT for outcome in outcomes))
    print(*tally.lines(), sep="\n")
    if arguments.tally:
        arguments.tally.write_text(json.dumps(tally.counts, indent=2))
    sys.exit(any(outcome != CAUGHT for outcome in outcomes))


def verdict(problems: list[str]) -> str:
    """What it says of a mutant that its test has met these problems, if any."""
    if not problems:
        return SURVIVES
    return CAUGHT if any(map(_FOUND.match, problems)) else f"BREAKS, with {problems[0]}"


def _outcome(folder: Path, mutant: Mutant) -> str:
    tree = copied(folder)
    path = tree / mutant.file
    path.write_text(mutant.mutated(path.read_text()))
    try:
        return verdict(_problems(tree, [mutant.test]))
    except subprocess.TimeoutExpired:
        return "DOES NOT END"
    finally:
        shutil.rmtree(tree)


def _check_that_all_pass(folder: Path, tests: Iterable[str]) -> None:
    if problems := _problems(copied(folder), sorted(tests), _ALL):
        sys.exit(f"without a defect the tests do not pass: {problems}")


def copied(folder: Path) -> Path:
    """A new copy of all files that are tracked, or would be, with what is installed beside them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tree = Path(tempfile.mkdtemp(dir=folder))
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    for environment in ROOT.glob(".venv*"):
        (tree / environment.name).symlink_to(environment)
    return tree


def _problems(tree: Path, tests: Iterable[str], longest: int = _LONGEST) -> list[str]:
    """The first that these tests meet when they are run in a tree; none if they pass."""
    report = tree / "report.xml"
    command = [sys.executable, "-m", "pytest", "-x", f"--junit-xml={report}"]
    command += [f"tests/{test}" for test in tests]
    done = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, timeout=longest, check=False
    )
    cases = [*ET.parse(report).getroot().iter("testcase")] if report.exists() else []
    if not cases:
        return [f"no test that could be run: {done.stderr.strip()}"]
    problems = [p for case in cases for kind in ("failure", "error") for p in case.iter(kind)]
    return [problem.attrib["message"] for problem in problems]


def _reported(mutant: Mutant, outcome: str) -> str:
    test = mutant.test.partition("::")[2]
    print(f"{outcome:8}  {mutant.defect}\n{'':8}  {test}", flush=True)
    return outcome


if __name__ == "__main__":
    main()
