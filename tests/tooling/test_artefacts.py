"""What is built is small, and the same whenever and wherever it is built."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.harness.stacks import ROOT
from tools.build import artefacts
from tools.build.artefacts import KB, LARGEST_FUNCTION, LARGEST_LAYERS, Artefact


def incompressible(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """As `sam build` leaves it: a folder for each artefact, and the template."""
    for name in ("GetFeedFunction", "OneLayer", "OtherLayer"):
        (tmp_path / "build" / name / "python").mkdir(parents=True)
        (tmp_path / "build" / name / "python" / "app.py").write_text(f"name = '{name}'\n")
    (tmp_path / "build" / "template.yaml").write_text("Resources: {}\n")
    return tmp_path / "build"


def test_the_sizes_of_what_is_built_are_told(
    build: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (build / "OneLayer" / "large").write_bytes(bytes(1000 * KB))

    artefacts.main(str(build))

    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["artefact", "files", "size", "zipped", "sha256"]
    assert [line.split()[:2] for line in lines] == [
        ["GetFeedFunction", "1"],
        ["OneLayer", "2"],
        ["OtherLayer", "1"],
    ]
    assert lines[1].split()[2:4] == ["1,000.0", "KB"]


@pytest.mark.parametrize(
    ("name", "size", "told"),
    [
        ("GetFeedFunction", LARGEST_FUNCTION, "GetFeedFunction has .+, and may have 64.0 KB"),
        ("OneLayer", LARGEST_LAYERS, "the layers have .+ zipped, and may have 12,288.0 KB"),
    ],
)
def test_what_is_too_large_is_told_and_fails(build: Path, name: str, size: int, told: str) -> None:
    (build / name / "large").write_bytes(incompressible(size))

    with pytest.raises(SystemExit, match=told):
        artefacts.main(str(build))


def test_an_artefact_is_the_same_at_any_place_and_time(build: Path, tmp_path: Path) -> None:
    there = build.rename(tmp_path / "there")
    before = Artefact.of(there / "OneLayer")

    os.utime(there / "OneLayer" / "python" / "app.py", (0, 0))

    assert Artefact.of(there / "OneLayer") == before


@pytest.mark.parametrize("command", ["echo >> app.py", "mv app.py other.py", "echo x > more.py"])
def test_an_artefact_of_other_content_is_another(build: Path, command: str) -> None:
    before = Artefact.of(build / "OneLayer")

    subprocess.run(command, shell=True, cwd=build / "OneLayer" / "python", check=True)

    assert Artefact.of(build / "OneLayer").digest != before.digest


def test_two_builds_of_the_same_that_differ_are_told_and_fail(
    build: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "again"
    subprocess.run(["cp", "-R", build, again], check=True)
    artefacts.main(str(build), str(again))
    assert capsys.readouterr().out == "3 artefacts are the same in two builds\n"
    (again / "OneLayer" / "python" / "app.py").write_text("name = 'another'\n")
    (again / "ThirdLayer").mkdir()

    with pytest.raises(SystemExit) as ended:
        artefacts.main(str(build), str(again))

    assert str(ended.value).splitlines() == [
        "OneLayer: two builds of the same are not the same",
        "ThirdLayer: two builds of the same are not the same",
    ]


# --- the interpreter that compiles it -------------------------------------------------------------


def program(path: Path, does: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o700)


def find_python(home: Path, version: str) -> subprocess.CompletedProcess[str]:
    """On a machine with nothing but what is in this folder."""
    return subprocess.run(
        [ROOT / "tools" / "build" / "find-python", version],
        cwd=home,
        env={"HOME": str(home), "PATH": str(home / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "place",
    [
        Path("bin", "python9.9"),
        Path(".pyenv", "versions", "9.9.1", "bin", "python"),
        Path("of-uv", "bin", "python9.9"),
    ],
    ids=lambda place: place.parts[0],
)
def test_an_interpreter_is_found_on_path_in_pyenv_and_by_uv(tmp_path: Path, place: Path) -> None:
    program(tmp_path / "bin" / "uv", f"echo {tmp_path}/of-uv/bin/python9.9")
    program(tmp_path / place, "exit 0")  # it has the version, and the modules, that are asked for

    found = find_python(tmp_path, "9.9")

    assert (found.stdout, found.stderr) == (f"{tmp_path / place}\n", "")


def test_an_interpreter_of_another_version_is_none(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "uv", "exit 2")
    program(tmp_path / "bin" / "python9.9", "exit 1")

    found = find_python(tmp_path, "9.9")

    assert (found.returncode, found.stdout, found.stderr) == (
        1,
        "",
        "no Python 9.9, with its venv module, was found on PATH, in pyenv or by uv\n",
    )
