"""The conditions and rules of template.yaml, decided for the values of its parameters."""

from typing import Any

from local.template import Template
from tools.deploy.intrinsics import Evaluated

DOCUMENT = Template.read().document
PARAMETERS: dict[str, dict[str, Any]] = DOCUMENT["Parameters"]

_NOTHING = {"Ref": "AWS::NoValue"}


def holds(condition: Any, given: dict[str, str]) -> bool:
    """What becomes of a condition, or of the one of that name, with these parameters.

    The others have their defaults.
    """
    values = {name: str(parameter["Default"]) for name, parameter in PARAMETERS.items()} | given
    named = {"Condition": condition} if isinstance(condition, str) else condition
    return Evaluated(DOCUMENT, values).holds(named)


def chosen(value: Any, given: dict[str, str]) -> Any:
    """What is left of a value once its conditions are decided."""
    while isinstance(value, dict) and "Fn::If" in value:
        condition, then, otherwise = value["Fn::If"]
        value = then if holds(condition, given) else otherwise
    return value


def decided(value: Any, given: dict[str, str]) -> Any:
    """The value with all its conditions decided; what is AWS::NoValue is left out."""
    value = chosen(value, given)
    if isinstance(value, dict):
        members = {name: decided(each, given) for name, each in value.items()}
        return {name: each for name, each in members.items() if each != _NOTHING}
    if isinstance(value, list):
        return [each for each in (decided(one, given) for one in value) if each != _NOTHING]
    return value


def resources(given: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The resources that a stack with these parameters has, decided."""
    return {
        name: decided(resource, given)
        for name, resource in DOCUMENT["Resources"].items()
        if "Condition" not in resource or holds(resource["Condition"], given)
    }


def broken_rules(given: dict[str, str]) -> list[str]:
    """The names of the rules for which CloudFormation refuses these parameters."""
    return [
        name
        for name, rule in DOCUMENT["Rules"].items()
        if holds(rule["RuleCondition"], given)
        and not all(holds(each["Assert"], given) for each in rule["Assertions"])
    ]
