"""docs/performance.md: the figures, what they are made of, and how to read them."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from local.template import Template
from tests.bench import building, costs, polls, start
from tests.bench.costs import Bills
from tests.bench.figures import HEADER, Figure
from tests.bench.function import counts_instructions
from tools.plan import fronts, prices
from tools.plan.markdown_table import table

_TEXT = """\
# Performance

What `make bench` measured on {date}, with Python {python} on
{machine}.
The functions ran on ministack, a stand-in for AWS: it serves the data, and none of its own figures
is used. `ours` is this project. `peer` does the same in the usual way, and is measured in the same
run. `at most` and `aim` hold for ours or, with ×, for its ratio to the peer's. Times are medians,
and those of polls the least of many, since what else runs on a machine only adds.

{figures}

{verdict}

## How to read it

- **The peer** is [a feed function](../tests/bench/straightforward/app.py) as the documentation of
  its libraries recommends it: Powertools' resolver, Logger, Tracer and Metrics, boto3's resource
  and its S3 client, and icalendar, which renders all events whenever the feed is not in S3. It
  reads the same items of the same table.
- **Requests** are counted at the client, by botocore's events, each time one is sent. Read units
  are computed from the items as DynamoDB's documentation says: from whole items, also if a part is
  projected.
- **Cached** is the first request to a warm function for a feed that another function has put into
  S3, **from memory** the second.
- **Process start to first 304** is all that a new process does until it has answered, {effort},
  in {starts} alternating runs. All imported code was compiled before, as it is for Lambda.
- **Building** is the whole request of a warm process that finds an empty cache: reading the table,
  writing the text, compressing it, storing it in S3. The peer's time is that of its rendering
  alone. The memory is that of a new process.
- **Writing** is the text alone, from tokens in memory. The peer is the same feed, property by
  property, made of icalendar's objects.
- **Growth** compares the whole request for the events of a full calendar, divided by their number,
  with the one for {few}, divided by {few}.
- **Warm 304** is the CPU time in the handler while the door to DynamoDB (`aws/dynamodb/table.py`)
  returns what it returned before: every call of AWS lies behind that door, DynamoDB's types
  included. The peer is a handler made by the same decorator that answers `{{}}`.
- **A list's** peers are the requests for a list of one calendar, and for what is read the mom_ids
  alone. The list of a full calendar is compared with what cannot be done without: botocore's
  parsing of that one item, and `json.dumps` of the answer. The handler also verifies a mytoken,
  looks it up, and reads names and revocations.
- **Adding a token** is compared with adding one to an empty calendar, and with that list.
- **A page** is the whole request of a warm function, compressed. The peer builds the same feed: it
  reads the same items, writes the text and compresses it. The first view makes a QR code. What a
  million views cost is counted as for polls, below.

## What a million polls cost

US dollars for a million polls with all that Lambda bills and writes, and in brackets what one poll
takes. The function is warm, except in the column in which some polls start one. The feed has
{tokens} tokens and 50 KB; ours is sent with gzip, the peer's without.

{costs}

By [front](operations.md#fronts-of-feeds), of a hundred million unchanged polls in a month:

{fronts}

The list prices of the region us-east-1 as of November 2026, without free tiers, are:

{prices}

- Lambda bills whole milliseconds. They are the CPU time of the poll as measured here, divided by
  the share of a core that the function's memory buys ({memory} of {core:,} MB), and for each
  request to AWS the time that one usually takes there: {dynamodb} ms to DynamoDB, {s3} ms to S3.
  TLS is not in it.
- Lambda bills starts, too. That one poll of {every} starts a function is assumed; where polls are
  rare it is more. A start is the CPU time from the start of Lambda's runtime client to the first
  304, divided by the same share of a core, in {started} runs.
- The limit of 2.2 USD is for what a warm function has in memory. A feed that it has to fetch from
  S3 first also costs S3's request and the wait for it, which no compression saves.
- The answer is counted with its headers and with those that API Gateway adds.
- The logs have API Gateway's line for each request, what the function writes, and what Lambda
  writes of each invocation unless the template turns that off. What the function writes is
  measured under Lambda's runtime client, in the environment that Lambda makes of the template's
  `LoggingConfig`. CloudWatch bills {per_line} bytes more for each line.

## Run it again

```console
$ make bench
```

It takes some three minutes on two cores, renews this page, and fails if a figure is over its
limit. Times depend on the machine and its load: let it be idle. Ratios and counts do not.
"""
_COLUMNS = {
    "unchanged": "304",
    "some_cold": f"304, {costs.COLD:.0%} cold",
    "from_s3": "feed from S3",
    "from_memory": "feed from memory",
}
_COLUMNS_OF_PEER = {"unchanged": "peer: 304", "from_s3": "peer: feed from S3"}


def page(figures: list[Figure], bills: Bills, bills_of_peer: Bills) -> str:
    return _TEXT.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{os.cpu_count()} cores ({_processor()}, {platform.system()})",
        python=platform.python_version(),
        figures=table(HEADER, [figure.row() for figure in figures]),
        verdict=verdict(figures),
        effort="in instructions" if counts_instructions() else "in CPU time",
        starts=start.RUNS,
        few=building.FEW,
        tokens=polls.TOKENS,
        costs=_costs(bills, bills_of_peer),
        fronts=fronts.terms(),
        prices=table(
            ["", "USD", "per"],
            [[price.of, _dollars(price.usd), price.unit] for price in prices.OF_A_POLL],
        ),
        memory=costs.Settings.of(Template.read()).memory,
        core=costs.CORE,
        dynamodb=costs.DYNAMODB,
        s3=costs.S3,
        every=round(1 / costs.COLD),
        started=polls.STARTS,
        per_line=polls.PER_LINE,
    )


def for_programs(bills: Bills) -> str:
    """What `tools/plan/costs.py` reads of it."""
    return json.dumps({"a poll takes": costs.amounts(bills)}, indent=2) + "\n"


def verdict(figures: list[Figure]) -> str:
    missed = [figure.name for figure in figures if figure.is_missed]
    return f"Over the limit: {'; '.join(missed)}." if missed else "All are within their limits."


def _costs(bills: Bills, bills_of_peer: Bills) -> str:
    kinds = {
        **{name: getattr(bills, kind) for kind, name in _COLUMNS.items()},
        **{name: getattr(bills_of_peer, kind) for kind, name in _COLUMNS_OF_PEER.items()},
    }
    addends = [
        [row[0].price.of, *(f"{addend.usd:.2f} ({addend.amount})" for addend in row)]
        for row in zip(*kinds.values(), strict=True)
    ]
    sums = ["**sum**", *(f"**{prices.total(bill):.2f}**" for bill in kinds.values())]
    return table(["", *kinds], [*addends, sums])


def _dollars(usd: float) -> str:
    return f"{usd:.10f}".rstrip("0").rstrip(".")


def _processor() -> str:
    """Its model, where the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    models = (line.partition(": ")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
