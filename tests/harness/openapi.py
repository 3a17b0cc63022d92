"""docs/openapi.yaml, read: its operations with their answers, and what in an answer it lacks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tests.harness.stacks import ROOT, Answer

_TEXT = (ROOT / "docs" / "openapi.yaml").read_text()
DOCUMENT: dict[str, Any] = yaml.load(_TEXT, yaml.CSafeLoader)

_OF_EVERY_SERVER = {"connection", "content-length", "content-type", "date", "server"}
_METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")


@dataclass(frozen=True)
class Response:
    """What the document says of one status of one operation."""

    definition: Mapping[str, Any]

    @property
    def is_of_the_gateway(self) -> bool:
        """Whether API Gateway alone answers so, and no handler."""
        return "x-answered-by" in self.definition

    @property
    def headers(self) -> dict[str, Mapping[str, Any]]:
        """By their names in lower case."""
        headers = self.definition.get("headers", {})
        return {name.lower(): resolved(header) for name, header in headers.items()}

    @property
    def media_types(self) -> Mapping[str, Any]:
        content: Mapping[str, Any] = self.definition.get("content", {})
        return content

    @property
    def error_codes(self) -> list[str | None]:
        """The `error` codes that it may have; None alone if it is no error."""
        schemas = [media_type["schema"] for media_type in self.media_types.values()]
        codes = [code for schema in schemas for code in _error_codes(schema)]
        return list(codes) or [None]


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    definition: Mapping[str, Any]

    @property
    def folder(self) -> str:
        """Its function. HEAD has no id of its own: it is the operation of GET."""
        by_get = DOCUMENT["paths"].get(self.path, {}).get("get", {})
        described = {**by_get, **self.definition}
        folder: str = described.get("x-function", described["operationId"])
        return folder

    @property
    def capabilities(self) -> list[str]:
        """The capabilities of which a mytoken needs one; none if the operation asks for none."""
        schemes = self.definition.get("security", [])
        return [capability for scheme in schemes for capability in scheme.get("bearer", [])]

    @property
    def responses(self) -> dict[int, Response]:
        responses = self.definition["responses"].items()
        return {int(status): Response(resolved(response)) for status, response in responses}


def operations() -> list[Operation]:
    """All of them; that of requests without a route last, with the method and path of no other."""
    described = [
        Operation(method.upper(), path, item[method])
        for path, item in DOCUMENT["paths"].items()
        for method in _METHODS
        if method in item
    ]
    return [*described, Operation("ANY", "", DOCUMENT["x-no-route"])]


def resolved(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The value itself, or the component that it refers to."""
    if "$ref" not in value:
        return value
    _, _, kind, name = value["$ref"].split("/")
    component: Mapping[str, Any] = DOCUMENT["components"][kind][name]
    return component


def faults(answer: Answer) -> Iterator[str]:
    """What of an answer is not as the document says of the operation that was asked for."""
    method = "ANY" if answer.operation == "no_route" else answer.method
    response = _operations()[answer.operation, method].responses.get(answer.status)
    if response is None:
        yield f"{answer.status} is not documented: {answer.body!r}"
        return
    yield from _faults_of_headers(response, answer)
    yield from _faults_of_body(response, answer)


def _faults_of_headers(response: Response, answer: Answer) -> Iterator[str]:
    documented = response.headers
    for name in answer.headers.keys() - documented.keys() - _OF_EVERY_SERVER:
        yield f"{name} is not documented"
    for name, header in documented.items():
        if name in answer.headers:
            for error in validator(header["schema"]).iter_errors(answer.headers[name]):
                yield f"{name}: {error.message}"
        elif header.get("required"):
            yield f"{name} is missing"


def _faults_of_body(response: Response, answer: Answer) -> Iterator[str]:
    if not response.media_types or answer.method == "HEAD":
        if answer.body:
            yield "there is a body"
        return
    media_type = answer.headers.get("content-type", "no Content-Type")
    if media_type not in response.media_types:
        yield f"{media_type} is not documented"
        return
    schema = response.media_types[media_type]["schema"]
    body = answer.json if media_type == "application/json" else answer.text
    yield from (error.message for error in validator(schema).iter_errors(body))


@cache
def header_names() -> frozenset[str]:
    """Those of all answers, in lower case; whoever stands in front of the stack may add others."""
    responses = [response for o in operations() for response in o.responses.values()]
    return frozenset(_OF_EVERY_SERVER.union(*(response.headers for response in responses)))


@cache
def _operations() -> dict[tuple[str, str], Operation]:
    return {(operation.folder, operation.method): operation for operation in operations()}


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """For a schema of the document; the components stand in it, where its references lead."""
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def examples() -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """All examples in the document: where they stand, their schema, their value."""
    for place, value in _walk(DOCUMENT, "#"):
        if "schema" in value:
            for name, example in value.get("examples", {}).items():
                yield f"{place}/examples/{name}", value["schema"], example["value"]
            if "example" in value:
                yield place, value["schema"], value["example"]
        elif place.startswith("#/components/schemas/"):
            for number, example in enumerate(value.get("examples", [])):
                yield f"{place}/examples/{number}", value, example


def _walk(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, dict):
        yield place, value
        for name, member in value.items():
            yield from _walk(member, f"{place}/{name}")


def _error_codes(schema: Mapping[str, Any]) -> Iterator[str]:
    yield from schema.get("properties", {}).get("error", {}).get("enum", [])
    for part in (*schema.get("allOf", []), *schema.get("anyOf", [])):
        yield from _error_codes(part)
