"""What a stack's mytokens depend on: their issuer, and the keys that verify them.

A change of the issuer makes every mytoken invalid, and puts every calendar out of its owner's
reach. The loss of a key makes those mytokens invalid that it has signed. Both have to be told by
name.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tools.deploy.errors import NotReady
from tools.deploy.intrinsics import Evaluated
from tools.deploy.stack import Stack

# An address that AWS has yet to choose: the evaluation gives the name of the attribute.
_TO_BE_CHOSEN = re.compile(r"(https://)?[A-Z]\w*\.[A-Z]\w*")


@dataclass(frozen=True)
class Identity:
    """`address` is where clients reach the stack, and the issuer of its own mytokens.

    `server` is the mytoken server whose tokens it serves instead, or empty. `keys` verify its own.
    """

    address: str
    server: str
    keys: tuple[str, ...]

    @property
    def issuer(self) -> str:
        return self.server or self.address

    @property
    def is_chosen_by_aws(self) -> bool:
        """Whether AWS has yet to choose the address."""
        return _TO_BE_CHOSEN.fullmatch(self.address) is not None


def present(stack: Stack) -> Identity:
    """That of a stack that exists."""
    outputs = stack.outputs
    server, keys = stack.parameters.get("MytokenIssuer", ""), outputs["SigningKeys"].split(",")
    return Identity(outputs["PublicUrl"], server, tuple(keys))


def future(
    document: Mapping[str, Any], values: Mapping[str, str], stack: Stack, kept: Mapping[str, str]
) -> Identity:
    """What the template makes of `values` in this stack; `kept` are those without a change.

    What AWS has chosen stays as long as the template means the same by it. What it has yet to
    choose is the name of the attribute.
    """
    then, now = (_evaluated(document, of, stack) for of in (kept, values))
    if stack.is_new:
        return now
    was = present(stack)
    stays = now.address == then.address and was.address not in _explained(document, stack)
    address = was.address if now.is_chosen_by_aws and stays else now.address
    return Identity(address, now.server, was.keys if now.keys == then.keys else now.keys)


def check(
    before: Identity, after: Identity, new_issuer: str | None, dropped: Collection[str]
) -> None:
    """Raises NotReady for a change that was not told by name: `--new-issuer`, `--drop-key`."""
    told = before.issuer if new_issuer is None else new_issuer
    if after.issuer != told and new_issuer is not None:
        raise NotReady(f"--new-issuer {new_issuer}: the issuer would be {after.issuer}")
    if after.issuer != told:
        raise NotReady(
            f"the issuer would change from {before.issuer} to {after.issuer}: all mytokens would "
            "be invalid, and all calendars out of their owners' reach. If you mean that, add "
            f"--new-issuer {after.issuer}"
        )
    lost = () if before.server else set(before.keys) - set(after.keys) - set(dropped)
    if lost and not after.server:
        names = " ".join(f"--drop-key {key}" for key in sorted(lost))
        raise NotReady(
            "SigningKeys would leave a key out: all mytokens that it has signed would be invalid. "
            f"If you mean that, add {names}"
        )


def _evaluated(document: Mapping[str, Any], values: Mapping[str, str], stack: Stack) -> Identity:
    evaluated, outputs = (
        Evaluated(document, values, _attributes(document, stack)),
        document["Outputs"],
    )
    address, keys = (
        evaluated.value(outputs[name]["Value"]) for name in ("PublicUrl", "SigningKeys")
    )
    return Identity(address, values["MytokenIssuer"], tuple(keys.split(",")))


def _attributes(document: Mapping[str, Any], stack: Stack) -> dict[str, str]:
    """The attributes of resources that outputs tell as they are."""
    return {
        ".".join(output["Value"]["Fn::GetAtt"]): stack.outputs[name]
        for name, output in document["Outputs"].items()
        if "Fn::GetAtt" in output["Value"] and name in stack.outputs
    }


def _explained(document: Mapping[str, Any], stack: Stack) -> set[str]:
    """The addresses that do not come from an attribute that AWS has yet to choose."""
    given = stack.parameters.values()
    return {*_attributes(document, stack).values(), *given, *(f"https://{each}" for each in given)}
