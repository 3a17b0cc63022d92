"""Checks a deployed stack from outside, with one mytoken of it: `make e2e URL=... TOKEN=...`.

Both are read from the environment. What was created is deleted at the end, however that comes.
ARGS are those of pytest: "-k feed" runs a part. docs/operations.md says more.
"""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.report import Report
from tests.harness.deployment import ENDINGS, Deployment, NotUsable

HERE = Path(__file__).parent

# The settings of this project's tests are about this machine; here another one is tested.
_OPTIONS = (
    *("-o", "addopts=", "--import-mode=importlib", f"--confcutdir={HERE}", "-W", "ignore"),
    *("--disable-plugin-autoload", "-p", "no:cacheprovider", "--tb=native"),
)


def main(arguments: Sequence[str]) -> int:
    if not {"-h", "--help"}.isdisjoint(arguments):
        print(__doc__)
        return 0
    for ending in ENDINGS:
        signal.signal(ending, signal.default_int_handler)
    try:
        deployment = Deployment.from_environment()
        with _handing_back(deployment):
            deployment.reach()
            return _check(deployment, arguments)
    except NotUsable as reason:
        print(f"make e2e: {reason}", file=sys.stderr)
        return 2


@contextmanager
def _handing_back(deployment: Deployment) -> Iterator[None]:
    """What comes of a mytoken that rotates is printed at the end, and only then."""
    try:
        yield
    finally:
        if deployment.successor:
            print("TOKEN was rotated and is dead. Its successor, which nobody else has:")
            print(deployment.successor, flush=True)


def _check(deployment: Deployment, arguments: Sequence[str]) -> int:
    print(*_opening(deployment), sep="\n", flush=True)
    report = Report(deployment)
    try:
        status = pytest.main([str(HERE), *_OPTIONS, *arguments], plugins=[report])
    finally:
        _clean_up(report)
        print(report.summary, flush=True)
    return int(status != pytest.ExitCode.OK or report.counts["FAILED"] > 0)


def _opening(deployment: Deployment) -> Iterator[str]:
    yield f"{deployment.url}: calendars are made whose names begin with {deployment.run}"
    if deployment.lacking:
        yield f"TOKEN lacks {', '.join(deployment.lacking)}: what needs that is skipped"


def _clean_up(report: Report) -> None:
    check = "the calendars that were made are gone"
    try:
        left = report.checked.clean_up()
    except Exception as error:  # noqa: BLE001 - whatever it is, the operator has to know
        report.line("FAILED", check, f"it is not known, as {type(error).__name__}: {error}")
    else:
        report.line("FAILED", check, f"left are {left}") if left else report.line("ok", check)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
