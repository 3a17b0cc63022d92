"""Pages in the browser that CHROMIUM names: make test-browser. Else nothing here is a test."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness import npm
from tests.harness.pages import browser as browsers
from tests.harness.pages import scenes
from tests.harness.pages.browser import Visit
from tests.harness.server import ServedStack
from tests.harness.stacks import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

collect_ignore_glob = [] if "CHROMIUM" in os.environ else ["test_*.py"]

AXE = ROOT / ".venv-axe"


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    with browsers.running() as browser:
        yield browser


@pytest.fixture
def visit(browser: "Browser") -> Iterator[Callable[..., Visit]]:
    """Opens a page. In the end nobody else was asked, and the browser has not complained."""
    visits: list[Visit] = []
    with ExitStack() as open_pages:

        def open_page(url: str, **settings: Any) -> Visit:
            visits.append(open_pages.enter_context(browsers.visiting(browser, url, **settings)))
            return visits[-1]

        yield open_page
    for visit in visits:
        assert visit.complaints == []
        assert len(visit.hosts) == 1


@pytest.fixture(scope="session")
def pages(served: ServedStack) -> dict[str, str]:
    """The pages of all scenes, by name."""
    return scenes.all_of(served)


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, a script that looks for what keeps people from using a page."""
    try:
        npm.install(ROOT / "tests" / "harness" / "pages" / "axe", AXE)
    except npm.NotInstalled as reason:
        pytest.skip(f"axe-core is not installed: {reason}")
    return (AXE / "node_modules" / "axe-core" / "axe.min.js").read_text()
