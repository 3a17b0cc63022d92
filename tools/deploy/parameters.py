"""The template's parameters: which there are, and what they may be."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mytoken_calendars.authorities.remote.https import Https
from tools.deploy.errors import NotReady
from tools.deploy.intrinsics import Evaluated

_RESERVED = "ReservedConcurrentExecutions"
# What the SAM CLI reads as more than a value: the end of a quoted text, or another parameter.
_SAMS = re.compile(r"[\"'\\\s]|ParameterKey=")


def named(pairs: Iterable[str], document: Mapping[str, Any]) -> dict[str, str]:
    """The values of `Name=Value` texts. Raises NotReady for a parameter that is not there."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise NotReady(f"{pair}: parameters are named as Name=Value")
        if name not in document["Parameters"]:
            close = difflib.get_close_matches(name, document["Parameters"], 1, 0.4)
            raise NotReady(
                f"{name}: the template has no such parameter"
                + (f"; do you mean {close[0]}?" if close else "")
            )
        if name in values:
            raise NotReady(f"{name} is named twice")
        values[name] = value
    return values


def merged(
    document: Mapping[str, Any], kept: Mapping[str, str], values: Mapping[str, str]
) -> dict[str, str]:
    """All values that a deployment leads to: those named, else the stack's, else the default."""
    defaults = {name: str(p["Default"]) for name, p in document["Parameters"].items()}
    return {**defaults, **{n: v for n, v in kept.items() if n in defaults}, **values}


def check_each(document: Mapping[str, Any], values: Mapping[str, str]) -> None:
    """Raises NotReady for a value that the parameter may not have."""
    for name, value in values.items():
        if rule := _broken(document["Parameters"][name], value) or _unreachable(name, value):
            raise NotReady(f"{name}={value}: {rule}")


def check(document: Mapping[str, Any], values: Mapping[str, str]) -> None:
    """Raises NotReady for values, of all parameters, that CloudFormation would refuse."""
    check_each(document, values)
    evaluated = Evaluated(document, values)
    for rule in document.get("Rules", {}).values():
        if "RuleCondition" not in rule or evaluated.holds(rule["RuleCondition"]):
            for assertion in rule["Assertions"]:
                if not evaluated.holds(assertion["Assert"]):
                    raise NotReady(assertion["AssertDescription"])


def reserved(document: Mapping[str, Any], values: Mapping[str, str]) -> int:
    """How many executions of Lambda the functions of a stack with these parameters reserve."""
    evaluated = Evaluated(document, values)
    properties = (each.get("Properties", {}) for each in document["Resources"].values())
    wanted = (evaluated.value(each.get(_RESERVED)) for each in properties)
    return sum(int(number) for number in wanted if number not in (None, "AWS::NoValue"))


def _broken(parameter: Mapping[str, Any], value: str) -> str | None:
    """The rule that the value breaks, in words."""
    allowed = [str(each) for each in parameter.get("AllowedValues", ())]
    if allowed and value not in allowed:
        return f"it is one of {', '.join(allowed)}"
    if parameter["Type"] == "Number" and not _is_number(value, parameter):
        return "it is a number"
    if parameter["Type"] == "Number":
        least, most = (float(parameter.get(k, value)) for k in ("MinValue", "MaxValue"))
        return None if least <= float(value) <= most else _range(parameter)
    if len(value) > int(parameter.get("MaxLength", len(value))):
        return f"it has at most {parameter['MaxLength']} characters"
    pattern = parameter.get("AllowedPattern", ".*")
    if re.fullmatch(pattern, value) is None:
        return f"it has to match {pattern.removeprefix('|')}"
    return "it has no quotes, no \\ and no ParameterKey=" if _SAMS.search(value) else None


def _unreachable(name: str, value: str) -> str | None:
    """Why the functions could not ask the mytoken server, if it is one."""
    if name != "MytokenIssuer" or not value:
        return None
    try:
        Https(value)
    except ValueError as reason:
        return f"the functions cannot ask it: {reason}"
    return None


def _is_number(value: str, parameter: Mapping[str, Any]) -> bool:
    """A whole one, without zeros before it, unless the parameter is a share: from 0 to 1."""
    is_share = (parameter.get("MinValue"), parameter.get("MaxValue")) == (0, 1)
    allowed = r"[0-9]*\.?[0-9]+" if is_share else r"0|-?[1-9][0-9]*"
    return re.fullmatch(allowed, value) is not None


def _range(parameter: Mapping[str, Any]) -> str:
    bounds = {"at least": "MinValue", "at most": "MaxValue"}
    return "it is " + " and ".join(
        f"{w} {parameter[k]}" for w, k in bounds.items() if k in parameter
    )
