"""`make remove`: what goes, what stays, and what has to be told by name."""

import sys
from dataclasses import dataclass
from io import StringIO
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from local.template import Template
from tests.doubles.account_of_stacks import AccountOfStacks
from tests.harness.moto_stack import Deploy
from tools.deploy import remove as command

NAME = "calendars"
PROPERTIES = {
    name: resource["Properties"] for name, resource in Template.read().document["Resources"].items()
}
TABLE, BUCKET, KEY = "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"


@dataclass
class World:
    """An account with a stack and its data, which moto keeps."""

    account: AccountOfStacks
    tables: list[str]
    bucket: str
    key: str
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def remove(self, *arguments: str) -> str:
        """What it prints; raises SystemExit with the line that it ends with."""
        self.monkeypatch.setattr(sys, "argv", ["remove", "--stack", NAME, *arguments])
        with self.account.entered():
            command.main()
        return self.capsys.readouterr().out

    def refused(self, *arguments: str) -> str:
        """The one line that says why nothing was changed."""
        before = self.there
        with pytest.raises(SystemExit) as ended:
            self.remove(*arguments)
        line = str(ended.value)
        assert line.startswith("make remove: ")
        assert "\n" not in line
        assert self.there == before
        return line

    @property
    def there(self) -> set[str]:
        """What is left of the stack and its data."""
        dynamodb, s3, kms = (boto3.client(name) for name in ("dynamodb", "s3", "kms"))  # type: ignore[call-overload]
        tables = {t for t in self.tables if t in dynamodb.list_tables()["TableNames"]}
        buckets = {b["Name"] for b in s3.list_buckets()["Buckets"]} & {self.bucket}
        enabled = kms.describe_key(KeyId=self.key)["KeyMetadata"]["KeyState"] == "Enabled"
        return {*tables, *buckets, *([self.key] if enabled else []), *self.account.stacks}


@pytest.fixture
def world(
    moto: Deploy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    tables = [made_table(name) for name in ("CalendarsTable", "TokensTable")]
    bucket = f"feeds-{uuid4()}"
    s3: Any = boto3.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    s3.put_object(Bucket=bucket, Key="feed", Body=b"BEGIN:VCALENDAR")
    key = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    account = AccountOfStacks()
    outputs = {"PublicUrl": "https://x.example", "SigningKeys": key, "CalendarsTable": tables[0]}
    account.has(NAME, Outputs=outputs)
    account.resources[NAME] = [
        *[resource(TABLE, table) for table in tables],
        resource(BUCKET, bucket),
        resource(KEY, key),
        resource("AWS::Lambda::Function", "a-function"),
    ]
    return World(account, tables, bucket, key, capsys, monkeypatch)


def made_table(name: str) -> str:
    """A table as the template has it: protected."""
    table = f"{name}-{uuid4()}"
    wanted = ("AttributeDefinitions", "KeySchema", "BillingMode", "DeletionProtectionEnabled")
    properties: Any = {each: PROPERTIES[name][each] for each in wanted}
    boto3.client("dynamodb").create_table(TableName=table, **properties)
    return table


OURS = {TABLE: "CalendarsTable", BUCKET: "FeedsBucket", KEY: "SigningKey"}


def resource(
    kind: str, name: str, status: str = "CREATE_COMPLETE", logical: str = ""
) -> dict[str, Any]:
    """As CloudFormation lists it; one of ours, unless its name in a template is another."""
    return {
        "LogicalResourceId": logical or OURS.get(kind, "AFunction"),
        "ResourceType": kind,
        "PhysicalResourceId": name,
        "ResourceStatus": status,
    }


def has_item(table: str) -> None:
    boto3.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})


def test_a_removed_stack_leaves_its_data_and_says_so_by_name(world: World) -> None:
    data = world.there - {NAME}

    said = world.remove("--yes", NAME)

    assert world.there == data
    before, after = said.split("is gone. These are left, and billed until you delete them:")
    for name in data:
        assert f"stays:     the {'key' if name == world.key else ''}" in before
        assert name in before
        assert name in after


def test_what_is_named_with_its_data_goes_wholly(world: World) -> None:
    has_item(world.tables[0])

    said = world.remove("--yes", NAME, "--with-data", NAME)

    assert world.there == set()
    assert f"aws kms cancel-key-deletion --key-id {world.key}" in said
    assert said.endswith(f"The stack {NAME} is gone.\n")


def test_a_failed_first_deployment_goes_with_its_empty_tables(world: World) -> None:
    world.account.has(NAME, "ROLLBACK_COMPLETE")
    gone = [
        resource(BUCKET, world.bucket, "DELETE_COMPLETE"),
        resource(KEY, "x", "DELETE_COMPLETE"),
    ]
    tables = [resource(TABLE, table, "DELETE_SKIPPED") for table in world.tables]
    never_made = resource(TABLE, "there-is-none", "CREATE_FAILED")
    world.account.resources[NAME] = [*tables, *gone, never_made]

    said = world.remove("--yes", NAME)

    assert world.there == {world.bucket, world.key}  # of the world, not of the stack
    assert "the table there-is-none: it is not there" in said


def test_a_failed_deletion_leaves_tables_that_hold_something(world: World) -> None:
    world.account.stacks[NAME]["StackStatus"] = "DELETE_FAILED"
    for table in world.tables:
        has_item(table)

    world.remove("--yes", NAME)

    assert set(world.tables) <= world.there


def test_a_stack_whose_first_change_set_was_declined_is_cleared(world: World) -> None:
    world.account.has(NAME, "REVIEW_IN_PROGRESS")
    world.account.resources[NAME] = []

    assert world.remove("--yes", NAME).endswith(f"The stack {NAME} is gone.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there is no terminal to ask at"),
        (("--yes", "another"), "another is not calendars: nothing was changed"),
        (("--yes", NAME, "--with-data", "another"), "it has to name the stack calendars"),
        (("--stack", "nothing", "--yes", "nothing"), "there is no stack nothing"),
        (("--stack", "a_b"), "STACK=a_b"),
    ],
)
def test_what_is_not_told_by_name_is_not_removed(
    world: World, arguments: tuple[str, ...], said: str
) -> None:
    assert said in world.refused(*arguments)


@pytest.mark.parametrize(
    ("typed", "goes"),
    [(f"{NAME}\n", True), ("\n", False), ("yes\n", False), ("", False)],  # the last is Ctrl-D
)
def test_the_name_is_typed_at_a_terminal(world: World, typed: str, *, goes: bool) -> None:
    terminal = StringIO(typed)
    world.monkeypatch.setattr(terminal, "isatty", lambda: True)
    world.monkeypatch.setattr(sys, "stdin", terminal)

    if goes:
        world.remove()
    else:
        world.refused()

    assert (NAME in world.there) is not goes


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"status": "UPDATE_IN_PROGRESS"}, "wait until that has ended"),
        ({"Outputs": {"Url": "x"}}, "none of mytoken-calendars"),
    ],
)
def test_what_may_not_be_deleted_is_left(world: World, more: dict[str, Any], said: str) -> None:
    world.account.has(NAME, **more)

    assert said in world.refused("--yes", NAME)


def test_a_stack_that_is_protected_is_left_with_its_data(world: World) -> None:
    world.account.protected = True

    assert "TerminationProtection" in world.refused("--yes", NAME, "--with-data", NAME)


def test_without_credentials_it_ends_in_a_line(world: World) -> None:
    world.account.signed_in = False

    assert "there are no credentials" in world.refused("--yes", NAME)


def test_data_that_is_none_of_ours_stays(world: World) -> None:
    """Also if the stack cannot say any more what it is."""
    tables = world.tables
    for table in tables:
        has_item(table)
    foreign = [resource(TABLE, table, logical="ShopTable") for table in tables]
    world.account.has(NAME, "DELETE_FAILED")
    world.account.resources[NAME] = foreign

    world.remove("--yes", NAME, "--with-data", NAME)

    assert {*tables} <= world.there


def test_what_could_not_be_deleted_is_told_with_how_to_do_it(world: World) -> None:
    refused = "BucketNotEmpty"  # a feed was written meanwhile

    def delete(kept: Any) -> str:
        if kept.kind == BUCKET:
            raise ClientError({"Error": {"Code": refused, "Message": "no"}}, "DeleteBucket")
        return real(kept)

    real = command.data.delete
    world.monkeypatch.setattr(command.data, "delete", delete)

    said = world.remove("--yes", NAME, "--with-data", NAME)

    assert refused in said
    assert f"aws s3 rb --force s3://{world.bucket}" in said
    assert world.there == {world.bucket}


def test_a_stack_of_another_kind_stays_also_if_its_deletion_has_failed(world: World) -> None:
    world.account.has(NAME, "DELETE_FAILED", Outputs={"ShopUrl": "https://x.example"})

    assert "none of mytoken-calendars" in world.refused("--yes", NAME, "--with-data", NAME)
