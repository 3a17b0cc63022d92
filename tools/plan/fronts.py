"""What polls cost by the front that serves them, when another pays, and what a flood costs.

A month has 30 days. What a poll takes at API Gateway was measured: docs/performance.json.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from local.template import Template
from tools.plan import prices
from tools.plan.costs import DAYS, REQUEST, of_polls
from tools.plan.markdown_table import table
from tools.plan.prices import MILLION, Price
from tools.plan.quotas import POLLS_OF_AN_EXECUTION

Taken = Mapping[Price, float]

LOADS = (1e6, 1e8, 1e10)  # polls a month
HOURS, SECONDS = DAYS * 24, DAYS * 24 * 3600
EXECUTIONS = 100  # what docs/operations.md advises as FeedConcurrency for 1,000 polls a second

# A load balancer in two zones has an address in each. A capacity unit is 25 new connections a
# second, and each poll is one: calendar apps keep none open (Elastic Load Balancing, pricing).
_ZONES = 2
_CONNECTIONS = 25 * 3600  # of a unit, in an hour


class Front(NamedTuple):
    """`of_a_poll` makes what a poll takes of what it takes at API Gateway; `fixed` is a month's."""

    name: str
    of_a_poll: Callable[[Taken], Taken]
    fixed: Taken = MappingProxyType({})

    def usd(self, poll: Taken, polls: float) -> float:
        """US dollars a month for so many of these polls."""
        return sum(self.terms(poll, polls).values())

    def terms(self, poll: Taken, polls: float) -> dict[Price, float]:
        """What each thing with a price costs a month."""
        takes = self.of_a_poll(poll)
        return {
            price: price.of_a_month(takes.get(price, 0) * polls + self.fixed.get(price, 0))
            for price in (*takes, *self.fixed)
        }


def _without_a_gateway(poll: Taken) -> dict[Price, float]:
    """A URL has no price and no access log, which is all that an unchanged poll writes."""
    written = poll.get(prices.LOGS, 0)
    access_line = min(of_polls()["unchanged"][prices.LOGS], written)
    kept = {price: quantity for price, quantity in poll.items() if price != prices.API_REQUEST}
    return {**kept, prices.LOGS: written - access_line}


def _by_cloudfront(poll: Taken) -> dict[Price, float]:
    """From the function to CloudFront, bytes cost nothing."""
    kept = _without_a_gateway(poll)
    sent = kept.pop(prices.TRANSFER, 0)
    return {**kept, prices.CLOUDFRONT_REQUEST: 1, prices.CLOUDFRONT_TRANSFER: sent}


def _with_one_read(poll: Taken) -> dict[Price, float]:
    return {**_without_a_gateway(poll), prices.READ_UNIT: 1}


def _by_balancer(poll: Taken) -> dict[Price, float]:
    return {**_without_a_gateway(poll), prices.BALANCER_UNIT: 1 / _CONNECTIONS}


API = Front("`api`", lambda poll: poll)
URL = Front("`url`", _without_a_gateway)
CLOUDFRONT = Front("`cloudfront`", _by_cloudfront)
ONE_READ = Front("`url`, if one read were enough", _with_one_read)
BALANCER = Front(
    "a load balancer, which is not built",
    _by_balancer,
    {prices.BALANCER: HOURS, prices.ADDRESS: HOURS * _ZONES},
)
FRONTS = (API, URL, CLOUDFRONT)


def terms() -> str:
    """A million of a hundred million unchanged polls by each front, term by term.

    By what a poll takes as `measured`, else as the last bench has.
    """
    polls = of_polls()
    unchanged, cold = polls["unchanged"], polls["some_cold"]
    load = LOADS[1]
    share = load / MILLION
    columns = [
        {price: usd / share for price, usd in front.terms(poll, load).items()}
        for front in FRONTS
        for poll in (unchanged, cold)
    ]
    rows = [
        [price.of, *(f"{column.get(price, 0):.3f}" for column in columns)]
        for price in (*prices.OF_A_POLL, *prices.OF_FRONTS)
        if any(column.get(price) for column in columns)
    ]
    sums = ["**sum**", *(f"**{sum(column.values()):.2f}**" for column in columns)]
    names = [name for front in FRONTS for name in (front.name, f"{front.name}, 5% cold")]
    return table(["", *names], [*rows, sums])


def by_load() -> str:
    """US dollars for a million polls, warm and with some cold, at each load."""
    unchanged, cold = of_polls()["unchanged"], of_polls()["some_cold"]
    rows = [
        [
            front.name,
            *(
                " / ".join(
                    f"{front.usd(poll, load) / load * MILLION:.2f}" for poll in (unchanged, cold)
                )
                for load in LOADS
            ),
        ]
        for front in (*FRONTS, ONE_READ, BALANCER)
    ]
    return table(["", *(f"{load:,.0f} polls a month" for load in LOADS)], rows)


def balancer_pays_from() -> float:
    """Polls a month at which a load balancer costs what API Gateway does for requests alone."""
    fixed = sum(price.of_a_month(taken) for price, taken in BALANCER.fixed.items())
    saved = prices.API_REQUEST.usd / MILLION - prices.BALANCER_UNIT.usd / _CONNECTIONS
    return fixed / saved


def floods() -> str:
    """What a flood costs that lasts for a month, by front, with the template's defaults."""
    parameters = Template.read().document["Parameters"]
    throttle = parameters["FeedRequestsPerSecond"]["Default"]
    of_the_api = parameters["ApiRequestsPerSecond"]["Default"]
    polls = of_polls()
    served = POLLS_OF_AN_EXECUTION * EXECUTIONS
    rows = [
        [
            front.name,
            f"{a_second:,.0f} polls a second: {why}",
            *(
                f"{front.usd(polls[kind], a_second * SECONDS):,.0f}"
                for kind in ("unchanged", "from_memory")
            ),
        ]
        for front, a_second, why in (
            (API, throttle, "`FeedRequestsPerSecond`"),
            (URL, served, f"`FeedConcurrency` {EXECUTIONS}"),
            (CLOUDFRONT, served, f"`FeedConcurrency` {EXECUTIONS}"),
        )
    ]
    asked = sum(price.of_a_month(n * of_the_api * SECONDS) for price, n in REQUEST.items())
    limit = f"{of_the_api:,} requests a second: `ApiRequestsPerSecond`"
    written = parameters["TableWritesPerSecond"]["Default"]
    writes = prices.WRITE_UNIT.of_a_month(written * SECONDS)
    ceiling = f"{written:,} units a second and table: `TableWritesPerSecond`"
    return table(
        ["flood of", "ceiling", "USD a month, of 304", "of feeds of 50 KB, by gzip"],
        [
            *rows,
            ["other requests", limit, f"{asked:,.0f}", ""],
            ["changes, by holders of mytokens, in addition", ceiling, f"{writes:,.0f}", ""],
        ],
    )
