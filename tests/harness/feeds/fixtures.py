"""The readers of feeds; one of them wants Node, and says so where it is missing."""

import contextlib
from collections.abc import Iterator, Mapping

import pytest

from local.template import ROOT
from tests.harness import npm
from tests.harness.feeds import readers
from tests.harness.feeds.readers import Reader


@pytest.fixture(params=readers.NAMES)
def reader_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def read(reader_name: str, request: pytest.FixtureRequest) -> Reader:
    """Each of the readers."""
    return readers.IN_PYTHON.get(reader_name) or request.getfixturevalue("ical_js")


@pytest.fixture(scope="session")
def all_readers(request: pytest.FixtureRequest) -> Mapping[str, Reader]:
    """Those that are here, by their names."""
    with contextlib.suppress(pytest.skip.Exception):
        return {**readers.IN_PYTHON, "ical.js": request.getfixturevalue("ical_js")}
    return readers.IN_PYTHON


@pytest.fixture(scope="session")
def ical_js() -> Iterator[Reader]:
    try:
        npm.install(readers.ICAL_JS, ROOT / ".venv-icaljs")
        node = npm.program("node")
    except npm.NotInstalled as reason:
        pytest.skip(f"ical.js is not installed: {reason}")
    with readers.ical_js(node, ROOT / ".venv-icaljs") as read:
        yield read
