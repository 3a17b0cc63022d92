"""Which resources and outputs of a template a stack has, by the values of its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OF_SAM = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
}


@dataclass(frozen=True)
class Expected:
    document: Mapping[str, Any]
    parameters: Mapping[str, str]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """As they stand in the template, but for the type: SAM's are translated."""
        resources = self._there("Resources")
        return {n: {**r, "Type": _OF_SAM.get(r["Type"], r["Type"])} for n, r in resources.items()}

    @property
    def outputs(self) -> dict[str, Any]:
        return self._there("Outputs")

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of the resources of a type, by their names."""
        return {n: r["Properties"] for n, r in self.resources.items() if r["Type"] == kind}

    def _there(self, section: str) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.document[section].items()
            if "Condition" not in value or self._holds({"Condition": value["Condition"]})
        }

    def _holds(self, condition: Any) -> bool:
        match condition:
            case {"Condition": name}:
                return self._holds(self.document["Conditions"][name])
            case {"Fn::Not": [one]}:
                return not self._holds(one)
            case {"Fn::And": some}:
                return all(map(self._holds, some))
            case {"Fn::Or": some}:
                return any(map(self._holds, some))
            case {"Fn::Equals": [left, right]}:
                return self._value(left) == self._value(right)
            case _:
                raise ValueError(f"not a condition that is known: {condition}")

    def _value(self, value: Any) -> str:
        """Of a parameter, or one that stands there; CloudFormation compares texts."""
        return self.parameters[value["Ref"]] if isinstance(value, dict) else str(value)
