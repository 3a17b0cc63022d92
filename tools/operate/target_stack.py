"""Which stack a command serves: the local server that runs, or a deployed stack by its name."""

import os
import sys
from argparse import ArgumentParser, Namespace

from local.template import output_name
from local.whereabouts import Whereabouts
from tools.deploy.errors import NotReady
from tools.deploy.stack import Stack

_VARIABLES = ("CALENDARS_TABLE", "TOKENS_TABLE", "SIGNING_KEYS")


def parser(target: str, description: str | None) -> ArgumentParser:
    """The parser of a make target that serves a stack."""
    made = ArgumentParser(prog=f"make {target} ARGS=...", description=description)
    made.set_defaults(command=f"make {target}")
    made.add_argument(
        "--stack",
        default=os.environ.get("STACK"),
        help="the name of a deployed stack (default: $STACK, or else the local server)",
    )
    return made


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
        stack = Stack.read(name)
        if stack.is_new:
            sys.exit(f"{command}: there is no stack {name}")
        stack.check_ours()
    except NotReady as reason:
        sys.exit(f"{command}: {reason}")
    os.environ.update({variable: stack.outputs[output_name(variable)] for variable in _VARIABLES})
    return stack.outputs["PublicUrl"], stack.parameters.get("MytokenIssuer", "")
