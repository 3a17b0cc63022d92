"""What template.yaml makes of each front: who may call what, and where clients are led."""

import re
from itertools import product
from typing import Any

import pytest

from local.template import Template
from tests.harness.conditions import DOCUMENT, broken_rules, chosen, decided, holds, resources

TEMPLATE = Template.read()
API: dict[str, Any] = DOCUMENT["Resources"]["HttpApi"]["Properties"]
OWN = {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]}
AT_DOMAIN = {"Fn::Sub": "https://${DomainName}"}
DOMAIN = {"DomainName": "calendars.example.org", "CertificateArn": "arn:aws:acm:x:1:certificate/x"}
URL = {"PublicUrl": "https://example.org"}
FEED_DOMAIN = {
    "FeedDomainName": "feeds.example.org",
    "FeedCertificateArn": "arn:aws:acm:us-east-1:1:certificate/x",
}
FRONTS = [
    {"FeedFront": front, "FormerFeedFronts": former, **FEED_DOMAIN}
    for front, former in product(
        DOCUMENT["Parameters"]["FeedFront"]["AllowedValues"],
        DOCUMENT["Parameters"]["FormerFeedFronts"]["AllowedValues"],
    )
]
each_front = pytest.mark.parametrize(
    "given", FRONTS, ids=lambda given: f"{given['FeedFront']}, was {given['FormerFeedFronts']}"
)
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_BUT_THE_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


def fronts_of(given: dict[str, str]) -> set[str]:
    """Those that serve feeds beside API Gateway."""
    return {given["FeedFront"], *given["FormerFeedFronts"].split(",")} - {"", "api"}


def permissions(given: dict[str, str]) -> set[tuple[str, ...]]:
    """Of callers of URLs: of which function, who, what, and on which condition."""
    return {
        (
            str(p["FunctionName"]["Ref"]).removesuffix(".Alias"),
            p["Principal"],
            p["Action"].removeprefix("lambda:"),
            p.get("FunctionUrlAuthType", ""),
            str(p.get("InvokedViaFunctionUrl", "")),
            p.get("SourceArn", {}).get("Fn::Sub", "").rpartition(":")[2],
        )
        for p in (
            r["Properties"]
            for r in resources(given).values()
            if r["Type"] == "AWS::Lambda::Permission"
        )
    }


# --- the stack's address --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of_the_stack", "url"),
    [({}, OWN), (DOMAIN, AT_DOMAIN), ({**URL, **DOMAIN}, {"Ref": "PublicUrl"})],
    ids=["nothing", "domain", "told"],
)
@each_front
def test_no_front_of_feeds_changes_the_address_of_the_stack(
    given: dict[str, str], of_the_stack: dict[str, str], url: dict[str, Any]
) -> None:
    values = (
        API["StageVariables"]["publicUrl"],
        DOCUMENT["Outputs"]["PublicUrl"]["Value"],
        DOCUMENT["Resources"]["PublicUrlParameter"]["Properties"]["Value"],
    )

    assert [chosen(value, {**given, **of_the_stack}) for value in values] == [url] * 3


@pytest.mark.parametrize(
    ("given", "address"),
    [({}, "seen"), (DOMAIN, "seen"), (URL, "unknown"), ({**URL, **DOMAIN}, "unknown")],
    ids=str,
)
def test_behind_another_front_the_clients_address_is_unknown(
    given: dict[str, str], address: str
) -> None:
    assert chosen(API["StageVariables"]["clientAddress"], given) == address


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({}, set()),
        (DOMAIN, {"ApiDomain", "ApiMapping"}),
        ({**DOMAIN, "HostedZoneId": "Z1"}, {"ApiDomain", "ApiMapping", "DomainRecord"}),
        ({"HostedZoneId": "Z1"}, set()),
    ],
)
def test_a_domain_leads_to_the_api(given: dict[str, str], made: set[str]) -> None:
    assert set(resources(given)) - set(resources({})) == made


# --- which fronts there are -----------------------------------------------------------------------


@each_front
def test_calendars_name_the_host_of_the_front(given: dict[str, str]) -> None:
    stage = decided(API["StageVariables"], given)

    host = {"Fn::Select": [2, {"Fn::Split": ["/", {"Fn::GetAtt": ["FeedUrl", "FunctionUrl"]}]}]}
    assert (
        stage["feedUrl"]
        == {
            "api": stage["publicUrl"],
            "url": {"Fn::Sub": ["https://${Host}", {"Host": host}]},
            "cloudfront": {"Fn::Sub": "https://${FeedDomainName}"},
        }[given["FeedFront"]]
    )


@each_front
def test_a_front_serves_on_while_it_is_named(given: dict[str, str]) -> None:
    made, fronts = resources(given), fronts_of(given)

    assert ("FeedUrl" in made) == bool(fronts)
    assert {"Distribution", "OriginAccess", "PageUrl"} & set(made) == (
        {"Distribution", "OriginAccess", "PageUrl"} if "cloudfront" in fronts else set()
    )
    assert {r.folder for r in TEMPLATE.routes} >= {"get_feed", "view_calendar"}


@each_front
def test_a_url_is_open_if_it_is_a_front_of_its_own(given: dict[str, str]) -> None:
    urls = {n: r for n, r in resources(given).items() if r["Type"] == "AWS::Lambda::Url"}
    types = {name: url["Properties"]["AuthType"] for name, url in urls.items()}

    fronts = fronts_of(given)
    expected = {"FeedUrl": "NONE" if "url" in fronts else "AWS_IAM"} if fronts else {}
    assert types == expected | ({"PageUrl": "AWS_IAM"} if "cloudfront" in fronts else {})


@each_front
def test_each_caller_of_a_url_has_both_permissions_and_no_other_has_any(
    given: dict[str, str],
) -> None:
    distribution, everybody = ":distribution/${Distribution}", "*"
    fronts = fronts_of(given)

    def of_cloudfront(function: str) -> set[tuple[str, ...]]:
        who = (function, "cloudfront.amazonaws.com")
        source = distribution.removeprefix(":")
        return {
            (*who, "InvokeFunctionUrl", "", "", source),
            (*who, "InvokeFunction", "", "True", source),
        }

    open_to_all = {
        ("GetFeedFunction", everybody, "InvokeFunctionUrl", "NONE", "", ""),
        ("GetFeedFunction", everybody, "InvokeFunction", "", "True", ""),
    }
    assert permissions(given) == {
        *(open_to_all if "url" in fronts else ()),
        *(of_cloudfront("GetFeedFunction") if "cloudfront" in fronts else ()),
        *(of_cloudfront("ViewCalendarFunction") if "cloudfront" in fronts else ()),
    }


def _alias(url: dict[str, Any]) -> str:
    """AWS takes a function's ARN and the name of an alias; this one waits for the alias."""
    if "Qualifier" not in url:
        return ""
    alias = f"{url['TargetFunctionArn']['Ref']}.Alias"
    assert url["Qualifier"] == {"Fn::Select": [7, {"Fn::Split": [":", {"Ref": alias}]}]}
    return ".Alias"


@each_front
def test_a_url_is_called_where_it_is_permitted(given: dict[str, str]) -> None:
    """At the alias, or permissions of the function would not count for it."""
    made = resources(given)
    urls = [r["Properties"] for r in made.values() if r["Type"] == "AWS::Lambda::Url"]
    targets = {url["TargetFunctionArn"]["Ref"] + _alias(url) for url in urls}
    permitted = {
        r["Properties"]["FunctionName"]["Ref"]
        for r in made.values()
        if r["Type"] == "AWS::Lambda::Permission"
    }

    assert targets == permitted
    assert targets <= {"GetFeedFunction.Alias", "ViewCalendarFunction"}


@each_front
def test_what_a_stack_has_refers_to_nothing_that_it_lacks(given: dict[str, str]) -> None:
    made = {**resources(given), **_outputs(given)}

    lacking = {
        (name, other)
        for name, resource in made.items()
        for other in _referred_to(resource)
        if other in DOCUMENT["Resources"] and other not in resources(given)
    }

    assert lacking == set()


def _outputs(given: dict[str, str]) -> dict[str, Any]:
    return {
        f"output {name}": decided(output, given)
        for name, output in DOCUMENT["Outputs"].items()
        if "Condition" not in output or holds(output["Condition"], given)
    }


def _referred_to(value: Any) -> set[str]:
    match value:
        case {"Ref": str(name)}:
            return {name.partition(".")[0]}
        case {"Fn::GetAtt": [str(name), _]}:
            return {name}
        case {"Fn::Sub": str(text)}:
            return {name.partition(".")[0] for name in re.findall(r"\$\{([^}]+)\}", text)}
        case {"Fn::Sub": [str(text), dict(variables)]}:
            return _referred_to({"Fn::Sub": text}) | _referred_to(variables)
        case dict() | list():
            each = value.values() if isinstance(value, dict) else value
            return {name for one in each for name in _referred_to(one)}
    return set()


@each_front
def test_functions_refer_neither_to_the_api_nor_to_a_front(given: dict[str, str]) -> None:
    """CloudFormation refuses circles: these refer to their functions."""
    functions = [r for r in resources(given).values() if r["Type"] == "AWS::Serverless::Function"]

    told = {
        name
        for function in functions
        for key, value in function["Properties"].items()
        if key != "Events"
        for name in _referred_to(value)
    }

    assert told & {"HttpApi", "FeedUrl", "PageUrl", "Distribution", "PublicUrlParameter"} == set()


def test_the_feed_function_may_read_where_the_api_is_by_the_name_it_is_told() -> None:
    named = DOCUMENT["Resources"]["PublicUrlParameter"]["Properties"]["Name"]

    assert TEMPLATE.environment("get_feed")["PUBLIC_URL_PARAMETER"] == named
    assert named == {"Fn::Sub": "/mytoken-calendars/${AWS::StackName}/public-url"}


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "broken"),
    [
        ({}, []),
        ({"FeedFront": "url"}, []),
        ({"FeedFront": "cloudfront", **FEED_DOMAIN}, []),
        ({"FeedFront": "cloudfront"}, ["CloudFrontHasADomain"]),
        ({"FormerFeedFronts": "url,cloudfront"}, ["CloudFrontHasADomain"]),
        ({"FormerFeedFronts": "cloudfront", "FeedDomainName": "a.b"}, ["CloudFrontHasADomain"]),
        ({"FormerFeedFronts": "url"}, []),
        ({"HostedZoneId": "Z1"}, ["ARecordIsThatOfADomain"]),
        ({"HostedZoneId": "Z1", **DOMAIN}, []),
        ({"HostedZoneId": "Z1", "FeedFront": "cloudfront", **FEED_DOMAIN}, []),
        ({"DomainName": "a.b"}, ["ADomainHasACertificate"]),
        ({**FEED_DOMAIN, **DOMAIN}, []),
        ({**DOMAIN, "FeedDomainName": DOMAIN["DomainName"]}, ["FeedsHaveADomainOfTheirOwn"]),
    ],
    ids=str,
)
def test_what_lacks_a_parameter_is_refused(given: dict[str, str], broken: list[str]) -> None:
    assert broken_rules(given) == broken


# --- CloudFront -----------------------------------------------------------------------------------

AT_CLOUDFRONT = {"FeedFront": "cloudfront", **FEED_DOMAIN}
DISTRIBUTION: dict[str, Any] = resources(AT_CLOUDFRONT)["Distribution"]["Properties"][
    "DistributionConfig"
]
BEHAVIOURS = [DISTRIBUTION["DefaultCacheBehavior"], *DISTRIBUTION["CacheBehaviors"]]


def test_cloudfront_keeps_nothing() -> None:
    assert {b["CachePolicyId"] for b in BEHAVIOURS} == {CACHING_DISABLED}
    assert {each["ErrorCachingMinTTL"] for each in DISTRIBUTION["CustomErrorResponses"]} == {0}
    assert {each["ErrorCode"] for each in DISTRIBUTION["CustomErrorResponses"]} == {
        *(400, 403, 404, 405, 414, 416),
        *range(500, 505),
    }


def test_cloudfront_logs_nothing_and_hands_on_what_a_304_needs() -> None:
    assert "Logging" not in DISTRIBUTION
    assert {b["OriginRequestPolicyId"] for b in BEHAVIOURS} == {ALL_BUT_THE_HOST}


def test_cloudfront_speaks_tls_alone() -> None:
    assert {b["ViewerProtocolPolicy"] for b in BEHAVIOURS} == {"https-only"}
    assert DISTRIBUTION["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    for origin in DISTRIBUTION["Origins"]:
        assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"


def test_cloudfront_signs_every_request_to_each_origin() -> None:
    access = resources(AT_CLOUDFRONT)["OriginAccess"]["Properties"]["OriginAccessControlConfig"]

    assert access["OriginAccessControlOriginType"] == "lambda"
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")
    assert [origin["OriginAccessControlId"] for origin in DISTRIBUTION["Origins"]] == [
        {"Fn::GetAtt": ["OriginAccess", "Id"]}
    ] * 2


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/calendars/S", "feeds"),
        ("/calendars/S/x.ics", "feeds"),
        ("/calendars/S/view", "pages"),
        ("/calendars/S/x.ics/view", "pages"),
        ("/calendars/assets/page.0123456789abcdef.css", "pages"),
        ("/calendars/S/x.ics/", "feeds"),
        ("/anything", "feeds"),
    ],
)
def test_cloudfront_leads_a_path_to_its_function(path: str, origin: str) -> None:
    patterns = [(b["PathPattern"], b["TargetOriginId"]) for b in DISTRIBUTION["CacheBehaviors"]]

    taken = next((to for pattern, to in patterns if _matches(pattern, path)), "feeds")

    urls = {
        o["Id"]: o["DomainName"]["Fn::Select"][1]["Fn::Split"][1] for o in DISTRIBUTION["Origins"]
    }
    assert taken == origin
    assert urls[origin]["Fn::GetAtt"][0] == {"feeds": "FeedUrl", "pages": "PageUrl"}[origin]


def _matches(pattern: str, path: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), path) is not None


@each_front
def test_only_a_domain_in_a_zone_of_ours_gets_records(given: dict[str, str]) -> None:
    made = set(resources({**given, "HostedZoneId": "Z1"})) - set(resources(given))

    at_cloudfront = {"FeedRecord", "FeedRecordOfIpv6"}
    assert made == (at_cloudfront if "cloudfront" in fronts_of(given) else set())


# --- alarms ---------------------------------------------------------------------------------------


@each_front
def test_the_dashboard_shows_the_alarms_that_there_are(given: dict[str, str]) -> None:
    made = resources(given)
    alarms = {n for n, r in made.items() if r["Type"] == "AWS::CloudWatch::Alarm"}

    text, variables = made["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    shown = re.findall(r"\$\{(\w+)\.Arn\}", f"{text}{variables}")

    assert sorted(shown) == sorted(alarms)
    fronts = fronts_of(given)
    assert ({"FeedUrlErrorsAlarm", "FeedFailedAlarm"} <= alarms) == bool(fronts)
    assert ("PageFailedAlarm" in alarms) == ("cloudfront" in fronts)


# --- the bill -------------------------------------------------------------------------------------


def test_a_budget_is_made_for_whom_it_can_be_told() -> None:
    assert "Budget" not in resources({})

    budget = resources({"BudgetEmail": "ops@example.org"})["Budget"]["Properties"]

    assert budget["Budget"]["BudgetLimit"] == {"Amount": {"Ref": "BudgetUsd"}, "Unit": "USD"}
    for told in budget["NotificationsWithSubscribers"]:
        assert [s["Address"] for s in told["Subscribers"]] == [{"Ref": "BudgetEmail"}]


def test_each_table_has_a_ceiling() -> None:
    for name in ("CalendarsTable", "TokensTable"):
        assert DOCUMENT["Resources"][name]["Properties"]["OnDemandThroughput"] == {
            "MaxReadRequestUnits": {"Ref": "TableReadsPerSecond"},
            "MaxWriteRequestUnits": {"Ref": "TableWritesPerSecond"},
        }
