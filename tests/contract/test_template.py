"""template.yaml, functions/ and the code say the same, and no function may do more than it does."""

import ast
import json
import re
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.template import Template
from mytoken_calendars import limits
from mytoken_calendars.calendars import addresses
from mytoken_calendars.pages import assets
from tests.harness.stacks import ROOT, Stack
from tools.deploy.intrinsics import Evaluated

TEMPLATE = Template.read()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE.document["Resources"]
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE.document["Parameters"]
FOLDERS = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())
MODULES = sorted(
    path for top in ("layers/shared", "local", "tools") for path in (ROOT / top).rglob("*.py")
)
TABLES = ("CalendarsTable", "TokensTable")
BESIDE_TABLES = ("FeedsBucket", "SigningKey")
HOLDING_DATA = ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket")
HOLDING_NONE = (  # that would be missed: logs go with the stack, as they go after their time
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::Budgets::Budget",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::IAM::ManagedPolicy",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SSM::Parameter",
    "AWS::Serverless::Function",
    "AWS::Serverless::HttpApi",
    "AWS::Serverless::LayerVersion",
)
READING = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}

LONGEST_INTEGRATION = 29  # seconds: API Gateway gives up after 30
LONGEST_FILE = 40  # lines of a functions/*/app.py
LONGEST_MODULE = 200
REASON = "It is longer than other modules because"

# These count a use of the mytoken, or rotate it; `get_calendar` only looks at it.
USING_UP = {
    "add_token",
    "create_calendar",
    "create_feed",
    "delete_calendar",
    "delete_feed",
    "list_calendars",
    "list_feeds",
    "remove_token",
    "reset_feed",
    "revoke_token",
    "tag_calendar",
    "tokeninfo",
    "untag_calendar",
    "update_calendar",
    "update_feed",
}

each_folder = pytest.mark.parametrize("folder", FOLDERS)


def function(folder: str) -> dict[str, Any]:
    properties: dict[str, Any] = RESOURCES[_logical_id(folder)]["Properties"]
    return properties


def _logical_id(folder: str) -> str:
    return f"{''.join(word.title() for word in folder.split('_'))}Function"


def statements(folder: str) -> list[dict[str, Any]]:
    """All that a function's policies say, the shared ones written out."""
    found = []
    for policy in function(folder).get("Policies", []):
        document = (
            RESOURCES[policy["Ref"]]["Properties"]["PolicyDocument"] if "Ref" in policy else policy
        )
        found += document["Statement"]
    return found


def all_statements() -> list[tuple[str, dict[str, Any]]]:
    """Those of every policy in the template, with the name of the resource that has it."""
    return [(name, s) for name, resource in RESOURCES.items() for s in _statements_in(resource)]


def _statements_in(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict) and "Effect" in value:
        return [value]
    members = value.values() if isinstance(value, dict) else value
    return [s for v in members for s in _statements_in(v)] if isinstance(value, dict | list) else []


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def source(folder: str) -> str:
    return (ROOT / "functions" / folder / "app.py").read_text()


# --- folders and functions ----------------------------------------------------------------------


def test_every_folder_has_a_function_and_every_function_a_folder() -> None:
    functions = {
        logical_id: resource["Properties"]["CodeUri"]
        for logical_id, resource in RESOURCES.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }

    assert functions == {_logical_id(folder): f"functions/{folder}" for folder in FOLDERS}


@each_folder
def test_a_folder_holds_one_file_and_no_requirements(folder: str) -> None:
    files = {path.name for path in (ROOT / "functions" / folder).iterdir()} - {"__pycache__"}

    assert files == {"app.py"}


@each_folder
def test_a_function_logs_to_a_group_of_its_own_that_forgets(folder: str) -> None:
    log_group = function(folder)["LoggingConfig"]["LogGroup"]["Ref"]

    assert log_group == _logical_id(folder).removesuffix("Function") + "LogGroup"
    assert RESOURCES[log_group]["Type"] == "AWS::Logs::LogGroup"
    assert RESOURCES[log_group]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@each_folder
def test_a_function_runs_on_python_3_13_on_arm64_with_both_layers(folder: str) -> None:
    shared = TEMPLATE.document["Globals"]["Function"]
    settings = {**shared, **function(folder)}

    assert settings["Runtime"] == "python3.13"
    assert settings["Architectures"] == ["arm64"]
    assert settings["Handler"] == "app.handler"
    assert shared["Layers"][:2] == [{"Ref": "DependenciesLayer"}, {"Ref": "SharedLayer"}]


def test_only_the_page_brings_a_layer_of_its_own() -> None:
    """SAM appends a function's layers to those of all functions."""
    own = {folder: function(folder)["Layers"] for folder in FOLDERS if "Layers" in function(folder)}

    assert own == {"view_calendar": [{"Ref": "PagesLayer"}]}


def test_a_database_of_countries_comes_in_a_layer_if_there_is_one() -> None:
    *_, layer = TEMPLATE.document["Globals"]["Function"]["Layers"]

    assert layer == {"Fn::If": ["HasGeoIpLayer", {"Ref": "GeoIpLayer"}, {"Ref": "AWS::NoValue"}]}
    assert TEMPLATE.document["Parameters"]["GeoIpLayer"]["Default"] == ""


@pytest.mark.parametrize("folder", sorted({route.folder for route in TEMPLATE.routes}))
def test_a_function_ends_before_the_gateway_gives_up(folder: str) -> None:
    settings = {**TEMPLATE.document["Globals"]["Function"], **function(folder)}

    assert settings["Timeout"] < LONGEST_INTEGRATION
    # A tidying, and two commits that meet conflicts, end in the time of one request; and a mark is
    # kept for longer than two that overlap.
    assert settings["Timeout"] > limits.TIDYING + 2 * limits.RETRIED
    assert 2 * settings["Timeout"] + limits.CLOCK_LEEWAY < limits.MARK_KEPT


@each_folder
def test_what_a_function_is_told_is_where_things_are_and_no_secret(folder: str) -> None:
    variables = TEMPLATE.environment(folder)

    written_out = {name for name, value in variables.items() if not isinstance(value, dict)}
    places = [value for value in variables.values() if isinstance(value, dict)]
    told = {name for place in places for name in _referred_to(place)}

    assert written_out <= {"PYTHONWARNINGS", "ROUTES"}
    of_its_deployment = {
        *("FeedDomainName", "LogLevel", "LogSampleRate", "MytokenIssuer", "RenewalPage"),
        *("ShortTokenLength", "SigningKeys"),
    }
    assert told <= {*RESOURCES, "AWS::StackName", *of_its_deployment}


def _referred_to(value: Any) -> set[str]:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return {name}
        case {"Fn::If": [_, *branches]}:
            return {name for branch in branches for name in _referred_to(branch)}
        case {"Fn::Sub": str(text)}:
            return set(re.findall(r"\$\{([\w:]+)\}", text))
    return set()


# --- what functions may do ------------------------------------------------------------------------


def test_nothing_is_allowed_to_everybody_or_on_everything_but_to_the_account_on_its_key() -> None:
    allowing = [(name, s) for name, s in all_statements() if s["Effect"] == "Allow"]

    parts = ("Action", "Resource", "Principal")
    generous = {name for name, s in allowing for part in parts if _has_a_star(s.get(part, []))}

    assert len(allowing) > len(FOLDERS)
    assert generous == {"SigningKey"}


def _has_a_star(part: Any) -> bool:
    texts = [text for text in as_list(part) if isinstance(text, str)]
    return any(text == "*" or text.endswith(":*") for text in texts)


def test_the_signing_key_is_left_to_the_roles_of_the_account() -> None:
    ((name, statement),) = [(n, s) for n, s in all_statements() if s.get("Resource") == "*"]

    assert name == "SigningKey"
    assert statement["Principal"] == {
        "AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    }


@each_folder
def test_a_function_may_do_named_actions_only_and_never_scan(folder: str) -> None:
    actions = [action for s in statements(folder) for action in as_list(s["Action"])]

    assert all(re.fullmatch(r"(dynamodb|kms|s3|ssm):[A-Z][A-Za-z]+", action) for action in actions)
    assert "dynamodb:Scan" not in actions


@each_folder
def test_a_function_may_reach_named_resources_of_this_stack_only(folder: str) -> None:
    resources = [resource for s in statements(folder) for resource in as_list(s["Resource"])]

    arns = [{"Fn::GetAtt": [name, "Arn"]} for name in (*TABLES, "FeedsBucket")]
    cached_feeds = {"Fn::Sub": "${FeedsBucket.Arn}/feeds/*"}
    own_key = {"Fn::GetAtt": ["SigningKey", "Arn"]}
    named_keys = {"Fn::Split": [",", {"Ref": "SigningKeys"}]}
    keys = {"Fn::If": ["HasSigningKeys", named_keys, own_key]}
    of_this_account = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
    name = RESOURCES["PublicUrlParameter"]["Properties"]["Name"]["Fn::Sub"]
    known = (*arns, cached_feeds, keys, {"Fn::Sub": f"{of_this_account}{name}"})
    assert [resource for resource in resources if resource not in known] == []


@each_folder
def test_a_function_says_what_is_allowed_and_leaves_the_rest_out(folder: str) -> None:
    forms = {tuple(sorted(statement)) for statement in statements(folder)}

    assert {statement["Effect"] for statement in statements(folder)} <= {"Allow"}
    assert forms <= {
        ("Action", "Effect", "Resource"),
        ("Action", "Condition", "Effect", "Resource"),
    }


@pytest.mark.parametrize("folder", ["get_feed", "view_calendar"])
def test_the_feed_may_reach_neither_tokens_nor_the_signing_key(folder: str) -> None:
    text = repr(statements(folder))

    assert "CalendarsTable" in text
    assert "TokensTable" not in text
    assert "SigningKey" not in text
    assert "kms:" not in text


@pytest.mark.parametrize("folder", ["get_feed", "view_calendar"])
def test_the_feed_may_read_feeds_calendars_and_revocations_by_their_keys_only(folder: str) -> None:
    on_table = [s for s in statements(folder) if "CalendarsTable" in repr(s["Resource"])]

    readable = {
        s["Action"]: s["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for s in on_table
    }
    assert readable == {
        "dynamodb:BatchGetItem": ["FEED#*", "REVOKED#*"],
        "dynamodb:GetItem": ["CALENDAR#*", "REVOKED#*"],
    }


# The calendar of a feed's operations is found by its owner's rows; its tokens are no business of
# theirs.
@pytest.mark.parametrize(
    "folder", ["create_feed", "delete_feed", "list_feeds", "reset_feed", "update_feed"]
)
def test_what_is_about_feeds_may_not_read_calendars_with_their_tokens(folder: str) -> None:
    reading = [
        s
        for s in statements(folder)
        if "CalendarsTable" in repr(s["Resource"]) and READING & set(as_list(s["Action"]))
    ]

    readable = {
        key
        for s in reading
        for key in s["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    }

    assert readable <= {"OWNER#*", "FEED#*", "RECEIPT#*"}


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder != "get_feed"])
def test_nothing_but_the_feed_touches_the_cache(folder: str) -> None:
    assert "s3:" not in repr(statements(folder))


@pytest.mark.parametrize(
    "folder",
    ["get_calendar", "get_feed", "list_calendars", "list_feeds", "tokeninfo", "view_calendar"],
)
def test_what_only_reads_writes_of_calendars_at_most_revocations_and_receipts(folder: str) -> None:
    writing = [
        s
        for s in statements(folder)
        if "CalendarsTable" in repr(s["Resource"]) and set(as_list(s["Action"])) - READING
    ]

    only_written = {
        s["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"][0]: set(
            as_list(s["Action"])
        )
        for s in writing
    }
    allowed = {
        "REVOKED#*": {"dynamodb:UpdateItem"},
        "RECEIPT#*": {"dynamodb:GetItem", "dynamodb:PutItem"},
    }
    assert only_written.items() <= allowed.items()


@each_folder
def test_a_function_may_sign_exactly_if_its_operation_uses_up_mytokens(folder: str) -> None:
    signing = [s for s in statements(folder) if "kms:Sign" in as_list(s["Action"])]

    assert bool(signing) == (folder in USING_UP)
    for statement in signing:
        assert statement["Condition"] == {
            "StringEquals": {"kms:SigningAlgorithm": "ECDSA_SHA_512", "kms:MessageType": "DIGEST"}
        }


# --- data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_pk_and_sk_and_can_be_restored(name: str) -> None:
    table = RESOURCES[name]["Properties"]

    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        ("pk", "HASH"),
        ("sk", "RANGE"),
    ]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True


def test_no_table_has_an_index_that_could_lag() -> None:
    tables = [RESOURCES[name]["Properties"] for name in TABLES]

    assert not any("Indexes" in name for table in tables for name in table)


def test_all_that_holds_data_is_known() -> None:
    types = {name: resource["Type"] for name, resource in RESOURCES.items()}

    assert set(types.values()) <= {*HOLDING_DATA, *HOLDING_NONE}
    assert {n for n, of in types.items() if of in HOLDING_DATA} == {*TABLES, *BESIDE_TABLES}


@pytest.mark.parametrize("name", [*TABLES, *BESIDE_TABLES])
def test_data_stays_when_the_stack_is_deleted(name: str) -> None:
    policies = (RESOURCES[name]["DeletionPolicy"], RESOURCES[name]["UpdateReplacePolicy"])

    assert policies[0] in ("Retain", "RetainExceptOnCreate")
    assert policies[1] == "Retain"


def test_the_bucket_is_closed_to_the_public() -> None:
    access = RESOURCES["FeedsBucket"]["Properties"]["PublicAccessBlockConfiguration"]

    assert access == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }


def test_the_bucket_is_encrypted() -> None:
    encryption = RESOURCES["FeedsBucket"]["Properties"]["BucketEncryption"]

    (rule,) = encryption["ServerSideEncryptionConfiguration"]

    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_the_bucket_is_reached_over_tls_alone() -> None:
    policy = RESOURCES["FeedsBucketPolicy"]["Properties"]

    (statement,) = policy["PolicyDocument"]["Statement"]

    assert policy["Bucket"] == {"Ref": "FeedsBucket"}
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Action"] == "s3:*"
    assert statement["Resource"] == [
        {"Fn::GetAtt": ["FeedsBucket", "Arn"]},
        {"Fn::Sub": "${FeedsBucket.Arn}/*"},
    ]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_the_bucket_forgets_feeds_and_keeps_no_old_versions() -> None:
    bucket = RESOURCES["FeedsBucket"]["Properties"]

    (rule,) = bucket["LifecycleConfiguration"]["Rules"]

    assert rule["Status"] == "Enabled"
    assert 1 <= rule["ExpirationInDays"] <= 30
    assert "Prefix" not in rule
    assert "VersioningConfiguration" not in bucket


def test_lambdas_own_lines_are_written_for_every_function_but_the_one_that_is_polled() -> None:
    levels = {f: function(f)["LoggingConfig"].get("SystemLogLevel", "INFO") for f in FOLDERS}

    assert {folder for folder, level in levels.items() if level != "INFO"} == {"get_feed"}
    assert levels["get_feed"] == "WARN"


def test_lambda_keeps_every_line_that_a_loglevel_writes() -> None:
    """Lambda takes a line without a level, as metrics are, for one of INFO."""
    levels = {f: TEMPLATE.logging(f).get("ApplicationLogLevel", "INFO") for f in FOLDERS}

    assert set(levels.values()) == {"INFO"}
    assert "INFO" in TEMPLATE.document["Parameters"]["LogLevel"]["AllowedValues"]


def test_the_access_log_has_no_secret_path_and_no_text_that_is_free() -> None:
    log_format = RESOURCES["HttpApi"]["Properties"]["AccessLogSettings"]["Format"]

    fields = re.findall(r"\$[{]?context\.([A-Za-z._]+)", log_format)

    assert set(fields) == {
        "requestId",
        "routeKey",
        "status",
        "responseLatency",
        "integrationStatus",
    }
    assert len(fields) == log_format.count("$")


def test_every_log_group_forgets() -> None:
    groups = [r for r in RESOURCES.values() if r["Type"] == "AWS::Logs::LogGroup"]

    retention = [group["Properties"]["RetentionInDays"] for group in groups]

    assert retention == [{"Ref": "LogRetentionDays"}] * (len(FOLDERS) + 1)


@pytest.mark.parametrize(
    ("parameter", "longest"),
    [
        ("PublicUrl", limits.PUBLIC_URL),
        ("RenewalPage", limits.RENEWAL_PAGE),
        ("MytokenIssuer", limits.RENEWAL_PAGE),
    ],
)
def test_what_shows_in_feeds_and_lists_is_as_long_as_weights_count_it(
    parameter: str, longest: int
) -> None:
    assert TEMPLATE.document["Parameters"][parameter]["MaxLength"] == longest


def test_nothing_runs_by_the_clock() -> None:
    kinds = {event["Type"] for folder in FOLDERS for event in function(folder)["Events"].values()}

    assert kinds == {"HttpApi"}


# --- routes ---------------------------------------------------------------------------------------


def routes_of(folder: str) -> list[tuple[str, str]]:
    return [(r.method, r.path) for r in TEMPLATE.plain_routes if r.folder == folder]


@pytest.mark.parametrize("folder", [f for f in FOLDERS if f != "no_route"])
def test_the_first_line_of_a_handler_says_its_route(folder: str) -> None:
    docstring = " ".join((ast.get_docstring(ast.parse(source(folder))) or "").split())
    methods = " and ".join(dict.fromkeys(method for method, _ in routes_of(folder)))
    paths = ", ".join(dict.fromkeys(path.replace("+}", "}") for _, path in routes_of(folder)))

    assert docstring.startswith(f"{methods} {paths} - ")


def test_the_routes_that_a_405_knows_are_those_that_exist() -> None:
    existing: dict[str, set[str]] = {
        route.path: set()
        for route in TEMPLATE.plain_routes
        if route.path and "{proxy+}" not in route.path
    }
    for route, path in product(TEMPLATE.plain_routes, existing):
        if re.fullmatch(re.sub(r"\\{\w+\\\+\\}", ".*", re.escape(route.path)), path):
            existing[path].add(route.method)

    shared = TEMPLATE.document["Globals"]["Function"]["Environment"]["Variables"]
    lines = shared["ROUTES"].splitlines()

    known = [line.rpartition(" ") for line in lines]
    assert {path: set(methods.split(", ")) for methods, _, path in known} == existing
    assert len(known) == len(existing)


def test_each_path_of_the_api_may_end_in_a_slash() -> None:
    routes = {(r.method, r.path, r.folder) for r in TEMPLATE.routes}
    of_the_api = [
        r
        for r in TEMPLATE.plain_routes
        if r.path.startswith(("/api/", "/.well-known/", "/jwks")) and r.method != "OPTIONS"
    ]

    lacking = [
        r.key for r in of_the_api if (r.method, f"{r.path}/{{proxy+}}", r.folder) not in routes
    ]

    assert of_the_api
    assert lacking == []


def test_the_path_of_feeds_in_the_code_is_that_of_the_template() -> None:
    path = addresses.FEEDS_PATH

    assert routes_of("get_feed") == [
        ("GET", f"{path}/{{secret}}/{{file+}}"),
        ("HEAD", f"{path}/{{secret}}/{{file+}}"),
        ("GET", f"{path}/{{secret}}"),
        ("HEAD", f"{path}/{{secret}}"),
    ]


def test_the_paths_of_pages_in_the_code_are_those_of_the_template() -> None:
    path, a_name = addresses.FEEDS_PATH, next(iter(assets.BY_NAME))

    paths = dict.fromkeys(path for _, path in routes_of("view_calendar"))

    assert list(paths) == [
        f"{path}/{{secret}}/view",
        f"{path}/{{secret}}/{{file}}/view",
        f"{path}/assets/{{asset}}",
    ]
    assert assets.BY_NAME[a_name].url == f"{path}/assets/{a_name}"


def test_the_configuration_leads_to_routes_that_exist(stack: Stack) -> None:
    document = stack.invoke("get_configuration").json

    calendar_endpoint = urlsplit(document["notifications_endpoint"]).path + "/calendars"
    assert ("GET", calendar_endpoint) in routes_of("list_calendars")
    assert ("GET", urlsplit(document["jwks_uri"]).path) in routes_of("get_jwks")


def test_a_flood_is_held_back_at_every_route() -> None:
    limits = RESOURCES["HttpApi"]["Properties"]["DefaultRouteSettings"]

    assert limits["ThrottlingRateLimit"] == {"Ref": "ApiRequestsPerSecond"}
    assert limits["ThrottlingBurstLimit"] == {"Ref": "ApiRequestsPerSecond"}


@pytest.mark.parametrize("rate", PARAMETERS["FeedRequestsPerSecond"]["AllowedValues"])
def test_a_flood_of_polls_is_held_back_apart_by_numbers_that_stay_numbers(rate: int) -> None:
    settings = RESOURCES["HttpApi"]["Properties"]["RouteSettings"]
    chosen = Evaluated(TEMPLATE.document, {"FeedRequestsPerSecond": str(rate)}).value(settings)

    feeds = {route.key for route in TEMPLATE.routes if route.folder == "get_feed"}
    limits = {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": rate}
    assert chosen == dict.fromkeys(feeds, limits)
    # A parameter is a text where it is used, and JSON keeps it one.
    assert "Ref" not in json.dumps(settings)


# --- how long code may be -------------------------------------------------------------------------


@each_folder
def test_a_handler_is_short(folder: str) -> None:
    text = source(folder)

    assert len(text.splitlines()) <= LONGEST_FILE


@each_folder
def test_a_handler_decides_nothing(folder: str) -> None:
    (handler,) = [
        node
        for node in ast.parse(source(folder)).body
        if isinstance(node, ast.FunctionDef) and node.name == "handler"
    ]

    decisions = (ast.If, ast.IfExp, ast.Match, ast.Try, ast.While, ast.For, ast.BoolOp)
    assert [node for node in ast.walk(handler) if isinstance(node, decisions)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_module_is_short_or_says_why_not(path: Any) -> None:
    text = path.read_text()

    reason = REASON in (ast.get_docstring(ast.parse(text)) or "")

    assert len(text.splitlines()) <= LONGEST_MODULE or reason
