"""Evaluates conditions and values of a template, as CloudFormation does for a stack."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PLACEHOLDER = re.compile(r"\$\{([\w:.]+)\}")


@dataclass(frozen=True)
class Evaluated:
    """A template and the values of its parameters.

    `attributes` are those of resources, as far as they are known: `HttpApi.ApiEndpoint`, say. Of
    what is not known the value is its name.
    """

    document: Mapping[str, Any]
    parameters: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)

    def holds(self, condition: Any) -> bool:
        """Whether a condition is true. Raises ValueError for a function that is not known."""
        match condition:
            case {"Condition": name}:
                return self.holds(self.document["Conditions"][name])
            case {"Fn::Not": [one]}:
                return not self.holds(one)
            case {"Fn::And": some}:
                return all(map(self.holds, some))
            case {"Fn::Or": some}:
                return any(map(self.holds, some))
            case {"Fn::Equals": [left, right]}:
                # CloudFormation compares texts.
                return str(self.value(left)) == str(self.value(right))
            case {"Fn::Contains": [list(allowed), value]}:  # in rules
                return self.value(value) in allowed
            case _:
                raise ValueError(f"not a condition that is known: {condition}")

    def value(self, expression: Any) -> Any:
        """What an expression comes to. Raises ValueError for a function that is not known."""
        match expression:
            case {"Ref": name}:
                return self.parameters.get(name, self._attribute(name))
            case {"Fn::GetAtt": [resource, name]}:
                return self._attribute(f"{resource}.{name}")
            case {"Fn::Sub": str(text)}:
                return _PLACEHOLDER.sub(lambda found: self._named(found[1]), text)
            case {"Fn::If": [name, then, otherwise]}:
                return self.value(then if self.holds({"Condition": name}) else otherwise)
            case dict() if any(key.startswith("Fn::") for key in expression):
                raise ValueError(f"not a function that is known: {expression}")
            case dict():
                return {key: self.value(each) for key, each in expression.items()}
            case _:
                return expression

    def _named(self, name: str) -> str:
        return self.parameters.get(name, self._attribute(name))

    def _attribute(self, name: str) -> str:
        return self.attributes.get(name, name)
