"""Metrics: what is counted in Lambda, and that nothing is printed where nobody counts it."""

import json

import pytest

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


def test_where_metrics_are_switched_off_nothing_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")

    metrics.count(Metric.FEED_BUILT)

    assert capsys.readouterr().out == ""
