"""Makes the template's tables, bucket and key with a stand-in's CloudFormation."""

import json
import time
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.template import Template, output_name

STACK = "mytoken-calendars"
_PATIENCE = 30  # seconds


class NotDeployed(RuntimeError):
    """The template's data was not deployed. Says in one line why."""


def deploy(template: Template, mytoken_issuer: str = "") -> dict[str, str]:
    """Deploys the data; returns the values of the functions' environment variables.

    A stack that exists already is kept, and updated to the template.
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


def _update(cloudformation: Any, stack: dict[str, Any]) -> None:
    try:
        cloudformation.update_stack(**stack)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "No updates" not in message:
            raise NotDeployed(message) from None


def _finished(cloudformation: Any) -> dict[str, Any]:
    for _ in range(_PATIENCE * 10):
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        if stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return stack
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.1)
    raise NotDeployed(f"the stand-in did not make the template's data: {stack['StackStatus']}")
