"""What a page says of apps is what docs/calendar-apps.md says, in short."""

import re

from mytoken_calendars.pages import templates, view
from tests.harness.examples import NOW, feed
from tests.harness.stacks import PUBLIC_URL, ROOT

_OF_THE_PAGE = re.compile(r'<tr><th scope="row">(\S+).*?</th><td>(.*?)</td>')
_OF_THE_DOCUMENT = re.compile(r"^\| \[(\w+)[^]]*\]\(#[\w-]+\) \| ([^|]+) \|", re.MULTILINE)


def by_app(rows: list[tuple[str, str]], styles: str) -> dict[str, list[str]]:
    return {app: re.findall(styles, told) for app, told in rows}


def test_the_apps_and_their_styles_are_those_of_the_document() -> None:
    page = templates.of_feed(view.of(feed(), [], base_url=PUBLIC_URL, now=NOW))
    document = (ROOT / "docs" / "calendar-apps.md").read_text()

    shown = by_app(_OF_THE_PAGE.findall(page), r"alarms|events|both")
    told = by_app(_OF_THE_DOCUMENT.findall(document), r"`(alarms|events|both)`")

    assert list(shown) == list(told)
    assert len(shown) == 10
    assert [app for app in shown if shown[app][0] != told[app][0]] == []
    assert [app for app in shown if not set(shown[app]) <= set(told[app])] == []
