"""What `make deploy STACK=... ARGS="..."` is told."""

import os
import re
import tomllib
from argparse import ArgumentParser, Namespace
from pathlib import Path

from local.template import ROOT
from tools.deploy.errors import NotReady


def default_stack() -> str:
    """The stack of samconfig.toml, which `sam deploy` takes, too."""
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())
    name: str = settings["default"]["global"]["parameters"]["stack_name"]
    return name


def parser(target: str, description: str | None) -> ArgumentParser:
    """That of a make target; it knows `--stack`."""
    made = ArgumentParser(prog=f"make {target} ARGS=...", description=description)
    made.add_argument(
        "--stack",
        default=os.environ.get("STACK") or default_stack(),
        help="its name (default: $STACK, or else %(default)s)",
    )
    return made


def of_deploy(description: str | None) -> Namespace:
    """`parameters` are texts `Name=Value`."""
    made = parser("deploy", description)
    made.add_argument(
        "parameters",
        nargs="*",
        metavar="Name=Value",
        help="parameters of the template; the stack keeps the values of the others",
    )
    made.add_argument("--yes", action="store_true", help="deploy the changes without asking")
    made.add_argument(
        "--built",
        type=Path,
        metavar="FOLDER",
        help="deploy what was built there, by `sam build`, in place of a new build",
    )
    made.add_argument(
        "--new-issuer",
        metavar="URL",
        help="the issuer after the deployment, where it is to change: no mytoken stays valid",
    )
    made.add_argument(
        "--drop-key",
        action="append",
        default=[],
        metavar="ARN",
        help="a key that SigningKeys is to leave out: its mytokens do not stay valid",
    )
    made.add_argument(
        "--drop-address",
        action="append",
        default=[],
        metavar="URL",
        help="an address that the stack is to lose: feeds that apps have from there end",
    )
    return made.parse_intermixed_args()


def check_name(stack: str) -> None:
    """Raises NotReady for a name that no stack can have."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", stack) is None:
        raise NotReady(f"STACK={stack}: a name has letters, digits and -, and begins with a letter")
