"""Every link of the documents to a file of this project leads to one, and to a heading in it."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.stacks import ROOT

_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
_LISTED = subprocess.run(
    ["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout
DOCUMENTS = sorted(Path(name) for name in _LISTED.split("\0") if name)


def headings(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    lines = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def broken(document: Path) -> Iterator[str]:
    for name, anchor in _LINK.findall(document.read_text()):
        path = document.parent / name if name else document
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in headings(path)):
            yield f"{name}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_no_link_is_broken(document: Path) -> None:
    assert list(broken(ROOT / document)) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    document = tmp_path / "x.md"
    document.write_text("# One two\n[a](y.md) [b](x.md#one-two) [c](#three) [d](https://x.y/z)\n")

    assert list(broken(document)) == ["y.md#", "#three"]
