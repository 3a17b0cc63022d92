"""Which stack a command serves: the local server that runs, or a deployed stack by its name."""

import os
import sys
from argparse import ArgumentParser, Namespace

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.template import output_name
from local.whereabouts import Whereabouts

_VARIABLES = ("CALENDARS_TABLE", "TOKENS_TABLE", "SIGNING_KEYS")


def add_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--stack",
        default=os.environ.get("STACK"),
        help="the name of a deployed stack (default: $STACK, or else the local server)",
    )


def connect(arguments: Namespace) -> str:
    """The URL of the stack, which is the issuer of its mytokens.

    Sets the environment from which `from_environment` makes clients. Ends the program with one
    line if there is no such stack, or if its mytokens are another server's.
    """
    if arguments.stack:
        return _deployed(arguments.stack)
    local = Whereabouts.read()
    if local is None:
        sys.exit("no local server is running: start it with make run, or name a stack: STACK=...")
    _check_that_it_issues(local.environment["MYTOKEN_ISSUER"])
    os.environ.update(local.environment)
    return local.url


def _deployed(name: str) -> str:
    try:
        stack = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"cannot find the stack {name}: {error}")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", ())}
    _check_that_it_issues(parameters.get("MytokenIssuer", ""))
    try:
        os.environ.update({variable: outputs[output_name(variable)] for variable in _VARIABLES})
        return outputs["PublicUrl"]
    except KeyError:
        sys.exit(f"the stack {name} is none of mytoken-calendars")


def _check_that_it_issues(mytoken_issuer: str) -> None:
    if mytoken_issuer:
        sys.exit(f"the mytokens of this stack are issued, listed and revoked at {mytoken_issuer}")
