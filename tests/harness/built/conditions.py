"""Which resources and outputs of a template a stack has, by the values of its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.deploy.intrinsics import Evaluated

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
        evaluated = Evaluated(self.document, self.parameters)
        return {
            name: value
            for name, value in self.document[section].items()
            if "Condition" not in value or evaluated.holds({"Condition": value["Condition"]})
        }
