"""samconfig.toml: what `sam deploy` is told, by itself and by `make deploy`."""

import tomllib
from pathlib import Path
from typing import Any

from local.template import ROOT
from tools.deploy import arguments, sam

SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text())
DEPLOY: dict[str, Any] = SETTINGS["default"]["deploy"]["parameters"]


def test_another_environment_is_another_stack_and_no_section() -> None:
    assert set(SETTINGS) == {"version", "default"}


def test_no_parameter_stands_there_that_a_stack_would_lose_its_own_to() -> None:
    assert "parameter_overrides" not in DEPLOY


def test_nothing_changes_unseen() -> None:
    assert DEPLOY["confirm_changeset"] is True


def test_without_a_name_make_and_sam_deploy_the_same_stack_to_the_same_folder() -> None:
    name = arguments.default_stack()

    options = sam.options(Path(), name, {}, ask=True)

    assert options[options.index("--s3-prefix") + 1] == DEPLOY["s3_prefix"] == name
    assert DEPLOY["tags"].replace('"', "") in options
