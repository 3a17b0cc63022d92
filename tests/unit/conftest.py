"""How the unit tests explore, the same in every run and not for long; and that none waits."""

import random
import time
from types import SimpleNamespace

import pytest
from hypothesis import settings

# The machine's load is nobody's bug, so no example has a deadline; a run can be repeated exactly.
settings.register_profile("unit", deadline=None, derandomize=True, database=None, max_examples=60)
settings.load_profile("unit")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits: how long would have been waited, each time as long as it may be."""
    waited: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(waited), sleep=waited.append)
    monkeypatch.setattr("mytoken_calendars.backoff.time", clock)
    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(random.SystemRandom, "uniform", lambda _, _shortest, longest: longest)
    return waited
