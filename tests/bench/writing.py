"""Writing the text of a feed from its tokens, beside the same feed made of icalendar's objects."""

import time
from collections.abc import Callable
from dataclasses import replace

from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.feeds.style import Reminders, Style
from tests.bench import progress
from tests.bench.figures import Figure
from tests.harness.feeds import by_icalendar
from tests.harness.feeds.fixed_feeds import DAY, Sample, subscription

TOKENS = 1_000
_RUNS = 5  # of which the quickest counts: other work on the machine only adds to it


def figures() -> list[Figure]:
    """In the style that feeds have by default, in the one with most events, and the costliest."""
    ordinary = Sample("CI Mytokens", tuple(map(_token, range(TOKENS))))
    return [
        _figure("alarms", ordinary),
        _figure("events", replace(ordinary, style=Style(Reminders.EVENTS))),
        _figure("both", replace(ordinary, style=Style(Reminders.BOTH))),
    ]


def _figure(reminders: str, sample: Sample) -> Figure:
    progress.report(f"writing a feed of {TOKENS:,} tokens, reminders are {reminders}")
    told = sample.told  # before: what the events say is given to icalendar
    ours = [_cpu(lambda: "".join(sample.writer.text(sample.subscriptions))) for _ in range(_RUNS)]
    peers = [_cpu(lambda: by_icalendar.calendar(sample).to_ical()) for _ in range(_RUNS)]
    return Figure(
        f"writing {len(told):,} events of {TOKENS:,} tokens, reminders are {reminders}: CPU",
        min(ours),
        min(peers),
        0.05,
        unit="s",
        relative=True,
    )


def _cpu(write: Callable[[], object]) -> float:
    began = time.process_time()
    write()
    return time.process_time() - began


def _token(number: int) -> Subscription:
    return subscription(number, f"job-{number}", f"See OPS-{number}", life=365 * DAY)
