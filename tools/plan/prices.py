"""AWS's list prices, and what they make of a million polls.

Region us-east-1, as published in November 2026, without free tiers, discounts and taxes.
"""

from dataclasses import dataclass
from math import inf

MILLION = 1e6
GIGABYTE = 1e9


@dataclass(frozen=True)
class Price:
    """`usd` for `per` units; beyond a number of units in a month, `usd_beyond`.

    The first `free` units of each month cost nothing, for good and not for a year.
    """

    of: str
    usd: float
    per: float
    unit: str
    beyond: float = inf
    usd_beyond: float = 0
    free: float = 0

    def of_a_month(self, taken: float) -> float:
        """The price in US dollars of `taken` units in a month."""
        paid = max(taken - self.free, 0)
        dear = min(paid, self.beyond)
        return (dear * self.usd + (paid - dear) * self.usd_beyond) / self.per


API_REQUEST = Price(
    "API Gateway: HTTP API requests", 1.00, MILLION, "million", beyond=300e6, usd_beyond=0.90
)
INVOCATION = Price("Lambda: requests", 0.20, MILLION, "million")
DURATION = Price("Lambda: duration, arm64", 0.0000133334, 1, "GB-second")
START = Price("Lambda: starts, arm64", 0.0000133334, 1, "GB-second")  # billed as duration is
READ_UNIT = Price("DynamoDB: read units, on demand", 0.125, MILLION, "million")
WRITE_UNIT = Price("DynamoDB: write units, on demand", 0.625, MILLION, "million")
TABLE_STORAGE = Price("DynamoDB: storage", 0.25, GIGABYTE, "GB and month")
TABLE_BACKUP = Price("DynamoDB: point-in-time recovery", 0.20, GIGABYTE, "GB and month")
S3_GET = Price("S3: GET requests", 0.40, MILLION, "million")
S3_PUT = Price("S3: PUT requests", 5.00, MILLION, "million")
S3_STORAGE = Price("S3: storage", 0.023, GIGABYTE, "GB and month")
TRANSFER = Price("Data transfer to the internet", 0.09, GIGABYTE, "GB")
LOGS = Price("CloudWatch Logs: ingestion", 0.50, GIGABYTE, "GB")
LOG_STORAGE = Price("CloudWatch Logs: storage", 0.03, GIGABYTE, "GB and month")
ALARM = Price("CloudWatch: alarms", 0.10, 1, "metric and month")
DASHBOARD = Price("CloudWatch: dashboards", 3.00, 1, "month")
METRIC = Price("CloudWatch: metrics of our own", 0.30, 1, "metric and month")
KEY = Price("KMS: a key", 1.00, 1, "month")
SIGNATURE = Price("KMS: signatures", 0.15, 10_000, "10,000")

# Of the fronts that are not API Gateway. A function's URL has no price.
CLOUDFRONT_REQUEST = Price("CloudFront: HTTPS requests", 1.00, MILLION, "million", free=10e6)
CLOUDFRONT_TRANSFER = Price(
    "CloudFront: data transfer to the internet", 0.085, GIGABYTE, "GB", free=1e12
)
BALANCER = Price("Load balancer", 0.0225, 1, "hour")
BALANCER_UNIT = Price("Load balancer: capacity units", 0.008, 1, "unit and hour")
ADDRESS = Price("Public IPv4 addresses", 0.005, 1, "address and hour")
OF_FRONTS = (CLOUDFRONT_REQUEST, CLOUDFRONT_TRANSFER, BALANCER, BALANCER_UNIT, ADDRESS)

# The prices that a poll takes a part of, and all prices.
OF_A_POLL = (API_REQUEST, INVOCATION, DURATION, START, READ_UNIT, S3_GET, TRANSFER, LOGS)
ALL = (
    *OF_A_POLL,
    *OF_FRONTS,
    WRITE_UNIT,
    TABLE_STORAGE,
    TABLE_BACKUP,
    S3_PUT,
    S3_STORAGE,
    LOG_STORAGE,
    SIGNATURE,
    KEY,
    ALARM,
    DASHBOARD,
    METRIC,
)


@dataclass(frozen=True)
class Addend:
    """What one poll takes of something with a price; `amount` is in words."""

    price: Price
    quantity: float
    amount: str

    @property
    def usd(self) -> float:
        """For a million polls."""
        return self.quantity * MILLION / self.price.per * self.price.usd


def total(bill: list[Addend]) -> float:
    """US dollars for a million polls."""
    return sum(addend.usd for addend in bill)
