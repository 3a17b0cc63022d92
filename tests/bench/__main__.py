"""Measures what is promised of performance: `make bench`. Fails if a figure is over its limit."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from local import data, standins
from tests.bench import (
    adding,
    bounds,
    building,
    costs,
    listing,
    polls,
    report,
    start,
    viewing,
    warm,
    writing,
)
from tests.bench.building import Calendars
from tests.bench.calls import Clients
from tests.bench.costs import Bills
from tests.bench.figures import HEADER, Figure
from tests.bench.function import Function
from tests.harness import stage
from tests.harness.stacks import ROOT, Stack
from tests.harness.stage import Person
from tools.plan.markdown_table import table

PERFORMANCE = ROOT / "docs" / "performance.md"


def measured(clients: Clients, stack: Stack) -> tuple[list[Figure], Bills, Bills]:
    ours, peer, person = Function.ours(stack), Function.peer(stack), Person.new(stack)
    feeds = polls.feeds(person)
    polled, polled_of_peer = (polls.measured(clients, each, feeds) for each in (ours, peer))
    bills, bills_of_peer = costs.of_both(polled, polled_of_peer)
    full = person.full_calendar("Full")
    listed = listing.of_full(
        owner_of_full := Person.new(stack), owner_of_full.full_calendar("Full")
    )
    return (
        [
            *polls.figures(polled, polled_of_peer),
            start.figure(ours, peer, feeds[0]),
            *building.figures(
                ours, peer, Calendars(full, person.calendar("Few", building.FEW), feeds[0])
            ),
            *writing.figures(),
            warm.figure(ours, feeds[0]),
            *listing.figures(clients, stack),
            listed,
            *adding.figures(clients, person, full, listed.ours),
            *viewing.figures(clients, stack),
            bounds.figure(stack),
            *costs.figures(bills, bills_of_peer),
        ],
        bills,
        bills_of_peer,
    )


def concluded(figures: list[Figure], bills: Bills, bills_of_peer: Bills, page: Path) -> int:
    """Writes and prints what came out; the exit status."""
    page.with_suffix(".json").write_text(report.for_programs(bills))  # the page reads it
    page.write_text(report.page(figures, bills, bills_of_peer))
    print(table(HEADER, [figure.row() for figure in figures]))
    print(report.verdict(figures))
    return int(any(figure.is_missed for figure in figures))


def main() -> None:
    try:
        with (
            TemporaryDirectory() as state,
            Clients.watched() as clients,
            stage.on_standins(Path(state)) as stack,
        ):
            found = measured(clients, stack)
    except (data.NotDeployed, standins.DidNotStart) as reason:
        sys.exit(f"make bench: {reason}")
    sys.exit(concluded(*found, PERFORMANCE))


if __name__ == "__main__":
    main()
