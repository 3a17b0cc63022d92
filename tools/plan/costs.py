"""What a stack costs a month, by its use and by list prices.

`make bench` counts and measures what a poll takes, and writes it to docs/performance.json.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from local.template import ROOT, Template
from mytoken_calendars.aws.metrics import Metric
from tools.plan import prices
from tools.plan.prices import Price

MEASURED = ROOT / "docs" / "performance.json"

Polls = dict[str, dict[Price, float]]  # what one poll takes, by its kind

DAYS = 30
_BYTES_OF_A_TOKEN = 900  # in a calendar, and as a mytoken's own two items
_BYTES_OF_A_FEED = 5000  # in S3, compressed
_MEMORY, _CORE = 512, 1024  # MB

# What any request of the API takes: estimated, as polls are far more frequent.
REQUEST: Mapping[Price, float] = {
    prices.API_REQUEST: 1,
    prices.INVOCATION: 1,
    prices.DURATION: 0.1 * _MEMORY / _CORE,  # 100 ms
    prices.READ_UNIT: 10,
    prices.TRANSFER: 4000,
    prices.LOGS: 900,
}
# What a change takes in addition: a rebuilt feed, a transaction (a test counts its write units) and
# a signature, as if every mytoken rotated.
BUILD: Mapping[Price, float] = {prices.READ_UNIT: 6, prices.S3_PUT: 1}
CHANGE: Mapping[Price, float] = {**BUILD, prices.WRITE_UNIT: 24, prices.SIGNATURE: 1}


@dataclass(frozen=True)
class Usage:
    """How a stack is used. Shares are of polls; `requests` and `changes` are those of a feed."""

    feeds: int
    tokens: int = 37  # in a feed: 50 KB, of which the bench measured what a poll takes
    polls: float = 24  # of a feed, a day: feeds ask for six, and apps do as they like
    unchanged: float = 0.9
    from_memory: float = 0.0  # the fewer feeds, the more polls a warm function's memory answers
    requests: float = 20  # of the API, a month
    changes: float = 5  # of these, a month

    def __post_init__(self) -> None:
        """Raises ValueError for impossible shares."""
        numbers = (self.unchanged, self.from_memory, self.from_s3, self.feeds, self.polls)
        if min(numbers) < 0:
            raise ValueError("no number may be negative, and the shares are 1 at most, together")

    @property
    def from_s3(self) -> float:
        return round(1 - self.unchanged - self.from_memory, 9)

    @property
    def polls_a_month(self) -> float:
        return self.feeds * self.polls * DAYS


@dataclass(frozen=True)
class Bill:
    """The amounts of a month, for each price."""

    taken: Mapping[Price, float]

    @classmethod
    def of(cls, usage: Usage) -> Self:
        polls, takes_of = usage.polls_a_month, of_polls()
        taken: defaultdict[Price, float] = defaultdict(float, _fixed())
        for times, takes in (
            (polls * usage.unchanged, takes_of["unchanged"]),
            (polls * usage.from_memory, takes_of["from_memory"]),
            (polls * usage.from_s3, takes_of["from_s3"]),
            (polls, {prices.START: takes_of["some_cold"][prices.START]}),
            (usage.feeds * usage.requests, REQUEST),
            (usage.feeds * usage.changes, CHANGE),
            (usage.feeds * DAYS / _expiry(), BUILD),
        ):
            for price, quantity in takes.items():
                taken[price] += times * quantity
        stored = usage.feeds * usage.tokens * _BYTES_OF_A_TOKEN
        taken[prices.TABLE_STORAGE] = taken[prices.TABLE_BACKUP] = stored
        # After a change, the feed's old text stays in S3 until it expires.
        taken[prices.S3_STORAGE] = usage.feeds * (1 + usage.changes) * _BYTES_OF_A_FEED
        taken[prices.LOG_STORAGE] = taken[prices.LOGS]
        return cls(taken)

    def usd(self, price: Price) -> float:
        return price.of_a_month(self.taken[price])

    @property
    def total(self) -> float:
        return sum(map(self.usd, self.taken))


def of_polls() -> Polls:
    """What a poll of each kind takes, as the last bench has measured."""
    named = {price.of: price for price in prices.OF_A_POLL}
    return {
        kind: {named[of]: quantity for of, quantity in takes.items()}
        for kind, takes in json.loads(MEASURED.read_text())["a poll takes"].items()
    }


def _fixed() -> dict[Price, float]:
    """What the resources that each stack has take even without any use."""
    resources = Template.read().document["Resources"].values()
    types = Counter(each["Type"] for each in resources if "Condition" not in each)
    return {
        prices.KEY: types["AWS::KMS::Key"],
        prices.ALARM: types["AWS::CloudWatch::Alarm"],
        prices.DASHBOARD: types["AWS::CloudWatch::Dashboard"],
        prices.METRIC: types["AWS::Logs::MetricFilter"] + len(Metric),  # if all of them ever occur
    }


def _expiry() -> int:
    """Days that a feed is kept in S3."""
    bucket = Template.read().document["Resources"]["FeedsBucket"]["Properties"]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    days: int = rule["ExpirationInDays"]
    return days
