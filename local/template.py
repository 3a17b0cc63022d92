"""template.yaml as the local server and the tests read it: routes, data, environment."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "template.yaml"

_DATA_TYPES = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key")


@dataclass(frozen=True)
class Route:
    """A route of the HTTP API. The catch-all has the path "" and the method "ANY"."""

    method: str
    path: str
    folder: str

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}" if self.path else "$default"


@dataclass(frozen=True)
class Template:
    document: dict[str, Any]

    @classmethod
    def read(cls, path: Path = TEMPLATE) -> "Template":
        return cls.parse(path.read_text())

    @classmethod
    def parse(cls, text: str) -> "Template":
        return cls(yaml.load(text, _Loader))  # noqa: S506 - a CSafeLoader, see below

    @cached_property
    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of the functions, by the name of their folder."""
        properties = (
            resource["Properties"]
            for resource in self.document["Resources"].values()
            if resource["Type"] == "AWS::Serverless::Function"
        )
        return {Path(p["CodeUri"]).name: p for p in properties}

    @cached_property
    def routes(self) -> list[Route]:
        return [
            Route(event.get("Method", "ANY"), event.get("Path", ""), folder)
            for folder, event in self._events("HttpApi")
        ]

    @cached_property
    def plain_routes(self) -> list[Route]:
        """All routes but those that let the path of another end in a slash."""
        with_slash = {(route.method, f"{route.path}/{{proxy+}}") for route in self.routes}
        return [route for route in self.routes if (route.method, route.path) not in with_slash]

    def environment(self, folder: str) -> dict[str, Any]:
        """The environment of a function; CloudFormation's functions in it are not evaluated."""
        shared = self.document["Globals"]["Function"]["Environment"]["Variables"]
        own = self.functions[folder].get("Environment", {}).get("Variables", {})
        return {**shared, **own}

    def logging(self, folder: str) -> dict[str, Any]:
        """The LoggingConfig of a function, as SAM merges it."""
        shared = self.document["Globals"]["Function"].get("LoggingConfig", {})
        return {**shared, **self.functions[folder].get("LoggingConfig", {})}

    def data_stack(self) -> dict[str, Any]:
        """A template of the data alone; its outputs are the functions' environment variables."""
        resources = {
            name: resource
            for name, resource in self.document["Resources"].items()
            if resource["Type"] in _DATA_TYPES
        }
        variables = [self.environment(folder).items() for folder in self.functions]
        outputs = {
            output_name(name): {"Value": value}
            for items in variables
            for name, value in items
            if isinstance(value, dict)
        }
        return {
            "Parameters": self.document["Parameters"],
            "Conditions": self.document["Conditions"],
            "Resources": resources,
            "Outputs": outputs,
        }

    def _events(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        return [
            (folder, event["Properties"])
            for folder, properties in self.functions.items()
            for event in properties["Events"].values()
            if event["Type"] == kind
        ]


def output_name(variable: str) -> str:
    """Names of outputs have letters and digits only."""
    return variable.title().replace("_", "")


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short forms, `!Ref X` and the like, written out."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {name: value.split(".", 1) if suffix == "GetAtt" else value}


_Loader.add_multi_constructor("!", _long_form)
