"""What a deleted stack leaves: its tables, its key and its bucket."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

_DAYS = 30  # that KMS waits before it deletes a key, in which the deletion can be cancelled
_GONE = "DELETE_COMPLETE"  # of a resource of which only the record is left
_OURS = ("CalendarsTable", "TokensTable", "FeedsBucket", "SigningKey")
_NOT_THERE = ("ResourceNotFoundException", "NoSuchBucket", "NotFoundException")


@dataclass(frozen=True)
class Kept:
    """A resource that holds data: its type and its name, or a key's id."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{_WORDS[self.kind]} {self.name}"


def of(stack: str) -> list[Kept]:
    """All of ours that the stack has. Raises ClientError."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources")
    return [
        Kept(resource["ResourceType"], resource["PhysicalResourceId"])
        for page in pages.paginate(StackName=stack)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] in _WORDS
        and resource["LogicalResourceId"] in _OURS
        and resource["ResourceStatus"] != _GONE
        and resource.get("PhysicalResourceId")
    ]


def is_empty(kept: Kept) -> bool:
    """Whether it is a table without items, or one that was never made. Raises ClientError."""
    if kept.kind != _TABLE:
        return False
    try:
        found = boto3.client("dynamodb").scan(TableName=kept.name, Limit=1, ConsistentRead=True)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_THERE:
            raise
        return True
    return not found["Items"]


def delete(kept: Kept) -> str:
    """Deletes it, protected or not; says what became of it. Raises ClientError."""
    try:
        return f"{kept}: {_DELETE[kept.kind](kept.name)}"
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_THERE:
            raise
        return f"{kept}: it is not there"


def how_to_delete(kept: Kept) -> str:
    """Lines to paste."""
    return "  " + _COMMANDS[kept.kind].format(name=kept.name)


def _delete_table(name: str) -> str:
    dynamodb = boto3.client("dynamodb")
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    dynamodb.delete_table(TableName=name)
    return "deleted"


def _delete_bucket(name: str) -> str:
    bucket: Any = boto3.resource("s3").Bucket(name)
    bucket.objects.all().delete()
    bucket.delete()
    return "emptied and deleted"


def _delete_key(name: str) -> str:
    boto3.client("kms").schedule_key_deletion(KeyId=name, PendingWindowInDays=_DAYS)
    return (
        f"deleted in {_DAYS} days; until then aws kms cancel-key-deletion --key-id {name} and "
        f"aws kms enable-key --key-id {name} bring it back"
    )


_TABLE, _BUCKET, _KEY = "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"
_WORDS = {_TABLE: "the table", _BUCKET: "the bucket", _KEY: "the key"}
_COMMANDS = {
    _TABLE: "aws dynamodb update-table --no-deletion-protection-enabled --table-name {name} && \\\n"
    "    aws dynamodb delete-table --table-name {name}",
    _BUCKET: "aws s3 rb --force s3://{name}",
    _KEY: "aws kms schedule-key-deletion --key-id {name}",
}
_DELETE: dict[str, Callable[[str], str]] = {
    _TABLE: _delete_table,
    _BUCKET: _delete_bucket,
    _KEY: _delete_key,
}
