"""What a million polls cost, by what was counted and measured of one, and by list prices.

Lambda's duration is the CPU time of a warm poll, stretched by the share of a core that the
function's memory buys, and a round trip for each request to AWS. A start is billed, too.
"""

import re
from dataclasses import dataclass, replace
from math import ceil

from local.template import Template
from tests.bench.figures import Figure
from tests.bench.invoked import Context
from tests.bench.polls import Poll, Polls, billed
from tools.plan import prices
from tools.plan.prices import Addend

CORE = 1769  # MB of memory that buy one core
DYNAMODB, S3 = 3, 20  # milliseconds of one request, assumed
COLD = 0.05  # of all polls, assumed: so many start a function

# What API Gateway adds to the headers of an answer.
GATEWAY_HEADERS = {
    "Date": "Sun, 22 Nov 2026 12:00:00 GMT",
    "Content-Length": "50000",
    "Connection": "keep-alive",
    "Apigw-Requestid": "JKJaXmPLvHcESHA=",
}
# What it writes to its log.
_CONTEXT = {
    "requestId": "JKJaXmPLvHcESHA=",
    "routeKey": "GET /calendars/{secret}/{file+}",
    "status": "304",
    "responseLatency": "20",
    "integrationStatus": "200",
}
# What Lambda writes of each invocation, unless it is told not to.
_PLATFORM = (
    f"START RequestId: {Context.aws_request_id} Version: $LATEST\n",
    f"END RequestId: {Context.aws_request_id}\n",
    (
        f"REPORT RequestId: {Context.aws_request_id}\tDuration: 12.34 ms\t"
        "Billed Duration: 13 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB\t\n"
    ),
)


@dataclass(frozen=True)
class Settings:
    """What the template says of a function, that of the feed or another, and its logs."""

    memory: int  # MB
    access_log: str
    is_quiet: bool  # Lambda itself writes nothing of an invocation

    @classmethod
    def of(cls, template: Template, folder: str = "get_feed") -> "Settings":
        properties = {**template.document["Globals"]["Function"], **template.functions[folder]}
        logging = template.logging(folder)
        api = template.document["Resources"]["HttpApi"]["Properties"]
        return cls(
            properties["MemorySize"],
            api["AccessLogSettings"]["Format"],
            is_quiet=logging.get("LogFormat") == "JSON" and logging.get("SystemLogLevel") == "WARN",
        )


def bill(poll: Poll, settings: Settings, start: float = 0) -> list[Addend]:
    """`start` is the CPU time of a function's start, in seconds, if some of the polls start one."""
    milliseconds = _billed(poll, settings.memory)
    starting, cold = _stretched(start, settings.memory), COLD if start else 0
    sent, logged = _sent(poll), _logged(poll, settings)
    return [
        Addend(prices.API_REQUEST, 1, "1"),
        Addend(prices.INVOCATION, 1, "1"),
        Addend(
            prices.DURATION,
            milliseconds / 1000 * settings.memory / 1024,
            f"{milliseconds} ms, {settings.memory} MB",
        ),
        Addend(
            prices.START,
            cold * starting / 1000 * settings.memory / 1024,
            f"{starting:,.0f} ms, {cold:.0%}",
        ),
        Addend(prices.READ_UNIT, poll.asked.read_units, f"{poll.asked.read_units}"),
        Addend(prices.S3_GET, poll.asked.s3, f"{poll.asked.s3}"),
        Addend(prices.TRANSFER, sent, f"{sent:,} B"),
        Addend(prices.LOGS, logged, f"{logged:,.0f} B"),
    ]


@dataclass(frozen=True)
class Bills:
    """Those of all kinds of polls; `some_cold` are unchanged, and some start a function."""

    unchanged: list[Addend]
    some_cold: list[Addend]
    from_s3: list[Addend]
    from_memory: list[Addend]

    @classmethod
    def of(cls, polls: Polls, settings: Settings) -> "Bills":
        return cls(
            bill(polls.unchanged, settings),
            bill(polls.unchanged, settings, polls.start),
            bill(polls.from_s3, settings),
            bill(polls.from_memory, settings),
        )


def amounts(bills: Bills) -> dict[str, dict[str, float]]:
    """What one poll of each kind takes, by what has a price."""
    return {
        kind: {addend.price.of: addend.quantity for addend in bill}
        for kind, bill in vars(bills).items()
    }


def of_both(ours: Polls, peer: Polls) -> tuple[Bills, Bills]:
    settings = Settings.of(Template.read())
    return Bills.of(ours, settings), Bills.of(peer, replace(settings, is_quiet=False))


def figures(ours: Bills, peer: Bills) -> list[Figure]:
    return [
        _figure("unchanged (304)", ours.unchanged, peer.unchanged, 1.6),
        _figure(f"unchanged, {COLD:.0%} cold", ours.some_cold, peer.some_cold, 2, aim=1.8),
        _figure(
            "50 KB by gzip from a warm function's memory", ours.from_memory, peer.from_memory, 2.2
        ),
    ]


def _figure(
    polls: str, ours: list[Addend], peer: list[Addend], limit: float, aim: float | None = None
) -> Figure:
    name = f"a million polls, {polls}"
    return Figure(name, prices.total(ours), prices.total(peer), limit, aim, unit="USD")


def _billed(poll: Poll, memory: int) -> int:
    """Milliseconds, of which Lambda bills whole ones."""
    computing = _stretched(poll.cpu, memory)
    waiting = poll.asked.dynamodb * DYNAMODB + poll.asked.s3 * S3
    return ceil(computing + waiting)


def _stretched(cpu: float, memory: int) -> float:
    """Milliseconds that so many seconds of a core take on the share that the memory buys."""
    return cpu * 1000 / min(memory / CORE, 1)


def _sent(poll: Poll) -> int:
    """Bytes of the answer as it leaves API Gateway."""
    headers = {**poll.answer.headers, **GATEWAY_HEADERS}
    head = sum(len(f"{name}: {value}\r\n".encode()) for name, value in headers.items())
    return len(f"HTTP/1.1 {poll.answer.status}\r\n\r\n") + head + poll.answer.length


def _logged(poll: Poll, settings: Settings) -> float:
    """Bytes of all lines that the poll leaves in the logs."""
    access = re.sub(r"\$context\.(\w+)", lambda name: _CONTEXT[name[1]], settings.access_log)
    lines = [access, *(() if settings.is_quiet else _PLATFORM)]
    return sum(map(billed, lines)) + poll.logged
