"""The bench computes what a million polls cost: from one of them, the template and list prices."""

from dataclasses import replace
from typing import Any

import pytest

from local.template import Template
from tests.bench import costs
from tests.bench.costs import Bills, Settings
from tests.bench.function import Answer
from tests.bench.polls import Asked, Poll, Polls, billed
from tools.plan import prices

SETTINGS = Settings(memory=512, access_log='{"status":"$context.status"}', is_quiet=True)
ANSWER = Answer(200, {"ETag": '"abc"'}, length=4000, cpu=0, part=0)
POLL = Poll(Asked(reads=2, read_units=3, dynamodb=2, s3=1), cpu=0.002, answer=ANSWER, logged=100)


def usd(poll: Poll, settings: Settings = SETTINGS) -> dict[str, float]:
    """The addends of a bill by what they are for, in US dollars."""
    return {addend.price.of: round(addend.usd, 4) for addend in costs.bill(poll, settings)}


def test_each_addend_is_the_list_price_of_what_a_million_polls_take() -> None:
    head = 'HTTP/1.1 200\r\n\r\nETag: "abc"\r\n' + "".join(
        f"{name}: {value}\r\n" for name, value in costs.GATEWAY_HEADERS.items()
    )
    milliseconds = 33  # 2 ms of a core at 512 / 1769 of one are 6.91, then 2 * 3 and 20

    assert usd(POLL) == {
        "API Gateway: HTTP API requests": 1.00,
        "Lambda: requests": 0.20,
        "Lambda: duration, arm64": round(milliseconds * 1e3 * 0.5 * 0.0000133334, 4),
        "Lambda: starts, arm64": 0,
        "DynamoDB: read units, on demand": 0.375,
        "S3: GET requests": 0.40,
        "Data transfer to the internet": round((len(head) + 4000) / 1e9 * 1e6 * 0.09, 4),
        "CloudWatch Logs: ingestion": round((len('{"status":"304"}') + 26 + 100) / 1e3 * 0.5, 4),
    }


def test_of_polls_that_start_functions_every_twentieth_is_billed_a_start() -> None:
    bill = {addend.price: addend.usd for addend in costs.bill(POLL, SETTINGS, start=0.2)}

    milliseconds = 200 * 1769 / 512
    assert bill[prices.START] == pytest.approx(0.05 * milliseconds * 1e3 * 0.5 * 0.0000133334)


def test_a_line_is_billed_with_what_cloudwatch_adds() -> None:
    assert billed("") == 0
    assert billed("12\n34\n") == 6 + 2 * 26


def test_the_bill_is_the_sum_of_its_addends() -> None:
    assert prices.total(costs.bill(POLL, SETTINGS)) == pytest.approx(sum(usd(POLL).values()), 1e-3)


def test_more_memory_shortens_the_computing_until_it_buys_a_whole_core() -> None:
    computing = replace(POLL, asked=Asked(0, 0, 0, 0), cpu=0.1)

    milliseconds = {
        memory: usd(computing, replace(SETTINGS, memory=memory))["Lambda: duration, arm64"]
        / (memory / 1024 * 0.0133334)
        for memory in (128, 512, 1769, 3538)
    }

    assert {memory: round(ms) for memory, ms in milliseconds.items()} == {
        128: 1383,
        512: 346,
        1769: 100,
        3538: 100,
    }


def test_what_lambda_writes_of_an_invocation_counts_unless_it_is_told_not_to() -> None:
    name = "CloudWatch Logs: ingestion"

    assert usd(POLL, replace(SETTINGS, is_quiet=False))[name] > usd(POLL)[name] + 0.1


def test_a_field_of_the_access_log_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError, match="colour"):
        costs.bill(POLL, replace(SETTINGS, access_log="$context.colour"))


@pytest.mark.parametrize(
    ("of_all", "of_the_feed", "settings"),
    [
        ({"MemorySize": 512}, {}, Settings(512, "$context.status", is_quiet=False)),
        (
            {"MemorySize": 512},
            {"MemorySize": 256, "LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "WARN"}},
            Settings(256, "$context.status", is_quiet=True),
        ),
        (
            {"MemorySize": 512},
            {"LoggingConfig": {"SystemLogLevel": "WARN"}},
            Settings(512, "$context.status", is_quiet=False),
        ),
    ],
)
def test_memory_and_logs_are_those_of_the_template(
    of_all: dict[str, Any], of_the_feed: dict[str, Any], settings: Settings
) -> None:
    function = {"CodeUri": "functions/get_feed", **of_the_feed}
    api = {"AccessLogSettings": {"Format": "$context.status"}}
    template = Template(
        {
            "Globals": {"Function": of_all},
            "Resources": {
                "HttpApi": {"Type": "AWS::Serverless::HttpApi", "Properties": api},
                "Feed": {"Type": "AWS::Serverless::Function", "Properties": function},
            },
        }
    )

    assert Settings.of(template) == settings


def test_the_template_has_all_that_a_bill_needs() -> None:
    assert prices.total(costs.bill(POLL, Settings.of(Template.read()))) > 0


def test_polls_that_cost_too_much_are_over_their_limits() -> None:
    cheap = replace(POLL, asked=Asked(reads=1, read_units=1, dynamodb=1, s3=0))
    dear = replace(POLL, asked=Asked(reads=9, read_units=9, dynamodb=9, s3=1))
    polls = [Polls(p.asked, (p.asked, p.asked), 0.1, p, p, p) for p in (cheap, dear)]
    bills = [Bills.of(each, SETTINGS) for each in polls]

    verdicts = [[figure.is_missed for figure in costs.figures(each, bills[1])] for each in bills]

    assert verdicts[1] == [True, True, True]
    assert not verdicts[0][2]
