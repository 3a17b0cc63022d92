"""The pages as HTML, by Jinja2. All text of people is escaped, and a name without a value fails."""

from functools import cache
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from mytoken_calendars.pages import assets, qr_code
from mytoken_calendars.pages.view import View


def of_feed(view: View) -> str:
    return _template("feed.html").render(view=view, asset=assets.url, qr_code=qr_code.svg)


def of_refusal(status: HTTPStatus) -> str:
    """The page that says why there is none, and what to do."""
    return _template("refusal.html").render(status=status.value, asset=assets.url)


@cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
