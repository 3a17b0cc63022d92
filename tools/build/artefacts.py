"""Checks the size of what `sam build` made, and whether two builds are the same.

Usage: python -m tools.build.artefacts FOLDER [ANOTHER], the second of which was built of the same.
"""

import hashlib
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

KB = 1024
LARGEST_FUNCTION = 64 * KB
LARGEST_LAYERS = 12 * KB * KB  # together


@dataclass(frozen=True)
class Artefact:
    """The code of a function, or a layer; sizes are in bytes."""

    name: str
    files: int
    size: int
    zipped: int
    digest: str

    @classmethod
    def of(cls, folder: Path) -> "Artefact":
        """By names and content: nothing else of a file reaches a function that reads it."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        digest = hashlib.sha256()
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                name, content = str(path.relative_to(folder)), path.read_bytes()
                digest.update(f"{len(name)} {name} {len(content)} ".encode() + content)
                archive.writestr(name, content)
        size = sum(path.stat().st_size for path in files)
        return cls(folder.name, len(files), size, len(packed.getvalue()), digest.hexdigest())

    @property
    def is_a_layer(self) -> bool:
        return self.name.endswith("Layer")


def read(build: Path) -> list[Artefact]:
    """All artefacts of a build, the functions first."""
    made = [Artefact.of(folder) for folder in build.iterdir() if folder.is_dir()]
    return sorted(made, key=lambda artefact: (artefact.is_a_layer, artefact.name))


def faults(artefacts: Sequence[Artefact]) -> Iterator[str]:
    layers = sum(artefact.zipped for artefact in artefacts if artefact.is_a_layer)
    if layers >= LARGEST_LAYERS:
        yield f"the layers have {_kb(layers)} zipped, and may have {_kb(LARGEST_LAYERS)}"
    for artefact in artefacts:
        if not artefact.is_a_layer and artefact.zipped >= LARGEST_FUNCTION:
            may = f"may have {_kb(LARGEST_FUNCTION)}"
            yield f"{artefact.name} has {_kb(artefact.zipped)} zipped, and {may}"


def differences(artefacts: Sequence[Artefact], others: Sequence[Artefact]) -> Iterator[str]:
    digests, of_others = ({a.name: a.digest for a in build} for build in (artefacts, others))
    for name in sorted(digests.keys() | of_others.keys()):
        if digests.get(name) != of_others.get(name):
            yield f"{name}: two builds of the same are not the same"


def table(artefacts: Sequence[Artefact]) -> Iterator[str]:
    yield f"{'artefact':26}{'files':>7}{'size':>12}{'zipped':>12}  sha256"
    for a in artefacts:
        sizes = f"{a.files:>7,}{_kb(a.size):>12}{_kb(a.zipped):>12}"
        yield f"{a.name:26}{sizes}  {a.digest[:16]}"


def main(build: str, another: str = "") -> None:
    artefacts = read(Path(build))
    if not artefacts:
        sys.exit(f"nothing was built in {build}")
    if another:
        found = [*differences(artefacts, read(Path(another)))]
        lines = [] if found else [f"{len(artefacts)} artefacts are the same in two builds"]
    else:
        found, lines = [*faults(artefacts)], [*table(artefacts)]
    print(*lines, sep="\n", flush=True)
    if found:
        sys.exit("\n".join(found))


def _kb(size: int) -> str:
    return f"{size / KB:,.1f} KB"


if __name__ == "__main__":
    main(*sys.argv[1:])
