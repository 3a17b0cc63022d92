"""The canaries sing: a secret that is told in any way fails the run, and the place is named."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.harness.canaries import Canaries
from tests.harness.stacks import ROOT

LEAKY = "tests/harness/leaky_handlers.py"
ADDRESS = "59ckwFkBdQoqo6t5jAkdnek24kd9HvUB"
HEADER = "eyJhbGciOiJFUzUxMiJ9"
JWT = f"{HEADER}.eyJ2ZXIiOiIwLjciLCJ0b2tlbl90eXBlIjoi.AbNqHqRNQL8S38DkzQgMJ9Df7wVmnuX1"
COMMENT = 'a comment that has "quotes", two\nlines, and ü'


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (ADDRESS, ADDRESS),
        (ADDRESS, f"GET /calendars/{ADDRESS}.ics"),
        (ADDRESS, f"x{ADDRESS}x"),
        (ADDRESS, ADDRESS[1:]),
        (ADDRESS, ADDRESS[:-1]),
        (JWT, f'{{"authorization": "Bearer {JWT}"}}'),
        (JWT, JWT.split(".")[1]),
        (JWT, JWT.split(".")[2][:-1]),
        (COMMENT, COMMENT),
        (COMMENT, 'that has \\"quotes\\", two\\nlines, and \\u00fc'),
        (COMMENT, "a%20comment%20that%20has%20%22quotes%22"),
    ],
)
def test_a_secret_is_found_in_whatever_it_is_part_of(secret: str, text: str) -> None:
    canaries = Canaries()
    canaries.plant(secret)

    canaries.look("the log", "nothing", f"before {text} after")

    (hit,) = canaries.hits
    assert "the log: " in hit
    assert "test_a_secret_is_found" in hit


@pytest.mark.parametrize("text", ["", "refused", HEADER, ADDRESS[:15], "x" * 64, "/calendars/{id}"])
def test_what_is_no_secret_is_not_found(text: str) -> None:
    canaries = Canaries()
    canaries.plant(ADDRESS, JWT, "x" * 64, "refused", None)

    canaries.look("the log", text)

    assert canaries.hits == []


def test_a_run_in_which_a_secret_is_told_fails_and_names_each_place(*, deep: bool) -> None:
    for side_by_side in ([], ["-n", "2"]) if deep else ([],):
        program = [sys.executable, "-m", "pytest", LEAKY, "-p", "no:cacheprovider", *side_by_side]

        run = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)

        _assert_all_are_caught(run)


def _assert_all_are_caught(run: subprocess.CompletedProcess[str]) -> None:
    _, _, told = run.stdout.partition("secrets that were told")
    tests = Counter(re.findall(r"^tests/harness/leaky_handlers.py::(\w+)", told, re.MULTILINE))
    assert run.returncode == 1
    assert tests == {
        "test_a_log_line": 6,
        "test_a_warning_of_a_library": 1,
        "test_a_metric": 1,
        "test_what_a_test_reads_itself": 1,
        "test_an_exception": 1,
        "test_a_refusal": 1,
        "test_a_key_of_s3": 1,
        "test_a_key_of_dynamodb": 1,
    }
    assert re.search(rf"^canaries planted +[1-9]\d* +{tests.total()}$", run.stdout, re.MULTILINE)
    assert "failed" not in run.stdout
