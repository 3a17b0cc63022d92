"""docs/reliability.md has the table of the last full run, and keeps what was written by hand."""

from datetime import UTC, datetime

import pytest

from tests.deep import __main__ as deep
from tests.harness.tally import Tally

AT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def counted() -> Tally:
    tally = Tally()
    tally.add("races", 1_200, 0)
    tally.add("k-th call", 909, 1)
    return tally


def test_the_page_gets_a_row_for_each_check_in_the_place_of_the_last_runs(counted: Tally) -> None:
    page = f"before\n{deep.OPENED}old figures\n{deep.CLOSED}after\n"

    written = deep.with_figures(page, counted, AT, 27.4)

    assert written.startswith(f"before\n{deep.OPENED}")
    assert written.endswith(f"{deep.CLOSED}after\n")
    assert "The run of 2026-11-25, in 27 minutes" in written
    assert "| k-th call | 909 | 1 |\n| races | 1,200 | 0 |\n" in written
    assert "old figures" not in written


def test_a_page_that_is_written_twice_is_as_if_it_were_written_once(counted: Tally) -> None:
    once = deep.with_figures(deep.PAGE.read_text(), counted, AT, 27)

    twice = deep.with_figures(once, counted, AT, 27)

    assert twice == once


def test_the_page_has_one_place_for_the_figures() -> None:
    page = deep.PAGE.read_text()

    assert page.count(deep.OPENED) == page.count(deep.CLOSED) == 1


def test_a_tally_says_how_many_violations_there_were_in_all(counted: Tally) -> None:
    counted.add("races", 1, 2)

    assert counted.violations == 3
