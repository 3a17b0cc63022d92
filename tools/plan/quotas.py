"""Which quota breaks first when more and more feeds are polled, and what to do then.

The quotas are AWS's defaults, as documented in November 2026.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from local.template import Template

# Calendar apps poll in step: this share of an hour's polls comes within these seconds.
_SHARE_AT_ONCE, _SECONDS = 0.2, 10

# Lambda counts a call as at least a tenth of a second, so an execution serves ten a second.
POLLS_OF_AN_EXECUTION = 10
_UNITS = 2  # read units of a poll


@dataclass(frozen=True)
class Quota:
    """`polls` is how many a second it lets through."""

    of: str
    default: str
    polls: float
    turn: str

    @property
    def feeds(self) -> float:
        """The number of feeds, polled each hour, whose peak reaches the quota."""
        return self.polls * _SECONDS / _SHARE_AT_ONCE


def in_order() -> list[Quota]:
    """The quotas, the first to break first."""
    return sorted(_quotas(), key=lambda quota: quota.polls)


def _quotas() -> Iterator[Quota]:
    throttle = Template.read().document["Parameters"]["FeedRequestsPerSecond"]["Default"]
    yield Quota(
        "`FeedRequestsPerSecond`",
        f"{throttle:,} polls a second",
        throttle,
        "the parameter; what it refuses gets 429, and comes again within the hour",
    )
    units = Template.read().document["Parameters"]["TableReadsPerSecond"]["Default"]
    yield Quota(
        "`TableReadsPerSecond`",
        f"{units:,} read units a second",
        units / _UNITS,
        "the parameter; what it refuses gets 503, and comes again within the hour",
    )
    yield Quota(
        "Lambda: concurrent executions, new account",
        "10",
        10 * POLLS_OF_AN_EXECUTION,
        "ask for 1,000 at Service Quotas first; until then: `FeedRequestsPerSecond` 50",
    )
    yield Quota(
        "API Gateway: requests of an account and region",
        "10,000 a second",
        10_000,
        "ask for more; or `FeedFront`: a function's URL has no such quota",
    )
    yield Quota(
        "DynamoDB: a new table, before it has grown",
        "12,000 read units a second",
        12_000 / _UNITS,
        "it doubles by itself within half an hour; or set its warm throughput before",
    )
    yield Quota(
        "DynamoDB: a table",
        "40,000 read units a second",
        40_000 / _UNITS,
        "ask for more; nothing in the data stands against it",
    )
    yield Quota(
        "Lambda: concurrent executions",
        "1,000",
        1_000 * POLLS_OF_AN_EXECUTION,
        "ask for more; it grows by 1,000 every 10 seconds at most, which is slower than a peak",
    )
