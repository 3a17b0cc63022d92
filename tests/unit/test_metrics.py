"""Metrics: what is counted in Lambda, and that nothing is printed where nobody counts it."""

import json

import pytest
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.metrics import Metric


def test_an_event_is_one_line_in_the_embedded_metric_format(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics.count(Metric.FEED_BUILT, 3)

    (line,) = capsys.readouterr().out.splitlines()
    counted = json.loads(line)
    assert counted["FeedBuilt"] == [3]
    assert counted["_aws"]["CloudWatchMetrics"][0]["Namespace"] == metrics.NAMESPACE


@pytest.mark.parametrize("service", ["stack", None])
@pytest.mark.parametrize("metric", Metric, ids=lambda metric: metric.value)
def test_a_line_is_the_one_that_powertools_writes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    metric: Metric,
    service: str | None,
) -> None:
    monkeypatch.delenv("POWERTOOLS_SERVICE_NAME", raising=False)
    if service:
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", service)
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.5)

    metrics.count(metric, 3)
    namespace = metrics.NAMESPACE
    with single_metric(metric.value, MetricUnit.Count, 3, namespace=namespace) as powertools:
        powertools.add_dimension("service", service or "service_undefined")

    ours, theirs = map(json.loads, capsys.readouterr().out.splitlines())
    theirs["_aws"]["Timestamp"] = ours["_aws"]["Timestamp"]  # it has a clock of its own
    assert ours == theirs
    assert ours["_aws"]["Timestamp"] == 1_800_000_000_500


def test_where_metrics_are_switched_off_nothing_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")

    metrics.count(Metric.FEED_BUILT)

    assert capsys.readouterr().out == ""
