"""The bill of materials of what runs in Lambda, in CycloneDX (ECMA-424): packages of the layers.

boto3 and its like are not among them: the runtime brings them, in its own versions.
"""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.build import lock_files
from tools.build.lock_files import Locked

FILE = Path(".aws-sam/sbom.cdx.json")


def write() -> int:
    """Writes the file; returns the number of packages. The same locks give the same bytes."""
    packages = [package for lock in lock_files.RUN_IN_LAMBDA for package in lock_files.read(lock)]
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(document(project["name"], project["version"], packages), indent=2))
    return len(packages)


def document(name: str, version: str, packages: Iterable[Locked]) -> dict[str, Any]:
    components = [_library(package) for package in packages]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": name, "name": name, "version": version}
        },
        "components": components,
        "dependencies": [{"ref": name, "dependsOn": [c["bom-ref"] for c in components]}],
    }


def _library(package: Locked) -> dict[str, Any]:
    purl = f"pkg:pypi/{package.name}@{package.version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
    }
