"""The bench's figures: one that is over its limit is marked, and makes the run fail."""

from pathlib import Path

import pytest

from tests.bench.__main__ import concluded
from tests.bench.costs import Bills
from tests.bench.figures import Figure

WITHIN = Figure("requests", ours=2, peer=4, limit=2, aim=1)
OVER = Figure("time of it", ours=1.25, peer=2.5, limit=0.4, unit="s", relative=True)
NOTHING = Bills([], [], [], [])


# --- what is over its limit -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("", ours=2, peer=9, limit=2), "ok"),
        (Figure("", ours=2.01, peer=9, limit=2), "MISSED"),
        (Figure("", ours=0, peer=0, limit=0), "ok"),
        (Figure("", ours=1, peer=0, limit=0), "MISSED"),
        (Figure("", ours=2, peer=9, limit=2, aim=1), "ok, not the aim"),
        (Figure("", ours=1, peer=9, limit=2, aim=1), "ok"),
        (Figure("", ours=4, peer=10, limit=0.5, relative=True), "ok"),
        (Figure("", ours=6, peer=10, limit=0.5, relative=True), "MISSED"),
        (Figure("", ours=4, peer=10, limit=0.5, aim=0.3, relative=True), "ok, not the aim"),
    ],
)
def test_a_limit_is_one_for_ours_or_for_its_ratio_to_the_peer(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict


def test_a_run_succeeds_whose_figures_are_all_within_their_limits(tmp_path: Path) -> None:
    assert concluded([WITHIN], NOTHING, NOTHING, tmp_path / "page.md") == 0


def test_a_run_fails_with_one_figure_over_its_limit_after_it_has_shown_them_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"

    status = concluded([OVER, WITHIN], NOTHING, NOTHING, page)

    printed = capsys.readouterr().out
    assert status == 1
    for shown in (printed, page.read_text()):
        marked, unmarked = (line for line in shown.splitlines() if line.startswith(("| t", "| r")))
        assert "MISSED" in marked
        assert "MISSED" not in unmarked
        assert "Over the limit: time of it." in shown
