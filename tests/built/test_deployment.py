"""`make deploy` makes the stack of template.yaml out of what is built, and that serves.

It is made on ministack, where policies hold: a function may do what its role may. What ministack
does not show: the routes, which the test adds; what CloudFront signs; that the URL of a function
needs two permissions; throttles, and how much may run at once; backups of
the tables, and when their items end; conditions on keys of items, which the fixture `policies` of
the other tests shows.

The last tests change the stack, and delete it.
"""

import json
import platform
import subprocess
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local.template import ROOT, Route, Template, output_name
from tests.harness import permissions
from tests.harness.built.artefacts import function_id
from tests.harness.built.built_stack import FEED_DOMAIN, Deployment
from tests.harness.built.conditions import Expected
from tests.harness.built.walk import walk
from tests.harness.server import PATIENCE, Client
from tests.harness.stacks import CALENDARS

SOURCE = Template.read()
BASIC = "AWSLambdaBasicExecutionRole"
DATA = ("CalendarsTable", "TokensTable", "FeedsBucket", "SigningKey")
TOLD = ("CalendarsTable", "TokensTable", "FeedsBucket", "SigningKeys")  # outputs: where it is

each_operation = pytest.mark.parametrize("operation", sorted(SOURCE.functions))


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    if platform.system() != "Linux":
        pytest.skip("what is built runs on Linux")
    with Deployment.on_ministack(tmp_path_factory.mktemp("ministack")) as deployment:
        deployment.deploy()
        yield deployment


@pytest.fixture(scope="module")
def expected(deployed: Deployment) -> Expected:
    parameters = deployed.described()["Parameters"]
    values = {p["ParameterKey"]: p["ParameterValue"] for p in parameters}
    return Expected(SOURCE.document, values)


def client(deployment: Deployment, user: str, *more: str) -> Client:
    """Of this user, with a mytoken that may be told more of."""
    bearer = deployment.token("--user", user, *more)["mytoken"]
    return Client(deployment.outputs()["PublicUrl"] + CALENDARS, bearer, deployment.session())


def configuration(deployment: Deployment, operation: str) -> dict[str, Any]:
    return dict(
        deployment.client("lambda").get_function_configuration(
            FunctionName=deployment.physical_id(function_id(operation))
        )
    )


# --- what is there --------------------------------------------------------------------------------


def test_every_resource_of_the_template_is_made(deployed: Deployment, expected: Expected) -> None:
    made = {
        (name, resource["ResourceType"])
        for name, resource in deployed.resources().items()
        if resource["ResourceStatus"] == "CREATE_COMPLETE"
    }

    kinds = {name: resource["Type"] for name, resource in expected.resources.items()}
    layers = {name for name, kind in kinds.items() if kind == "AWS::Lambda::LayerVersion"}
    missing = {item for item in kinds.items() if item not in made and item[0] not in layers}
    versions = [name for name, kind in made if kind == "AWS::Lambda::LayerVersion"]
    assert missing == set()
    # The name of a layer's version ends in a digest of the layer.
    assert {layer for layer in layers for v in versions if v.startswith(layer)} == layers


def test_every_output_of_the_template_has_a_value(deployed: Deployment, expected: Expected) -> None:
    outputs = deployed.outputs()

    assert outputs.keys() == expected.outputs.keys()
    assert all(outputs.values())


@each_operation
def test_a_function_runs_as_the_template_says(
    deployed: Deployment, expected: Expected, operation: str
) -> None:
    made = configuration(deployed, operation)

    functions = expected.of_type("AWS::Lambda::Function")
    settings = {**expected.document["Globals"]["Function"], **functions[function_id(operation)]}
    for name in ("Runtime", "Handler", "MemorySize", "Timeout"):
        assert made[name] == settings[name]
    of_its_own = {layer["Ref"] for layer in functions[function_id(operation)].get("Layers", ())}
    layers = {layer["Arn"].rsplit(":", 2)[1] for layer in made["Layers"]}
    assert layers == {"SharedLayer", "DependenciesLayer", *of_its_own}
    assert made["LoggingConfig"]["LogGroup"] == deployed.physical_id(
        settings["LoggingConfig"]["LogGroup"]["Ref"]
    )


@each_operation
def test_a_function_is_told_where_the_data_is(deployed: Deployment, operation: str) -> None:
    told = configuration(deployed, operation)["Environment"]["Variables"]

    outputs = deployed.outputs()
    places = {n: v for n, v in told.items() if output_name(n) in TOLD}
    assert told.keys() == SOURCE.environment(operation).keys()
    assert places == {name: outputs[output_name(name)] for name in places}
    assert len(places) == len(TOLD)


@each_operation
def test_a_role_allows_what_the_policies_of_its_function_say(
    deployed: Deployment, operation: str
) -> None:
    role = configuration(deployed, operation)["Role"].rpartition("/")[2]

    allowed = {
        action
        for statement in statements(deployed, role)
        for action in as_list(statement["Action"])
    }

    assert allowed == {grant.action for grant in permissions.granted(operation)}


def statements(deployed: Deployment, role: str) -> Iterator[dict[str, Any]]:
    """All that a role allows but to write logs, for which AWS has a policy of its own."""
    iam = deployed.client("iam")
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        found = iam.get_role_policy(RoleName=role, PolicyName=policy)
        yield from found["PolicyDocument"]["Statement"]
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    arns = {policy["PolicyArn"] for policy in attached}
    basic = {arn for arn in arns if arn.endswith(":aws:policy/service-role/" + BASIC)}
    assert len(basic) == 1
    for arn in arns - basic:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=arn, VersionId=version)
        yield from found["PolicyVersion"]["Document"]["Statement"]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("route", SOURCE.routes, ids=lambda route: route.key)
def test_the_api_may_call_the_function_of_a_route(deployed: Deployment, route: Route) -> None:
    policy = deployed.client("lambda").get_policy(
        FunctionName=deployed.physical_id(function_id(route.folder))
    )

    target = f"{route.method}{route.path}" if route.path else "$default"
    called = f"{deployed.physical_id('HttpApi')}/$default/{target}"
    allowed = [
        statement["Condition"]["ArnLike"]["AWS:SourceArn"].rpartition(":")[2]
        for statement in json.loads(policy["Policy"])["Statement"]
        if statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    ]
    assert [pattern for pattern in allowed if fnmatchcase(called, pattern)]


def test_the_tables_are_as_the_template_says_and_protected(
    deployed: Deployment, expected: Expected
) -> None:
    dynamodb = deployed.client("dynamodb")

    for name, properties in expected.of_type("AWS::DynamoDB::Table").items():
        table = deployed.physical_id(name)
        made = dynamodb.describe_table(TableName=table)["Table"]
        assert made["KeySchema"] == properties["KeySchema"]
        assert made["AttributeDefinitions"] == properties["AttributeDefinitions"]
        assert made["BillingModeSummary"]["BillingMode"] == properties["BillingMode"]
        assert made["DeletionProtectionEnabled"] is True


def test_the_key_and_the_bucket_are_as_the_template_says(
    deployed: Deployment, expected: Expected
) -> None:
    key = deployed.client("kms").describe_key(KeyId=deployed.physical_id("SigningKey"))
    access = deployed.client("s3").get_public_access_block(
        Bucket=deployed.physical_id("FeedsBucket")
    )

    wanted = expected.resources["SigningKey"]["Properties"]
    blocked = expected.resources["FeedsBucket"]["Properties"]["PublicAccessBlockConfiguration"]
    assert key["KeyMetadata"]["KeySpec"] == wanted["KeySpec"]
    assert key["KeyMetadata"]["KeyUsage"] == wanted["KeyUsage"]
    assert access["PublicAccessBlockConfiguration"] == blocked


def test_the_alarms_watch_what_the_template_says(deployed: Deployment, expected: Expected) -> None:
    alarms = expected.of_type("AWS::CloudWatch::Alarm")

    names = {name: deployed.physical_id(name) for name in alarms}
    described = deployed.client("cloudwatch").describe_alarms(AlarmNames=[*names.values()])
    made = {alarm["AlarmName"]: alarm for alarm in described["MetricAlarms"]}
    for name, properties in alarms.items():
        told = {n: v for n, v in properties.items() if isinstance(v, str | int | float)}
        alarm = made[names[name]]
        assert {n: alarm[n] for n in told} == told
        assert alarm["AlarmActions"] == []


# --- what it does ---------------------------------------------------------------------------------


def test_the_walk_of_the_contract_gives_the_documented_answers(deployed: Deployment) -> None:
    user = str(uuid4())
    watched = deployed.token("--user", user, "--name", "backup", "--expires-in", "20d")

    walk(client(deployed, user), watched["mom_id"])


def test_a_feed_is_kept_in_the_bucket(deployed: Deployment) -> None:
    owner = client(deployed, str(uuid4()))
    created = owner("POST", json={"name": "cached"})
    before = kept_feeds(deployed)

    feed = owner.fetch(created.json()["ics_path"])

    assert feed.status_code == 200
    assert len(kept_feeds(deployed) - before) == 1


def kept_feeds(deployment: Deployment) -> set[str]:
    bucket = deployment.physical_id("FeedsBucket")
    objects = deployment.client("s3").list_objects_v2(Bucket=bucket)
    return {item["Key"] for item in objects.get("Contents", ())}


def test_a_mytoken_that_rotates_gets_a_successor(deployed: Deployment) -> None:
    owner = client(deployed, str(uuid4()), "--rotation", '{"on_other": true}')

    used = owner("GET")
    again = owner("GET")

    successor = used.json()["token_update"]["mytoken"]
    assert successor != owner.mytoken
    assert (used.status_code, again.status_code) == (200, 401)


# --- fronts of feeds ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def at_url(deployed: Deployment) -> Deployment:
    """The stack, whose feeds are at the URL of their function from now on."""
    deployed.deploy(FeedFront="url")
    return deployed


@pytest.fixture(scope="module")
def at_cloudfront(at_url: Deployment) -> Deployment:
    """Then at CloudFront; people have subscribed to the URL, so it stays."""
    at_url.deploy(
        FeedFront="cloudfront",
        FeedDomainName=FEED_DOMAIN,
        FeedCertificateArn=f"arn:aws:acm:us-east-1:000000000000:certificate/{uuid4()}",
    )
    return at_url


def fed(deployment: Deployment) -> tuple[Client, str]:
    """Somebody with a calendar, and the address of its feed."""
    owner = client(deployment, str(uuid4()))
    created = owner("POST", json={"name": "fronted"})
    assert created.status_code == 201
    return owner, str(created.json()["ics_path"])


def permitted(deployment: Deployment, function: str, qualifier: str = "") -> set[tuple[str, ...]]:
    """Who may call the URL of a function, and by which right."""
    name = deployment.physical_id(function)
    of = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
    policy = json.loads(deployment.client("lambda").get_policy(**of)["Policy"])
    return {
        (_principal(s["Principal"]), s["Action"].removeprefix("lambda:"), _condition(s))
        for s in policy["Statement"]
        if "apigateway" not in str(s["Principal"])
    }


def _principal(principal: Any) -> str:
    match principal:
        case str(name) | {"Service": str(name)} | {"AWS": str(name)}:
            return name
    raise ValueError(principal)


def _condition(statement: Mapping[str, Any]) -> str:
    return " ".join(sorted(key for test in statement.get("Condition", {}).values() for key in test))


EVERYBODY = {
    ("*", "InvokeFunctionUrl", "lambda:FunctionUrlAuthType"),
    ("*", "InvokeFunction", "lambda:InvokedViaFunctionUrl"),
}
OF_CLOUDFRONT = {
    ("cloudfront.amazonaws.com", "InvokeFunctionUrl", "AWS:SourceArn"),
    ("cloudfront.amazonaws.com", "InvokeFunction", "AWS:SourceArn lambda:InvokedViaFunctionUrl"),
}


def test_a_feed_is_read_at_the_url_of_its_function(at_url: Deployment) -> None:
    owner, address = fed(at_url)
    url, api = at_url.outputs()["FeedUrl"].rstrip("/"), at_url.outputs()["PublicUrl"]

    by_url, by_api = owner.fetch(address), owner.fetch(address.replace(url, api))
    page = owner.transport.get(f"{address}/view", allow_redirects=False, timeout=PATIENCE)

    assert address.startswith(f"{url}/calendars/")
    assert (by_url.status_code, by_api.status_code) == (200, 200)
    assert (by_url.content, by_url.headers["etag"]) == (by_api.content, by_api.headers["etag"])
    assert (page.status_code, page.headers["location"]) == (
        307,
        f"{address}/view".replace(url, api),
    )
    assert owner.fetch(page.headers["location"]).status_code == 200
    assert permitted(at_url, "GetFeedFunction", "live") == EVERYBODY


def test_after_a_change_of_the_front_both_serve(at_cloudfront: Deployment) -> None:
    owner, address = fed(at_cloudfront)
    url = at_cloudfront.outputs()["FeedUrl"].rstrip("/")

    by_cloudfront = owner.fetch(address)
    by_url = owner.fetch(address.replace(f"https://{FEED_DOMAIN}", url))

    assert address.startswith(f"https://{FEED_DOMAIN}/calendars/")
    assert (by_cloudfront.status_code, by_cloudfront.content) == (200, by_url.content)
    assert permitted(at_cloudfront, "GetFeedFunction", "live") == EVERYBODY | OF_CLOUDFRONT
    assert permitted(at_cloudfront, "ViewCalendarFunction") == OF_CLOUDFRONT


def test_the_url_of_pages_is_closed_to_who_does_not_sign(at_cloudfront: Deployment) -> None:
    """As ministack's CloudFront does not: `make e2e` shows that AWS's does, and gets the page."""
    owner, address = fed(at_cloudfront)

    page = owner.fetch(f"{address}/view")

    assert page.status_code == 403


def test_every_resource_of_all_fronts_is_made(at_cloudfront: Deployment) -> None:
    made = at_cloudfront.resources()

    fronts = ("Distribution", "FeedUrl", "OriginAccess", "PageUrl", "PublicUrlParameter")
    assert {made[name]["ResourceStatus"] for name in fronts} <= {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
    }


# --- what becomes of it ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(deployed: Deployment) -> Mapping[str, Any]:
    """A calendar with a token in it."""
    user = str(uuid4())
    watched = deployed.token("--user", user, "--name", "backup", "--expires-in", "20d")
    owner = client(deployed, user)
    owner("POST", json={"name": "kept"})
    calendar = owner("POST", "/kept", json={"mom_id": watched["mom_id"]})
    assert calendar.status_code == 200
    return {"owner": owner, "calendar": calendar.json()}


def test_a_second_deployment_changes_the_functions_and_not_the_data(
    deployed: Deployment, kept: Mapping[str, Any]
) -> None:
    before = {name: deployed.physical_id(name) for name in DATA}
    feed = kept["owner"].fetch(kept["calendar"]["ics_path"])

    deployed.deploy(LogLevel="WARNING")

    assert deployed.described()["StackStatus"] == "UPDATE_COMPLETE"
    for operation in SOURCE.functions:
        told = configuration(deployed, operation)["Environment"]["Variables"]
        assert told["POWERTOOLS_LOG_LEVEL"] == "WARNING"
    assert {name: deployed.physical_id(name) for name in DATA} == before
    assert kept["owner"]("GET").json() == {"calendars": [kept["calendar"]]}
    assert kept["owner"].fetch(kept["calendar"]["ics_path"]).content == feed.content


def test_a_parameter_that_is_not_named_keeps_its_value_and_no_tracked_file_changes(
    deployed: Deployment,
) -> None:
    deployed.deploy(LogRetentionDays="7")
    before = changed_files()

    said = deployed.deploy(LogSampleRate="0.5")

    values = {p["ParameterKey"]: p["ParameterValue"] for p in deployed.described()["Parameters"]}
    assert (values["LogRetentionDays"], values["LogSampleRate"]) == ("7", "0.5")
    assert said.splitlines()[-1] == f"make e2e URL={deployed.outputs()['PublicUrl']}"
    assert changed_files() == before


def changed_files() -> str:
    """What git would commit."""
    command = ("git", "-C", str(ROOT), "diff", "HEAD")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_changed_issuer_is_refused_and_nothing_is_deployed(deployed: Deployment) -> None:
    before = deployed.described()

    with pytest.raises(AssertionError, match="the issuer would change from"):
        deployed.deploy(PublicUrl="https://new.example")

    assert deployed.described() == before


def test_a_removed_stack_leaves_the_data(deployed: Deployment, kept: Mapping[str, Any]) -> None:
    data = {name: deployed.physical_id(name) for name in DATA}
    tables = [data["CalendarsTable"], data["TokensTable"]]
    items = [deployed.client("dynamodb").scan(TableName=table)["Items"] for table in tables]

    said = deployed.remove()

    with pytest.raises(ClientError, match="does not exist"):
        deployed.described()
    assert deployed.client("lambda").list_functions()["Functions"] == []
    assert deployed.client("apigatewayv2").get_apis()["Items"] == []
    assert all(items)
    assert all(name in said.partition("is gone.")[2] for name in data.values())
    for table, there in zip(tables, items, strict=True):
        assert deployed.client("dynamodb").scan(TableName=table)["Items"] == there
    assert deployed.client("s3").head_bucket(Bucket=data["FeedsBucket"])
    key = deployed.client("kms").describe_key(KeyId=data["SigningKey"])["KeyMetadata"]
    assert key["KeyState"] == "Enabled"
