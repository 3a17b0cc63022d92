"""A real browser on the pages: Debian's Chromium, driven by Playwright, as one reader uses it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# As root it needs the first one. The others keep it from asking anybody but the page's own host.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`forbidden by the policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
_WITHIN = 10_000  # milliseconds


@dataclass
class Visit:
    """A page that is open, what it asked for, and what the browser complained of meanwhile."""

    page: "Page"
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(url).netloc for url in self.asked}

    def is_too_wide(self) -> bool:
        """Whether one has to scroll sideways to see all of it."""
        script = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(script))

    def text(self, selector: str) -> str:
        return self.page.locator(selector).first.inner_text()


@contextmanager
def running() -> Iterator["Browser"]:
    """The browser that CHROMIUM names: see make test-browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only make test-browser has it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=[*_ARGUMENTS]
        )
        yield browser
        browser.close()


@contextmanager
def visiting(browser: "Browser", url: str, **settings: Any) -> Iterator[Visit]:
    """The page at `url` in a fresh profile; `settings` are Playwright's of a context."""
    context = browser.new_context(**settings)
    context.set_default_timeout(_WITHIN)
    context.add_init_script(_TELL_VIOLATIONS)
    visit = Visit(context.new_page())
    visit.page.on("request", lambda request: visit.asked.append(request.url))
    visit.page.on("console", lambda message: visit.complaints.append(message.text))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("dialog", lambda dialog: visit.complaints.append(f"dialog: {dialog.message}"))
    visit.page.goto(url)
    yield visit
    context.close()
