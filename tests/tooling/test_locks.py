"""What is installed is locked: to one version, to the hashes of its files, and to no place."""

import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.harness import npm
from tests.harness.stacks import ROOT
from tools.build import lock_files, sbom
from tools.build.lock_files import Locked

OF_NPM = [lock.parent for lock in sorted((ROOT / "tests").rglob("package-lock.json"))]
LOCKS = [
    *sorted((ROOT / "requirements").glob("*.txt")),
    *(ROOT / lock for lock in lock_files.RUN_IN_LAMBDA),
]
SOMEWHERE = "https://somewhere.example"
ANY_HASH = f"--hash=sha256:{'0' * 64}"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}/{lock.stem}")
def test_a_lock_names_versions_and_hashes_and_no_place(lock: Path) -> None:
    names = [locked.name for locked in lock_files.read(lock)]

    assert names
    assert names == sorted(names)


@pytest.mark.parametrize(
    "line",
    [
        "pyjwt==2.15.1",
        f"pyjwt>=2.15.1 {ANY_HASH}",
        f"pyjwt {ANY_HASH}",
        f"pyjwt==2.15.* {ANY_HASH}",
        f"pyjwt==2.15.1 {ANY_HASH[:-1]}",
        f"pyjwt==2.15.1 --hash=md5:{'0' * 32}",
        f"pyjwt @ {SOMEWHERE} {ANY_HASH}",
        *(f"--{option} {SOMEWHERE}" for option in ("index-url", "extra-index-url", "find-links")),
        "--find-links packages",
        "-r other.txt",
        "-e .",
        "",
    ],
)
def test_a_line_that_locks_nothing_or_says_where_from_is_refused(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"six==1.17.0 \\\n    {ANY_HASH}\n{line}\n")

    with pytest.raises(ValueError, match="not a version of a package"):
        lock_files.read(lock)


def test_what_is_locked_is_read_whatever_it_depends_on(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        f"cffi==2.1.1 ; platform_python_implementation != 'PyPy' \\\n    {ANY_HASH} \\\n"
        f"    {ANY_HASH}\npython-dateutil==2.9.0.post0 \\\n    {ANY_HASH}\n"
    )

    assert lock_files.read(lock) == [
        Locked("cffi", "2.1.1"),
        Locked("python-dateutil", "2.9.0.post0"),
    ]


def test_every_list_of_packages_has_a_lock_that_is_renewed_with_the_others() -> None:
    lists = {path.stem for path in (ROOT / "requirements").glob("*.in")}

    renewed = re.search(
        r"for set in (.+); do", (ROOT / "tools" / "build" / "renew-locks").read_text()
    )

    assert renewed is not None
    assert set(renewed[1].split()) == lists
    assert {lock.stem for lock in LOCKS[: len(lists)]} == lists


@pytest.mark.parametrize("folder", OF_NPM, ids=lambda folder: folder.name)
def test_a_lock_of_npm_names_versions_and_hashes_and_no_place(folder: Path) -> None:
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]

    packages = json.loads((folder / "package-lock.json").read_text())["packages"]

    locked = {name.removeprefix("node_modules/"): p for name, p in packages.items() if name}
    assert {name: package["version"] for name, package in locked.items()} == wanted
    assert all(p["integrity"].startswith("sha512-") for p in locked.values())
    assert not [package for package in locked.values() if "resolved" in package]


# --- what installs it -----------------------------------------------------------------------------


def wheel(folder: Path) -> Path:
    """One that every Python takes."""
    path, about = folder / "locked-1.0-py3-none-any.whl", "locked-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("locked.py", "")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: locked\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        archive.writestr(f"{about}/RECORD", "")
    return path


def source(folder: Path) -> Path:
    """The same to be built, by what it brings itself: it would run."""
    built, path = wheel(folder), folder / "locked-1.0.tar.gz"
    files = {
        "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "copy_it"\n'
        b'backend-path = ["."]\n[project]\nname = "locked"\nversion = "1.0"\n',
        "copy_it.py": b"import shutil\ndef build_wheel(folder, *_):\n"
        b"    shutil.copy('%s', folder); return '%s'\n" % ((built.name.encode(),) * 2),
        "PKG-INFO": b"Metadata-Version: 2.1\nName: locked\nVersion: 1.0\n",
        built.name: built.read_bytes(),
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"locked-1.0/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    built.unlink()
    return path


def make_environment(lock: Path, folder: Path) -> list[str | Path]:
    return [ROOT / "tools" / "build" / "make-environment", folder, lock]


def build_layer(lock: Path, folder: Path) -> list[str | Path]:
    """As `sam build` does it, in a copy of the layer's folder."""
    lock.rename(lock.with_name("requirements.txt"))
    makefile = ROOT / "layers" / "dependencies" / "Makefile"
    goal = ["build-DependenciesLayer", f"ARTIFACTS_DIR={folder}"]
    return ["make", "--directory", lock.parent, "--file", makefile, *goal]


def hash_of(path: Path) -> str:
    return f" --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def another_hash(path: Path) -> str:
    return f" {ANY_HASH}"


def no_hash(path: Path) -> str:
    return ""


@pytest.mark.parametrize("command", [make_environment, build_layer])
@pytest.mark.parametrize(
    ("package", "locked_by", "is_installed"),
    [
        (wheel, hash_of, True),
        (wheel, another_hash, False),
        (wheel, no_hash, False),
        (source, hash_of, False),
    ],
)
def test_only_what_has_the_hash_of_its_lock_and_is_built_already_is_installed(
    tmp_path: Path,
    command: Callable[[Path, Path], list[str | Path]],
    package: Callable[[Path], Path],
    locked_by: Callable[[Path], str],
    *,
    is_installed: bool,
) -> None:
    lock, folder = tmp_path / "lock.txt", tmp_path / "installed"
    lock.write_text(f"locked==1.0{locked_by(package(tmp_path))}\n")
    here_alone = {"OFFLINE": "1", "NO_INDEX": "1", "FIND_LINKS": str(tmp_path)}
    environment = {
        **os.environ,
        **{f"{tool}_{name}": value for tool in ("UV", "PIP") for name, value in here_alone.items()},
        "PATH": f"{ROOT / '.venv-uv' / 'bin'}{os.pathsep}{os.environ['PATH']}",  # it has pip
    }

    done = subprocess.run(
        command(lock, folder), cwd=ROOT, env=environment, capture_output=True, check=False
    )

    assert (done.returncode == 0) is is_installed, done.stderr
    assert bool([*tmp_path.glob("installed/**/locked.py")]) is is_installed


def test_what_npm_has_is_installed_by_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "", "not today")

    monkeypatch.setattr(npm.shutil, "which", lambda name: name)
    monkeypatch.setattr(npm.subprocess, "run", run)

    with pytest.raises(npm.NotInstalled, match="not today"):
        npm.install(ROOT / "tests" / "doubles" / "dynoxide", tmp_path / "npm")

    assert [command[:3] for command in commands] == [["npm", "ci", "--ignore-scripts"]]


# --- the bill of materials ------------------------------------------------------------------------


def test_the_bill_of_materials_names_every_package_that_runs_and_is_the_same_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sbom, "FILE", tmp_path / "sbom" / "sbom.json")

    written = [(sbom.write(), sbom.FILE.read_bytes()) for _ in range(2)]

    document = json.loads(written[0][1])
    packages = [package for lock in lock_files.RUN_IN_LAMBDA for package in lock_files.read(lock)]
    assert written[0] == written[1]
    assert written[0][0] == len(packages)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["name"] == "mytoken-calendars"
    assert [c["purl"] for c in document["components"]] == [
        f"pkg:pypi/{package.name}@{package.version}" for package in packages
    ]


def test_the_bill_of_materials_says_what_the_application_depends_on() -> None:
    document = sbom.document("app", "1.0", [Locked("one", "1.0"), Locked("two", "2.0")])

    (of_the_app,) = document["dependencies"]

    assert of_the_app["ref"] == document["metadata"]["component"]["bom-ref"]
    assert of_the_app["dependsOn"] == [c["bom-ref"] for c in document["components"]]
