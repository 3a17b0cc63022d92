"""Layers are built with compiled code, which no machine compiles again or holds to its source."""

import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.stacks import ROOT

UNCHECKED_HASH = (1).to_bytes(4, "little")  # PEP 552: by hash, and not compared with the source


def built(to: Path, python: str) -> subprocess.CompletedProcess[str]:
    """The shared layer as `sam build` makes it, with this interpreter."""
    return subprocess.run(
        ["make", "build-SharedLayer", f"ARTIFACTS_DIR={to}"],
        cwd=ROOT / "layers" / "shared",
        env={**os.environ, "RUNTIME_PYTHON": python},
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("layer")
    assert built(to, sys.executable).stderr == ""
    return to / "python" / "mytoken_calendars"


def compiled(layer: Path) -> dict[str, bytes]:
    """Compiled code by its module's path in the layer."""
    return {
        f"{path.parent.parent.relative_to(layer) / path.name.partition('.')[0]}": path.read_bytes()
        for path in layer.rglob("*.pyc")
    }


def test_every_module_of_the_layer_is_compiled(layer: Path) -> None:
    modules = {str(path.relative_to(layer).with_suffix("")) for path in layer.rglob("*.py")}

    assert set(compiled(layer)) == modules


def test_compiled_code_is_taken_as_it_is(layer: Path) -> None:
    assert {code[4:8] for code in compiled(layer).values()} == {UNCHECKED_HASH}


def test_compiled_code_names_its_place_in_lambda_and_not_the_machine_that_built_it(
    layer: Path,
) -> None:
    places = {
        module: marshal.loads(code[16:]).co_filename for module, code in compiled(layer).items()
    }

    assert places == {
        module: f"/opt/python/mytoken_calendars/{module}.py" for module in compiled(layer)
    }


def test_without_an_interpreter_of_the_runtime_the_layer_says_so_in_one_line(
    tmp_path: Path,
) -> None:
    result = built(tmp_path, "/nowhere/python3.13")

    *_, line = result.stderr.splitlines()
    assert line == "not compiled, so functions start slowly: /nowhere/python3.13 does not run"
    assert compiled(tmp_path) == {}
    assert (tmp_path / "python" / "mytoken_calendars" / "feeds" / "feed.py").exists()


@pytest.mark.parametrize("layer_folder", ["dependencies", "pages"])
def test_all_layers_are_compiled_alike(layer_folder: str) -> None:
    makefiles = (ROOT / "layers" / folder / "Makefile" for folder in ("shared", layer_folder))

    shared, other = (path.read_text().partition("-m compileall")[2] for path in makefiles)

    assert other == shared != ""
