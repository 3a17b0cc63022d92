"""CloudWatch on this machine, as far as the template relies on it: what it makes of lines in the
logs, and when its alarms ring. What it does not know it refuses."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from local.data import STACK
from local.template import Template
from mytoken_calendars.aws import metrics

# Metrics of AWS, as its services' documentation lists them: by namespace the dimension, the kind of
# resource that it names, and the metrics.
DOCUMENTED = {
    "AWS/ApiGateway": ("ApiId", "AWS::Serverless::HttpApi", {"Count", "4xx", "5xx", "Latency"}),
    "AWS/Lambda": (
        "FunctionName",
        "AWS::Serverless::Function",
        {
            *("ConcurrentExecutions", "Duration", "Errors", "Invocations", "Throttles"),
            *("Url4xxCount", "Url5xxCount", "UrlRequestCount"),
        },
    ),
    "AWS/DynamoDB": (
        "TableName",
        "AWS::DynamoDB::Table",
        {
            "ConsumedReadCapacityUnits",
            "ConsumedWriteCapacityUnits",
            "ReadThrottleEvents",
            "WriteThrottleEvents",
        },
    ),
    "AWS/Logs": ("LogGroupName", "AWS::Logs::LogGroup", {"IncomingBytes"}),
}

_STATISTICS: dict[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max}
_TOKEN = re.compile(r'\s*(&&|\|\||!=|=|\(|\)|\$\.\w+|"[^"]*")')


Name = tuple[str, str, frozenset[tuple[str, str]]]  # of a metric


@dataclass(frozen=True)
class Datum:
    """A value of a metric, of which namespace, name and dimensions say which it is."""

    namespace: str
    name: str
    value: float
    dimensions: frozenset[tuple[str, str]] = frozenset()

    @property
    def metric(self) -> Name:
        return self.namespace, self.name, self.dimensions


def resolved(value: Any) -> str:
    """A value of the template, in which a resource's name stands for what `!Ref` gives for it."""
    match value:
        case {"Ref": "AWS::StackName"}:
            return STACK
        case {"Ref": str(name)}:
            return name
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([\w:.]+)\}", lambda found: resolved({"Ref": found[1]}), text)
        case str(text):
            return text
    raise ValueError(f"nobody knows what becomes of {value}")


def of_aws(namespace: str, name: str, resource: str, value: float = 1) -> list[Datum]:
    """What AWS records of a resource of the template; Lambda does so for its account, too."""
    dimension, _, names = DOCUMENTED[namespace]
    assert name in names
    of_resource = Datum(namespace, name, value, frozenset({(dimension, resource)}))
    return [of_resource, *([Datum(namespace, name, value)] if namespace == "AWS/Lambda" else [])]


def exists(template: Template, metric: Name) -> bool:
    """Whether something records it: AWS of a resource of the template, our code, or a filter."""
    namespace, name, dimensions = metric
    if namespace in DOCUMENTED:
        dimension, kind, names = DOCUMENTED[namespace]
        if namespace == "AWS/Lambda" and not dimensions:
            return name in names
        ((given, resource),) = dimensions
        is_there = template.document["Resources"].get(resource, {}).get("Type") == kind
        return is_there and given == dimension and name in names
    if namespace == metrics.NAMESPACE:
        is_ours = name in {each.value for each in metrics.Metric}
        return is_ours and dimensions == {("service", STACK)}
    return (namespace, name) in of_filters(template) and not dimensions


def of_filters(template: Template) -> list[tuple[str, str]]:
    """Namespaces and names of what the template's metric filters count."""
    return [
        (resolved(transformation["MetricNamespace"]), transformation["MetricName"])
        for resource in template.document["Resources"].values()
        if resource["Type"] == "AWS::Logs::MetricFilter"
        for transformation in resource["Properties"]["MetricTransformations"]
    ]


# --- from lines to metrics ------------------------------------------------------------------------


def embedded(lines: Iterable[str]) -> Iterator[Datum]:
    """The metrics in lines of the embedded metric format; other lines have none."""
    for line in lines:
        document = json.loads(line) if line.startswith("{") else {}
        for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in directive["Dimensions"]:
                dimensions = frozenset((name, document[name]) for name in names)
                for each in directive["Metrics"]:
                    values = document[each["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        yield Datum(directive["Namespace"], each["Name"], value, dimensions)


def access_line(template: Template, route: str, status: int, of_lambda: int = 200) -> str:
    """What API Gateway writes of a request, to whose function Lambda itself said `of_lambda`."""
    log_format: str = template.document["Resources"]["HttpApi"]["Properties"]["AccessLogSettings"][
        "Format"
    ]
    context = {"routeKey": route, "status": str(status), "integrationStatus": str(of_lambda)}
    return re.sub(r"\$context\.(\w+)", lambda name: context.get(name[1], "-"), log_format)


def filtered(template: Template, lines: Iterable[str]) -> Iterator[Datum]:
    """What the template's metric filters make of lines of the access log."""
    documents = [json.loads(line) for line in lines]
    for resource in template.document["Resources"].values():
        if resource["Type"] == "AWS::Logs::MetricFilter":
            properties = resource["Properties"]
            assert properties["LogGroupName"] == {"Ref": "AccessLogGroup"}
            (transformation,) = properties["MetricTransformations"]
            assert set(transformation) == {"MetricNamespace", "MetricName", "MetricValue"}
            for document in documents:
                if matches(properties["FilterPattern"], document):
                    yield Datum(
                        resolved(transformation["MetricNamespace"]),
                        transformation["MetricName"],
                        float(transformation["MetricValue"]),
                    )


def matches(pattern: str, document: Mapping[str, Any]) -> bool:
    """Whether a line that is this JSON is one of the filter pattern, which is one for JSON.

    Of its language it knows comparisons of texts with = and !=, in which * stands for any text, and
    &&, || and brackets.
    """
    inner = re.fullmatch(r"\s*\{(.*)\}\s*", pattern, re.DOTALL)
    if inner is None:
        raise ValueError(f"not a pattern for JSON: {pattern}")
    tokens = list(_tokens(inner[1].rstrip()))
    holds = _any_of(tokens, document)
    if tokens:
        raise ValueError(f"{tokens} is left of {pattern}")
    return holds


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError(f"not in a pattern: {text[at:]}")
        yield token[1]
        at = token.end()


def _any_of(tokens: list[str], document: Mapping[str, Any]) -> bool:
    holds = _all_of(tokens, document)
    while tokens[:1] == ["||"]:
        del tokens[0]
        holds = _all_of(tokens, document) or holds
    return holds


def _all_of(tokens: list[str], document: Mapping[str, Any]) -> bool:
    holds = _comparison(tokens, document)
    while tokens[:1] == ["&&"]:
        del tokens[0]
        holds = _comparison(tokens, document) and holds
    return holds


def _comparison(tokens: list[str], document: Mapping[str, Any]) -> bool:
    if tokens[:1] == ["("]:
        del tokens[0]
        holds = _any_of(tokens, document)
        if tokens[:1] != [")"]:
            raise ValueError("a bracket is not closed")
        del tokens[0]
        return holds
    selector, operator, text = tokens[:3]
    del tokens[:3]
    if not (selector.startswith("$.") and operator in ("=", "!=") and text.startswith('"')):
        raise ValueError(f"not a comparison: {selector} {operator} {text}")
    value = document.get(selector.removeprefix("$."))
    wanted = text.strip('"').replace("[", "[[]").replace("?", "[?]")
    return isinstance(value, str) and fnmatchcase(value, wanted) is (operator == "=")


# --- from metrics to alarms -----------------------------------------------------------------------


@dataclass(frozen=True)
class Alarm:
    """An alarm of the template. One datum in a list of them is one period's."""

    properties: Mapping[str, Any]

    @property
    def periods(self) -> int:
        """So many are looked at together."""
        count: int = self.properties["EvaluationPeriods"]
        return count

    @property
    def needed(self) -> int:
        """So many of them have to be over the threshold."""
        count: int = self.properties.get("DatapointsToAlarm", self.periods)
        return count

    @property
    def watched(self) -> Name:
        dimensions = [(d["Name"], d["Value"]) for d in self.properties.get("Dimensions", ())]
        return (
            resolved(self.properties["Namespace"]),
            self.properties["MetricName"],
            frozenset((name, resolved(value)) for name, value in dimensions),
        )

    @property
    def threshold(self) -> float:
        match self.properties["Threshold"]:
            case {"Ref": str(parameter)}:
                return float(Template.read().document["Parameters"][parameter]["Default"])
            case number:
                return float(number)

    def state(self, periods: Sequence[Iterable[Datum]]) -> str:
        """What it says after the last of these periods, each of which has its data."""
        values = [self._value(list(data)) for data in periods[-self.periods :]]
        values = [None] * (self.periods - len(values)) + values
        assert self.properties["ComparisonOperator"] == "GreaterThanThreshold"
        if (
            all(value is None for value in values)
            and self.properties["TreatMissingData"] == "missing"
        ):
            return "INSUFFICIENT_DATA"
        over = [value is not None and value > self.threshold for value in values]
        return "ALARM" if sum(over) >= self.needed else "OK"

    def _value(self, data: list[Datum]) -> float | None:
        values = [datum.value for datum in data if datum.metric == self.watched]
        return _STATISTICS[self.properties["Statistic"]](values) if values else None
