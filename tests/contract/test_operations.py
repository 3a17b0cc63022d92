"""What operators see and set: the words of the metrics, the dashboard, and parameters that are off
by default."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aws_lambda_powertools.shared.constants import LOGGER_LOG_SAMPLING_RATE

from local.template import Template
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.metrics import Metric
from tests.doubles import cloudwatch
from tests.doubles.cloudwatch import Alarm, Name, matches, resolved
from tests.harness.conditions import chosen, holds
from tests.harness.stacks import ROOT

TEMPLATE = Template.read()
DOCUMENT = TEMPLATE.document
RESOURCES: dict[str, dict[str, Any]] = DOCUMENT["Resources"]
PARAMETERS: dict[str, dict[str, Any]] = DOCUMENT["Parameters"]
PACKAGE = ROOT / "layers" / "shared" / "mytoken_calendars"
PSEUDO = {"AWS::Region", "AWS::StackName"}

FREE = 50  # metrics on a dashboard that is not billed
LONGEST_BODY = 30_000  # characters of one, with room for the names that are filled in


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in RESOURCES.items() if r["Type"] == kind}


def alarmed() -> list[Name]:
    return [Alarm(properties).watched for properties in of_type("AWS::CloudWatch::Alarm").values()]


def body() -> str:
    """Of a stack with all fronts, which has all alarms."""
    text, variables = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for name, value in variables.items():
        of_all_fronts = chosen(value, {"FormerFeedFronts": "url,cloudfront"})
        text = text.replace(f"${{{name}}}", of_all_fronts["Fn::Sub"])
    return str(text)


def widgets() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(resolved({"Fn::Sub": body()}))["widgets"]
    return found


def rows() -> Iterator[list[Any]]:
    """All lines of all graphs, expressions among them."""
    for widget in widgets():
        yield from widget["properties"].get("metrics", [])


def shown() -> list[Name]:
    return [_name([part for part in row if isinstance(part, str)]) for row in rows() if row[1:]]


def _name(parts: list[str]) -> Name:
    namespace, name, *dimensions = parts
    return namespace, name, frozenset(zip(dimensions[::2], dimensions[1::2], strict=True))


# --- words ----------------------------------------------------------------------------------------


def test_the_template_uses_all_words_that_are_counted_and_no_others() -> None:
    used = {name for namespace, name, _ in alarmed() + shown() if namespace == metrics.NAMESPACE}

    assert used == {metric.value for metric in Metric}


@pytest.mark.parametrize("metric", Metric, ids=lambda metric: metric.value)
def test_every_word_is_counted_somewhere(metric: Metric) -> None:
    modules = [path.read_text() for path in PACKAGE.rglob("*.py") if path.stem != "metrics"]

    assert any(f"Metric.{metric.name}" in text for text in modules)


def test_what_is_counted_from_the_access_log_is_watched_and_what_is_watched_is_counted() -> None:
    namespace = resolved({"Fn::Sub": "mytoken-calendars/${AWS::StackName}"})
    watched = {(of, name) for of, name, _ in alarmed() + shown() if of == namespace}

    counted = cloudwatch.of_filters(TEMPLATE)

    assert watched == set(counted)
    assert len(counted) == len(watched)


@pytest.mark.parametrize("name", of_type("AWS::Logs::MetricFilter"))
def test_a_filter_counts_the_routes_of_feeds_or_all(name: str) -> None:
    pattern = of_type("AWS::Logs::MetricFilter")[name]["FilterPattern"]
    (status,) = re.findall(r'\$\.status = "([^"]+)"', pattern)
    routes = {r.key: r.folder for r in TEMPLATE.routes}

    found = {
        key for key in routes if matches(pattern, {"route": key, "status": status, "lambda": "200"})
    }

    feeds = {key for key, folder in routes.items() if folder == "get_feed"}
    assert found == (feeds if "$.route" in pattern else routes.keys())


@pytest.mark.parametrize("name", of_type("AWS::Logs::MetricFilter"))
def test_a_filter_has_no_braces_but_its_own(name: str) -> None:
    pattern = of_type("AWS::Logs::MetricFilter")[name]["FilterPattern"]

    # What they are inside of quotes no document of CloudWatch says.
    assert re.fullmatch(r"\{[^{}]*\}", pattern)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ('{ $.a = "x" }', True),
        ('{ $.a = "X" }', False),
        ('{ $.a = "x*" }', True),
        ('{ $.a != "x" }', False),
        ('{ $.number = "1" }', False),
        ('{ $.absent = "*" }', False),
        ('{ $.a = "y" || $.b = "GET /{id}" }', True),
        ('{ $.a = "x" || $.a = "y" && $.b = "z" }', True),
        ('{ ($.a = "x" || $.a = "y") && $.b = "z" }', False),
    ],
)
def test_a_pattern_is_read_as_cloudwatch_reads_it(pattern: str, *, fits: bool) -> None:
    assert matches(pattern, {"a": "x", "b": "GET /{id}", "number": 1}) is fits


@pytest.mark.parametrize(
    "pattern",
    ["ERROR", "{ $.a }", '{ $.a = "x" ', "{ $.a = 1 }", '{ ($.a = "x" }', '{ $.a = "x") }'],
)
def test_a_pattern_that_nobody_understands_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        matches(pattern, {"a": "x"})


# --- the dashboard --------------------------------------------------------------------------------


def test_what_the_dashboard_refers_to_exists() -> None:
    names = {name.removesuffix(".Arn") for name in re.findall(r"\$\{([^}]+)\}", body())}

    assert names - PSEUDO <= set(RESOURCES)


def test_every_metric_of_the_dashboard_exists() -> None:
    assert [metric for metric in shown() if not cloudwatch.exists(TEMPLATE, metric)] == []


def test_the_dashboard_shows_every_alarm_and_all_that_they_watch() -> None:
    (alarms,) = (w["properties"]["alarms"] for w in widgets() if w["type"] == "alarm")

    assert alarms == [f"{name}.Arn" for name in of_type("AWS::CloudWatch::Alarm")]
    assert set(alarmed()) - set(shown()) == set()


def test_the_expressions_of_a_graph_are_about_its_metrics() -> None:
    for widget in widgets():
        lines = widget["properties"].get("metrics", [])
        options = [line[-1] for line in lines if isinstance(line[-1], dict)]
        ids = [option["id"] for option in options if "id" in option]
        used = {
            name
            for option in options
            for name in re.findall(r"\b[a-z]+\b", option.get("expression", ""))
        }
        assert used == {option["id"] for option in options if "id" in option}
        assert len(ids) == len(set(ids))


def test_gb_seconds_are_computed_with_the_memory_of_the_functions() -> None:
    expressions = [row[0]["expression"] for row in rows() if not row[1:]]

    computed = [int(found[1]) for e in expressions if (found := re.search(r"\* (\d+) / 1024", e))]

    memory = DOCUMENT["Globals"]["Function"]["MemorySize"]
    assert computed == [TEMPLATE.functions["get_feed"]["MemorySize"], memory]


def test_the_dashboard_costs_nothing_by_itself_and_fits() -> None:
    assert len(set(shown())) <= FREE
    assert len(body()) < LONGEST_BODY


def test_graphs_lie_side_by_side() -> None:
    cells = [
        (column, row)
        for widget in widgets()
        for column in range(widget["x"], widget["x"] + widget["width"])
        for row in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) < 24


# --- alarms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", of_type("AWS::CloudWatch::Alarm"))
def test_an_alarm_says_what_to_do_and_tells_the_topic_if_there_is_one(name: str) -> None:
    alarm = RESOURCES[name]["Properties"]

    assert len(re.findall(r"[.:;] ", alarm["AlarmDescription"])) >= 1
    assert len(alarm["AlarmDescription"]) <= 1024
    assert alarm["AlarmActions"] == {
        "Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]
    }
    assert alarm["TreatMissingData"] in ("notBreaching", "missing")


# --- parameters -----------------------------------------------------------------------------------


def test_the_console_shows_every_parameter_once() -> None:
    groups = DOCUMENT["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    shown_there = [name for group in groups for name in group["Parameters"]]

    assert sorted(shown_there) == sorted(PARAMETERS)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_has_a_default_that_it_allows_and_says_what_it_is_for(name: str) -> None:
    parameter = PARAMETERS[name]
    default = parameter["Default"]

    assert default in parameter.get("AllowedValues", [default])
    assert re.fullmatch(parameter.get("AllowedPattern", ".*"), str(default))
    assert parameter["Description"].endswith(".")


def test_by_default_nothing_is_made_that_is_optional() -> None:
    conditions = {r["Condition"] for r in RESOURCES.values() if "Condition" in r}
    conditions |= {"HasFeedConcurrency", "HasAlarmTopic", "HasGeoIpLayer", "HasPublicUrl"}

    assert conditions >= {"HasBudget", "HasDistribution", "HasDomain", "HasFeedUrl", "HasRecord"}
    assert {name for name in DOCUMENT["Conditions"] if holds(name, {})} == {"Feeds1000"}
    assert PARAMETERS["SnapStart"]["Default"] == "None"


def test_the_share_of_functions_that_log_everything_is_what_powertools_reads() -> None:
    variables = DOCUMENT["Globals"]["Function"]["Environment"]["Variables"]

    assert variables[LOGGER_LOG_SAMPLING_RATE] == {"Ref": "LogSampleRate"}


def test_polls_leave_the_api_its_concurrency_if_they_are_told_to() -> None:
    concurrency = TEMPLATE.functions["get_feed"]["ReservedConcurrentExecutions"]

    assert chosen(concurrency, {}) == {"Ref": "AWS::NoValue"}
    assert chosen(concurrency, {"FeedConcurrency": "50"}) == {"Ref": "FeedConcurrency"}


def test_what_publishes_versions_publishes_one_for_every_change_of_the_layers() -> None:
    publishing = [f for f in TEMPLATE.functions.values() if "AutoPublishAlias" in f]

    assert [f["SnapStart"] for f in publishing] == [{"ApplyOn": {"Ref": "SnapStart"}}]
    assert all(f["AutoPublishAliasAllProperties"] for f in publishing)
    assert all(f["VersionDeletionPolicy"] == "Delete" for f in publishing)
    layers = of_type("AWS::Serverless::LayerVersion").values()
    assert [layer["PublishLambdaVersion"] for layer in layers] == [True] * 3


def test_what_the_published_function_is_told_makes_another_version_of_it() -> None:
    (folder,) = [f for f, function in TEMPLATE.functions.items() if "AutoPublishAlias" in function]
    told = TEMPLATE.environment(folder)
    of_no_use_to_it = {"MYTOKEN_ISSUER", "SHORT_TOKEN_LENGTH", "SIGNING_KEYS", "TOKENS_TABLE"}
    of_no_use_to_it |= {"FEEDS_BUCKET"}  # it is never replaced, and names are long
    never_changing = {"POWERTOOLS_SERVICE_NAME", "PUBLIC_URL_PARAMETER", "PYTHONWARNINGS", "ROUTES"}
    heeded = told.keys() - of_no_use_to_it - never_changing

    description, variables = TEMPLATE.functions[folder]["VersionDescription"]["Fn::Sub"]

    assert variables == {"Renewal": told["RENEWAL_PAGE"]}
    assert set(re.findall(r"\$\{(\w+)\}", description)) == {
        *(told[name]["Ref"] for name in heeded - {"RENEWAL_PAGE"}),
        "Renewal",
        "SnapStart",
    }
