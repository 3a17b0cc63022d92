"""A long command says how far it has come, every few seconds."""

import pytest

from tools.operate import progress


def test_a_line_is_written_every_two_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    counted = progress.Progress(1_000_000, "calendars")

    for _ in range(2_000):
        now[0] += 1 / 512
        counted.count()

    assert capsys.readouterr().err.splitlines() == [
        f"{done} of 1,000,000 calendars ..." for done in ("1,024",)
    ]
