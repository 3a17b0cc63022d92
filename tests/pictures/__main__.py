"""Takes the pictures of README.md, and with a FOLDER those of all scenes, to be looked at.

Usage: CHROMIUM=/usr/bin/chromium python -m tests.pictures [FOLDER]
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.harness.pages import browser, scenes
from tests.harness.server import ServedStack, Server
from tests.harness.stacks import ROOT, Stack

IMAGES = ROOT / "docs" / "images"
LARGEST = 200_000  # bytes of a picture in README.md
ZONE = {"timezone_id": "Europe/Berlin"}
DESK = {"viewport": {"width": 1120, "height": 860}}
PHONE = {"viewport": {"width": 400, "height": 860}}
NARROW = {"viewport": {"width": 320, "height": 640}}
DARK = {"color_scheme": "dark"}
LOOKS: dict[str, dict[str, Any]] = {
    "desk": DESK,
    "desk-dark": {**DESK, **DARK},
    "phone": PHONE,
    "narrow-dark": {**NARROW, **DARK},
}


def main(folder: str = "") -> None:
    os.environ.update({"POWERTOOLS_METRICS_DISABLED": "true"})
    with (
        tempfile.TemporaryDirectory() as state,
        Server.running(Path(state)) as server,
        browser.running() as chromium,
    ):
        stack = ServedStack.of(server)
        if folder:
            _all(chromium, stack, Path(folder))
        else:
            _for_the_readme(chromium, stack)


def _for_the_readme(chromium: Any, stack: Stack) -> None:
    _, document = scenes.calendar(stack, "CI Mytokens", scenes.ORDINARY, "What the builds use.")
    for name, look in (("page", DESK), ("page-on-a-phone", {**PHONE, **DARK})):
        path = IMAGES / f"{name}.png"
        _take(chromium, scenes.page_of(document), path, full=False, **look)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")
        if path.stat().st_size >= LARGEST:
            sys.exit(f"{path.name} is larger than {LARGEST:,} bytes")


def _all(chromium: Any, stack: Stack, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for scene, url in scenes.all_of(stack).items():
        for look, settings in LOOKS.items():
            _take(chromium, url, folder / f"{scene}-{look}.png", **settings)
        _take(chromium, url, folder / f"{scene}-paper.png", media="print", **DESK)


def _take(
    chromium: Any, url: str, path: Path, *, full: bool = True, media: str = "screen", **look: Any
) -> None:
    with browser.visiting(chromium, url, **ZONE, **look) as visit:
        visit.page.emulate_media(media=media)
        visit.page.screenshot(path=path, full_page=full)


if __name__ == "__main__":
    main(*sys.argv[1:])
