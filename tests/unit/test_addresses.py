"""The addresses of a feed: the one that is told, and every form that leads to the feed."""

from urllib.parse import unquote

import pytest
from hypothesis import given

from mytoken_calendars.calendars import addresses
from mytoken_calendars.errors import FeedNotFound, RouteNotFound
from tests.harness.examples import ISSUER
from tests.harness.hostile_words import calendar_names

SECRET = "kJ3nQz8LrW5tYc1XvB7mHd2FpS9gAe4U"


def file_of(name: str) -> str:
    """The last segment of the address that a calendar of this name is told."""
    base, _, file = addresses.ics_path(ISSUER, SECRET, name).rpartition("/")
    assert base == f"{ISSUER}/calendars/{SECRET}"
    return file


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("ci", "ci.ics"),
        ("CI Mytokens", "CI%20Mytokens.ics"),
        ("Überwachung", "%C3%9Cberwachung.ics"),
        ("日本", "%E6%97%A5%E6%9C%AC.ics"),
        ("🙂", "%F0%9F%99%82.ics"),
        ("a+b&c=d;e,f:g@h", "a%2Bb%26c%3Dd%3Be%2Cf%3Ag%40h.ics"),
        ("-._~", "-._~.ics"),
        ("ci.ics", "ci.ics.ics"),
        ("...", "....ics"),
    ],
)
def test_an_address_ends_with_the_calendars_name_percent_encoded(name: str, file: str) -> None:
    assert file_of(name) == file


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("n" * 60, "n" * 60),
        ("n" * 61, "n" * 60),
        ("日" * 128, "日" * 60),
        ("n" * 59 + " x", "n" * 59),
    ],
    ids=["60", "61", "128-of-three-bytes", "a-space-at-the-cut"],
)
def test_an_address_has_at_most_60_code_points_of_a_name(name: str, shown: str) -> None:
    assert unquote(file_of(name)) == f"{shown}.ics"


@given(calendar_names)
def test_every_address_that_is_told_leads_to_its_feed(name: str) -> None:
    file = file_of(name)

    assert file.isascii()
    assert addresses.secret_of(SECRET, unquote(file, errors="strict")) == SECRET


@pytest.mark.parametrize("secret", [SECRET, f"{SECRET}.ics", f"{SECRET}.ICS", f"{SECRET}.Ics"])
@pytest.mark.parametrize(
    "file",
    ["", "/", "ci.ics", "ci.ICS", "CI Mytokens.Ics", "another.ics", ".ics", "ci.ics/", "a/b.ics"],
)
def test_an_address_leads_to_its_feed_with_any_name_or_none(secret: str, file: str) -> None:
    assert addresses.secret_of(secret, file) == SECRET


@pytest.mark.parametrize(
    "file", ["ci", "ci.json", "ci.ics.gz", "ci.ics/x", "ics", "ci.ics ", "ci.icſ", "favicon.ico"]
)
@pytest.mark.parametrize("secret", [SECRET, "malformed"])
def test_a_file_of_another_type_has_no_route(secret: str, file: str) -> None:
    with pytest.raises(RouteNotFound):
        addresses.secret_of(secret, file)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        ".ics",
        SECRET[:-1],
        f"{SECRET}x",
        f"{SECRET}.json",
        f"{SECRET}.ics.ics",
        f"{SECRET}/",
        f"{SECRET}\n",
        f"{SECRET[:-1]}-",
        f"{SECRET[:-1]}é",
        f"{SECRET[:-4]}.ics",
    ],
)
@pytest.mark.parametrize("file", ["", "ci.ics"])
def test_a_malformed_secret_has_no_feed(secret: str, file: str) -> None:
    with pytest.raises(FeedNotFound):
        addresses.secret_of(secret, file)
