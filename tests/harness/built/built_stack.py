"""The stack that `sam deploy` makes of what is built, on ministack, and who asks there."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from requests.adapters import HTTPAdapter

from local import standins
from local.template import ROOT, Template
from tests.harness.built.artefacts import PYTHON, TEMPLATE, function_id
from tools.deploy.arguments import default_stack

FEED_DOMAIN = "feeds.example.org"
_CHILD = Path(__file__).with_name("ministack_child.py")
_SETTINGS = {
    "SERVICES": "",  # all of them
    "FUNCTIONS_PYTHON": str(PYTHON),
    "PYTHONPATH": "",  # what functions import is to be in their layers
    # Policies hold: each function may do what its role may. The account itself has these keys.
    "AUTH": "true",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
}


@dataclass(frozen=True)
class Deployment:
    """`environment` is that of AWS's clients, who have all rights."""

    environment: Mapping[str, str]

    @classmethod
    @contextmanager
    def on_ministack(cls, state: Path) -> Iterator[Self]:
        """Nothing is deployed there yet. It is never what AWS_ENDPOINT_URL leads to already."""
        with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as scratch:
            patch.delenv("AWS_ENDPOINT_URL", raising=False)
            # Each function has a copy of its layers in scratch.
            with standins.running(state, _CHILD, {**_SETTINGS, "TMPDIR": scratch}) as aws:
                # Of an address by number the SAM CLI would make hosts like bucket.127.0.0.1.
                endpoint = aws["AWS_ENDPOINT_URL"].replace("127.0.0.1", "localhost")
                yield cls({**aws, "AWS_ENDPOINT_URL": endpoint})

    @cached_property
    def name(self) -> str:
        return default_stack()

    def deploy(self, **parameters: str) -> str:
        """What `make deploy ARGS="--yes ..."` prints, which deploys what is built."""
        pairs = [f"{name}={value}" for name, value in parameters.items()]
        said = self._tool("tools.deploy", "--yes", "--built", str(TEMPLATE.parent), *pairs)
        self._add_routes()
        return said

    def remove(self, *arguments: str) -> str:
        """What `make remove` prints."""
        return self._tool("tools.deploy.remove", "--yes", self.name, *arguments)

    def token(self, *arguments: str) -> dict[str, Any]:
        """What `make token STACK=...` prints."""
        document: dict[str, Any] = json.loads(self._tool("tools.operate.issue_token", *arguments))
        return document

    def client(self, service: str) -> Any:
        session = boto3.Session(
            self.environment["AWS_ACCESS_KEY_ID"],
            self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.environment["AWS_DEFAULT_REGION"],
        )
        return session.client(service, endpoint_url=self.environment["AWS_ENDPOINT_URL"])  # type: ignore[call-overload]

    def described(self) -> dict[str, Any]:
        (stack,) = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return dict(stack)

    def outputs(self) -> dict[str, str]:
        return {o["OutputKey"]: o["OutputValue"] for o in self.described()["Outputs"]}

    def resources(self) -> dict[str, Any]:
        """As CloudFormation lists them, by the names that the translated template has for them."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            resource["LogicalResourceId"]: resource
            for page in pages.paginate(StackName=self.name)
            for resource in page["StackResourceSummaries"]
        }

    def physical_id(self, name: str) -> str:
        return str(self.resources()[name]["PhysicalResourceId"])

    def session(self) -> requests.Session:
        """Of somebody for whom the stack's fronts have the addresses that its outputs say."""
        session = requests.Session()
        session.trust_env = False
        endpoint, outputs = self.environment["AWS_ENDPOINT_URL"], self.outputs()
        api = f"{self.physical_id('HttpApi')}.execute-api.localhost"
        session.mount(outputs["ApiUrl"], _Gateway(endpoint, api))
        if url := outputs.get("FeedUrl"):
            session.mount(url, _Gateway(endpoint, urlsplit(url).netloc))
        if target := outputs.get("FeedDomainTarget"):
            session.mount(f"https://{FEED_DOMAIN}", _Gateway(endpoint, target))
        return session

    def _add_routes(self) -> None:
        """Those of the HTTP API, whose OpenAPI document ministack does not read."""
        gateway, api = self.client("apigatewayv2"), self.physical_id("HttpApi")
        there = {route["RouteKey"] for route in gateway.get_routes(ApiId=api)["Items"]}
        for route in Template.read().routes:
            if route.key not in there:
                function = self.client("lambda").get_function_configuration(
                    FunctionName=self.physical_id(function_id(route.folder))
                )
                integration = gateway.create_integration(
                    ApiId=api,
                    IntegrationType="AWS_PROXY",
                    IntegrationUri=function["FunctionArn"],
                    PayloadFormatVersion="2.0",
                )
                target = f"integrations/{integration['IntegrationId']}"
                gateway.create_route(ApiId=api, RouteKey=route.key, Target=target)

    def _tool(self, module: str, *arguments: str) -> str:
        return self._run(sys.executable, "-m", module, "--stack", self.name, *arguments)

    def _run(self, *command: str) -> str:
        own = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join((str(ROOT / "layers" / "shared"), str(ROOT))),
            "SAM_CLI_TELEMETRY": "0",
            **self.environment,
        }
        done = subprocess.run(
            command, cwd=ROOT, env=own, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout


class _Gateway(HTTPAdapter):
    """What DNS and TLS would do: takes requests to a front, wherever it is said to be."""

    def __init__(self, endpoint: str, host: str) -> None:
        super().__init__()
        self.endpoint, self.host = urlsplit(endpoint), host

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        path = urlsplit(str(request.url))
        request.headers["Host"] = self.host
        request.headers["X-Forwarded-Proto"] = "https"
        request.url = path._replace(scheme="http", netloc=self.endpoint.netloc).geturl()
        return super().send(request, **options)
