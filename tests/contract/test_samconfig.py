"""samconfig.toml: what each environment says, the template knows; and none deploys over another."""

import shlex
import tomllib
from typing import Any

import pytest

from local.template import ROOT, Template

ENVIRONMENTS: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text())
del ENVIRONMENTS["version"]
PARAMETERS = Template.read().document["Parameters"]

each_environment = pytest.mark.parametrize("name", ENVIRONMENTS)


def deploy(name: str) -> dict[str, Any]:
    parameters: dict[str, Any] = ENVIRONMENTS[name]["deploy"]["parameters"]
    return parameters


def pairs(text: str) -> dict[str, str]:
    """Of `Name="value" ...`, as the SAM CLI reads it."""
    return dict(part.split("=", 1) for part in shlex.split(text))


def test_there_is_one_to_develop_on_and_one_to_rely_on() -> None:
    assert set(ENVIRONMENTS) == {"default", "dev", "prod"}


def test_each_has_a_stack_of_its_own() -> None:
    stacks = {ENVIRONMENTS[name]["global"]["parameters"]["stack_name"] for name in ENVIRONMENTS}
    prefixes = {deploy(name)["s3_prefix"] for name in ENVIRONMENTS}

    assert len(stacks) == len(prefixes) == len(ENVIRONMENTS)


@each_environment
def test_what_it_sets_is_a_parameter_and_may_have_that_value(name: str) -> None:
    for parameter, value in pairs(deploy(name).get("parameter_overrides", "")).items():
        allowed = PARAMETERS[parameter].get("AllowedValues")
        assert allowed is None or value in map(str, allowed)


@each_environment
def test_its_resources_are_tagged_with_what_they_belong_to(name: str) -> None:
    tags = pairs(deploy(name)["tags"])

    assert tags["application"] == "mytoken-calendars"
    assert tags.get("environment", "default") == name


def test_nothing_changes_in_production_unseen() -> None:
    assert deploy("prod")["confirm_changeset"] is True
