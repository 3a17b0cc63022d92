"""make plan: the tables of docs/operations.md are those of now; what they assume can be counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from local.template import Template
from tests.bench import capacity
from tests.harness.stacks import Stack
from tests.harness.steps import add
from tests.harness.token_uses import ROTATING, Person
from tools.plan import costs, fronts, plan, prices, quotas
from tools.plan.costs import Bill, Usage

USAGE = Usage(1000)
Sizes = dict[tuple[str, str], int]  # bytes of items, by their keys
CHANGES = ("create_calendar", "add_token", "delete_calendar")
KIB = 1024


def test_the_page_has_the_tables_of_now() -> None:
    """If not: `make plan ARGS=--write` writes them."""
    page = plan.PAGE.read_text()

    assert plan.written(page) == page


@pytest.mark.parametrize("arguments", [[], ["--feeds", "5000"]], ids=["pages", "own"])
def test_it_prints_tables_with_headings_and_writes_none_unasked(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
) -> None:
    monkeypatch.setattr(plan, "PAGE", tmp_path / "none.md")
    monkeypatch.setattr("sys.argv", ["make plan", *arguments])

    plan.main()

    printed = capsys.readouterr().out
    headings = [line for line in printed.splitlines() if line and line[0] != "|"]
    assert headings == [each for each in plan._HEADINGS.values() if each in headings]
    assert len(headings) >= 2
    assert not plan.PAGE.exists()


@pytest.mark.parametrize("arguments", [["--feeds", "nan"], ["--write", "--feeds", "9"]])
def test_what_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str]
) -> None:
    monkeypatch.setattr(plan, "PAGE", tmp_path / "none.md")
    monkeypatch.setattr("sys.argv", ["make plan", *arguments])

    with pytest.raises(SystemExit):
        plan.main()

    assert not plan.PAGE.exists()


def test_each_table_of_the_page_is_written_anew() -> None:
    page = plan.PAGE.read_text()
    outdated = page.replace("| API Gateway: HTTP", "| API Gateway: old").replace("10,000", "10")

    assert outdated != page
    assert plan.written(outdated).count("API Gateway: old") == 0


def test_a_page_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the table of costs"):
        plan.written("# Operations")


def test_a_bill_is_by_the_million_polls_what_the_bench_has_measured() -> None:
    million = Usage(1, polls=1e6 / costs.DAYS, unchanged=1, requests=0, changes=0)

    usd = sum(Bill.of(million).usd(price) for price in prices.OF_A_POLL)

    assert usd == pytest.approx(1.9, abs=0.15)  # starts take more or less by the machine


def test_what_nobody_uses_costs_its_alarms_dashboard_metrics_and_key() -> None:
    unused = Bill.of(Usage(0))
    resources = Template.read().document["Resources"].values()
    kinds = [resource["Type"] for resource in resources if "Condition" not in resource]

    assert {price for price, quantity in unused.taken.items() if quantity} <= {
        prices.KEY,
        prices.ALARM,
        prices.DASHBOARD,
        prices.METRIC,
    }
    assert unused.taken[prices.ALARM] == kinds.count("AWS::CloudWatch::Alarm") > 0


@pytest.mark.parametrize("use", CHANGES)
def test_no_change_takes_more_of_the_tables_than_the_plan_says(stack: Stack, use: str) -> None:
    person = Person.on(stack)
    token = person.mint(rotation=ROTATING, restrictions=[{"usages_other": 5}])
    for number in range(costs.Usage(1).tokens - 1):
        one = person.mint("AT", name=f"backup-cluster-{number}")
        add(stack, person.keeper, person.calendar, one.mom_id, comment=f"See OPS-{number}")

    with _transactions(stack) as sent:
        answer = person.use(use, token)

    sizes = {key: size for _, known in [*sent, ((), _sizes(stack))] for key, size in known.items()}
    units = [_write_units(writes, sizes) for writes, _ in sent]
    assert answer.status < 300
    assert 1 <= sum(units) <= costs.CHANGE[prices.WRITE_UNIT]
    assert use != "add_token" or max(units) >= costs.CHANGE[prices.WRITE_UNIT] * 0.9


def test_what_breaks_first_is_the_concurrency_of_a_new_account_with_five_thousand_feeds() -> None:
    first, *others = quotas.in_order()

    assert (first.of, first.polls, first.feeds) == (
        "Lambda: concurrent executions, new account",
        100,
        5000,
    )
    assert all(quota.polls > first.polls for quota in others)


@pytest.mark.parametrize(
    "impossible",
    [{"unchanged": 0.9, "from_memory": 0.3}, {"unchanged": -0.1}, {"feeds": -1}, {"polls": -1}],
    ids=str,
)
def test_a_use_that_cannot_be_is_refused(impossible: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no number may be negative"):
        replace(USAGE, **impossible)


def test_what_is_beyond_the_first_tier_is_cheaper() -> None:
    once, twice = (prices.API_REQUEST.of_a_month(millions * 1e6) for millions in (300, 600))

    assert once == 300
    assert twice == pytest.approx(570)


def test_what_is_free_each_month_costs_nothing() -> None:
    free, beyond = (prices.CLOUDFRONT_REQUEST.of_a_month(millions * 1e6) for millions in (10, 12))

    assert (free, beyond) == (0, 2)


def test_a_url_saves_what_the_gateway_and_its_log_cost() -> None:
    poll = costs.of_polls()["unchanged"]
    api, url = (front.usd(poll, 1e8) for front in (fronts.API, fronts.URL))

    saved = prices.API_REQUEST.of_a_month(1e8) + prices.LOGS.of_a_month(poll[prices.LOGS] * 1e8)
    assert api - url == pytest.approx(saved)
    assert url < api / 2


def test_cloudfront_costs_less_than_a_gateway_while_it_is_free_and_more_beyond() -> None:
    poll = costs.of_polls()["unchanged"]

    few, many = (
        [front.usd(poll, load) for front in (fronts.URL, fronts.CLOUDFRONT, fronts.API)]
        for load in (1e6, 1e10)
    )

    assert few[1] < few[0] < few[2]
    assert many[0] < many[2] < many[1]


def test_a_load_balancer_pays_against_a_gateway_from_where_the_page_says() -> None:
    load, poll = fronts.balancer_pays_from(), costs.of_polls()["unchanged"]
    requests = prices.API_REQUEST.of_a_month(load)

    without = fronts.BALANCER.usd(poll, load) - fronts.URL.usd(poll, load)

    assert without == pytest.approx(requests)
    assert f"some {load / 1e6:.0f} million polls a month" in plan.PAGE.read_text()


def test_a_flood_is_bounded_by_the_throttles_of_the_template() -> None:
    rows = [line.split("|")[1:-1] for line in fronts.floods().splitlines()[2:]]
    told = {row[0].strip(): row[1].strip() for row in rows}

    parameters = Template.read().document["Parameters"]
    throttle = parameters["FeedRequestsPerSecond"]["Default"]
    assert told["`api`"].startswith(f"{throttle:,} polls a second")
    assert told["`url`"].startswith(f"{10 * fronts.EXECUTIONS:,} polls a second")


def test_the_tables_let_through_what_the_default_throttles_do() -> None:
    defaults = {n: p["Default"] for n, p in Template.read().document["Parameters"].items()}
    polls, others = defaults["FeedRequestsPerSecond"], defaults["ApiRequestsPerSecond"]
    takes = costs.of_polls()["unchanged"][prices.READ_UNIT]

    assert (
        defaults["TableReadsPerSecond"] >= polls * takes + others * costs.REQUEST[prices.READ_UNIT]
    )
    assert defaults["TableWritesPerSecond"] >= others * costs.CHANGE[prices.WRITE_UNIT]


@contextmanager
def _transactions(stack: Stack) -> Iterator[list[tuple[list[Any], Sizes]]]:
    """The writes of each transaction that is sent meanwhile, and what there was before it."""
    sent: list[tuple[list[Any], Sizes]] = []

    def note(params: Any, **_: Any) -> None:
        sent.append((params["TransactItems"], _sizes(stack)))

    clients = [stack.door(use, "store").table.client for use in CHANGES]
    for client in clients:
        client.meta.events.register("provide-client-params.dynamodb.TransactWriteItems", note)
    yield sent
    for client in clients:
        client.meta.events.unregister("provide-client-params.dynamodb.TransactWriteItems", note)


def _sizes(stack: Stack) -> Sizes:
    """Bytes of all items of both tables, by their keys."""
    rows = [row for table in stack.dump().values() for row in table]
    return {(row["pk"]["S"], row["sk"]["S"]): capacity.size(row) for row in rows}


def _write_units(writes: list[Any], sizes: Sizes) -> int:
    """Two for each KiB of the whole item that a transaction writes or checks."""
    keys = (of.get("Key") or of["Item"] for write in writes for of in write.values())
    written = (sizes[key["pk"]["S"], key["sk"]["S"]] for key in keys)
    return sum(2 * max(1, ceil(size / KIB)) for size in written)
