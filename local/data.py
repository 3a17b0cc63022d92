"""Makes the template's tables, bucket and key with a stand-in's CloudFormation."""

import json
import time
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.template import Template, output_name

STACK = "mytoken-calendars"
_PATIENCE = 30  # seconds
_DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


class NotDeployed(RuntimeError):
    """The template's data was not deployed. Says in one line why."""


class Unfinished(NotDeployed):
    """An earlier run ended while it deployed, so there is nothing that could be updated."""


def deploy(template: Template, mytoken_issuer: str = "") -> dict[str, str]:
    """Deploys the data; returns the values of the functions' environment variables.

    A stack that exists already is kept, and updated to the template. Raises NotDeployed and its
    subclass Unfinished.
    """
    cloudformation = boto3.client("cloudformation")
    stack: dict[str, Any] = {
        "StackName": STACK,
        "TemplateBody": json.dumps(template.data_stack()),
        "Parameters": [{"ParameterKey": "MytokenIssuer", "ParameterValue": mytoken_issuer}],
    }
    try:
        cloudformation.create_stack(**stack)
    except cloudformation.exceptions.AlreadyExistsException:
        _update(cloudformation, stack)
    except ClientError as error:
        raise NotDeployed(error.response["Error"]["Message"]) from None
    outputs = {o["OutputKey"]: o["OutputValue"] for o in _finished(cloudformation)["Outputs"]}
    values = {}
    for folder in template.functions:
        for name, value in template.environment(folder).items():
            values[name] = outputs[output_name(name)] if isinstance(value, dict) else value
    return values


def is_whole(variables: dict[str, str]) -> bool:
    """Whether all that the environment names is there: a state that was kept may lack a part."""
    try:
        for table in ("CALENDARS_TABLE", "TOKENS_TABLE"):
            boto3.client("dynamodb").describe_table(TableName=variables[table])
        boto3.client("s3").head_bucket(Bucket=variables["FEEDS_BUCKET"])
        boto3.client("kms").describe_key(KeyId=variables["SIGNING_KEYS"])
    except ClientError:
        return False
    return True


def _update(cloudformation: Any, stack: dict[str, Any]) -> None:
    status = _described(cloudformation)["StackStatus"]
    if status not in (*_DEPLOYED, "UPDATE_ROLLBACK_COMPLETE"):
        raise Unfinished(f"the template's data is in the state {status}")
    try:
        cloudformation.update_stack(**stack)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "No updates" not in message:
            raise NotDeployed(message) from None


def _finished(cloudformation: Any) -> dict[str, Any]:
    for _ in range(_PATIENCE * 10):
        stack = _described(cloudformation)
        if stack["StackStatus"] in _DEPLOYED:
            return stack
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.1)
    raise NotDeployed(f"the stand-in did not make the template's data: {stack['StackStatus']}")


def _described(cloudformation: Any) -> dict[str, Any]:
    stack: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return stack
