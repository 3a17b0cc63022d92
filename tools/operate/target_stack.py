"""Which stack a command serves: the local server that runs, or a deployed stack by its name."""

import os
import sys
from argparse import ArgumentParser, Namespace

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from local.template import output_name
from local.whereabouts import Whereabouts

_VARIABLES = ("CALENDARS_TABLE", "TOKENS_TABLE", "SIGNING_KEYS")


def add_argument(parser: ArgumentParser) -> None:
    parser.set_defaults(command=parser.prog.removesuffix(" ARGS=..."))
    parser.add_argument(
        "--stack",
        default=os.environ.get("STACK"),
        help="the name of a deployed stack (default: $STACK, or else the local server)",
    )


def connect(arguments: Namespace) -> str:
    """The URL of the stack, which is the issuer of its mytokens.

    Like `select`, but ends the program with one line if another server issues the mytokens.
    """
    url, issuer = select(arguments)
    if issuer:
        sys.exit(
            f"{arguments.command}: the mytokens of this stack are issued, listed and revoked "
            f"at {issuer}"
        )
    return url


def connect_beside_a_server(arguments: Namespace) -> str:
    """The issuer URL of the mytoken server whose tokens the stack serves; else as `connect`."""
    _, issuer = select(arguments)
    if not issuer:
        sys.exit(
            f"{arguments.command}: this stack issues its mytokens itself: its MytokenIssuer "
            "names no server"
        )
    return issuer


def select(arguments: Namespace) -> tuple[str, str]:
    """The URL of the stack and, if another server issues its mytokens, that issuer's.

    Sets the environment that `from_environment` reads, and switches metrics off. Ends the program
    with one line if there is no such stack.
    """
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    if arguments.stack:
        return _deployed(arguments.stack, arguments.command)
    local = Whereabouts.read()
    if local is None:
        sys.exit(
            f"{arguments.command}: no local server is running: start it with make run, "
            "or name a stack: STACK=..."
        )
    os.environ.update(local.environment)
    return local.url, local.environment["MYTOKEN_ISSUER"]


def _deployed(name: str, command: str) -> tuple[str, str]:
    try:
        stack = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        sys.exit(f"{command}: cannot find the stack {name}: {error}")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", ())}
    try:
        os.environ.update({variable: outputs[output_name(variable)] for variable in _VARIABLES})
        return outputs["PublicUrl"], parameters.get("MytokenIssuer", "")
    except KeyError:
        sys.exit(f"{command}: the stack {name} is none of mytoken-calendars")
